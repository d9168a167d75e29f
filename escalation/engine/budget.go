package engine

import (
	"fmt"
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
	// Run is the execution while it is under way, where that is bounded.
	Run string `json:"run,omitempty"`
}

// take returns the budget after an execution, if it is within the rule and the
// limits: counting those of the span that ends there, (at−Per, at]. What is over
// is held as a whole, and does not count; why says what it is over.
func (b budget) take(rule policy.Budget, lim Limits, s spending) (next budget, why string) {
	n, weight, under := s.N, s.Weight, 0
	for _, o := range b.Spent {
		if o.At.Add(rule.Per) > s.At {
			n += o.N
			weight += o.Weight
		}
		if o.Run != "" {
			under++
		}
	}
	switch {
	case n > rule.Max:
		return b, fmt.Sprintf("over budget: %d subjects in %s, of %d", n, rule.Per, rule.Max)
	case weight > rule.Weight:
		return b, fmt.Sprintf("over budget: a weight of %d in %s, of %d", weight, rule.Per, rule.Weight)
	case lim.Percent > 0 && lim.Population <= 0:
		return b, "over budget: of how many it is a share is not known"
	case lim.Percent > 0 && n*100 > lim.Percent*lim.Population:
		return b, fmt.Sprintf("over budget: %d of %d in %s, more than %d %%", n, lim.Population, rule.Per, lim.Percent)
	case lim.Concurrent > 0 && under >= lim.Concurrent:
		return b, fmt.Sprintf("over budget: %d are under way", under)
	case lim.Concurrent <= 0:
		s.Run = ""
	}
	return budget{append(slices.Clip(b.Spent), s)}, ""
}

// end returns the budget after an execution ended.
func (b budget) end(run string) budget {
	for i := range b.Spent {
		if b.Spent[i].Run == run {
			b.Spent = slices.Clone(b.Spent)
			b.Spent[i].Run = ""
			break
		}
	}
	return b
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

// weight is what x's subjects weigh.
func (x *execution) weight() int {
	own := Subject{Criticality: x.decided.Criticality}
	return weigh(x.req.Subjects, own.weight(weightUnknown))
}

// weigh returns how much subjects weigh; own is the weight of those of which the
// plan says nothing.
func weigh(subjects []Subject, own int) int {
	sum := 0
	for i := range subjects {
		sum += subjects[i].weight(own)
	}
	return sum
}

// weight is how much one subject weighs. One of a criticality that nobody knows
// weighs as much as the gravest.
func (s *Subject) weight(own int) int {
	switch {
	case s.Weight > 0:
		return s.Weight
	case s.Criticality == "":
		return own
	}
	level, known := s.Criticality.Level()
	if !known {
		return weightUnknown
	}
	return [...]int{weightUnknown, 1, 2, 5, 100}[min(int(level), 4)]
}

const weightUnknown = 100
