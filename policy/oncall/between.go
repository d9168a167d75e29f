package oncall

import (
	"iter"
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// Shift is a span [From, To) in which the same people are on call.
type Shift struct {
	From, To policy.Instant
	OnCall   []string // as by [Schedule.At]; none: a gap. Shared: read it only
}

// maxPieces bounds how many stretches with the same people are joined to one
// shift, so that each step of an iteration is short.
const maxPieces = 1 << 16

// Between is who is on call in [from, to), shift after shift: they touch, do not
// overlap, and cover the span, gaps included. The people of two neighbours
// differ, unless one has been joined of more than 65,536 stretches. Each step
// takes a bounded time; a loop over a long span may be left when it has seen
// enough.
func (s *Schedule) Between(from, to policy.Instant) iter.Seq[Shift] {
	return func(yield func(Shift) bool) {
		for from < to {
			sh := s.shift(from, to)
			if !yield(sh) {
				return
			}
			from = sh.To
		}
	}
}

// shift is the one that begins at from, up to limit at most.
func (s *Schedule) shift(from, limit policy.Instant) Shift {
	people, until := s.segment(from)
	for n := 0; until < limit && n < maxPieces; n++ {
		next, end := s.segment(until)
		if !slices.Equal(next, people) {
			break
		}
		until = end
	}
	return Shift{From: from, To: min(until, limit), OnCall: people}
}

// Gaps is the shifts of [from, to) in which nobody is on call.
func (s *Schedule) Gaps(from, to policy.Instant) iter.Seq[Shift] {
	return func(yield func(Shift) bool) {
		for sh := range s.Between(from, to) {
			if len(sh.OnCall) == 0 && !yield(sh) {
				return
			}
		}
	}
}

// Next is when person is next on call at or after the given instant: the span
// without a break, whoever else is on with them, and who is on at its beginning.
// From is the given instant when person is on then. To is [policy.Never] when no
// end is found.
//
// The search ends, with false, after 65,536 changes of the schedule: seven years
// of an hourly rotation, or a thousand of a weekly one.
func (s *Schedule) Next(person string, after policy.Instant) (Shift, bool) {
	if !s.names(person) {
		return Shift{}, false
	}
	var found Shift
	for n := 0; n < maxPieces && after.Known(); n++ {
		people, until := s.segment(after)
		switch on := slices.Contains(people, person); {
		case on && found.OnCall == nil:
			found = Shift{From: after, To: policy.Never, OnCall: people}
		case !on && found.OnCall != nil:
			found.To = after
			return found, true
		}
		after = until
	}
	return found, found.OnCall != nil
}

// names reports whether the schedule can have person on call at all.
func (s *Schedule) names(person string) bool {
	return slices.ContainsFunc(s.people, func(g []string) bool { return slices.Contains(g, person) })
}
