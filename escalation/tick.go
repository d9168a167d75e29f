package escalation

import "github.com/belfry-go/belfry/policy"

// maxRounds bounds how often one instant is looked at again: what becomes due
// by what was just done is done in the same step.
const maxRounds = 256

// tick applies one due instant, or what a gap left overdue.
func (m *machine) tick() Verdict {
	if m.ev.Down != nil {
		m.afterGap()
		return applied
	}
	m.runDue()
	return applied
}

// runDue does everything that is due at the present instant, in the order that
// the documentation gives.
func (m *machine) runDue() {
	for range maxRounds {
		if len(m.need) > 0 || m.due() > m.now {
			return
		}
		m.round()
	}
}

// round does once what is due at the present instant.
func (m *machine) round() {
	m.gatesClose(m.now)
	m.deadlinesDue()
	m.quietOver()
	m.contactsDue()
	m.tiersDue()
	m.remindersDue()
	m.passesDue()
	m.actionsDue()
	m.reviewsDue()
}

// due returns the next deadline of the state: the earliest of its timers.
func (m *machine) due() policy.Instant {
	s := m.s
	at := m.dueAlways()
	if s.Resolved.Known() {
		return at
	}
	at = least(at, s.Grace)
	for i := range s.Deadlines {
		if d := &s.Deadlines[i]; !d.Met && !d.Missed {
			at = least(at, d.At)
		}
	}
	for i := range s.Tracks {
		t := &s.Tracks[i]
		at = least(at, least(least(t.End, t.Next), least(least(t.AckEnd, t.Snooze), t.Again)))
		if _, spec := m.spec(t); spec.Anchored&^t.Anchored != 0 && t.Began.Known() {
			at = least(at, m.anchorDue(t, spec))
		}
	}
	for i := range s.Entries {
		at = least(at, s.Entries[i].Remind)
	}
	for i := range s.Contacts {
		at = least(at, s.Contacts[i].Due)
	}
	if s.More != nil {
		for i := range s.More.Silences {
			at = least(at, s.More.Silences[i].Until)
		}
		for i := range s.More.Acks {
			at = least(at, s.More.Acks[i].Remind)
		}
	}
	return at
}

// dueAlways is the part of due that outlives a resolve: gates, actions, reviews.
func (m *machine) dueAlways() policy.Instant {
	s := m.s
	at := policy.Never
	for i := range s.Gates {
		g := &s.Gates[i]
		if g.Gone {
			continue
		}
		at = least(at, least(g.Close, g.Until))
		if o := m.p.Gates[i].OpenAt; o != nil && g.Closed && !g.Opened {
			x, _ := m.instant(m.p, o)
			at = least(at, x)
		}
	}
	for i := range s.Actions {
		if m.actionWaits(i) {
			at = least(at, s.Actions[i].At)
		}
	}
	if len(m.p.Reviews) > 0 {
		at = least(at, m.accessDue())
	}
	if s.More != nil {
		for i := range s.More.Reviews {
			r := &s.More.Reviews[i]
			at = least(at, least(least(r.Remind, r.Look), least(r.After, r.Within)))
		}
	}
	return at
}

// anchorDue returns the earliest instant of t's anchored tiers that is still to
// be applied.
func (m *machine) anchorDue(t *Track, spec *policy.Track) policy.Instant {
	at := policy.Never
	for i := range spec.Tiers {
		if spec.Anchored&^t.Anchored&(1<<i) != 0 {
			x, _ := m.tierAt(t, i)
			at = least(at, x)
		}
	}
	return at
}

// deadlinesDue marks the deadlines that nobody met.
func (m *machine) deadlinesDue() {
	if m.s.Resolved.Known() {
		return
	}
	for i := range m.s.Deadlines {
		d := &m.s.Deadlines[i]
		if d.At <= m.now && !d.Met && !d.Missed {
			d.Missed = true
			m.line(LineDeadlineMissed).Deadline = int16(i)
		}
	}
}

// quietOver ends silences, snoozes, the grace and acknowledgements whose time
// is over.
func (m *machine) quietOver() {
	if m.s.Resolved.Known() {
		return
	}
	for i := 0; m.s.More != nil && i < len(m.s.More.Silences); i++ {
		if m.s.More.Silences[i].Until <= m.now {
			m.dropSilence(i, policy.ReasonSilenceOver)
			i--
		}
	}
	for ti := range m.s.Tracks {
		if m.s.Tracks[ti].Snooze <= m.now {
			m.snoozeOver(ti)
		}
	}
	if m.s.Grace <= m.now {
		m.s.Grace = policy.Never
	}
	for ti := range m.s.Tracks {
		if m.s.Tracks[ti].AckEnd <= m.now {
			m.ackOver(ti)
		}
	}
}

// contactsDue takes the contact rules that are due.
func (m *machine) contactsDue() {
	for i := 0; i < len(m.s.Contacts); i++ {
		if m.s.Contacts[i].Due <= m.now {
			m.contactDue(i)
		}
	}
}

