package engine

import (
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// budget is what was spent by one kind of action: how many identities it was
// done to, and how much these weigh. It is a value; its methods are pure.
type budget struct {
	Spent []spending `json:"spent,omitempty"` // by instant
}

// spending is one execution.
type spending struct {
	At     policy.Instant `json:"at"`
	N      int            `json:"n"`
	Weight int            `json:"weight"`
}

// take returns the budget after an execution at an instant, if it is within the
// rule: counting those of the span that ends there, [at−Per, at]. What is over
// is held as a whole, and does not count.
func (b budget) take(rule policy.Budget, at policy.Instant, n, weight int) (budget, bool) {
	sumN, sumWeight := n, weight
	for _, s := range b.Spent {
		if s.At.Add(rule.Per) > at {
			sumN += s.N
			sumWeight += s.Weight
		}
	}
	if sumN > rule.Max || sumWeight > rule.Weight {
		return b, false
	}
	return budget{append(slices.Clip(b.Spent), spending{at, n, weight})}, true
}

// recent returns the budget without what no rule of at most a span looks back on.
func (b budget) recent(at policy.Instant, span policy.Budget) budget {
	keep := max(span.Per, maxBudgetSpan)
	i := 0
	for i < len(b.Spent) && b.Spent[i].At.Add(keep) <= at {
		i++
	}
	return budget{b.Spent[i:]}
}

// weigh returns how much subjects weigh. One whose criticality nobody knows
// weighs as much as the gravest.
func weigh(subjects []Subject) int {
	sum := 0
	for _, s := range subjects {
		sum += s.weight()
	}
	return sum
}

func (s *Subject) weight() int {
	if s.Weight > 0 {
		return s.Weight
	}
	level, known := s.Criticality.Level()
	if !known || s.Criticality == "" {
		return weightUnknown
	}
	return [...]int{weightUnknown, 1, 2, 5, 100}[min(int(level), 4)]
}

const weightUnknown = 100
