package escalation

import "github.com/belfry-go/belfry/policy"

// A gap is a span in which nobody looked. Telling every tier that fell due in it
// would be a burst of pages about the past; telling none would lose the alert.
// So the ladder is walked through the gap without telling anybody, and then each
// track tells the tier due last, and those that are never overtaken: its first
// tier, an essential target, a tier due at or after a deadline.

// stop is one tier that the walk came by.
type stop struct {
	tier, pass int
	due        policy.Instant
	in         entering
	must       bool // never overtaken
	whole      bool // the ladder was wholly overtaken: its full wait
}

// walked is what the walk found of one track.
type walked struct {
	stops []stop
	spent bool // its last wait ended, and no tier fell due
}

// afterGap applies a tick that looks for the first time since ev.Down.From.
func (m *machine) afterGap() {
	to := m.ev.At
	m.walking = true
	m.walks = make([]walked, len(m.s.Tracks))
	m.rang = nil
	for range maxRounds * 8 {
		at := m.due()
		if at > to || len(m.need) > 0 {
			break
		}
		m.now = at
		m.round()
	}
	m.walking, m.now, m.gap = false, to, true
	if len(m.need) > 0 {
		return
	}
	for ti := range m.walks {
		m.tellWalked(ti)
	}
	m.tellRules()
	m.gap = false
	m.runDue()
}

// walkOf returns what the walk has found of track ti; a track may begin in it.
func (m *machine) walkOf(ti int) *walked {
	for len(m.walks) <= ti {
		m.walks = append(m.walks, walked{})
	}
	return &m.walks[ti]
}

// walkOver stands in for entering a tier while a gap is walked.
func (m *machine) walkOver(ti, j int, due policy.Instant, in entering) {
	t := &m.s.Tracks[ti]
	p, spec := m.spec(t)
	s := stop{tier: j, pass: int(t.Pass), due: due, in: in}
	s.must = t.Entered == 0 && t.Pass == 1
	for _, r := range spec.Tiers[j].Notify {
		s.must = s.must || r.Essential
	}
	if p == m.p {
		for i := range m.s.Deadlines {
			s.must = s.must || m.s.Deadlines[i].At <= due
		}
	}
	w := m.walkOf(ti)
	w.stops = append(w.stops, s)
	if t.Status == StatusAcknowledged {
		m.void(ti)
	}
	if t.Status != StatusSnoozed {
		t.Status = StatusClimbing
	}
	t.Tier, t.Start = int16(j), due
	t.Entered |= 1 << j
	t.settleDeferred(spec, j)
	t.Again, t.Cause = policy.Never, policy.ReasonNone
	m.setEnd(t, j, due, in)
	m.happened(Happening{Kind: policy.AnchorTier, Index: t.Index, Tier: int16(j)})
	m.stopReminders(ti)
}

// wholly is called where the walk would exhaust a track. One that was wholly
// overtaken enters its last tier instead, for the full wait; one of which no
// tier fell due, only the end of its last wait, is exhausted after the walk.
func (m *machine) wholly(ti int) {
	t := &m.s.Tracks[ti]
	t.End, t.Next, t.Again, t.Deferred = policy.Never, policy.Never, policy.Never, 0
	w := m.walkOf(ti)
	if len(w.stops) == 0 {
		w.spent = true
		return
	}
	w.stops[len(w.stops)-1].whole = true
}

// tellWalked tells what the walk of track ti leaves to tell.
func (m *machine) tellWalked(ti int) {
	stops := m.walks[ti].stops
	if m.walks[ti].spent {
		_, spec := m.spec(&m.s.Tracks[ti])
		m.exhaust(ti, !spec.Informs && !m.s.Tracks[ti].Reached)
	}
	for k := range stops {
		s := &stops[k]
		last := k == len(stops)-1
		if !last && !s.must {
			m.tierLine(LineTierSkipped, ti, s.tier, policy.ReasonOvertakenWhileDown).Pass = uint8(s.pass)
			continue
		}
		m.tellStop(ti, s, last)
	}
}

