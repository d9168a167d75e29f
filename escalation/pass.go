package escalation

import (
	"time"

	"github.com/belfry-go/belfry/policy"
)

// minPass is how far apart passes are that begin by themselves: a pass over
// tiers that take no time would otherwise never end.
const minPass = time.Minute

// passOver ends a pass of track ti at `at`: another begins, or the track is
// exhausted, or it still waits for an anchored tier. cause is that of the
// hand-over that led here.
func (m *machine) passOver(ti int, at policy.Instant, cause policy.Reason) {
	t := &m.s.Tracks[ti]
	_, spec := m.spec(t)
	t.End = policy.Never
	if m.held(t) || t.Deferred != 0 || m.anchorsToCome(t) {
		return
	}
	unreached := !spec.Informs && !t.Reached && !m.walking
	if unreached || int(t.Pass) > spec.Repeat || firstWaited(spec, spec.From) < 0 {
		m.exhaust(ti, unreached)
		return
	}
	m.newPass(ti, at, cause)
}

// newPass begins the next pass.
func (m *machine) newPass(ti int, at policy.Instant, cause policy.Reason) {
	t := &m.s.Tracks[ti]
	_, spec := m.spec(t)
	due := at
	if cause != policy.ReasonManual {
		due = most(at, t.PassAt.Add(minPass))
	} else {
		t.Cause = cause
	}
	t.Pass++
	t.Tier, t.Entered, t.Skipped, t.Deferred = NoTier, 0, 0, 0
	t.Reached, t.Told = false, false
	t.PassAt, t.Start = due, due
	m.clearAcks(ti)
	m.prune(ti)
	if t.Status != StatusSnoozed {
		t.Status = StatusClimbing
	}
	t.End = due
	if due > at {
		return
	}
	if j := m.candidate(t, spec.From-1); j >= 0 {
		in := entering{cause: t.Cause}
		t.Cause, t.End = policy.ReasonNone, policy.Never
		m.walk(ti, j, due, in)
	}
}

// anchorsToCome reports whether an anchored tier of t with a known instant has
// not had it yet.
func (m *machine) anchorsToCome(t *Track) bool {
	_, spec := m.spec(t)
	for i := range spec.Tiers {
		if spec.Anchored&(1<<i) == 0 || t.Anchored&(1<<i) != 0 {
			continue
		}
		if at, _ := m.tierAt(t, i); at.Known() && !m.answered(t, i) {
			return true
		}
	}
	return false
}

// exhaust ends track ti: quietly if it only informs, else the exhausted list is
// told.
func (m *machine) exhaust(ti int, unreached bool) {
	t := &m.s.Tracks[ti]
	p, spec := m.spec(t)
	if m.walking {
		m.wholly(ti)
		return
	}
	m.stopReminders(ti)
	t.End, t.Next, t.Deferred = policy.Never, policy.Never, 0
	if spec.Informs {
		t.Status = StatusInformed
		return
	}
	if unreached {
		m.tellLastResort(policy.ReasonLastResort, ti)
	}
	t.Status = StatusExhausted
	e := m.line(LineExhausted)
	e.Track, e.Pass = int16(ti), t.Pass
	m.happened(Happening{Kind: policy.AnchorExhausted})
	m.tellExhausted(ti)
	if p == m.p {
		for _, a := range p.Exhausted.Run {
			if st := &m.s.Actions[a]; st.Phase == PhaseIdle {
				st.At = m.now.Add(exhaustedRunWait)
			}
		}
	}
}

// exhaustedRunWait is how long the actions of an exhausted list wait for one of
// its messages to be taken.
const exhaustedRunWait = 5 * time.Minute

// tellExhausted tells the exhausted list of track ti, and sets when it is told
// again.
func (m *machine) tellExhausted(ti int) {
	t := &m.s.Tracks[ti]
	p, _ := m.spec(t)
	t.Again = m.now.Add(m.exhaustedEvery(t))
	lists, ok := m.lists(p.Exhausted.Notify)
	if !ok {
		return
	}
	m.dropExhausted(ti)
	ei := m.addEntry(Entry{Track: int16(ti), Tier: TierExhausted, Pass: t.Pass, Kind: MessagePage, Reason: policy.ReasonExhausted, Lists: lists, At: m.now, Remind: policy.Never, Live: true})
	if n, _ := m.addContacts(ei, true); n == 0 {
		m.s.Entries = m.s.Entries[:ei]
		m.tellLastResort(policy.ReasonExhausted, ti)
		return
	}
	m.callAll(ei)
	if m.allFailed(ei) {
		m.tellLastResort(policy.ReasonExhausted, ti)
	}
}

// exhaustedEvery is how often the exhausted list of t is told.
func (m *machine) exhaustedEvery(t *Track) time.Duration {
	p, _ := m.spec(t)
	switch {
	case p.Exhausted.Every > 0:
		return p.Exhausted.Every
	case m.s.Priority >= topLevel-1:
		return time.Hour
	}
	return day
}

// dropExhausted ends the contact rules of earlier tellings of the list, and drops
// those of them whose people a later one has told as well: a list that is told
// for years leaves no more behind than one that was told twice.
func (m *machine) dropExhausted(ti int) {
	for i := range m.s.Entries {
		if e := &m.s.Entries[i]; int(e.Track) == ti && e.Tier == TierExhausted {
			m.withdraw(i)
		}
	}
	if !m.walking && !m.gap { // what fell due in a gap is known by its place
		m.compact(func(i int) bool { return !m.toldSince(ti, i) })
	}
}

// toldSince reports whether entry ei is a telling of track ti's exhausted list
// and later ones have told everybody whom it told.
func (m *machine) toldSince(ti, ei int) bool {
	e := &m.s.Entries[ei]
	if int(e.Track) != ti || e.Tier != TierExhausted {
		return false
	}
	last := false
	for i := ei + 1; i < len(m.s.Entries); i++ {
		o := &m.s.Entries[i]
		last = last || int(o.Track) == ti && o.Tier == TierExhausted
	}
	if !last {
		return false
	}
	for i := range m.s.Contacts {
		if c := &m.s.Contacts[i]; int(c.Entry) == ei && c.Told && !m.toldLater(ti, ei, m.responder(c).To) {
			return false
		}
	}
	return true
}

// toldLater reports whether a telling of track ti's exhausted list after entry ei
// told who.
func (m *machine) toldLater(ti, ei int, who policy.Target) bool {
	for i := range m.s.Contacts {
		c := &m.s.Contacts[i]
		e := &m.s.Entries[c.Entry]
		if int(c.Entry) > ei && c.Told && int(e.Track) == ti && e.Tier == TierExhausted && m.responder(c).To == who {
			return true
		}
	}
	return false
}

// tellLastResort tells the last resort, once an instant.
func (m *machine) tellLastResort(r policy.Reason, ti int) {
	if m.s.LastResort == m.now {
		return
	}
	m.s.LastResort = m.now
	e := m.emit(EffectNotify)
	e.Message, e.Reason, e.To, e.Track = MessageLastResort, r, lastResort, int16(ti)
	if ti >= 0 {
		e.Pass = m.s.Tracks[ti].Pass
	}
}

// stopReminders ends the reminders of track ti.
func (m *machine) stopReminders(ti int) {
	for i := range m.s.Entries {
		if int(m.s.Entries[i].Track) == ti {
			m.s.Entries[i].Remind = policy.Never
		}
	}
}
