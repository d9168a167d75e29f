package escalation

import (
	"time"

	"github.com/belfry-go/belfry/policy"
)

// silenced reports whether a silence holds over the alert.
func (m *machine) silenced() bool { return m.s.More != nil && len(m.s.More.Silences) > 0 }

// Limits of a snooze: in all for one alert, and where nothing may wait.
const (
	snoozeLimit       = 24 * time.Hour
	snoozeLimitUrgent = 2 * time.Hour
	silenceLimit      = 7 * day
)

// snooze holds one track, or all that run, for a while.
func (m *machine) snooze() Verdict {
	if v, ok := m.mayQuiet(); !ok {
		return v
	}
	var tracks []int
	if m.ev.Track != "" {
		ti := m.trackNamed(m.ev.Track)
		if ti < 0 {
			return ignored(UnknownThing)
		}
		tracks = []int{ti}
	} else {
		for ti := range m.s.Tracks {
			if m.running(ti) {
				tracks = append(tracks, ti)
			}
		}
	}
	if len(tracks) == 0 || m.ev.Track != "" && !m.running(tracks[0]) {
		return ignored(UnknownThing)
	}
	if m.ev.For <= 0 {
		return rejected(TooLong)
	}
	limit := snoozeLimit
	if m.s.Urgent() {
		limit = snoozeLimitUrgent
	}
	used := m.rare().SnoozeUsed
	for _, ti := range tracks {
		if t := &m.s.Tracks[ti]; t.Snooze.Known() {
			used -= max(t.Snooze.Sub(m.now), 0) // it is replaced
			break
		}
	}
	if used+m.ev.For > limit {
		return rejected(TooLong)
	}
	m.own().SnoozeUsed = used + m.ev.For
	for _, ti := range tracks {
		m.snoozeTrack(ti, m.now.Add(m.ev.For))
	}
	return applied
}

// snoozeTrack holds one track until `until`.
func (m *machine) snoozeTrack(ti int, until policy.Instant) {
	t := &m.s.Tracks[ti]
	if t.Status == StatusClimbing || t.Status == StatusExhausted {
		m.keepLeft(t)
	}
	t.Status, t.Snooze = StatusSnoozed, until
	t.End, t.Again, t.AckEnd = policy.Never, policy.Never, policy.Never
	m.dropDeferred(t)
	for i := range m.s.Entries {
		if int(m.s.Entries[i].Track) == ti {
			m.withdraw(i)
		}
	}
}

// dropDeferred forgets the tier that waits for its hours, unless it is one that
// quiet does not stop.
func (m *machine) dropDeferred(t *Track) {
	_, spec := m.spec(t)
	if j := lowest(t.Deferred); j >= 0 && spec.Anchored&(1<<j) != 0 && spec.Tiers[j].Unless == policy.UnlessResolved {
		return
	}
	t.Next, t.Deferred = policy.Never, 0
}

// wake ends the snooze of track ti, if it has one, without telling anybody.
func (m *machine) wake(ti int) {
	t := &m.s.Tracks[ti]
	if t.Status != StatusSnoozed {
		return
	}
	t.Snooze = policy.Never
	m.restartClock(t)
	m.climbing(t)
}

// restartClock starts the clock of a track again that was stopped: with what
// was left of its wait, or, where the tier lasted until an anchor, as the ladder
// now says.
func (m *machine) restartClock(t *Track) {
	_, spec := m.spec(t)
	switch {
	case m.silenced() || t.Next.Known():
	case t.Left >= 0:
		t.End = m.now.Add(t.Left)
	case t.Tier >= 0:
		m.setEnd(t, int(t.Tier), m.now, entering{rest: true, wait: -1})
	default:
		if j := m.candidate(t, m.from(t, spec)); j >= 0 && spec.Anchored&(1<<j) == 0 {
			t.End = m.now
		}
	}
}

// climbing is the status of a track that nothing holds any more: it climbs, or
// waits for its first anchor.
func (m *machine) climbing(t *Track) {
	_, spec := m.spec(t)
	t.Status = StatusClimbing
	if t.Tier == NoTier && t.Entered == 0 && !t.End.Known() && !t.Next.Known() && spec.Tiers[0].At != nil {
		t.Status = StatusWaiting
	}
}

// snoozeOver is called at the end of a snooze: acknowledgements are void and
// the current tier is told again, for what was left of its wait.
func (m *machine) snoozeOver(ti int) {
	t := &m.s.Tracks[ti]
	left := t.Left
	t.Snooze = policy.Never
	m.climbing(t)
	m.clearAcks(ti)
	e := m.line(LineResumed)
	e.Track, e.Reason = int16(ti), policy.ReasonSnoozeOver
	if m.silenced() {
		return
	}
	m.again(ti, entering{cause: policy.ReasonSnoozeOver, rest: true, wait: left})
}