// tellStop tells one tier that fell due in the gap. The last goes on as the
// current tier on its own clock; an earlier one is told and no more.
func (m *machine) tellStop(ti int, s *stop, last bool) {
	t := &m.s.Tracks[ti]
	p, spec := m.spec(t)
	tier := &spec.Tiers[s.tier]
	lists, ok := m.roster(p, t, s.tier, tier, s.in)
	if !ok {
		return
	}
	if !last {
		ei := m.addEntry(Entry{Track: int16(ti), Tier: int16(s.tier), Pass: t.Pass, Kind: MessagePage, Reason: policy.ReasonCatchUp, Lists: lists, At: s.due, Remind: policy.Never, Live: true, Extra: int(t.Pass) != s.pass})
		if n, _ := m.addContacts(ei, false); n == 0 {
			m.s.Entries = m.s.Entries[:ei]
			m.tierLine(LineTierSkipped, ti, s.tier, policy.ReasonUnresolvable)
			return
		}
		m.tierLine(LineTierEntered, ti, s.tier, policy.ReasonCatchUp)
		t.Told = true
		m.callLast(ei)
		return
	}
	due, kept := s.due, *t
	got, cause := m.ring(ti, s.tier, due, s.in, lists)
	if got == passed {
		m.goOn(ti, cause)
		return
	}
	t = &m.s.Tracks[ti]
	if int(t.Tier) != s.tier {
		return
	}
	t.Start, t.End, t.Next, t.Cause, t.Deferred = kept.Start, kept.End, kept.Next, kept.Cause, kept.Deferred
	if s.whole {
		t.Start = m.now
		m.setEnd(t, s.tier, m.now, entering{})
	}
}

// callLast takes, of the rules of each contact of entry ei that fell due in the
// gap, only the last.
func (m *machine) callLast(ei int) {
	for i := range m.s.Contacts {
		if int(m.s.Contacts[i].Entry) == ei {
			m.skipTo(i)
			m.call(i)
		}
	}
}

// skipTo passes over the rules of contact ci that are due, but for the last.
func (m *machine) skipTo(ci int) {
	c := &m.s.Contacts[ci]
	e := &m.s.Entries[c.Entry]
	for int(c.Next)+1 < m.rules(c) && !c.Via && e.At.Add(m.rule(c, int(c.Next)+1).After) <= m.now {
		c.Next++
	}
}

// skipRule is a contact rule, or a reminder, that fell due in a gap: it is
// remembered, and the last one of a person is sent after the walk.
func (m *machine) skipRule(ci int) {
	c := &m.s.Contacts[ci]
	e := &m.s.Entries[c.Entry]
	c.Last = c.Next
	c.Next++
	c.Due = policy.Never
	if int(c.Next) < m.rules(c) {
		c.Due = e.At.Add(m.rule(c, int(c.Next)).After)
	}
	m.rang = append(m.rang, rung{contact: ci, kind: e.Kind})
}

// skipReminder remembers the reminder of entry ei.
func (m *machine) skipReminder(ei int) {
	for i := range m.s.Contacts {
		if c := &m.s.Contacts[i]; int(c.Entry) == ei && c.Told && !c.Declined {
			m.rang = append(m.rang, rung{contact: i, kind: MessageReminder})
		}
	}
}

// rung is a rule or a reminder that fell due in a gap.
type rung struct {
	contact int
	kind    MessageKind
}

// tellRules sends the last of what fell due for each person.
func (m *machine) tellRules() {
	for i := len(m.rang) - 1; i >= 0; i-- {
		r := m.rang[i]
		c := &m.s.Contacts[r.contact]
		e := &m.s.Entries[c.Entry]
		who := m.responder(c).To
		if !e.Live || c.Declined || m.toldNow(who) || m.hasAcked(int(e.Track), who) {
			continue
		}
		c.Told = true
		m.message(r.contact, m.lastRule(c), r.kind, e.Reason)
	}
}
