package escalation

import (
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// openGates gives every gate its closing instant.
func (m *machine) openGates() {
	for i := range m.p.Gates {
		g := GateState{Close: policy.Never, Until: policy.Never}
		if c := m.p.Gates[i].Close; c != nil && m.s.Alert.Kind != policy.BreakGlass {
			// The review after a bypass must not shut what was just opened.
			g.Close, _ = m.instant(m.p, c)
		}
		m.s.Gates = append(m.s.Gates, g)
	}
}

// gatesClose closes the gates that are due by at, ends openings, and opens the
// gates whose anchor has come. A gate due to close at an instant is shut for
// every event of that instant, so this comes before any of them.
func (m *machine) gatesClose(at policy.Instant) {
	for i := range m.s.Gates {
		g := &m.s.Gates[i]
		if g.Gone {
			continue
		}
		if g.Until <= at {
			if m.endOpening(i); g.Gone {
				continue
			}
			m.gateLine(i, m.decide(i, at))
		}
		if g.Close <= at && !(m.s.Resolved.Known() && m.s.Verified && m.p.Gates[i].OpenResolved) {
			g.Closed, g.Close = true, policy.Never
			m.gateLine(i, m.decide(i, at))
		}
	}
	m.gatesOpen(at)
}

// endOpening ends the opening of gate i. Once the alert is resolved the gate goes
// with it, but for one that waits for a verified resolve: whoever opened it for a
// while has verified nothing.
func (m *machine) endOpening(i int) {
	g := &m.s.Gates[i]
	g.Until = policy.Never
	if m.s.Resolved.Known() && (m.s.Verified || !m.p.Gates[i].OpenResolved) {
		g.Closed, g.Gone, g.Close = false, true, policy.Never
	}
}

// gatesOpen opens the gates whose `open` anchor has come by an instant.
func (m *machine) gatesOpen(at policy.Instant) {
	for i := range m.s.Gates {
		g := &m.s.Gates[i]
		if o := m.p.Gates[i].OpenAt; o != nil && g.Closed && !g.Opened {
			if x, _ := m.instant(m.p, o); x <= at {
				g.Closed, g.Opened = false, true
				m.gateLine(i, Allow)
			}
		}
	}
}

// decide returns what gate i answers at an instant.
func (m *machine) decide(i int, at policy.Instant) Decision {
	return GateDecision(m.doc, m.s, i, at)
}

// GateDecision returns what gate `gate` of s answers at an instant. A gate that
// s does not have denies: doubt is no permission.
func GateDecision(doc *policy.Document, s *State, gate int, at policy.Instant) Decision {
	if gate < 0 || gate >= len(s.Gates) || s.Policy < 0 || s.Policy >= len(doc.Policies) {
		return Deny
	}
	g := &s.Gates[gate]
	spec := &doc.Policies[s.Policy].Gates[gate]
	switch {
	case g.Gone:
		return Allow
	case !g.Closed && !(g.Close <= at):
		return Allow
	case g.Until.Known() && at < g.Until:
		return Allow
	case g.Denied:
		return Deny
	case spec.Hold:
		return Hold
	}
	return Deny
}

// gateLine writes that a gate has changed.
func (m *machine) gateLine(i int, d Decision) {
	e := m.line(LineGate)
	e.Gate, e.Decision = int16(i), d
	e.Until = m.s.Gates[i].Until
}

// closeAgain closes the gates that an opening of a review has open: a rise, or a
// reopening, means that what was reviewed is no longer what is there.
func (m *machine) closeAgain() {
	for i := range m.s.Gates {
		if g := &m.s.Gates[i]; g.Until.Known() {
			g.Until = policy.Never
			m.gateLine(i, m.decide(i, m.now))
		} else if g.Opened && !g.Closed && m.p.Gates[i].OpenAt != nil {
			g.Closed = true
			m.gateLine(i, m.decide(i, m.now))
		}
	}
}

// gateNamed returns the gate of that name; -1: none.
func (m *machine) gateNamed(name string) int {
	for i := range m.p.Gates {
		if m.p.Gates[i].Name == name {
			return i
		}
	}
	return -1
}

// use consumes an opening.
func (m *machine) use() Verdict {
	i := m.gateNamed(m.ev.Gate)
	if i < 0 {
		return ignored(UnknownThing)
	}
	g := &m.s.Gates[i]
	if m.decide(i, m.now) != Allow {
		return rejected(NotAuthorised)
	}
	if !g.Until.Known() {
		return applied
	}
	if m.endOpening(i); g.Gone {
		return applied
	}
	m.gateLine(i, m.decide(i, m.now))
	return applied
}

// breakGlass opens a gate without its review, for those whom the policy names,
// with a reason, before others' eyes, and with a review afterwards.
func (m *machine) breakGlass() Verdict {
	i := m.gateNamed(m.ev.Gate)
	if i < 0 {
		return ignored(UnknownThing)
	}
	spec := &m.p.Gates[i]
	if spec.BreakGlass == nil {
		return rejected(NotAuthorised)
	}
	v, ok := m.mayBreakGlass(i, spec.BreakGlass)
	if !ok {
		return v
	}
	if m.decide(i, m.now) == Allow {
		return ignored(Already)
	}
	lists, ok := m.lists(spec.BreakGlass.Tell)
	if !ok {
		return Verdict{Kind: Need}
	}
	if m.others(lists) < 2 {
		return rejected(Unresolvable)
	}
	g := &m.s.Gates[i]
	g.Until, g.Opened = m.now.Add(spec.BreakGlass.For), true
	m.gateLine(i, Allow)
	m.tellLists(lists, MessageNotice, policy.ReasonGateBypassed, spec.Name)
	after := *m.s.Alert
	after.Key = m.s.Key + "/break-glass"
	after.Kind = policy.BreakGlass
	after.Summary = "gate " + spec.Name + " was bypassed"
	after.ExpiresAt = m.now.Add(spec.BreakGlass.For + spec.BreakGlass.ReviewWithin).Time()
	after.Times = nil
	m.emit(EffectOpen).Alert = &after
	return applied
}

// others counts the people of lists who are neither the author nor a party. Of a
// group whose last good answer stands in all are told, and nobody counts: they
// may have left.
func (m *machine) others(l *Lists) int {
	var seen []policy.Target
	for k, roster := range l.Rosters {
		of := l.Recipients[k].To
		if a, ok := m.answer(m.resolving(of)); ok && !a.fresh() && of.Kind != policy.TargetUser {
			continue
		}
		for i := range roster {
			to := roster[i].To
			if to.Kind != policy.TargetUser || to == m.ev.By.Principal || m.party(to) || slices.Contains(seen, to) {
				continue
			}
			seen = append(seen, to)
		}
	}
	return len(seen)
}
