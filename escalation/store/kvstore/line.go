package kvstore

import (
	"encoding/binary"
	"math"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// line is an entry of a history with the event ids that were committed with it.
type line struct {
	store.Entry
	seen []store.Seen
}

func appendLine(b []byte, e *store.Entry, seen []store.Seen) []byte {
	b = binary.AppendUvarint(b, e.Seq)
	b = binary.AppendVarint(b, int64(e.At))
	b = append(b, e.Hash[:]...)
	b = binary.AppendUvarint(b, uint64(e.Kind))
	if e.Erased {
		b = binary.AppendUvarint(b, 1)
		b = append(b, e.Sum[:]...)
	} else {
		b = binary.AppendUvarint(b, 0)
		b = append(b, e.Salt[:]...)
		b = appendText(b, e.Body)
	}
	n := 0
	for i := range seen {
		if seen[i].Seq == e.Seq {
			n++
		}
	}
	b = binary.AppendUvarint(b, uint64(n))
	for i := range seen {
		if s := &seen[i]; s.Seq == e.Seq {
			b = appendText(b, s.Author)
			b = binary.AppendUvarint(b, uint64(s.Kind))
			b = appendText(b, s.ID)
			b = append(b, s.Content[:]...)
			b = binary.AppendUvarint(b, uint64(s.Verdict))
			b = binary.AppendUvarint(b, uint64(s.Reason))
		}
	}
	return b
}

// line reads the next line; false at the end, and at a fault.
func (d *decoder) line(l *line) bool {
	if len(d.rest) == 0 {
		return false
	}
	*l = line{seen: l.seen[:0]}
	e := &l.Entry
	e.Seq, e.At = d.uvarint(), policy.Instant(d.varint())
	d.fixed(e.Hash[:])
	e.Kind = escalation.EventKind(d.byte())
	if e.Erased = d.within(1) == 1; e.Erased {
		d.fixed(e.Sum[:])
	} else {
		d.fixed(e.Salt[:])
		e.Body = d.bytes()
	}
	for range d.within(math.MaxUint16) {
		s := store.Seen{Seq: e.Seq}
		s.Author, s.Kind, s.ID = d.text(), escalation.EventKind(d.byte()), d.text()
		d.fixed(s.Content[:])
		s.Verdict, s.Reason = escalation.VerdictKind(d.byte()), escalation.VerdictReason(d.byte())
		if d.err != nil {
			return false
		}
		l.seen = append(l.seen, s)
	}
	return d.err == nil
}

// erase forgets the content of the entries up to number to, and keeps their
// sums. changed: there was any.
func erase(lines []byte, to uint64) (erased []byte, changed bool, err error) {
	d := decoder{rest: lines}
	for l := (line{}); d.line(&l); {
		if l.Seq <= to && !l.Erased {
			l.Sum = sumOf(&l.Entry)
			l.Erased, changed = true, true
		}
		erased = appendLine(erased, &l.Entry, l.seen)
	}
	return erased, changed, d.err
}

// sumOf is the sum of an entry that has its salt and body.
func sumOf(e *store.Entry) store.Hash {
	var at store.Position
	twin := *e
	at.Link(&twin, nil)
	return twin.Sum
}
