package oncall

import (
	"iter"

	"github.com/belfry-go/belfry/policy"
)

// Days is the beginnings of the days of the schedule's calendar in [from, to):
// midnight, or the first instant after it where it does not exist. A day that a
// zone skips has none.
func (s *Schedule) Days(from, to policy.Instant) iter.Seq[policy.Instant] {
	return func(yield func(policy.Instant) bool) {
		if from >= to {
			return
		}
		m := s.zone.at(secondOf(from) - 1)
		for d := dayOf(m.high); ; {
			d++
			begin := instantAt(s.zone.first(d * day))
			if begin >= to {
				return
			}
			skipped := s.zone.first((d+1)*day) == s.zone.first(d*day)
			if begin >= from && !skipped && !yield(begin) {
				return
			}
		}
	}
}