// silence holds the alert until its end: the engine decided that it matches.
func (m *machine) silence() Verdict {
	if v, ok := m.mayQuiet(); !ok {
		return v
	}
	if m.ev.Reason == "" {
		return rejected(NoReason)
	}
	until := m.now.Add(m.ev.For)
	if len(m.ev.Silences) > 0 {
		until = m.ev.Silences[0].Until
	}
	if until.Sub(m.now) > silenceLimit || until <= m.now {
		return rejected(TooLong)
	}
	if leak(m.s) {
		return ignored(Already) // nothing holds a leak: it breaks out at once
	}
	m.hold([]SilenceFact{{Name: m.ev.Name, Until: until}})
	return applied
}

// hold puts silences in force over the alert.
func (m *machine) hold(fs []SilenceFact) {
	was := m.silenced()
	r := m.own()
	for _, f := range fs {
		if f.Until <= m.now {
			continue
		}
		at := -1
		for i := range r.Silences {
			if r.Silences[i].Name == f.Name {
				at = i
			}
		}
		if at < 0 {
			r.Silences = append(r.Silences, Silence(f))
		} else {
			r.Silences[at].Until = f.Until
		}
		e := m.line(LineSilenced)
		e.Text, e.Until = f.Name, f.Until
	}
	if was || len(r.Silences) == 0 {
		return
	}
	for ti := range m.s.Tracks {
		t := &m.s.Tracks[ti]
		t.Again = policy.Never
		m.dropDeferred(t)
		if t.Status == StatusClimbing || t.Status == StatusExhausted {
			t.End = policy.Never
		}
	}
	for i := range m.s.Entries {
		if e := &m.s.Entries[i]; e.Tier != NoTier {
			m.withdraw(i)
		}
	}
	for i := range r.Acks {
		r.Acks[i].Remind = policy.Never
	}
}

// unsilence ends one silence before its time.
func (m *machine) unsilence() Verdict {
	for i, q := range m.rare().Silences {
		if q.Name == m.ev.Name || m.ev.Name == "" {
			m.dropSilence(i, policy.ReasonSilenceOver)
			return applied
		}
	}
	return ignored(UnknownThing)
}

// dropSilence ends silence i; the last one to end wakes the tracks.
func (m *machine) dropSilence(i int, cause policy.Reason) {
	r := m.own()
	name := r.Silences[i].Name
	r.Silences = append(r.Silences[:i], r.Silences[i+1:]...)
	e := m.line(LineResumed)
	e.Text, e.Reason = name, cause
	if len(r.Silences) == 0 {
		m.resume(cause)
	}
}

// endSilences ends every silence over this alert.
func (m *machine) endSilences(cause policy.Reason) {
	for m.silenced() {
		m.dropSilence(0, cause)
	}
}

// resume starts the tracks that nobody has taken from their first tier, or from
// the last anchored one entered, in the same pass. What was held meanwhile is
// looked at again.
func (m *machine) resume(cause policy.Reason) {
	m.s.Grace = policy.Never
	for ti := range m.s.Tracks {
		t := &m.s.Tracks[ti]
		if !t.Began.Known() || t.Status == StatusAcknowledged || t.Status == StatusSnoozed || t.Status == StatusInformed {
			continue
		}
		_, spec := m.spec(t)
		j, from := -1, passStart(t, spec)
		for i := range spec.Tiers {
			if cause != policy.ReasonManual && spec.Anchored&t.Entered&(1<<i) != 0 {
				j = i
			}
		}
		if j < 0 {
			j = from
		}
		if spec.Anchored&(1<<j) != 0 && t.Anchored&(1<<j) == 0 && t.Entered&(1<<j) == 0 {
			if t.Tier == NoTier && t.Status != StatusExhausted {
				continue // its own instant is still to come
			}
			if j = firstWaited(spec, from); j < 0 {
				if t.Status == StatusExhausted {
					t.Again = m.now
				}
				continue
			}
		}
		t.Status = StatusClimbing
		m.below(t, j)
		m.walk(ti, j, m.now, entering{cause: cause})
	}
	m.releaseHeld()
}

// firstWaited returns the first tier from `from` on that waits; -1: none.
func firstWaited(spec *policy.Track, from int) int {
	for i := from; i < len(spec.Tiers); i++ {
		if spec.Anchored&(1<<i) == 0 {
			return i
		}
	}
	return -1
}

// below makes the waited tiers from j on enterable again.
func (m *machine) below(t *Track, j int) {
	_, spec := m.spec(t)
	mask := ^uint64(0) << j
	t.Entered &^= mask &^ spec.Anchored
	t.Skipped &^= mask
	t.Deferred, t.Next = 0, policy.Never
}
