package explore

import (
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// snoozeLimit is how long one alert may be snoozed in all.
const snoozeLimit = 24 * time.Hour

// limbo checks that nothing waits for nobody. An alert has a next deadline
// unless it is resolved or informed; those two alone may be without one. More
// strictly, each track that counts has one of its own, so that no track lives on
// the deadline of another:
//
//   - climbing: the end of its wait, or its hours, or an anchored tier to come.
//     One under a silence waits for the end of that. The built-in policy's only
//     tier is told again and again instead;
//   - acknowledged: the time-out;
//   - snoozed: the end of the snooze;
//   - exhausted: when the list is told again, or the end of a silence.
//
// A track that waits, for its `when` or for the event that its first tier is
// anchored to, and one that informs, need none: they do not count.
func (c *stateCheck) limbo() {
	s := c.s
	if s.Resolved.Known() {
		return
	}
	if s.Status != escalation.StatusInformed && !s.Due.Known() {
		c.addf("limbo: %s and no deadline", s.Status)
	}
	silenced := s.More != nil && len(s.More.Silences) > 0
	for ti := range s.Tracks {
		t := &s.Tracks[ti]
		p := c.doc.Policies[t.Policy]
		spec := &p.Tracks[t.Index]
		waits := false
		switch t.Status {
		case escalation.StatusClimbing:
			waits = t.End.Known() || t.Next.Known() || silenced || spec.Anchored&^t.Anchored != 0 ||
				p.Name == policy.Unmatched && c.reminded(ti)
		case escalation.StatusAcknowledged:
			waits = t.AckEnd.Known()
			if !c.acked(ti) {
				c.addf("track %d is acknowledged by nobody", ti)
			}
		case escalation.StatusSnoozed:
			waits = t.Snooze.Known()
		case escalation.StatusExhausted:
			waits = t.Again.Known() || silenced
		default:
			continue
		}
		if !waits {
			c.addf("limbo: track %d is %s on tier %d and has no deadline", ti, t.Status, t.Tier)
		}
	}
}

// reminded reports whether an entry of track ti is to be told again.
func (c *stateCheck) reminded(ti int) bool {
	for i := range c.s.Entries {
		if e := &c.s.Entries[i]; int(e.Track) == ti && e.Remind.Known() {
			return true
		}
	}
	return false
}

// acked reports whether somebody holds an acknowledgement of track ti.
func (c *stateCheck) acked(ti int) bool {
	if c.s.More == nil {
		return false
	}
	for _, a := range c.s.More.Acks {
		if int(a.Track) == ti {
			return true
		}
	}
	return false
}
