package lint

import (
	"fmt"

	"github.com/belfry-go/belfry/policy"
)

// unguarded: an automatic action acts on whatever the alert names, and an
// alert can be wrong.
func unguarded(p *pass) {
	for i, pol := range p.policies() {
		for k := range pol.Actions {
			a := &pol.Actions[k]
			if a.Mode == policy.ModeAuto && a.At != nil && a.At.Terms[0].Kind == policy.AnchorOpen && a.Guard.Len() == 0 {
				p.report(fmt.Sprintf("%s.actions[%d]", policyPath(i), k),
					"action %q runs as soon as the alert opens, whatever it names: give it a `guard`, or `mode: approve`", a.Name)
			}
		}
	}
}

// noFallback: voters are away like everybody else, and a review that ends
// without a vote denies.
func noFallback(p *pass) {
	check := func(path, what string, r *policy.Review) {
		if r != nil && len(r.Fallback) == 0 {
			p.report(path, "%s has no `fallback`: when its voters do not answer, it is denied after %s", what, short(r.Within))
		}
	}
	for i, pol := range p.policies() {
		for k := range pol.Gates {
			check(fmt.Sprintf("%s.gates[%d].review", policyPath(i), k), fmt.Sprintf("the review of gate %q", pol.Gates[k].Name), pol.Gates[k].Review)
		}
		for k := range pol.Actions {
			check(fmt.Sprintf("%s.actions[%d].approve", policyPath(i), k), fmt.Sprintf("the approval of action %q", pol.Actions[k].Name), pol.Actions[k].Approve)
		}
		for k := range pol.Reviews {
			r := &pol.Reviews[k]
			check(fmt.Sprintf("%s.reviews[%d]", policyPath(i), k), fmt.Sprintf("the review %q", r.Name), r)
		}
	}
}
