package escalation

import (
	"time"

	"github.com/belfry-go/belfry/policy"
)

// refire is a trigger of a key that is open: it counts, is merged, and may be a
// rise.
func (m *machine) refire() Verdict {
	if m.ev.Alert == nil {
		return ignored(UnknownThing)
	}
	alert, _ := m.ev.Alert.Normalize()
	s := m.s
	if id := alert.Identity.ID; id != "" && m.identity() != "" && id != m.identity() {
		alert.Key = s.Key + "@" + id
		m.emit(EffectOpen).Alert = &alert
		return applied
	}
	s.Count++
	s.LastSeen = m.now
	newKind := m.takeKind(alert.Kind)
	m.merge(&alert)
	rise := m.raiseTo(levelOr(alert.Severity != "", alert.Severity.Level), levelOr(alert.Identity.Criticality != "", alert.Identity.Criticality.Level), levelOr(alert.BlastRadius != "", alert.BlastRadius.Level))
	m.voidReviews()
	if newKind || rise {
		m.rise(policy.ReasonSeverityRaised, m.p.Rise)
		return applied
	}
	if m.p.Refire.Acknowledged != policy.RiseIgnore {
		m.reopenAcked(policy.ReasonRefired, m.p.Refire.Acknowledged)
	}
	return applied
}

// levelOr returns the level of a value that is named, else none.
func levelOr(named bool, level func() (policy.Level, bool)) policy.Level {
	if !named {
		return 0
	}
	l, _ := level()
	return l
}

// takeKind adds a kind that this alert has not had, and reports whether it is
// new.
func (m *machine) takeKind(k policy.Kind) bool {
	if k == "" || k == m.s.Alert.Kind {
		return false
	}
	for _, o := range m.rare().Kinds {
		if o == k {
			return false
		}
	}
	r := m.own()
	r.Kinds = append(r.Kinds, k)
	return true
}

// merge replaces the alert by one that has the trigger's labels, identity and
// nearer instants. An instant that the alert lacked stays absent: it counted as
// open, and nothing may come later than it would have.
func (m *machine) merge(b *policy.Alert) {
	a := *m.s.Alert
	before := a
	a.Labels = mergeLabels(a.Labels, b.Labels)
	a.Identity = mergeIdentity(a.Identity, b.Identity)
	if b.Summary != "" {
		a.Summary = b.Summary
	}
	if b.Confidence > a.Confidence {
		a.Confidence = b.Confidence
	}
	a.ExpiresAt = nearer(a.ExpiresAt, b.ExpiresAt)
	a.Window.Opens = nearer(a.Window.Opens, b.Window.Opens)
	a.Window.Closes = nearer(a.Window.Closes, b.Window.Closes)
	a.Times = nearerTimes(a.Times, b.Times)
	known := len(a.Parties)
	for _, p := range b.Parties {
		if !m.party(p) {
			a.Parties = append(a.Parties[:len(a.Parties):len(a.Parties)], p)
		}
	}
	if n := len(rareOf(m.s).Kinds); n > 0 {
		a.Kind = rareOf(m.s).Kinds[n-1] // the newest; Kinds keeps them all
		if before.Kind != a.Kind {
			m.keepKind(before.Kind)
		}
	}
	m.s.Alert = &a
	m.nearer()
	for _, p := range a.Parties[known:] {
		m.recuse(p)
	}
}

// recuse stops telling somebody who turns out to be part of the problem, and
// what they said no longer counts.
func (m *machine) recuse(who policy.Target) {
	for ti := range m.s.Tracks {
		t := &m.s.Tracks[ti]
		m.stopFor(ti, who)
		current := -1
		for i := range m.s.Contacts {
			c := &m.s.Contacts[i]
			if e := &m.s.Entries[c.Entry]; int(e.Track) == ti && m.responder(c).To == who {
				c.Declined = true
				if e.Tier == t.Tier && !e.Extra && e.Pass == t.Pass {
					current = int(c.Entry)
				}
			}
		}
		if m.dropAck(ti, who) {
			m.uncover(ti)
		}
		if current >= 0 && m.allFailed(current) {
			m.unreached(ti, current, policy.ReasonConflictOfInterest)
		}
	}
}

// keepKind makes sure that a kind the alert had is not forgotten.
func (m *machine) keepKind(k policy.Kind) {
	for _, o := range m.rare().Kinds {
		if o == k {
			return
		}
	}
	r := m.own()
	r.Kinds = append([]policy.Kind{k}, r.Kinds...)
}

// nearer returns the earlier of two times; an absent one of the alert stays.
func nearer(have, now time.Time) time.Time {
	if have.IsZero() || now.IsZero() || have.Before(now) {
		return have
	}
	return now
}

