package escalation

import "github.com/belfry-go/belfry/policy"

// report takes what became of an effect.
func (m *machine) report() Verdict {
	r := &m.ev.Report
	if i := m.actionOf(r.Effect); i >= 0 {
		return m.reportRun(i)
	}
	e := m.line(LineDelivery)
	e.Result, e.Waited = r.Result, r.Late
	at := -1
	for i := range m.s.Open {
		if m.s.Open[i].ID == r.Effect {
			at = i
		}
	}
	if at < 0 || m.s.Open[at].Contact < 0 {
		if at >= 0 && final(r.Result) {
			m.s.Open = append(m.s.Open[:at], m.s.Open[at+1:]...)
		}
		return applied // nothing hangs on it
	}
	ci := int(m.s.Open[at].Contact)
	c := &m.s.Contacts[ci]
	en := &m.s.Entries[c.Entry]
	e.To, e.Track, e.Tier, e.Pass, e.Reason = m.responder(c).To, en.Track, en.Tier, en.Pass, en.Reason
	e.Target = en.Lists.Recipients[c.Target].To
	rule := m.ruleOf(c, &m.s.Open[at])
	e.Via = rule.Via
	if en.Reason == policy.ReasonCatchUp { // it was due when nobody looked
		e.Waited = max(e.Waited, m.now.Sub(en.At.Add(rule.After)))
	}
	if !final(r.Result) {
		return applied
	}
	m.s.Open = append(m.s.Open[:at], m.s.Open[at+1:]...)
	switch r.Result {
	case ResultWithdrawn:
		if c.Told && !c.Reached && c.Next <= 1 && !m.openOf(ci) {
			c.Told = false // the only message to this person never left
		}
	case ResultDelivered:
		m.delivered(ci)
	case ResultUndeliverable:
		m.undeliverable(ci)
	}
	return applied
}

// reportRun takes what became of action i, of taking it back, or of what held it.
func (m *machine) reportRun(i int) Verdict {
	a, r := &m.s.Actions[i], m.ev.Report.Result
	last := r != ResultStarted && r != ResultTemporary
	switch {
	case a.Phase == PhaseStarted && last:
		m.ran(i)
	case a.Phase == PhaseUndoing && last:
		m.undid(i)
	case a.Phase == PhaseHeld && r == ResultStarted && !m.refusedByVote(i):
		a.Phase, a.At = PhaseIdle, m.now // what held it is over: on from its guard
		m.runDue()
	default:
		return ignored(Stale)
	}
	return applied
}

// ruleOf is the rule of contact c that a message is of.
func (m *machine) ruleOf(c *Contact, o *OpenMessage) Rule {
	was := *c
	was.Via = o.Via
	if int(o.Rule) >= m.rules(&was) {
		return Rule{}
	}
	return m.rule(&was, int(o.Rule))
}

// final reports whether a result is the last word on a message.
func final(r Result) bool {
	return r == ResultDelivered || r == ResultUndeliverable || r == ResultWithdrawn
}

// actionOf returns the action whose run an effect is; -1: none.
func (m *machine) actionOf(id EffectID) int {
	for i := range m.s.Actions {
		if a := &m.s.Actions[i]; !a.Effect.IsZero() && a.Effect == id {
			return i
		}
	}
	return -1
}

// delivered notes that a channel accepted a message.
func (m *machine) delivered(ci int) {
	c := &m.s.Contacts[ci]
	e := &m.s.Entries[c.Entry]
	c.Reached, c.Failed = true, false
	if e.Track < 0 {
		return
	}
	for i := range m.s.Contacts {
		if m.twin(ci, i) {
			m.s.Contacts[i].Reached, m.s.Contacts[i].Failed = true, false
		}
	}
	t := &m.s.Tracks[e.Track]
	if e.Pass == t.Pass && m.responder(c).To.Kind != policy.TargetChannel {
		t.Reached = true
	}
	if e.Tier == TierExhausted && int(t.Policy) == m.s.Policy {
		for _, a := range m.p.Exhausted.Run {
			if st := &m.s.Actions[a]; st.Phase == PhaseIdle && st.At > m.now {
				st.At = m.now
			}
		}
	}
}

// twin reports whether contact i is the person of contact ci in another tier of
// the track that was entered at the same instant: told once, by the one of
// them, so that its outcome is the other's too.
func (m *machine) twin(ci, i int) bool {
	a, b := &m.s.Contacts[ci], &m.s.Contacts[i]
	x, y := &m.s.Entries[a.Entry], &m.s.Entries[b.Entry]
	return i != ci && a.Entry != b.Entry && x.Track == y.Track && x.At == y.At && y.Tier >= 0 && b.Told && !b.Reached && !m.openOf(i) && m.responder(a).To == m.responder(b).To
}

// undeliverable takes the next rule of a contact at once; when nobody of a tier
// can be told, the next tier is entered.
func (m *machine) undeliverable(ci int) {
	c := &m.s.Contacts[ci]
	ei := int(c.Entry)
	e := &m.s.Entries[ei]
	if m.s.Resolved.Known() && e.Kind != MessageReview && e.Kind != MessageNotice {
		return
	}
	if !e.Live {
		return // withdrawn meanwhile
	}
	if ti := int(e.Track); ti >= 0 && m.hasAcked(ti, m.responder(c).To) {
		return
	}
	switch who := m.responder(c).To; {
	case c.Declined:
		return // their pages have stopped, and the tier went on without them
	case m.party(who):
		c.Failed = true // became one since
	default:
		m.failover(ci)
	}
	if !m.s.Contacts[ci].Failed {
		return
	}
	for i := range m.s.Contacts {
		if m.twin(ci, i) {
			m.s.Contacts[i].Failed = true
			if at := int(m.s.Contacts[i].Entry); m.allFailed(at) {
				m.unreached(int(m.s.Entries[at].Track), at, policy.ReasonUnreachable)
			}
		}
	}
	if !m.allFailed(ei) {
		return
	}
	switch {
	case e.Tier == TierExhausted, e.Tier == NoTier && e.Track < 0:
		m.tellLastResort(policy.ReasonUnreachable, int(e.Track))
	case e.Track >= 0:
		m.unreached(int(e.Track), ei, policy.ReasonUnreachable)
	}
}
