package escalation

import (
	"cmp"
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// tidy makes of a host's answer what [Directory] promises: nobody stands in it
// twice, everybody has a rule, and rules are in the order in which they are due.
// A page must not be lost, nor told twice, for a slip in a directory. What it
// changes it copies, for the slices are the host's.
func (a *Answer) tidy() {
	if a.Question.Kind != QuestionResolve || a.sole != nil || tidied(a.Responders) {
		return
	}
	out := make([]Responder, 0, len(a.Responders))
	seen := make(map[policy.Target]bool, len(a.Responders))
	for _, r := range a.Responders {
		if r.To.IsZero() || seen[r.To] {
			continue
		}
		seen[r.To] = true
		if !inOrder(r.Rules) {
			r.Rules = ordered(r)
		}
		out = append(out, r)
	}
	a.Responders = out
}

// tidied reports whether there is nothing to do, without allocating.
func tidied(rs []Responder) bool {
	for i := range rs {
		if rs[i].To.IsZero() || !inOrder(rs[i].Rules) {
			return false
		}
		for k := range i {
			if rs[k].To == rs[i].To {
				return false
			}
		}
		if i >= maxResponders { // nobody looks at more; too many to compare each with each
			return false
		}
	}
	return true
}

func inOrder(rules []Rule) bool {
	if len(rules) == 0 || len(rules) > policy.MaxContactRules || rules[0].After < 0 {
		return false
	}
	return slices.IsSortedFunc(rules, func(a, b Rule) int { return cmp.Compare(a.After, b.After) })
}

// ordered is the rules of a responder by when they are due; one rule, at once,
// for whoever has none: a room by its own name, a person over the default
// channel.
func ordered(r Responder) []Rule {
	if len(r.Rules) == 0 {
		via := policy.DefaultChannel
		if r.To.Kind == policy.TargetChannel {
			via = r.To.ID
		}
		return []Rule{{Via: via}}
	}
	rules := slices.Clone(r.Rules)
	for i := range rules {
		rules[i].After = max(rules[i].After, 0)
	}
	slices.SortStableFunc(rules, func(a, b Rule) int { return cmp.Compare(a.After, b.After) })
	return rules[:min(len(rules), policy.MaxContactRules)]
}
