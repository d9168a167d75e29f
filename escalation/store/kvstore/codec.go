package kvstore

import (
	"encoding/binary"
	"errors"
	"math"
)

// Numbers are varints, texts and bytes have their length before them, and what
// has a fixed length is written as it is.

func appendText[T string | []byte](b []byte, text T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

var errShort = errors.New("it ends too early, or is not in form")

// decoder reads what the append functions wrote. After a fault it reads zeros,
// and err says that there was one.
type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) fail() {
	d.err, d.rest = errShort, nil
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) varint() int64 {
	v, n := binary.Varint(d.rest)
	if n <= 0 {
		d.fail()
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

// within reads a number that is at most limit.
func (d *decoder) within(limit uint64) uint64 {
	v := d.uvarint()
	if v > limit {
		d.fail()
		return 0
	}
	return v
}

func (d *decoder) byte() byte { return byte(d.within(math.MaxUint8)) }

// length reads how much follows, which cannot be more than there is.
func (d *decoder) length() int {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.fail()
		return 0
	}
	return int(n)
}

// bytes reads bytes, which share the decoder's memory.
func (d *decoder) bytes() []byte {
	n := d.length()
	if n == 0 {
		return nil
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

func (d *decoder) text() string { return string(d.bytes()) }

// fixed fills into.
func (d *decoder) fixed(into []byte) {
	if copy(into, d.rest) < len(into) {
		d.fail()
		return
	}
	d.rest = d.rest[len(into):]
}
