package escalation

import (
	"encoding/binary"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// encoder appends one encoding to a buffer. The buffer goes through the calls
// as a value: kept behind the pointer, each append would wait for the one
// before it to reach memory, which made the whole twice as slow.
type encoder struct {
	base  int // where the encoding begins in the buffer
	words words
}

func putUvarint(b []byte, v uint64) []byte {
	if v < 0x80 {
		return append(b, byte(v))
	}
	return putLong(b, v)
}

// putLong stands apart so that putUvarint is inlined.
func putLong(b []byte, v uint64) []byte { return binary.AppendUvarint(b, v) }

func putInt(b []byte, v int) []byte { return putUvarint(b, zigzag(int64(v))) }

// putPacked writes u with one bit beside it: six bits of u and the bit in the
// first byte, the rest as a varint. Together they may have 65 bits.
func putPacked(b []byte, u uint64, bit byte) []byte {
	first := byte(u&0x3f)<<1 | bit
	if u >>= 6; u == 0 {
		return append(b, first)
	}
	return putUvarint(append(b, first|0x80), u)
}

// putInstant writes the distance of i from base. The difference wraps around,
// so that any two instants have one.
func putInstant(b []byte, i, base policy.Instant) []byte {
	d := int64(i) - int64(base)
	if d == 0 {
		return append(b, 0)
	}
	if q := d / secondInstants; q*secondInstants == d {
		return putPacked(b, zigzag(q), 0)
	}
	return putPacked(b, zigzag(d), 1)
}

// putUntil writes an instant that may be Never, outside of any mask.
func putUntil(b []byte, i, base policy.Instant) []byte {
	if !i.Known() {
		return append(b, 0)
	}
	return putInstant(append(b, 1), i, base)
}

func putDuration(b []byte, v time.Duration) []byte {
	d := int64(v)
	if q := d / secondDurations; q*secondDurations == d {
		return putPacked(b, zigzag(q), 0)
	}
	return putPacked(b, zigzag(d), 1)
}

// putTime writes a time to the nanosecond; its zone is not kept.
func putTime(b []byte, t time.Time) []byte {
	ns := t.Nanosecond()
	b = putPacked(b, zigzag(t.Unix()), byte(flag(ns != 0, 1)))
	if ns != 0 {
		b = putUvarint(b, uint64(ns))
	}
	return b
}

func putEffectID(b []byte, id EffectID) []byte {
	return putUvarint(putUvarint(b, id.Seq), uint64(id.I))
}

func (e *encoder) text(b []byte, s string) []byte {
	if len(s) < 2 {
		return append(putUvarint(b, uint64(len(s))<<1), s...)
	}
	bit := wordBit(len(s), s[0], s[len(s)-1])
	if e.words.filter&bit != 0 {
		if i := e.word(b, s); i >= 0 {
			return putUvarint(b, uint64(i)<<1|1)
		}
	}
	b = putUvarint(b, uint64(len(s))<<1)
	e.words.add(len(b)-e.base, len(s), bit)
	return append(b, s...)
}

// word is the number of the earlier text s, -1 if there is none.
func (e *encoder) word(b []byte, s string) int {
	b = b[e.base:]
	for i := range e.words.n {
		p := e.words.at[i]
		if int(p.n) == len(s) && string(b[p.off:p.off+p.n]) == s {
			return i
		}
	}
	return -1
}

// opt writes s if bit is set in m.
func (e *encoder) opt(b []byte, m, bit uint64, s string) []byte {
	if m&bit == 0 {
		return b
	}
	return e.text(b, s)
}

func (e *encoder) texts(b []byte, list []string) []byte {
	b = putUvarint(b, uint64(len(list)))
	for _, s := range list {
		b = e.text(b, s)
	}
	return b
}

// The kinds of targets as numbers. They are part of the form: a kind is never
// given another number.
const (
	targetNone = iota
	targetUser
	targetTeam
	targetRole
	targetOnCall
	targetOwner
	targetChannel
	targetService
	targetBare  // an id without a kind
	targetOther // a kind not of the list, as a text
)

func targetCode(t *policy.Target) byte {
	switch t.Kind {
	case policy.TargetUser:
		return targetUser
	case policy.TargetTeam:
		return targetTeam
	case policy.TargetRole:
		return targetRole
	case policy.TargetSchedule:
		return targetOnCall
	case policy.TargetOwner:
		return targetOwner
	case policy.TargetChannel:
		return targetChannel
	case policy.TargetService:
		return targetService
	case "":
		if t.ID == "" {
			return targetNone
		}
		return targetBare
	}
	return targetOther
}

func (e *encoder) target(b []byte, t *policy.Target) []byte {
	code := targetCode(t)
	b = append(b, code)
	switch code {
	case targetNone:
		return b
	case targetOther:
		b = e.text(b, string(t.Kind))
	}
	return e.text(b, t.ID)
}

func (e *encoder) targets(b []byte, list []policy.Target) []byte {
	b = putUvarint(b, uint64(len(list)))
	for i := range list {
		b = e.target(b, &list[i])
	}
	return b
}

func (e *encoder) author(b []byte, a *Author) []byte {
	return e.target(e.target(b, &a.Principal), &a.Behind)
}
