package escalation

import (
	"encoding/binary"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// encoder appends one encoding to a buffer.
type encoder struct {
	b     []byte
	base  int // where the encoding begins in b
	words words
}

func (e *encoder) byte(v byte) { e.b = append(e.b, v) }

func (e *encoder) uvarint(v uint64) {
	if v < 0x80 {
		e.b = append(e.b, byte(v))
		return
	}
	e.b = binary.AppendUvarint(e.b, v)
}

func (e *encoder) int(v int) { e.uvarint(zigzag(int64(v))) }

// packed writes u with one bit beside it: six bits of u and the bit in the
// first byte, the rest as a varint. Together they may have 65 bits.
func (e *encoder) packed(u uint64, bit byte) {
	first := byte(u&0x3f)<<1 | bit
	if u >>= 6; u == 0 {
		e.b = append(e.b, first)
		return
	}
	e.b = append(e.b, first|0x80)
	e.uvarint(u)
}

// instant writes the distance of i from base. The difference wraps around, so
// that any two instants have one.
func (e *encoder) instant(i, base policy.Instant) {
	d := int64(i) - int64(base)
	if q := d / secondInstants; q*secondInstants == d {
		e.packed(zigzag(q), 0)
		return
	}
	e.packed(zigzag(d), 1)
}

func (e *encoder) duration(v time.Duration) {
	d := int64(v)
	if q := d / secondDurations; q*secondDurations == d {
		e.packed(zigzag(q), 0)
		return
	}
	e.packed(zigzag(d), 1)
}

// time writes a time to the nanosecond; its zone is not kept.
func (e *encoder) time(t time.Time) {
	ns := t.Nanosecond()
	e.packed(zigzag(t.Unix()), byte(flag(ns != 0, 1)))
	if ns != 0 {
		e.uvarint(uint64(ns))
	}
}

func (e *encoder) text(s string) {
	if len(s) < 2 {
		e.uvarint(uint64(len(s)) << 1)
		e.b = append(e.b, s...)
		return
	}
	bit := wordBit(len(s), s[0], s[len(s)-1])
	if e.words.filter&bit != 0 {
		if i := e.word(s); i >= 0 {
			e.uvarint(uint64(i)<<1 | 1)
			return
		}
	}
	e.uvarint(uint64(len(s)) << 1)
	e.words.add(len(e.b)-e.base, len(s), bit)
	e.b = append(e.b, s...)
}

// word is the number of the earlier text s, -1 if there is none.
func (e *encoder) word(s string) int {
	buf := e.b[e.base:]
	for i := range e.words.n {
		p := e.words.at[i]
		if int(p.n) == len(s) && string(buf[p.off:p.off+p.n]) == s {
			return i
		}
	}
	return -1
}

// opt writes s if bit is set in m.
func (e *encoder) opt(m, bit uint64, s string) {
	if m&bit != 0 {
		e.text(s)
	}
}

func (e *encoder) texts(list []string) {
	e.uvarint(uint64(len(list)))
	for _, s := range list {
		e.text(s)
	}
}

// The kinds of targets as numbers. They are part of the form: a kind is never
// given another number.
const (
	targetNone   = 0
	targetBare   = 8 // an id without a kind
	targetOther  = 9 // a kind not of the list, as a text
	targetUser   = 1
	targetTeam   = 2
	targetRole   = 3
	targetOnCall = 4
	targetOwner  = 5
	targetChan   = 6
	targetSvc    = 7
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
		return targetChan
	case policy.TargetService:
		return targetSvc
	case "":
		if t.ID == "" {
			return targetNone
		}
		return targetBare
	}
	return targetOther
}

func (e *encoder) target(t policy.Target) {
	code := targetCode(&t)
	e.byte(code)
	switch code {
	case targetNone:
		return
	case targetOther:
		e.text(string(t.Kind))
	}
	e.text(t.ID)
}

func (e *encoder) targets(list []policy.Target) {
	e.uvarint(uint64(len(list)))
	for _, t := range list {
		e.target(t)
	}
}

func (e *encoder) author(a Author) {
	e.target(a.Principal)
	e.target(a.Behind)
}

func (e *encoder) effectID(id EffectID) {
	e.uvarint(id.Seq)
	e.uvarint(uint64(id.I))
}