// nearer brings deadlines and gates forward to what the merged alert says,
// never back.
func (m *machine) nearer() {
	for i := range m.s.Deadlines {
		d := &m.s.Deadlines[i]
		if d.Met || d.Missed {
			continue
		}
		at, _ := m.instant(m.p, &m.p.Deadlines[i].At)
		at = most(at, m.now) // what is past is due now
		if at < d.At && d.At.Known() {
			e := m.line(LineDeadlineMoved)
			e.Deadline, e.From, e.Until = int16(i), d.At, at
			d.At = at
		}
	}
	for i := range m.s.Gates {
		if c, g := m.p.Gates[i].Close, &m.s.Gates[i]; c != nil && g.Close.Known() {
			at, _ := m.instant(m.p, c)
			g.Close = least(g.Close, most(at, m.now))
		}
	}
	for i := range m.s.Actions {
		if a, at := &m.s.Actions[i], m.p.Actions[i].At; at != nil && a.Phase == PhaseIdle && a.At.Known() {
			x, _ := m.instant(m.p, at)
			a.At = least(a.At, most(x, m.now))
		}
	}
}

// raiseTo raises the levels that are named higher (0: not named) and reports
// whether one of them, or the priority that follows, is above its highest.
func (m *machine) raiseTo(sev, crit, blast policy.Level) bool {
	s := m.s
	m.lowerHighest()
	before := s.Severity
	s.Severity, s.Criticality, s.BlastRadius = max(s.Severity, sev), max(s.Criticality, crit), max(s.BlastRadius, blast)
	f := m.facts()
	s.Priority = max(s.Priority, m.doc.PriorityOf(m.p, &f))
	now := [4]policy.Level{s.Severity, s.Criticality, s.BlastRadius, s.Priority}
	rose := false
	for i := range now {
		if now[i] > s.Highest[i] {
			s.Highest[i], rose = now[i], true
		}
	}
	if s.Severity > before {
		m.happened(Happening{Kind: policy.AnchorRaised, Level: s.Severity})
	}
	return rose
}

// lowerHighest brings the highest down where a person lowered it a day ago.
func (m *machine) lowerHighest() {
	if len(m.rare().Lowered) == 0 {
		return
	}
	r := m.own()
	kept := r.Lowered[:0]
	for _, l := range r.Lowered {
		if m.now.Sub(l.At) < day {
			kept = append(kept, l)
			continue
		}
		m.s.Highest[l.Scale] = min(m.s.Highest[l.Scale], max(l.To, m.current(l.Scale)))
	}
	r.Lowered = kept
}

// current returns the level that a scale has now.
func (m *machine) current(scale uint8) policy.Level {
	return [...]policy.Level{m.s.Severity, m.s.Criticality, m.s.BlastRadius, m.s.Priority}[scale]
}

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
	m.unsnooze(ti)
	t.End = policy.Never
	m.again(ti, entering{cause: reason})
}

// reopenAcked reopens the tracks that are acknowledged.
func (m *machine) reopenAcked(reason policy.Reason, how policy.Rise) {
	for ti := range m.s.Tracks {
		if m.s.Tracks[ti].Status == StatusAcknowledged {
			m.reopenTrack(ti, reason, how)
		}
	}
}

// reopenTrack voids what holds track ti, and tells its current tier again, or
// restarts the pass.
func (m *machine) reopenTrack(ti int, reason policy.Reason, how policy.Rise) {
	t := &m.s.Tracks[ti]
	climbing := t.Status == StatusClimbing
	end := t.End
	m.unsnooze(ti)
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

// maxTracks bounds the tracks of an alert.
const maxTracks = 8

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

// raise raises a scale by hand: noise, anybody's.
func (m *machine) raise() Verdict {
	sev, crit, blast := m.named()
	if sev|crit|blast == 0 {
		return ignored(UnknownThing)
	}
	s := m.s
	if sev <= s.Severity && crit <= s.Criticality && blast <= s.BlastRadius {
		return ignored(Already)
	}
	if m.raiseTo(sev, crit, blast) {
		m.voidReviews()
		m.rise(policy.ReasonSeverityRaised, m.p.Rise)
	}
	return applied
}

// named returns the levels that a raise or lower names; 0: not named.
func (m *machine) named() (sev, crit, blast policy.Level) {
	return levelOr(m.ev.Severity != "", m.ev.Severity.Level), levelOr(m.ev.Criticality != "", m.ev.Criticality.Level), levelOr(m.ev.BlastRadius != "", m.ev.BlastRadius.Level)
}

// lower lowers a scale: a person's, with a reason. It resets no clock, skips no
// anchored tier, opens no gate.
func (m *machine) lower() Verdict {
	if v, ok := m.mayQuiet(); !ok {
		return v
	}
	if m.ev.Reason == "" {
		return rejected(NoReason)
	}
	s := m.s
	sev, crit, blast := m.named()
	if sev|crit|blast == 0 {
		return ignored(UnknownThing)
	}
	m.lowerHighest()
	r := m.own()
	changed := false
	lowerTo := func(scale uint8, to policy.Level, have *policy.Level) {
		if to == 0 || to >= *have {
			return
		}
		*have, changed = to, true
		r.Lowered = append(r.Lowered, Lowered{Scale: scale, To: to, At: m.now})
	}
	lowerTo(0, sev, &s.Severity)
	lowerTo(1, crit, &s.Criticality)
	lowerTo(2, blast, &s.BlastRadius)
	if !changed {
		return ignored(Already)
	}
	f := m.facts()
	lowerTo(3, m.doc.PriorityOf(m.p, &f), &s.Priority)
	return applied
}
