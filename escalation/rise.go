package escalation

import "github.com/belfry-go/belfry/policy"

// rise is what a rise does: quiet ends, and tracks are told again.
func (m *machine) rise(reason policy.Reason, how policy.Rise) {
	if m.silenced() && (m.s.Severity >= topLevel || leak(m.s)) {
		m.endSilences(reason)
	}
	m.guardsAgain()
	m.closeAgain()
	if how == policy.RiseIgnore {
		return
	}
	m.startTracks(reason)
	m.undecline(-1, policy.Target{})
	grace := m.s.Grace.Known()
	m.endGrace()
	for ti := range m.s.Tracks {
		t := &m.s.Tracks[ti]
		if m.began(ti) || !m.running(ti) {
			continue
		}
		if grace && t.Tier == NoTier {
			m.firstTier(ti, reason)
			continue
		}
		m.reopenTrack(ti, reason, how)
	}
}

// began reports whether track ti began in this step.
func (m *machine) began(ti int) bool {
	return ti >= len(m.prev.Tracks) || !m.prev.Tracks[ti].Began.Known()
}

// firstTier enters the first tier of a track whose grace a rise has ended.
func (m *machine) firstTier(ti int, reason policy.Reason) {
	t := &m.s.Tracks[ti]
	m.void(ti)
	m.wake(ti)
	t.End = policy.Never
	m.again(ti, entering{cause: reason})
}

// reopenAcked reopens the tracks that are acknowledged, and closes the gates again
// when there was one.
func (m *machine) reopenAcked(reason policy.Reason, how policy.Rise) {
	reopened := false
	for ti := range m.s.Tracks {
		if m.s.Tracks[ti].Status == StatusAcknowledged {
			m.reopenTrack(ti, reason, how)
			reopened = true
		}
	}
	if reopened {
		m.closeAgain()
	}
}

// reopenTrack voids what holds track ti, and tells its current tier again, or
// restarts the pass.
func (m *machine) reopenTrack(ti int, reason policy.Reason, how policy.Rise) {
	t := &m.s.Tracks[ti]
	climbing := t.Status == StatusClimbing
	end := t.End
	m.wake(ti)
	m.void(ti)
	m.clearAcks(ti)
	if m.silenced() {
		return
	}
	if how == policy.RiseRestart {
		m.walk(ti, m.restartTier(t), m.now, entering{cause: reason})
		return
	}
	if t.Tier == NoTier {
		if !climbing {
			m.again(ti, entering{cause: reason})
		}
		return
	}
	skipped := t.Skipped
	in := entering{cause: reason}
	if climbing {
		in.rest, in.wait = true, -1
		if end.Known() {
			in.wait = max(end.Sub(m.now), 0)
		}
	}
	was := *t
	m.again(ti, in)
	if t = &m.s.Tracks[ti]; climbing && t.Tier == was.Tier && t.Status == StatusClimbing {
		m.oldClock(t, &was, end)
	}
	m.admitted(ti, skipped, reason)
}

// oldClock lets a track whose current tier was told again go on as it would
// have: a rise never makes the next tier later.
func (m *machine) oldClock(t, was *Track, end policy.Instant) {
	t.Start = was.Start
	if end.Known() {
		t.End = end
	}
	if j := lowest(was.Deferred); j > int(t.Tier) { // the next one waits for its hours
		t.Next, t.Deferred, t.Cause, t.End = was.Next, was.Deferred, was.Cause, policy.Never
	}
}

// admitted tells the tiers of this pass that a guard skipped and now admits.
func (m *machine) admitted(ti int, skipped uint64, reason policy.Reason) {
	t := &m.s.Tracks[ti]
	p, spec := m.spec(t)
	for j := range spec.Tiers {
		if skipped&(1<<j) == 0 || j >= int(t.Tier) {
			continue
		}
		if ok, _ := m.holds(&spec.Tiers[j].When); !ok {
			continue
		}
		lists, ok := m.roster(p, t, j, &spec.Tiers[j], entering{})
		if !ok {
			continue
		}
		t.Skipped &^= 1 << j
		t.Entered |= 1 << j
		ei := m.addEntry(Entry{Track: int16(ti), Tier: int16(j), Pass: t.Pass, Kind: MessagePage, Reason: reason, Lists: lists, At: m.now, Remind: policy.Never, Live: true})
		if n, _ := m.addContacts(ei, true); n == 0 {
			m.s.Entries = m.s.Entries[:ei]
			continue
		}
		m.tierLine(LineTierEntered, ti, j, reason)
		t.Told = true
		m.callAll(ei)
	}
}

// startTracks begins the tracks of another policy of the document, when one
// matches now.
func (m *machine) startTracks(reason policy.Reason) {
	p := m.nowMatching()
	if p == nil {
		return
	}
	if len(m.s.Tracks)+len(p.Tracks) > maxTracks {
		m.tellLastResort(reason, -1)
		return
	}
	for i := range p.Tracks {
		ti := len(m.s.Tracks)
		m.addTrack(p.Index, i)
		if ok, _ := m.holds(&p.Tracks[i].When); ok {
			m.beginNow(ti, reason)
		}
	}
}

// nowMatching returns the first policy, other than those whose tracks the alert
// has, that matches now and did not before; nil: none.
func (m *machine) nowMatching() *policy.Policy {
	now, before := m.facts(), factsOf(m.prev, m.now)
	for _, p := range m.doc.Policies {
		if p == m.p || p.Name == policy.Unmatched || m.hasTracksOf(p) {
			continue
		}
		if p.Match.Holds(&now) == policy.True && p.Match.Holds(&before) != policy.True {
			return p
		}
	}
	return nil
}

// hasTracksOf reports whether the alert runs tracks of p.
func (m *machine) hasTracksOf(p *policy.Policy) bool {
	for i := range m.s.Tracks {
		if int(m.s.Tracks[i].Policy) == p.Index {
			return true
		}
	}
	return false
}

// guardsAgain begins the tracks that wait for their `when` and whose `when` now
// holds.
func (m *machine) guardsAgain() {
	for ti := range m.s.Tracks {
		t := &m.s.Tracks[ti]
		if t.Began.Known() {
			continue
		}
		_, spec := m.spec(t)
		if ok, _ := m.holds(&spec.When); ok {
			m.beginNow(ti, policy.ReasonSeverityRaised)
		}
	}
}

// beginNow begins a track and enters what is due at once.
func (m *machine) beginNow(ti int, reason policy.Reason) {
	m.begin(ti, reason)
	for missed := m.missed; missed == m.missed && m.tierDue(ti); {
	}
	if t := &m.s.Tracks[ti]; t.End <= m.now && len(m.need) == 0 {
		m.passOver(ti, t.End, reason)
	}
}
