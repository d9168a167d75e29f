package explore

import "github.com/belfry-go/belfry/escalation"

// rebase checks what a rebase promises: it enters at most one tier per track,
// for the reason that it is one, opens no gate, and moves no deadline later; a
// dry run changes nothing.
func (c *transitionCheck) rebase() {
	a, b := c.Prev, c.Next
	if a.Key != b.Key || a.Incarnation != b.Incarnation || a.Opened != b.Opened || a.Resolved != b.Resolved || a.Alert != b.Alert {
		c.addf("the rebase of %s#%d made it %s#%d", a.Key, a.Incarnation, b.Key, b.Incarnation)
	}
	if c.Event.Mapping != nil && c.Event.Mapping.Dry {
		if a.Policy != b.Policy || a.Document != b.Document || len(a.Tracks) != len(b.Tracks) || len(a.Entries) != len(b.Entries) {
			c.addf("a dry run changed something")
		}
		for i := range c.Effects {
			if c.Effects[i].Kind.Leaves() {
				c.addf("a dry run asks for %s", c.Effects[i].Kind)
			}
		}
		return
	}
	if b.Document != c.to.Digest || a.Document == b.Document && a.Policy == b.Policy {
		c.addf("the rebase led from policy %d of %x to policy %d of %x", a.Policy, a.Document[:4], b.Policy, b.Document[:4])
	}
	if b.Due < c.Event.At {
		c.addf("the rebase at %s makes something due at %s", c.Event.At, b.Due)
	}
	c.enteredOnce()
	c.gatesByName()
	c.deadlinesByName()
}

// enteredOnce checks the tiers that a rebase enters.
func (c *transitionCheck) enteredOnce() {
	entered := map[int16]int{}
	for i := range c.Effects {
		e := &c.Effects[i]
		if e.Kind != escalation.LineTierEntered {
			continue
		}
		if entered[e.Track]++; entered[e.Track] > 1 {
			c.addf("the rebase entered %d tiers of track %d", entered[e.Track], e.Track)
		}
	}
}

// gatesByName checks that what was shut is shut, and there.
func (c *transitionCheck) gatesByName() {
	was, is := c.Doc.Policies[c.Prev.Policy], c.to.Policies[c.Next.Policy]
	for i := range c.Prev.Gates {
		if escalation.GateDecision(c.Doc, c.Prev, i, c.Event.At) == escalation.Allow {
			continue
		}
		after := escalation.Allow
		for k := range is.Gates {
			if is.Gates[k].Name == was.Gates[i].Name {
				after = escalation.GateDecision(c.to, c.Next, k, c.Event.At)
			}
		}
		if after == escalation.Allow {
			c.addf("the rebase opened gate %s", was.Gates[i].Name)
		}
	}
}

// deadlinesByName checks that no deadline moved later, nor was met or unmissed.
func (c *transitionCheck) deadlinesByName() {
	was, is := c.Doc.Policies[c.Prev.Policy], c.to.Policies[c.Next.Policy]
	for i := range c.Next.Deadlines {
		for k := range c.Prev.Deadlines {
			a, b := c.Prev.Deadlines[k], c.Next.Deadlines[i]
			if was.Deadlines[k].Name != is.Deadlines[i].Name {
				continue
			}
			if b.At > a.At || a.Met != b.Met || a.Missed && !b.Missed {
				c.addf("deadline %s was %+v and is %+v", is.Deadlines[i].Name, a, b)
			}
		}
	}
}
