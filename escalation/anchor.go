package escalation

import (
	"time"

	"github.com/belfry-go/belfry/policy"
)

// instant returns the earliest known instant of a in policy p, and the term
// that gives it; Never and nil when none is known.
func (m *machine) instant(p *policy.Policy, a *policy.Anchor) (policy.Instant, *policy.Term) {
	at, by := policy.Never, (*policy.Term)(nil)
	for i := range a.Terms {
		t := &a.Terms[i]
		if x := m.term(p, t); x < at {
			at, by = x, t
		}
	}
	return at, by
}

// term returns the instant of one term; Never while it is not known.
func (m *machine) term(p *policy.Policy, t *policy.Term) policy.Instant {
	base := m.anchor(p, t)
	if !base.Known() {
		return policy.Never
	}
	if t.Share != 0 {
		life := int64(base) - int64(m.s.Opened)
		base += policy.Instant(life / 10000 * int64(t.Share))
		base += policy.Instant(life % 10000 * int64(t.Share) / 10000)
	}
	return base.Add(t.Offset)
}

// anchor returns the instant that a term stands on. One that the alert lacks
// counts as open: what is not known is treated as the worst.
func (m *machine) anchor(p *policy.Policy, t *policy.Term) policy.Instant {
	s := m.s
	if at, ok := given(s.Alert, t); ok {
		if !at.Known() {
			return s.Opened
		}
		return at
	}
	switch t.Kind {
	case policy.AnchorOpen:
		return s.Opened
	case policy.AnchorDeadline:
		if p == m.p && t.Index < len(s.Deadlines) {
			return s.Deadlines[t.Index].At
		}
		at, _ := m.instant(p, &p.Deadlines[t.Index].At)
		return at
	case policy.AnchorResolved:
		return s.Resolved
	case policy.AnchorBypassReview:
		if s.Alert.Kind != policy.BreakGlass {
			return policy.Never
		}
		return policy.InstantOf(s.Alert.ExpiresAt)
	}
	for i := range rareOf(s).Happened {
		h := &s.More.Happened[i]
		if h.Kind == t.Kind && (p == m.p || !indexed(t.Kind)) && h.same(t) {
			return h.At
		}
	}
	return policy.Never
}

// given returns the instant of a term that the alert itself carries; ok is
// false for a term of another kind.
func given(a *policy.Alert, t *policy.Term) (at policy.Instant, ok bool) {
	switch t.Kind {
	case policy.AnchorExpiry:
		return policy.InstantOf(a.ExpiresAt), true
	case policy.AnchorWindowOpens:
		return policy.InstantOf(a.Window.Opens), true
	case policy.AnchorWindowCloses:
		return policy.InstantOf(a.Window.Closes), true
	case policy.AnchorTime:
		at, ok := a.Times[t.Name]
		if !ok {
			return policy.Never, true
		}
		return policy.InstantOf(at), true
	}
	return policy.Never, false
}

// indexed reports whether terms of kind k refer to their policy by index.
func indexed(k policy.AnchorKind) bool {
	return k == policy.AnchorTier || k == policy.AnchorGate || k == policy.AnchorAction || k == policy.AnchorActionFailed
}

// same reports whether h is what t refers to.
func (h *Happening) same(t *policy.Term) bool {
	switch t.Kind {
	case policy.AnchorRaised:
		return h.Level >= t.Level
	case policy.AnchorTier:
		return int(h.Index) == t.Index && int(h.Tier) == t.Tier
	case policy.AnchorGate, policy.AnchorAction, policy.AnchorActionFailed:
		return int(h.Index) == t.Index
	case policy.AnchorEvidence:
		return h.Name == t.Name
	}
	return true
}

