package escalation

import "github.com/belfry-go/belfry/policy"

// rebase moves the alert to the document that it is stepped under, when that is
// another than the one it is pinned to. It is explicit and has a dry run; tiers
// map by name, a tier that is gone to the next of the old order that is left,
// else to the last, which is told. It enters at most one tier per track, opens
// no gate and moves no deadline later.
func (m *machine) rebase() Verdict {
	if m.ev.By.Principal.Kind != policy.TargetUser {
		return rejected(NotAPerson)
	}
	if v, ok := m.barredAuthor(); !ok {
		return v
	}
	if v, ok := m.mayBy(m.p.Authority.Rebase); !ok {
		return v
	}
	return ignored(Already)
}
