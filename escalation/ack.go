package escalation

import (
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// acknowledge is one person's "I have it", for one track or for those that told
// this person.
func (m *machine) acknowledge() Verdict {
	if v, ok := m.mayAcknowledge(); !ok {
		return v
	}
	who := m.ev.By.Principal
	tracks, v := m.ackTracks(who)
	if v.Kind != 0 {
		return v
	}
	var last Verdict
	done := false
	for _, ti := range tracks {
		if v := m.ackTrack(ti, who); v.Kind == Applied {
			done = true
		} else {
			last = v
		}
	}
	if !done {
		return last
	}
	m.updateChannels()
	return applied
}

// ackTracks returns the tracks that an acknowledgement by who counts for.
func (m *machine) ackTracks(who policy.Target) ([]int, Verdict) {
	if m.ev.Track != "" {
		ti := m.trackNamed(m.ev.Track)
		if ti < 0 {
			return nil, ignored(UnknownThing)
		}
		return []int{ti}, Verdict{}
	}
	var told, able []int
	for ti := range m.s.Tracks {
		if !m.ackable(ti) {
			continue
		}
		able = append(able, ti)
		if m.wasTold(ti, who) {
			told = append(told, ti)
		}
	}
	switch {
	case len(told) > 0:
		return told, Verdict{}
	case len(able) == 1:
		return able, Verdict{}
	case len(able) > 1:
		return nil, rejected(TrackNeeded)
	case len(m.s.Tracks) == 1:
		return []int{0}, Verdict{}
	}
	return nil, ignored(UnknownThing)
}

// ackable reports whether there is something to acknowledge on track ti: it has
// begun, or will, and does not only inform.
func (m *machine) ackable(ti int) bool {
	t := &m.s.Tracks[ti]
	_, spec := m.spec(t)
	return t.Began.Known() && !spec.Informs
}

// ackTrack records who's acknowledgement of one track.
func (m *machine) ackTrack(ti int, who policy.Target) Verdict {
	t := &m.s.Tracks[ti]
	p, _ := m.spec(t)
	if !m.ackable(ti) {
		return ignored(Already)
	}
	m.undecline(ti, who)
	if t.Status != StatusExhausted && t.Tier != NoTier && !m.wasTold(ti, who) && !m.anyTier(ti) {
		return ignored(NotTold)
	}
	r := m.own()
	at := -1
	for i := range r.Acks {
		if int(r.Acks[i].Track) == ti && r.Acks[i].Who == who {
			at = i
		}
	}
	remind := policy.Never
	if p.Ack.Remind > 0 {
		remind = m.now.Add(p.Ack.Remind)
	}
	if at < 0 {
		r.Acks = append(r.Acks, Ack{Track: int16(ti), Who: who, At: m.now, Remind: remind})
	} else {
		r.Acks[at].At, r.Acks[at].Remind = m.now, remind
		if t.Status == StatusAcknowledged {
			t.AckEnd = m.ackEnd(t, m.now)
		}
	}
	m.stopFor(ti, who)
	if t.Status == StatusAcknowledged {
		return applied
	}
	if t.Status == StatusExhausted || t.Tier == NoTier || m.satisfied(ti) {
		m.cover(ti)
	} else if t.Status == StatusSnoozed {
		m.wake(ti)
	}
	return applied
}

// cover is called when track ti becomes acknowledged.
func (m *machine) cover(ti int) {
	t := &m.s.Tracks[ti]
	if t.Status != StatusSnoozed {
		m.keepLeft(t)
	}
	t.Status, t.Snooze, t.Again = StatusAcknowledged, policy.Never, policy.Never
	t.AckEnd = m.ackEnd(t, m.now)
	if !m.goesOn(t) {
		t.End = policy.Never
		m.dropDeferred(t)
	}
	_, spec := m.spec(t)
	for i := range m.s.Entries {
		e := &m.s.Entries[i]
		if int(e.Track) != ti {
			continue
		}
		e.Remind = policy.Never
		if e.Tier < 0 || spec.Tiers[e.Tier].Unless == policy.UnlessAcknowledged {
			m.withdraw(i)
		}
	}
	m.happened(Happening{Kind: policy.AnchorAcknowledged})
}

// keepLeft remembers what is left of the current wait.
func (m *machine) keepLeft(t *Track) {
	t.Left = -1
	switch {
	case t.End.Known():
		t.Left = max(t.End.Sub(m.now), 0)
	case t.Status == StatusExhausted && t.Tier >= 0:
		_, spec := m.spec(t)
		t.Left = spec.Tiers[t.Tier].Wait
	}
}

// goesOn reports whether some tier that waits is entered though the track is
// acknowledged.
func (m *machine) goesOn(t *Track) bool {
	_, spec := m.spec(t)
	for i := int(t.Tier) + 1; i < len(spec.Tiers); i++ {
		if spec.Anchored&(1<<i) == 0 && spec.Tiers[i].Unless == policy.UnlessResolved && t.Entered&(1<<i) == 0 {
			return true
		}
	}
	return false
}

// stopFor withdraws what is still to come for one person on one track.
func (m *machine) stopFor(ti int, who policy.Target) {
	for i := range m.s.Contacts {
		c := &m.s.Contacts[i]
		if int(m.s.Entries[c.Entry].Track) == ti && m.responder(c).To == who {
			c.Due = policy.Never
		}
	}
}

// wasTold reports whether track ti told who in this pass, or by the exhausted
// list.
func (m *machine) wasTold(ti int, who policy.Target) bool {
	for i := range m.s.Contacts {
		c := &m.s.Contacts[i]
		e := &m.s.Entries[c.Entry]
		if int(e.Track) == ti && c.Told && e.Tier != NoTier && (e.Pass == m.s.Tracks[ti].Pass || e.Tier == TierExhausted) && m.responder(c).To == who {
			return true
		}
	}
	return false
}

// anyTier reports whether a tier with `ack: any` was entered in this pass.
func (m *machine) anyTier(ti int) bool {
	_, spec := m.spec(&m.s.Tracks[ti])
	for i := range spec.Tiers {
		if m.s.Tracks[ti].Entered&(1<<i) != 0 && spec.Tiers[i].Ack == (policy.AckNeed{Count: 1}) {
			return true
		}
	}
	return false
}

// hasAcked reports whether who has acknowledged track ti in this pass.
func (m *machine) hasAcked(ti int, who policy.Target) bool {
	for i := range m.rare().Acks {
		if a := &m.s.More.Acks[i]; int(a.Track) == ti && a.Who == who {
			return true
		}
	}
	return false
}

// satisfied reports whether some tier entered in this pass has the
// acknowledgements that it needs.
func (m *machine) satisfied(ti int) bool {
	t := &m.s.Tracks[ti]
	_, spec := m.spec(t)
	for i := range m.s.Entries {
		e := &m.s.Entries[i]
		if int(e.Track) == ti && e.Tier >= 0 && e.Pass == t.Pass && !e.Extra && m.tierSatisfied(i, spec.Tiers[e.Tier].Ack) {
			return true
		}
	}
	return false
}

// tierSatisfied counts the targets of entry ei that an acker resolved for.
func (m *machine) tierSatisfied(ei int, need policy.AckNeed) bool {
	if need == (policy.AckNeed{}) {
		return false
	}
	e := &m.s.Entries[ei]
	have, of := 0, 0
	for i, roster := range e.Lists.Rosters {
		people, acked := 0, false
		for w := range roster {
			if roster[w].To.Kind != policy.TargetUser || m.party(roster[w].To) {
				continue
			}
			people++
			acked = acked || m.hasAcked(int(e.Track), roster[w].To)
		}
		if people == 0 {
			continue
		}
		of++
		if acked {
			have++
		} else if e.Lists.Recipients[i].Essential {
			return false
		}
	}
	switch {
	case need.All:
		return of > 0 && have == of
	case need.Count == 1:
		return true // anybody's: also one's who was told by another tier, or by none
	}
	return have >= need.Count
}

// void ends the acknowledgements of track ti without a word.
func (m *machine) void(ti int) {
	t := &m.s.Tracks[ti]
	t.AckEnd = policy.Never
	m.clearAcks(ti)
	if t.Status == StatusAcknowledged {
		m.climbing(t)
	}
}

// clearAcks drops the acknowledgements of track ti.
func (m *machine) clearAcks(ti int) {
	m.s.Tracks[ti].AckEnd = policy.Never
	if len(m.rare().Acks) == 0 {
		return
	}
	r := m.own()
	r.Acks = slices.DeleteFunc(r.Acks, func(a Ack) bool { return int(a.Track) == ti })
}

// ackers lists who has acknowledged track ti.
func (m *machine) ackers(ti int) []policy.Target {
	var who []policy.Target
	for _, a := range m.rare().Acks {
		if int(a.Track) == ti {
			who = append(who, a.Who)
		}
	}
	return who
}

// ackOver is called at the time-out of track ti's acknowledgement: whoever gave
// it is told with the tier that the policy's `resume` says.
func (m *machine) ackOver(ti int) {
	t := &m.s.Tracks[ti]
	p, spec := m.spec(t)
	who := m.ackers(ti)
	m.void(ti)
	if m.silenced() {
		return
	}
	in := entering{cause: policy.ReasonAckTimeout, extra: who}
	j := m.notEntered(t)
	switch {
	case p.Ack.Resume == policy.ResumeSame && t.Tier != NoTier:
		j = int(t.Tier)
	case p.Ack.Resume == policy.ResumeRestart:
		j = m.restartTier(t)
	case j < 0 && t.Tier != NoTier:
		j = int(t.Tier)
	case j < 0:
		j = 0
	}
	if j >= len(spec.Tiers) {
		return
	}
	m.walk(ti, j, m.now, in)
}

// notEntered returns the first tier below the current one that was not entered
// in this pass, also an anchored one that an acknowledgement kept out; -1: none.
func (m *machine) notEntered(t *Track) int {
	_, spec := m.spec(t)
	for i := m.from(t, spec) + 1; i < len(spec.Tiers); i++ {
		if t.Entered&(1<<i) != 0 {
			continue
		}
		if spec.Anchored&(1<<i) == 0 {
			return i
		}
		if at, _ := m.tierAt(t, i); t.Pass <= 1 && at.Known() && !m.answered(t, i) {
			return i
		}
	}
	return -1
}

// restartTier makes the tiers of the current pass enterable again, but for the
// anchored ones that were entered, and returns the first.
func (m *machine) restartTier(t *Track) int {
	_, spec := m.spec(t)
	t.Entered &= spec.Anchored
	t.Skipped, t.Deferred, t.Next = 0, 0, policy.Never
	for i := passStart(t, spec); i < len(spec.Tiers); i++ {
		if spec.Anchored&(1<<i) == 0 || t.Entered&(1<<i) == 0 && t.Pass <= 1 {
			return i
		}
	}
	return max(int(t.Tier), 0)
}

// unacknowledge enters the current tier again, now, with its full wait.
func (m *machine) unacknowledge() Verdict {
	ti, v := m.oneTrack()
	if v.Kind != 0 {
		return v
	}
	t := &m.s.Tracks[ti]
	if t.Status != StatusAcknowledged && t.Status != StatusSnoozed && len(m.ackers(ti)) == 0 {
		return ignored(Already)
	}
	m.wake(ti)
	m.void(ti)
	m.again(ti, entering{cause: policy.ReasonManual})
	m.updateChannels()
	return applied
}

// again enters the current tier of track ti once more, or its first.
func (m *machine) again(ti int, in entering) {
	t := &m.s.Tracks[ti]
	j := int(t.Tier)
	if t.Tier == NoTier {
		_, spec := m.spec(t)
		if j = m.candidate(t, m.from(t, spec)); j < 0 {
			return
		}
		if spec.Anchored&(1<<j) != 0 {
			return // its own instant is still to come
		}
		in.rest = false
	}
	m.walk(ti, j, m.now, in)
}

// dropAck removes who's acknowledgement and reports whether there was one.
func (m *machine) dropAck(ti int, who policy.Target) bool {
	if !m.hasAcked(ti, who) {
		return false
	}
	r := m.own()
	r.Acks = slices.DeleteFunc(r.Acks, func(a Ack) bool { return int(a.Track) == ti && a.Who == who })
	return true
}
