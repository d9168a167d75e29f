package explore

import (
	"errors"
	"fmt"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// faults collects what does not hold. Nothing is formatted before something is
// wrong, for nearly always nothing is.
type faults struct{ errs []error }

func (f *faults) addf(format string, args ...any) {
	f.errs = append(f.errs, fmt.Errorf(format, args...))
}

func (f *faults) err() error { return errors.Join(f.errs...) }

// CheckState returns what does not hold of s, an alert that has opened under
// doc; nil when all is well. It changes nothing.
func CheckState(doc *policy.Document, s *escalation.State) error {
	var f faults
	if s.Policy < 0 || s.Policy >= len(doc.Policies) || s.Alert == nil {
		f.addf("policy %d of %d, alert %v", s.Policy, len(doc.Policies), s.Alert)
		return f.err()
	}
	c := stateCheck{faults: &f, doc: doc, p: doc.Policies[s.Policy], s: s}
	c.whole()
	for ti := range s.Tracks {
		c.track(ti)
	}
	c.entries()
	c.contacts()
	c.open()
	c.rare()
	if len(f.errs) == 0 { // indexes are good
		c.limbo()
	}
	return f.err()
}

type stateCheck struct {
	*faults
	doc *policy.Document
	p   *policy.Policy
	s   *escalation.State
}

// whole checks what is not about one part.
func (c *stateCheck) whole() {
	s := c.s
	switch s.Status {
	case escalation.StatusPending, escalation.StatusSilenced, escalation.StatusResolved, escalation.StatusExhausted,
		escalation.StatusTriggered, escalation.StatusSnoozed, escalation.StatusAcknowledged, escalation.StatusInformed:
	default:
		c.addf("status %q is not an alert's", s.Status)
	}
	if (s.Status == escalation.StatusResolved) != s.Resolved.Known() {
		c.addf("status %s, resolved %s", s.Status, s.Resolved)
	}
	if len(s.Deadlines) != len(c.p.Deadlines) || len(s.Gates) != len(c.p.Gates) || len(s.Actions) != len(c.p.Actions) {
		c.addf("%d deadlines, %d gates, %d actions; the policy has %d, %d, %d",
			len(s.Deadlines), len(s.Gates), len(s.Actions), len(c.p.Deadlines), len(c.p.Gates), len(c.p.Actions))
	}
	if len(s.Tracks) > policy.MaxTracks {
		c.addf("%d tracks", len(s.Tracks))
	}
	for i, now := range [...]policy.Level{s.Severity, s.Criticality, s.BlastRadius, s.Priority} {
		if now > s.Highest[i] {
			c.addf("level %d is %d, above its highest %d", i, now, s.Highest[i])
		}
	}
	if s.Count < 1 || s.At < s.Opened || s.LastSeen > s.At {
		c.addf("count %d, opened %s, last seen %s, at %s", s.Count, s.Opened, s.LastSeen, s.At)
	}
}

// track checks one track for itself.
func (c *stateCheck) track(ti int) {
	t := &c.s.Tracks[ti]
	if t.Policy < 0 || int(t.Policy) >= len(c.doc.Policies) || t.Index < 0 || int(t.Index) >= len(c.doc.Policies[t.Policy].Tracks) {
		c.addf("track %d is track %d of policy %d", ti, t.Index, t.Policy)
		return
	}
	spec := &c.doc.Policies[t.Policy].Tracks[t.Index]
	switch t.Status {
	case escalation.StatusWaiting, escalation.StatusClimbing, escalation.StatusAcknowledged,
		escalation.StatusSnoozed, escalation.StatusExhausted, escalation.StatusInformed:
	default:
		c.addf("track %d has status %q", ti, t.Status)
	}
	if t.Tier < escalation.NoTier || int(t.Tier) >= len(spec.Tiers) {
		c.addf("track %d stands on tier %d of %d", ti, t.Tier, len(spec.Tiers))
	}
	rebased := c.s.More != nil && c.s.More.Rebased != 0 // from a policy that had more passes
	if int(t.Pass) > spec.Repeat+1 && !rebased {
		c.addf("track %d is in pass %d of %d", ti, t.Pass, spec.Repeat+1)
	}
	if beyond := t.Entered | t.Skipped | t.Anchored | t.Deferred; len(spec.Tiers) < 64 && beyond>>len(spec.Tiers) != 0 {
		c.addf("track %d has bits of tiers beyond its %d: %b", ti, len(spec.Tiers), beyond)
	}
	if (t.Status == escalation.StatusSnoozed) != t.Snooze.Known() && !c.s.Resolved.Known() {
		c.addf("track %d is %s, its snooze ends at %s", ti, t.Status, t.Snooze)
	}
	if t.Status != escalation.StatusWaiting && !t.Began.Known() {
		c.addf("track %d is %s and has not begun", ti, t.Status)
	}
}

func (c *stateCheck) entries() {
	for i := range c.s.Entries {
		e := &c.s.Entries[i]
		if e.Lists == nil || len(e.Lists.Rosters) != len(e.Lists.Recipients) {
			c.addf("entry %d has no lists, or a roster too few", i)
			continue
		}
		if e.Track < -1 || int(e.Track) >= len(c.s.Tracks) {
			c.addf("entry %d is of track %d", i, e.Track)
			continue
		}
		tiers := 0
		if e.Track >= 0 {
			t := &c.s.Tracks[e.Track]
			tiers = len(c.doc.Policies[t.Policy].Tracks[t.Index].Tiers)
		}
		if e.Tier < escalation.TierExhausted || int(e.Tier) >= tiers && e.Tier >= 0 {
			c.addf("entry %d is of tier %d of %d", i, e.Tier, tiers)
		}
		if e.Kind == escalation.MessageNone {
			c.addf("entry %d has no kind", i)
		}
	}
}

func (c *stateCheck) contacts() {
	for i := range c.s.Contacts {
		x := &c.s.Contacts[i]
		if x.Entry < 0 || int(x.Entry) >= len(c.s.Entries) {
			c.addf("contact %d is of entry %d of %d", i, x.Entry, len(c.s.Entries))
			continue
		}
		l := c.s.Entries[x.Entry].Lists
		if l == nil || x.Target < 0 || int(x.Target) >= len(l.Rosters) || x.Who < 0 || int(x.Who) >= len(l.Rosters[x.Target]) {
			c.addf("contact %d is person %d of target %d", i, x.Who, x.Target)
			continue
		}
		rules := len(l.Rosters[x.Target][x.Who].Rules)
		if x.Via {
			rules = len(l.Recipients[x.Target].Via)
		}
		if int(x.Next) > rules || int(x.Next) == rules && x.Due.Known() {
			c.addf("contact %d is at rule %d of %d, due %s", i, x.Next, rules, x.Due)
		}
		if x.Reached && !x.Told {
			c.addf("contact %d was reached and not told", i)
		}
	}
}

func (c *stateCheck) open() {
	for i := range c.s.Open {
		o := &c.s.Open[i]
		if o.Contact < -1 || int(o.Contact) >= len(c.s.Contacts) {
			c.addf("open message %v is of contact %d of %d", o.ID, o.Contact, len(c.s.Contacts))
		}
		if o.ID.Seq == 0 || o.ID.Seq > c.s.Seq {
			c.addf("open message %v is of a record to come", o.ID)
		}
		for k := range c.s.Open[:i] {
			if c.s.Open[k].ID == o.ID {
				c.addf("two open messages are %v", o.ID)
			}
		}
	}
}

// rare checks the rare part.
func (c *stateCheck) rare() {
	r := c.s.More
	if r == nil {
		return
	}
	for i, a := range r.Acks {
		if a.Track < 0 || int(a.Track) >= len(c.s.Tracks) {
			c.addf("an acknowledgement is of track %d", a.Track)
		}
		for _, b := range r.Acks[:i] {
			if a.Track == b.Track && a.Who == b.Who {
				c.addf("%s has acknowledged track %d twice", a.Who, a.Track)
			}
		}
	}
	for i, d := range r.Declined {
		for _, o := range r.Declined[:i] {
			if d == o {
				c.addf("%s has declined track %d twice", d.Who, d.Track)
			}
		}
	}
	for i, q := range r.Silences {
		if !q.Until.Known() {
			c.addf("silence %q does not end", q.Name)
		}
		for _, o := range r.Silences[:i] {
			if q.Name == o.Name {
				c.addf("silence %q holds twice", q.Name)
			}
		}
	}
	if r.SnoozeUsed < 0 || r.SnoozeUsed > snoozeLimit {
		c.addf("snoozed for %s in all", r.SnoozeUsed)
	}
	c.reviews()
}

func (c *stateCheck) reviews() {
	rs := c.s.More.Reviews
	for i := range rs {
		r := &rs[i]
		n := len(c.p.Reviews)
		switch r.Of {
		case escalation.ReviewGate:
			n = len(c.p.Gates)
		case escalation.ReviewAction, escalation.ReviewUndo:
			n = len(c.p.Actions)
		case escalation.ReviewAccess:
		}
		if r.Index < 0 || int(r.Index) >= n {
			c.addf("review %d is of number %d of %d", i, r.Index, n)
		}
		if !r.Pending && (r.Remind.Known() || r.After.Known() || r.Within.Known() || r.Look.Known()) {
			c.addf("review %d is over and has timers", i)
		}
		if r.Pending && !r.Within.Known() {
			c.addf("review %d is pending without an end", i)
		}
		for k := range rs[:i] {
			if rs[k].Of == r.Of && rs[k].Index == r.Index {
				c.addf("two reviews of %d/%d", r.Of, r.Index)
			}
		}
		for k, v := range r.Votes {
			for _, o := range r.Votes[:k] {
				if v.Who == o.Who {
					c.addf("%s has voted twice in review %d", v.Who, i)
				}
			}
		}
	}
}
