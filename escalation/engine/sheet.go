package engine

import (
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// sheet is all that the board says about one identity. It is never written
// again, but replaced.
type sheet struct {
	subject string
	hash    uint64
	gates   []posted // of all its alerts; none: it is off the board
	// What the gates answer before any of them turns, made beforehand: one for
	// each operation that they name. They are good before turn.
	answers []Decision
	turn    policy.Instant
}

func newSheet(subject string, gates []posted) *sheet {
	s := &sheet{subject: subject, gates: gates, turn: policy.Never}
	for i := range gates {
		s.turn = min(s.turn, gates[i].turn)
		for _, operation := range gates[i].operations {
			if s.answer(operation) == nil {
				d, _ := s.decide(operation, func(p *posted) escalation.Decision { return p.now })
				s.answers = append(s.answers, d)
			}
		}
	}
	return s
}

// answer is what was made beforehand; nil: no gate names the operation.
func (s *sheet) answer(operation string) *Decision {
	for i := range s.answers {
		if s.answers[i].operation == operation {
			return &s.answers[i]
		}
	}
	return nil
}

// at is what the gates answer at an instant; false: none names the operation.
func (s *sheet) at(now policy.Instant, operation string) (Decision, bool) {
	return s.decide(operation, func(p *posted) escalation.Decision {
		if now >= p.turn {
			return p.then
		}
		return p.now
	})
}

// decide finds the strictest of what the gates say.
func (s *sheet) decide(operation string, says func(*posted) escalation.Decision) (d Decision, named bool) {
	d = Decision{Decision: escalation.Allow, subject: s.subject, operation: operation}
	for i := range s.gates {
		p := &s.gates[i]
		if !slices.Contains(p.operations, operation) {
			continue
		}
		named = true
		said := says(p)
		switch {
		case said <= escalation.Allow || said < d.Decision:
			continue
		case said > d.Decision:
			d.Decision, d.Gates, d.Alert = said, nil, p.alert
		}
		d.Alert = min(d.Alert, p.alert)
		if k, found := slices.BinarySearch(d.Gates, p.gate); !found {
			d.Gates = slices.Insert(d.Gates, k, p.gate)
		}
	}
	if !d.Allowed() {
		d.Reason = fmt.Sprintf("gate %s of %s", strings.Join(d.Gates, ", "), d.Alert)
	}
	return d, named
}

// sheets finds an identity's sheet. Readers take no lock: a slot is written as
// a whole, and a table that has become too small is replaced by a copy, which
// is what a reader sees that began before. Writers are one at a time.
type sheets struct {
	table atomic.Pointer[sheetTable]
	used  int // slots that are not nil
}

// sheetTable is a hash table that is at most a quarter full, so that who is not
// there is seldom searched for in a second slot. Its length is a power of two.
type sheetTable struct {
	seed  maphash.Seed
	slots []atomic.Pointer[sheet]
}

const leastSlots = 16

// find returns the sheet of a subject; nil: there is nothing about it.
func (t *sheets) find(subject string) *sheet {
	tab := t.table.Load()
	if tab == nil {
		return nil
	}
	hash := maphash.String(tab.seed, subject)
	mask := uint64(len(tab.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := tab.slots[i].Load()
		if s == nil {
			return nil
		}
		if s.hash == hash && s.subject == subject {
			if len(s.gates) == 0 {
				return nil
			}
			return s
		}
	}
}

// set puts s in the place of what is there about its subject.
func (t *sheets) set(s *sheet) {
	tab := t.table.Load()
	if tab == nil {
		tab = &sheetTable{maphash.MakeSeed(), make([]atomic.Pointer[sheet], leastSlots)}
		t.table.Store(tab)
	}
	if t.put(tab, s); 4*t.used > len(tab.slots) {
		t.table.Store(t.copy(tab))
	}
}

func (t *sheets) put(tab *sheetTable, s *sheet) {
	s.hash = maphash.String(tab.seed, s.subject)
	mask := uint64(len(tab.slots) - 1)
	i := s.hash & mask
	for ; ; i = (i + 1) & mask {
		old := tab.slots[i].Load()
		if old == nil {
			t.used++
			break
		}
		if old.hash == s.hash && old.subject == s.subject {
			break
		}
	}
	tab.slots[i].Store(s)
}

// copy returns a table with room, without what is off the board.
func (t *sheets) copy(old *sheetTable) *sheetTable {
	var live []*sheet
	for i := range old.slots {
		if s := old.slots[i].Load(); s != nil && len(s.gates) > 0 {
			live = append(live, s)
		}
	}
	n := leastSlots
	for n < 8*len(live) {
		n *= 2
	}
	tab := &sheetTable{old.seed, make([]atomic.Pointer[sheet], n)}
	t.used = len(live)
	mask := uint64(n - 1)
	for _, s := range live {
		i := s.hash & mask
		for tab.slots[i].Load() != nil {
			i = (i + 1) & mask
		}
		tab.slots[i].Store(s)
	}
	return tab
}
