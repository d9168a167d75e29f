package escalation

import "github.com/belfry-go/belfry/policy"

// resolve ends the telling; by one who may verify, it also opens gates.
func (m *machine) resolve() Verdict {
	if v, ok := m.mayResolve(); !ok {
		return v
	}
	return m.over()
}

// succeeded meets the deadline that its outcome names, or resolves.
func (m *machine) succeeded() Verdict {
	if v, ok := m.mayResolve(); !ok {
		return v
	}
	if i := m.outcomeOf(m.ev.Outcome); i >= 0 {
		return m.meetOutcome(m.ev.Outcome)
	}
	return m.over()
}

// resolvedOutcome is the outcome of a deadline that a resolve meets.
const resolvedOutcome = "resolved"

// outcomeOf returns a deadline whose outcome is that, other than resolved.
func (m *machine) outcomeOf(outcome string) int {
	if outcome == "" || outcome == resolvedOutcome {
		return -1
	}
	for i := range m.p.Deadlines {
		if m.p.Deadlines[i].Outcome == outcome {
			return i
		}
	}
	return -1
}

// meetOutcome meets the deadlines with an outcome of their own; the alert stays
// open.
func (m *machine) meetOutcome(outcome string) Verdict {
	if m.s.Resolved.Known() {
		return ignored(AlreadyResolved)
	}
	met := false
	for i := range m.s.Deadlines {
		if m.p.Deadlines[i].Outcome == outcome && !m.s.Deadlines[i].Met {
			m.meet(i)
			met = true
		}
	}
	if !met {
		return ignored(Already)
	}
	for ti := range m.s.Tracks {
		t := &m.s.Tracks[ti]
		if t.Status != StatusClimbing || t.End.Known() || t.Deferred != 0 || m.held(t) || t.Tier == NoTier || m.doc.Policies[t.Policy].Name == policy.Unmatched {
			continue
		}
		// It may have lasted until a tier that is not entered any more.
		m.setEnd(t, int(t.Tier), t.Start, entering{})
		if t.End <= m.now {
			t.End = m.now
		}
	}
	return applied
}

// meet marks deadline i as met; one already missed is met late.
func (m *machine) meet(i int) {
	d := &m.s.Deadlines[i]
	late := d.Missed
	d.Met = true
	e := m.line(LineDeadlineMet)
	e.Deadline = int16(i)
	if d.At.Known() {
		e.Waited = d.At.Sub(m.now)
	}
	if late {
		e.Reason = policy.ReasonDeadlineMissed
	}
}

// over resolves the alert, or confirms a resolve that nobody verified.
func (m *machine) over() Verdict {
	s := m.s
	verified, ok := m.verifies()
	if !ok {
		return applied // hangs on a question
	}
	if s.Resolved.Known() {
		if s.Verified || !verified || !m.confirmable() {
			return ignored(AlreadyResolved)
		}
		m.verify()
		return applied
	}
	s.Resolved = m.now
	r := m.own()
	r.ResolvedBy, r.Outcome = m.ev.By, m.ev.Outcome
	r.Silences = nil
	for i := range s.Deadlines {
		d := &s.Deadlines[i]
		if !d.At.Known() && bypassReview(m.doc, s, i) {
			continue // it is another kind of alert's
		}
		if !d.Met && !d.Missed && (m.p.Deadlines[i].Outcome == "" || m.p.Deadlines[i].Outcome == resolvedOutcome) {
			m.meet(i)
		}
	}
	m.endTelling()
	m.tellTold(MessageOver, false)
	s.Grace = policy.Never
	for i := range s.Tracks {
		t := &s.Tracks[i]
		t.End, t.Next, t.AckEnd, t.Snooze, t.Again = policy.Never, policy.Never, policy.Never, policy.Never, policy.Never
	}
	m.happened(Happening{Kind: policy.AnchorResolved})
	m.retime()
	switch {
	case verified:
		m.verify()
	case m.confirmable():
		m.tellOpenWaits()
	}
	return applied
}

// endTelling withdraws every page and reminder.
func (m *machine) endTelling() {
	for i := range m.s.Entries {
		if m.s.Entries[i].Kind != MessageReview {
			m.withdraw(i)
		}
	}
	for i := range m.rare().Acks {
		m.own().Acks[i].Remind = policy.Never
	}
}

// verify is called when the resolve is one that counts: gates that say
// `resolved` open, permissive actions run.
func (m *machine) verify() {
	m.s.Verified = true
	for i := range m.s.Gates {
		g := &m.s.Gates[i]
		if !m.p.Gates[i].OpenResolved {
			continue
		}
		was := g.Closed
		g.Closed, g.Close, g.Gone = false, policy.Never, true
		if was {
			m.gateLine(i, Allow)
		}
	}
	m.retime()
	for i := range m.s.Actions { // those that waited for this are due now, not when they would have been
		if a := &m.s.Actions[i]; m.actionWaits(i) {
			a.At = most(a.At, m.now)
		}
	}
}

// confirmable reports whether a gate or a permissive action waits for a
// verified resolve.
func (m *machine) confirmable() bool {
	for i := range m.s.Gates {
		if m.p.Gates[i].OpenResolved && !m.s.Gates[i].Gone && (m.s.Gates[i].Closed || m.s.Gates[i].Close.Known()) {
			return true
		}
	}
	for i := range m.s.Actions {
		if a := m.p.Actions[i].At; m.s.Actions[i].Phase == PhaseIdle && a != nil && permissive(a) && m.s.Actions[i].At.Known() {
			return true
		}
	}
	return false
}

// tellOpenWaits tells those told that something still waits for a verifier.
func (m *machine) tellOpenWaits() {
	from := len(m.buf)
	m.tellTold(MessageNotice, false)
	for i := from; i < len(m.buf); i++ {
		m.buf[i].Reason = policy.ReasonReviewPending
		m.buf[i].Text = "resolved, not verified: a verifier's resolve opens what waits for it"
	}
}

// maxEvidence is how many items of evidence an alert counts as noted.
const maxEvidence = 64

// note adds evidence, or words. What is over the limit stands in the record and
// opens nothing.
func (m *machine) note() Verdict {
	if m.ev.Evidence == "" || m.noted(m.ev.Evidence) {
		return applied
	}
	r := m.own()
	if len(r.Evidence) == maxEvidence {
		return applied
	}
	r.Evidence = append(r.Evidence, m.ev.Evidence)
	m.happened(Happening{Kind: policy.AnchorEvidence, Name: m.ev.Evidence})
	m.decideReviews()
	return applied
}
