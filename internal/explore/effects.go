package explore

import (
	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// effects checks what the step asks for.
func (c *transitionCheck) effects() {
	for i := range c.Effects {
		e := &c.Effects[i]
		if want := (escalation.EffectID{Seq: c.Next.Seq, I: uint16(i)}); e.ID != want {
			c.addf("effect %d has the id %v, not %v", i, e.ID, want)
		}
		c.places(i, e)
		switch e.Kind {
		case escalation.EffectNotify:
			c.notify(i, e)
		case escalation.EffectRun, escalation.EffectUndo:
			if e.Action < 0 {
				c.addf("effect %d, %s, names no action", i, e.Kind)
			}
		case escalation.EffectOpen:
			if e.Alert == nil || e.Alert.Key == c.Next.Key {
				c.addf("effect %d opens %v", i, e.Alert)
			}
		case escalation.EffectNone:
			c.addf("effect %d has no kind", i)
		default: // a line
		}
	}
}

// places checks that what an effect refers to is there.
func (c *transitionCheck) places(i int, e *escalation.Effect) {
	p := c.to.Policies[c.Next.Policy]
	in := func(what string, at int16, n int) {
		if at < -1 || int(at) >= n {
			c.addf("effect %d, %s, names %s %d of %d", i, e.Kind, what, at, n)
		}
	}
	in("track", e.Track, len(c.Next.Tracks))
	in("gate", e.Gate, len(p.Gates))
	in("action", e.Action, len(p.Actions))
	in("review", e.Review, len(p.Reviews))
	in("deadline", e.Deadline, len(p.Deadlines))
	if e.Tier >= 0 {
		tiers := 0
		if e.Track >= 0 && int(e.Track) < len(c.Next.Tracks) {
			t := &c.Next.Tracks[e.Track]
			tiers = len(c.to.Policies[t.Policy].Tracks[t.Index].Tiers)
		}
		in("tier", e.Tier, tiers)
	}
}

// notify checks one telling: that it goes to somebody, over something, and never
// to one who is not to be told.
func (c *transitionCheck) notify(i int, e *escalation.Effect) {
	last := e.To == escalation.LastResort()
	switch {
	case e.To.ID == "" || e.Message == escalation.MessageNone:
		c.addf("effect %d tells %q a %s", i, e.To, e.Message)
	case last != (e.Message == escalation.MessageLastResort):
		c.addf("effect %d tells %s a %s", i, e.To, e.Message)
	case !last && e.Via == "":
		c.addf("effect %d tells %s over nothing", i, e.To)
	case !last && e.To.Kind != policy.TargetUser && e.To.Kind != policy.TargetChannel:
		c.addf("effect %d tells %s, who is neither person nor channel", i, e.To)
	}
	// One who became a party after being told still hears that it is over.
	if e.Message != escalation.MessageOver && e.Message != escalation.MessageUpdate && c.party(e.To) {
		c.addf("effect %d tells %s, a party, a %s", i, e.To, e.Message)
	}
	page := e.Message == escalation.MessagePage
	if (page || e.Message == escalation.MessageReminder && e.Track >= 0) && c.Prev.Resolved.Known() && c.Prev.Seq > 0 {
		c.addf("effect %d tells %s a %s after the resolve", i, e.To, e.Message)
	}
	if !page {
		return
	}
	if !c.isOpen(e.ID) {
		c.addf("effect %d pages %s, and nothing waits for the outcome", i, e.To)
	}
	if e.Tier >= 0 && e.Reason != policy.ReasonAdded && c.holds(e) {
		c.addf("effect %d pages %s, who has acknowledged the track", i, e.To)
	}
}

// party reports whether to is part of the problem.
func (c *transitionCheck) party(to policy.Target) bool {
	for _, p := range c.Next.Alert.Parties {
		if p == to {
			return true
		}
	}
	for _, p := range c.to.Policies[c.Next.Policy].Parties {
		if p == to {
			return true
		}
	}
	return false
}

func (c *transitionCheck) isOpen(id escalation.EffectID) bool {
	for i := range c.Next.Open {
		if c.Next.Open[i].ID == id {
			return true
		}
	}
	return false
}

// holds reports whether whom e pages had acknowledged its track before the step
// and still has after it.
func (c *transitionCheck) holds(e *escalation.Effect) bool {
	return acked(c.Prev, e.Track, e.To) && acked(c.Next, e.Track, e.To)
}

func acked(s *escalation.State, track int16, who policy.Target) bool {
	if s.More == nil {
		return false
	}
	for _, a := range s.More.Acks {
		if a.Track == track && a.Who == who {
			return true
		}
	}
	return false
}
