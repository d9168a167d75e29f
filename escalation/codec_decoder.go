package escalation

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// decoder reads one encoding. After the first fault it reads zeros, so that
// only loops need to look at err.
type decoder struct {
	b     []byte
	off   int
	s     string // b, copied once the first text is needed; texts are parts of it
	what  string
	part  string
	err   error
	words words
}

// fail notes the first fault and ends the input.
func (d *decoder) fail(msg string) {
	if d.err == nil {
		d.err = &CorruptError{What: d.what, Part: d.part, Offset: d.off, Msg: msg}
	}
	d.off = len(d.b)
}

const (
	msgShort     = "it ends too early"
	msgCanonical = "what is written here has a shorter or an ordered form, which was not used"
	msgRange     = "a number is out of its range"
)

// version reads the version byte.
func (d *decoder) version(known byte) error {
	if len(d.b) == 0 {
		d.fail("it is empty")
		return d.err
	}
	if v := d.b[0]; v != known {
		return &VersionError{What: d.what, Version: v, Known: known}
	}
	d.off = 1
	return nil
}

// done is the result: an error also when bytes are left.
func (d *decoder) done() error {
	if d.err == nil && d.off != len(d.b) {
		d.part = "end"
		d.fail("bytes follow its end")
	}
	return d.err
}

func (d *decoder) byte() byte {
	if d.off >= len(d.b) {
		d.fail(msgShort)
		return 0
	}
	d.off++
	return d.b[d.off-1]
}

func (d *decoder) uvarint() uint64 {
	if off := d.off; off < len(d.b) && d.b[off] < 0x80 {
		d.off = off + 1
		return uint64(d.b[off])
	}
	return d.uvarintLong()
}

func (d *decoder) uvarintLong() uint64 {
	v, n := binary.Uvarint(d.b[d.off:])
	switch {
	case n == 0:
		d.fail(msgShort)
		return 0
	case n < 0:
		d.fail(msgRange)
		return 0
	case n > 1 && d.b[d.off+n-1] == 0:
		d.fail(msgCanonical)
		return 0
	}
	d.off += n
	return v
}

// mask reads a mask in which only the bits of all may be set.
func (d *decoder) mask(all uint64) uint64 {
	m := d.uvarint()
	if m&^all != 0 {
		d.fail("a mask has bits of which nothing is known")
		return 0
	}
	return m
}

// expect fails unless the mask that was read is the one that would be written
// for what was read under it.
func (d *decoder) expect(read, written uint64) {
	if read != written {
		d.fail(msgCanonical)
	}
}

func (d *decoder) int() int {
	v := unzigzag(d.uvarint())
	if int64(int(v)) != v {
		d.fail(msgRange)
		return 0
	}
	return int(v)
}

func (d *decoder) int16() int16 {
	v := unzigzag(d.uvarint())
	if v < math.MinInt16 || v > math.MaxInt16 {
		d.fail(msgRange)
		return 0
	}
	return int16(v)
}

func (d *decoder) uint16() uint16 {
	v := d.uvarint()
	if v > math.MaxUint16 {
		d.fail(msgRange)
		return 0
	}
	return uint16(v)
}

// count reads the number of items that follow, each at least size bytes, so
// that a number alone allocates nothing.
func (d *decoder) count(size int) int {
	n := d.uvarint()
	if n > uint64((len(d.b)-d.off)/size) {
		d.fail("it says that more follows than there is")
		return 0
	}
	return int(n)
}

// some is count under a mask bit that says that there is at least one.
func (d *decoder) some(size int) int {
	n := d.count(size)
	if n == 0 {
		d.fail(msgCanonical)
	}
	return n
}

// packed is the inverse of encoder.packed.
func (d *decoder) packed() (u uint64, bit byte) {
	first := d.byte()
	u, bit = uint64(first>>1&0x3f), first&1
	if first < 0x80 {
		return u, bit
	}
	rest := d.uvarint()
	if rest == 0 {
		d.fail(msgCanonical)
	}
	if rest > math.MaxUint64>>6 {
		d.fail(msgRange)
	}
	return u | rest<<6, bit
}

// How many whole seconds an int64 of microseconds holds, and of nanoseconds.
const (
	maxSecondInstants  = math.MaxInt64 / secondInstants
	maxSecondDurations = math.MaxInt64 / secondDurations
)

func (d *decoder) instant(base policy.Instant) policy.Instant {
	if d.off < len(d.b) && d.b[d.off] == 0 {
		d.off++
		return base
	}
	u, fine := d.packed()
	v := unzigzag(u)
	if fine == 0 {
		if v > maxSecondInstants || v < -maxSecondInstants {
			d.fail(msgRange)
		}
		return base + policy.Instant(v*secondInstants)
	}
	if v%secondInstants == 0 {
		d.fail(msgCanonical)
	}
	return base + policy.Instant(v)
}

