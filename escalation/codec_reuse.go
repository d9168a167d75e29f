package escalation

import (
	"time"

	"github.com/belfry-go/belfry/policy"
)

// Reading a state into one that was used before meets the same answers again
// and again: the people on call are few. Pinned answers are immutable, so that
// those which stand in the old state are taken instead of made anew. Everything
// below compares what comes next with what is there, without a fault where it
// differs: the ordinary way then reads it, or says what is wrong.

// listsAre reports whether old is what comes next, and steps over it if so.
func (d *decoder) listsAre(old *Lists) bool {
	if old == nil || old.Cut || len(old.Ring) > 0 || len(old.Depends) > 0 {
		return false
	}
	off, n, filter := d.off, d.words.n, d.words.filter
	if d.byteIs(byte(listsMask(old))) && d.rostersAre(old) && d.recipientsAre(old) {
		return true
	}
	d.off, d.words.n, d.words.filter = off, n, filter
	return false
}

// byteIs reports whether the next byte is v, which must be less than 0x80.
func (d *decoder) byteIs(v byte) bool {
	if d.off >= len(d.b) || d.b[d.off] != v {
		return false
	}
	d.off++
	return true
}

// lenIs reports whether the next number is n; lists that are longer than one
// byte says are left to the ordinary way.
func (d *decoder) lenIs(n int) bool { return n < 0x80 && d.byteIs(byte(n)) }

func (d *decoder) textIs(s string) bool {
	if len(s) < 2 || len(s) > 63 {
		if len(s) > 63 || !d.byteIs(byte(len(s))<<1) {
			return false
		}
		return len(s) == 0 || d.byteIs(s[0])
	}
	if d.off >= len(d.b) {
		return false
	}
	h := d.b[d.off]
	if h&1 != 0 {
		i := int(h >> 1)
		if h >= 0x80 || i >= d.words.n {
			return false
		}
		p := d.words.at[i]
		d.off++
		return string(d.b[p.off:p.off+p.n]) == s
	}
	end := d.off + 1 + len(s)
	if int(h>>1) != len(s) || end > len(d.b) || string(d.b[d.off+1:end]) != s {
		return false
	}
	bit := wordBit(len(s), s[0], s[len(s)-1])
	if d.words.filter&bit != 0 && d.heard(d.b[d.off+1:end]) {
		return false
	}
	d.words.add(d.off+1, len(s), bit)
	d.off = end
	return true
}

func (d *decoder) targetIs(t *policy.Target) bool {
	code := targetCode(t)
	return code != targetOther && d.byteIs(code) && (code == targetNone || d.textIs(t.ID))
}

func (d *decoder) rostersAre(l *Lists) bool {
	if len(l.Rosters) == 0 {
		return true
	}
	if !d.lenIs(len(l.Rosters)) {
		return false
	}
	for _, r := range l.Rosters {
		if !d.lenIs(len(r)) {
			return false
		}
		for i := range r {
			if !d.targetIs(&r[i].To) || !d.rulesAre(r[i].Rules) {
				return false
			}
		}
	}
	return true
}

func (d *decoder) rulesAre(rules []Rule) bool {
	if !d.lenIs(len(rules)) {
		return false
	}
	for i := range rules {
		r := &rules[i]
		if !d.textIs(r.Via) || !d.byteIs(byte(ruleMask(r))) || r.After != 0 && !d.durationIs(r.After) {
			return false
		}
	}
	return true
}

// durationIs compares without reading: it writes the duration and looks whether
// that comes next.
func (d *decoder) durationIs(v time.Duration) bool {
	var room [12]byte
	b := putDuration(room[:0], v)
	if len(d.b)-d.off < len(b) || string(d.b[d.off:d.off+len(b)]) != string(b) {
		return false
	}
	d.off += len(b)
	return true
}

func (d *decoder) recipientsAre(l *Lists) bool {
	if len(l.Recipients) == 0 {
		return true
	}
	if !d.lenIs(len(l.Recipients)) {
		return false
	}
	for i := range l.Recipients {
		r := &l.Recipients[i]
		if !d.targetIs(&r.To) || !d.byteIs(byte(flag(r.Essential, 1))) || !d.lenIs(len(r.Via)) {
			return false
		}
		for _, v := range r.Via {
			if !d.textIs(v) {
				return false
			}
		}
	}
	return true
}
