package gate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// sheet is all that the board says about one identity. It is never written
// again, but replaced. What a hit reads comes first, and fills one cache line.
type sheet struct {
	subject string
	first   answer
	turn    policy.Instant // until then the answers are good; Never: for ever
	later   *sheet         // what is said from turn on

	more  []answer
	gates []posted // of all its alerts; none: it is off the board
}

// answer is what was made beforehand for one operation.
type answer struct {
	operation string
	because   *because // nil: this is no answer
	says      escalation.Decision
}

func newSheet(subject string, gates []posted) *sheet {
	// Copies of its own: what is read together lies together.
	s := &sheet{subject: strings.Clone(subject), gates: gates, turn: policy.Never}
	var turns []policy.Instant
	for i := range gates {
		for _, x := range gates[i].steps[1:] {
			turns = append(turns, x.from)
		}
	}
	slices.Sort(turns)
	s.fill(beforeAll)
	last := s
	for _, turn := range slices.Compact(turns) {
		last.turn = turn
		last.later = &sheet{subject: s.subject, gates: gates, turn: policy.Never}
		last = last.later
		last.fill(turn)
	}
	return s
}

// beforeAll is an instant before any turn.
const beforeAll = policy.Instant(-1 << 63)

// fill makes the answers that are good at an instant.
func (s *sheet) fill(at policy.Instant) {
	for i := range s.gates {
		for _, operation := range s.gates[i].operations {
			if s.answer(operation) != nil {
				continue
			}
			if a := s.decide(operation, at); s.first.because == nil {
				s.first = a
			} else {
				s.more = append(s.more, a)
			}
		}
	}
}

// answer is what is said about an operation; nil: no gate names it.
func (s *sheet) answer(operation string) *answer {
	if s.first.operation == operation && s.first.because != nil {
		return &s.first
	}
	return s.another(operation)
}

func (s *sheet) another(operation string) *answer {
	for i := range s.more {
		if s.more[i].operation == operation {
			return &s.more[i]
		}
	}
	return nil
}

// decide finds the strictest of what the gates say.
func (s *sheet) decide(operation string, at policy.Instant) answer {
	says := escalation.Allow
	var by, open []*posted
	for i := range s.gates {
		p := &s.gates[i]
		if !slices.Contains(p.operations, operation) {
			continue
		}
		switch x := p.at(at); {
		case x.opened:
			open = append(open, p)
		case x.says > says:
			says, by = x.says, append(by[:0], p)
		case x.says == says && says > escalation.Allow:
			by = append(by, p)
		}
	}
	a := answer{operation: strings.Clone(operation), says: says}
	switch {
	case len(by) > 0:
		a.because = becauseOf(CauseGate, by)
		a.because.reason = fmt.Sprintf("gate %s of %s", strings.Join(a.because.gates, ", "), a.because.alert)
		if slices.ContainsFunc(by, func(p *posted) bool { return p.waits }) {
			a.because.reason += ", whose opening waits for the evidence of it to be taken"
		}
	case len(open) > 0:
		a.because = becauseOf(CauseOpening, open)
		a.because.reason = fmt.Sprintf("gate %s of %s is open for a while", strings.Join(a.because.gates, ", "), a.because.alert)
	default:
		a.because = CauseNothing.plain()
	}
	a.because.about = fmt.Sprintf("%s of %q: ", operation, s.subject)
	return a
}

// becauseOf says which gates are why. Of several alerts the first is named.
func becauseOf(cause Cause, by []*posted) *because {
	b := &because{cause: cause, alert: by[0].alert}
	for _, p := range by {
		b.alert = min(b.alert, p.alert)
		b.gates = append(b.gates, p.place.Gate)
		b.places = append(b.places, p.place)
	}
	slices.Sort(b.gates)
	b.gates = slices.Compact(b.gates)
	slices.SortFunc(b.places, comparePlaces)
	return b
}