func (d *decoder) duration() time.Duration {
	u, fine := d.packed()
	v := unzigzag(u)
	if fine == 0 {
		if v > maxSecondDurations || v < -maxSecondDurations {
			d.fail(msgRange)
		}
		return time.Duration(v * secondDurations)
	}
	if v%secondDurations == 0 {
		d.fail(msgCanonical)
	}
	return time.Duration(v)
}

// known reads an instant if bit is set in m; else it is Never.
func (d *decoder) known(m, bit uint64, base policy.Instant) policy.Instant {
	if m&bit == 0 {
		return policy.Never
	}
	return d.instant(base)
}

func (d *decoder) time() time.Time {
	u, fine := d.packed()
	var ns uint64
	if fine != 0 {
		ns = d.uvarint()
		if ns == 0 || ns > 999_999_999 {
			d.fail(msgRange)
			return time.Time{}
		}
	}
	return time.Unix(unzigzag(u), int64(ns)).UTC()
}

func (d *decoder) text() string {
	h := d.uvarint()
	if h&1 != 0 {
		if h>>1 >= uint64(d.words.n) {
			d.fail("a text is said to stand before, and does not")
			return ""
		}
		p := d.words.at[h>>1]
		return d.str(int(p.off), int(p.n))
	}
	off, n, ok := d.literal(h >> 1)
	if !ok {
		return ""
	}
	return d.str(off, n)
}

// literal steps over a text of n bytes and notes it.
func (d *decoder) literal(n uint64) (int, int, bool) {
	off := d.off
	if n > uint64(len(d.b)-off) {
		d.fail("a text goes beyond the end")
		return 0, 0, false
	}
	raw := d.b[off : off+int(n)]
	if len(raw) >= 2 {
		bit := wordBit(len(raw), raw[0], raw[len(raw)-1])
		if d.words.filter&bit != 0 && d.heard(raw) {
			d.fail(msgCanonical)
			return 0, 0, false
		}
		d.words.add(off, len(raw), bit)
	}
	d.off += len(raw)
	return off, len(raw), true
}

// heard reports whether the text raw was read before.
func (d *decoder) heard(raw []byte) bool {
	for i := range d.words.n {
		p := d.words.at[i]
		if int(p.n) == len(raw) && string(d.b[p.off:p.off+p.n]) == string(raw) {
			return true
		}
	}
	return false
}

// str is a part of the input as a string.
func (d *decoder) str(off, n int) string {
	if n == 0 {
		return ""
	}
	if d.s == "" {
		d.s = string(d.b)
	}
	return d.s[off : off+n]
}

// textLike is text for the first text of an encoding. It returns old itself
// when that is what is written, and allocates nothing then.
func (d *decoder) textLike(old string) string {
	h := d.uvarint()
	if h&1 != 0 {
		d.fail("its first text is said to stand before it")
		return ""
	}
	off, n, ok := d.literal(h >> 1)
	if ok && string(d.b[off:off+n]) == old {
		return old
	}
	return d.str(off, n)
}

// opt reads a text if bit is set in m.
func (d *decoder) opt(m, bit uint64) string {
	if m&bit == 0 {
		return ""
	}
	return d.text()
}

func (d *decoder) texts() []string {
	list := make([]string, d.some(1))
	for i := range list {
		list[i] = d.text()
	}
	return list
}

func (d *decoder) target() (t policy.Target) {
	code := d.byte()
	switch code {
	case targetNone:
		return t
	case targetUser:
		t.Kind = policy.TargetUser
	case targetTeam:
		t.Kind = policy.TargetTeam
	case targetRole:
		t.Kind = policy.TargetRole
	case targetOnCall:
		t.Kind = policy.TargetSchedule
	case targetOwner:
		t.Kind = policy.TargetOwner
	case targetChannel:
		t.Kind = policy.TargetChannel
	case targetService:
		t.Kind = policy.TargetService
	case targetBare:
	case targetOther:
		t.Kind = policy.TargetKind(d.text())
	default:
		d.fail("a target is of no kind that there is")
		return t
	}
	t.ID = d.text()
	if code >= targetBare && targetCode(&t) != code {
		d.fail(msgCanonical)
	}
	return t
}

func (d *decoder) targets() []policy.Target {
	list := make([]policy.Target, d.some(1))
	for i := range list {
		list[i] = d.target()
	}
	return list
}

func (d *decoder) author() Author { return Author{d.target(), d.target()} }

func (d *decoder) effectID() EffectID { return EffectID{Seq: d.uvarint(), I: d.uint16()} }

// resize is list with n items, which the caller sets; it is list's own array
// where that is large enough.
func resize[T any](list []T, n int) []T {
	if n <= cap(list) {
		return list[:n]
	}
	return make([]T, n)
}
