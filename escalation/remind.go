package escalation

import "github.com/belfry-go/belfry/policy"

// remindersDue tells those who have not answered again. A reminder that is due
// when its tier ends is not sent: the tier above was left before this.
func (m *machine) remindersDue() {
	if m.s.Resolved.Known() {
		return
	}
	for i := 0; i < len(m.s.Entries); i++ {
		e := &m.s.Entries[i]
		if e.Remind > m.now || e.Tier == NoTier {
			continue
		}
		t := &m.s.Tracks[e.Track]
		_, spec := m.spec(t)
		every := spec.Tiers[e.Tier].Every
		if t.End <= m.now || every <= 0 {
			e.Remind = policy.Never
			continue
		}
		e.Remind = e.Remind.Add(every)
		if m.walking {
			m.skipReminder(i)
			continue
		}
		m.remind(i)
	}
	m.ackersDue()
	for ti := range m.s.Tracks {
		t := &m.s.Tracks[ti]
		if t.Again <= m.now {
			if m.walking {
				t.Again = t.Again.Add(m.exhaustedEvery(t))
				continue
			}
			m.tellExhausted(ti)
		}
	}
}

// ackersDue reminds those who acknowledged.
func (m *machine) ackersDue() {
	for i := range m.rare().Acks {
		if m.s.More.Acks[i].Remind > m.now {
			continue
		}
		r := m.own()
		a := &r.Acks[i]
		t := &m.s.Tracks[a.Track]
		p, _ := m.spec(t)
		a.Remind = a.Remind.Add(p.Ack.Remind)
		if p.Ack.Remind <= 0 || t.Status != StatusAcknowledged || a.Who.Kind != policy.TargetUser {
			a.Remind = policy.Never
			continue
		}
		if !m.walking {
			m.remindAcker(a)
		}
	}
}

// remindAcker tells a who acknowledged that the problem is not resolved.
func (m *machine) remindAcker(a *Ack) {
	if m.toldNow(a.Who) {
		return
	}
	for i := len(m.s.Contacts) - 1; i >= 0; i-- {
		c := &m.s.Contacts[i]
		if e := &m.s.Entries[c.Entry]; e.Track == a.Track && m.responder(c).To == a.Who {
			m.message(i, m.lastRule(c), MessageReminder, e.Reason)
			return
		}
	}
	ans, ok := m.answer(m.resolving(a.Who))
	if !ok || len(ans.Responders) == 0 {
		return
	}
	f := m.emit(EffectNotify)
	f.Message, f.To, f.Target, f.Track, f.Via = MessageReminder, a.Who, a.Who, a.Track, ans.Responders[0].Rules[0].Via
	f.Tier, f.Pass = m.s.Tracks[a.Track].Tier, m.s.Tracks[a.Track].Pass
	f.Reason = policy.ReasonNoAckTimeout
}
