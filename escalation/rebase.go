package escalation

import (
	"fmt"
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// rebase moves the alert to another policy, of the document that it is pinned to
// or of another one. It is stepped under the pinned document, which says who
// may; what it emits, and the state after it, are under the new one.
//
// What the alert stands on is carried over by name. A track that both policies
// have goes on where it stood, on its clock; one that only the new policy has
// begins if its `when` holds; one that only the old policy had ends. A current
// tier that was removed maps to the next of the old order that is left, else to
// the last, which is entered (`manual`) for its full wait, unless the track is
// acknowledged and the tier says so, or quiet holds it: then it is told when
// that ends. Of the anchored tiers whose instant is past under the new policy
// only the last is entered, the others are recorded as overtaken: a rebase
// enters at most one tier per track.
//
// No instant at which somebody is told or something closes moves later:
// deadlines, closings, waits, time-outs and graces are the earlier of what they
// were and what the new policy says, and never before now. A gate that is closed
// stays closed, and one that the new policy does not have, or has for fewer
// operations, refuses the rebase. Votes are bound to a policy: the reviews under
// way begin anew.
func (m *machine) rebase() Verdict {
	if v, ok := m.mayRebase(); !ok {
		return v
	}
	to, p := m.rebaseTo()
	switch {
	case p == nil:
		return ignored(UnknownThing)
	case to.Digest == m.s.Document && p.Index == m.s.Policy:
		return ignored(Already)
	}
	moves := movesOf(m.doc, to, m.s, p)
	plan := m.ev.Mapping
	switch {
	case plan == nil || !slices.Equal(trackMoves(m.doc, to, m.s, p, moves), plan.Tracks):
		return ignored(Stale) // planned when the alert stood elsewhere
	case m.opensGate(p):
		return rejected(NotAuthorised)
	case plan.Dry:
		return applied
	}
	m.notePassedOver(moves)
	lost := m.carry(to, p, moves)
	m.goOnUnder(moves, lost)
	return applied
}

// mayRebase says whether the author may rebase: whom the pinned document names,
// and never the subject, a party, or who waits for a review of this alert.
func (m *machine) mayRebase() (Verdict, bool) {
	if v, ok := m.barredAuthor(); !ok {
		return v, false
	}
	by := m.ev.By.Principal
	var v Verdict
	var ok bool
	if m.firmly(func() { v, ok = m.mayBy(m.p.Authority.Rebase) }); !ok {
		if v.Kind == Rejected && by.Kind != policy.TargetUser {
			v = rejected(NotAPerson)
		}
		return v, false
	}
	behind, known := m.behind(m.ev.By)
	if !known {
		return Verdict{Kind: Need}, false
	}
	if m.party(behind) {
		return rejected(IsParty), false
	}
	for i := range m.rare().Reviews {
		r := &m.s.More.Reviews[i]
		switch {
		case !r.Pending:
		case by == r.Requester.Principal, !behind.IsZero() && behind == r.Requester.Principal:
			return rejected(IsRequester), false
		case by == r.Requester.Behind, !behind.IsZero() && behind == r.Requester.Behind:
			return rejected(BehindRequester), false
		}
	}
	return Verdict{}, true
}

// rebaseTo returns the document and the policy that the event means; nil when
// there is none.
func (m *machine) rebaseTo() (*policy.Document, *policy.Policy) {
	to := m.ev.Mapping.document(m.doc)
	if to == nil {
		return nil, nil
	}
	return to, target(m.p, to, m.ev.Policy)
}

// target returns the policy of `to` that a rebase from p means; nil: none.
func target(p *policy.Policy, to *policy.Document, name string) *policy.Policy {
	if name == "" {
		name = p.Name
	}
	return to.PolicyNamed(name)
}

// opensGate reports whether a closed gate would not be there under p, or there
// for fewer operations: a rebase opens none.
func (m *machine) opensGate(p *policy.Policy) bool {
	for i := range m.s.Gates {
		if g := &m.s.Gates[i]; !g.Closed || g.Gone {
			continue
		}
		spec := &m.p.Gates[i]
		k := placeOf(p.Gates, spec.Name, gateName)
		if k < 0 {
			return true
		}
		for _, op := range spec.Operations {
			if !slices.Contains(p.Gates[k].Operations, op) {
				return true
			}
		}
	}
	return false
}

// PlanRebase returns what a rebase of s, pinned to old, to the policy of that
// name in `to` would make of it at an instant; without a name, to the policy of
// the name that governs s. The mapping is ready to be the one of an
// [EventRebase]: its Dry is to be set for a dry run. It changes nothing.
//
// The error says that s is no open alert of old, or that there is no such
// policy. Whether the author may, and whether a gate would be opened, is for
// [Step] to say.
func PlanRebase(old, to *policy.Document, s *State, policyName string, at policy.Instant) (*Mapping, error) {
	switch {
	case s.Seq == 0 || s.Alert == nil || s.Policy < 0 || s.Policy >= len(old.Policies):
		return nil, fmt.Errorf("escalation: rebase of %q: it is no alert under document %x", s.Key, old.Digest[:8])
	case s.Resolved.Known():
		return nil, fmt.Errorf("escalation: rebase of %q: it is resolved", s.Key)
	}
	was := old.Policies[s.Policy]
	p := target(was, to, policyName)
	if p == nil {
		return nil, fmt.Errorf("escalation: rebase of %q: document %x has no policy %q", s.Key, to.Digest[:8], policyName)
	}
	moves := movesOf(old, to, s, p)
	plan := &Mapping{Document: to.Digest, Tracks: trackMoves(old, to, s, p, moves), Gone: goneOf(was, p), to: to}
	after := s.Clone()
	m := machine{doc: old, p: was, s: &after, prev: s, ev: &Event{Kind: EventRebase, At: at}, now: at}
	m.carry(to, p, moves)
	plan.Deadlines = deadlineMoves(was, s, p, &after)
	return plan, nil
}

// plan fills in the mapping of a rebase whose document is known. Tracks that the
// sender gave stay as they are: who saw a plan means that very plan.
func (ev *Event) plan(doc *policy.Document, s *State) {
	x := ev.Mapping
	if ev.Kind != EventRebase {
		return
	}
	to := x.document(doc)
	if to == nil {
		return // the machine says so
	}
	n, err := PlanRebase(doc, to, s, ev.Policy, ev.At)
	if err != nil {
		return // likewise
	}
	if x != nil {
		n.Dry = x.Dry
		if x.Tracks != nil {
			n.Tracks = x.Tracks
		}
	}
	ev.Mapping = n
}