func (m *machine) contactDue(ci int) {
	if m.walking {
		m.skipRule(ci)
		return
	}
	m.call(ci)
	ei := int(m.s.Contacts[ci].Entry)
	if m.s.Contacts[ci].Failed && m.allFailed(ei) {
		m.unreached(int(m.s.Entries[ei].Track), ei, policy.ReasonUnreachable)
	}
}

// tiersDue enters the tiers that are due, in document order.
func (m *machine) tiersDue() {
	if m.s.Resolved.Known() {
		return
	}
	for ti := range m.s.Tracks {
		if m.s.Tracks[ti].Next <= m.now {
			m.hoursBegin(ti)
		}
		for missed := m.missed; missed == m.missed && m.tierDue(ti); {
		}
	}
}

// tierDue enters the first tier of track ti, in the order of the ladder, that
// is due; it reports false when none is.
func (m *machine) tierDue(ti int) bool {
	t := &m.s.Tracks[ti]
	_, spec := m.spec(t)
	anchored, waited := m.anchoredDue(t, spec), -1
	if t.End <= m.now {
		waited = m.candidate(t, m.from(t, spec))
	}
	switch {
	case anchored >= 0 && (waited < 0 || anchored <= waited):
		at, by := m.tierAt(t, anchored)
		m.anchorDueNow(ti, anchored, at, by)
		return true
	case waited >= 0:
		return m.ended(ti)
	}
	return false
}

// from returns the tier after which the ladder goes on.
func (m *machine) from(t *Track, spec *policy.Track) int {
	if t.Tier == NoTier {
		return passStart(t, spec) - 1
	}
	return int(t.Tier)
}

// passStart returns the tier where the present pass of t begins.
func passStart(t *Track, spec *policy.Track) int {
	if t.Pass > 1 {
		return spec.From
	}
	return 0
}

// anchoredDue returns the first anchored tier of t whose own instant is there
// and not yet applied; -1: none.
func (m *machine) anchoredDue(t *Track, spec *policy.Track) int {
	if spec.Anchored&^t.Anchored == 0 || !t.Began.Known() {
		return -1
	}
	for i := range spec.Tiers {
		if spec.Anchored&^t.Anchored&(1<<i) != 0 {
			if at, _ := m.tierAt(t, i); at <= m.now {
				return i
			}
		}
	}
	return -1
}

// hoursBegin enters the tier that waited for its hours.
func (m *machine) hoursBegin(ti int) {
	t := &m.s.Tracks[ti]
	j, at := lowest(t.Deferred), t.Next
	in := entering{cause: t.Cause, timed: true}
	t.Next, t.Cause = policy.Never, policy.ReasonNone
	if j < 0 {
		return
	}
	t.Deferred = 0
	m.walk(ti, j, at, in)
}

// anchorDueNow applies one anchored tier at its own instant.
func (m *machine) anchorDueNow(ti, i int, at policy.Instant, by *policy.Term) {
	t := &m.s.Tracks[ti]
	_, spec := m.spec(t)
	tier := &spec.Tiers[i]
	t.Anchored |= 1 << i
	stopped := tier.Unless == policy.UnlessAcknowledged && (t.Status == StatusAcknowledged || m.held(t))
	if stopped || m.answered(t, i) {
		m.tierLine(LineTierSkipped, ti, i, policy.ReasonNone)
		m.climbPast(ti)
		return
	}
	m.overtake(ti, i)
	m.walk(ti, i, at, entering{term: by})
}

// overtake lets track ti move to anchored tier i: the waited tiers above that
// were not entered are recorded as overtaken, those below may be entered after
// it.
func (m *machine) overtake(ti, i int) {
	t := &m.s.Tracks[ti]
	_, spec := m.spec(t)
	first := t.Tier == NoTier && t.Entered == 0
	for k := 0; k < i; k++ {
		if bit := uint64(1) << k; spec.Anchored&bit == 0 && t.Entered&bit == 0 && t.Skipped&bit == 0 && int(t.Tier) < k {
			m.tierLine(LineTierSkipped, ti, k, policy.ReasonOvertaken)
			t.Entered |= bit
		}
	}
	if first {
		t.Entered = 0
	}
	t.Deferred, t.Next = 0, policy.Never
	if t.Status == StatusWaiting {
		t.Status = StatusClimbing
	}
	m.below(t, i)
}

// climbPast lets a track that lasted until an anchored tier which is not
// entered go on.
func (m *machine) climbPast(ti int) {
	t := &m.s.Tracks[ti]
	if t.Status == StatusClimbing && !t.End.Known() && t.Deferred == 0 && !m.held(t) {
		t.End = m.now
	}
}

// passesDue ends the passes whose last wait is over.
func (m *machine) passesDue() {
	if m.s.Resolved.Known() {
		return
	}
	for ti := range m.s.Tracks {
		t := &m.s.Tracks[ti]
		if t.End <= m.now && len(m.need) == 0 {
			m.passOver(ti, t.End, policy.ReasonNone)
		}
	}
}