// happened notes that an event anchor has happened, the first time it does, if
// some anchor of the policy waits for its kind.
func (m *machine) happened(h Happening) {
	if m.p.Uses&(1<<h.Kind) == 0 {
		return
	}
	for i := range rareOf(m.s).Happened {
		o := &m.s.More.Happened[i]
		if o.Kind == h.Kind && o.Index == h.Index && o.Tier == h.Tier && o.Level == h.Level && o.Name == h.Name {
			return
		}
	}
	h.At = m.now
	r := m.own()
	r.Happened = append(r.Happened, h)
	m.retime()
}

// retime gives instants to deadlines, actions and gates whose anchors have become
// known, and nearer ones to those with a list of which an earlier has. Tiers are
// asked for theirs whenever it matters.
func (m *machine) retime() {
	m.nearer()
	for i := range m.s.Deadlines {
		d := &m.s.Deadlines[i]
		if d.At.Known() || d.Met || d.Missed {
			continue
		}
		if at, _ := m.instant(m.p, &m.p.Deadlines[i].At); at.Known() {
			d.At = most(at, m.now)
			e := m.line(LineDeadlineSet)
			e.Deadline, e.Until = int16(i), d.At
		}
	}
	for i := range m.s.Actions {
		a := &m.s.Actions[i]
		if spec := &m.p.Actions[i]; a.Phase == PhaseIdle && !a.At.Known() && spec.At != nil && spec.Mode != policy.ModeOff {
			a.At, _ = m.instant(m.p, spec.At)
			a.At = most(a.At, m.now)
		}
	}
	for i := range m.s.Gates {
		g := &m.s.Gates[i]
		if c := m.p.Gates[i].Close; c != nil && !g.Closed && !g.Opened && !g.Gone && !g.Close.Known() {
			g.Close, _ = m.instant(m.p, c)
			g.Close = most(g.Close, m.now)
		}
	}
	m.gatesOpen(m.now)
}

// tierAt returns when anchored tier i of t falls due, never before the track
// began, and the term that says so.
func (m *machine) tierAt(t *Track, i int) (policy.Instant, *policy.Term) {
	p, spec := m.spec(t)
	at, by := m.instant(p, spec.Tiers[i].At)
	if at.Known() {
		at = most(at, t.Began)
	}
	return at, by
}

// deadlineReason says whether a term stands before a deadline, or at or after
// it; none when it stands on no deadline.
func deadlineReason(t *policy.Term) policy.Reason {
	if t == nil || t.Kind != policy.AnchorDeadline && t.Kind != policy.AnchorExpiry {
		return policy.ReasonNone
	}
	if t.Offset < 0 || t.Share < 0 {
		return policy.ReasonDeadlineApproaching
	}
	return policy.ReasonDeadlineMissed
}

// nextDeadline returns the next deadline after at that is neither met nor
// missed.
func (m *machine) nextDeadline(at policy.Instant) policy.Instant {
	next := policy.Never
	for i := range m.s.Deadlines {
		if d := &m.s.Deadlines[i]; !d.Met && !d.Missed && d.At > at {
			next = least(next, d.At)
		}
	}
	return next
}

// lastKnown returns the latest of the track's anchored tiers and the policy's
// open deadlines: an acknowledgement's time-out counts from there at the
// earliest.
func (m *machine) lastKnown(t *Track) policy.Instant {
	_, spec := m.spec(t)
	last := m.s.Opened
	for i := range spec.Tiers {
		if spec.Anchored&(1<<i) == 0 {
			continue
		}
		if at, _ := m.tierAt(t, i); at.Known() {
			last = most(last, at)
		}
	}
	for i := range m.s.Deadlines {
		if d := &m.s.Deadlines[i]; d.At.Known() && !d.Met {
			last = most(last, d.At)
		}
	}
	return last
}

// ackEnd returns when an acknowledgement given at `at` times out.
func (m *machine) ackEnd(t *Track, at policy.Instant) policy.Instant {
	p, _ := m.spec(t)
	timeout := p.Ack.Timeout
	if timeout <= 0 {
		timeout = 8 * time.Hour
	}
	return most(at, m.lastKnown(t)).Add(timeout)
}
