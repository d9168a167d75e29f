package escalation

import (
	"slices"
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
	parties := len(s.Alert.Parties)
	m.merge(&alert)
	rise := m.raiseTo(levelOr(alert.Severity != "", alert.Severity.Level), levelOr(alert.Identity.Criticality != "", alert.Identity.Criticality.Level), levelOr(alert.BlastRadius != "", alert.BlastRadius.Level))
	m.voidReviews()
	if len(s.Alert.Parties) > parties {
		m.recount()
	}
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
	if slices.Contains(m.rare().Kinds, k) {
		return false
	}
	r := m.own()
	r.Kinds = append(forget(r.Kinds), k)
	return true
}

// maxKinds is how many kinds an alert remembers having had.
const maxKinds = 64

// forget makes room for one more kind: the oldest goes, which is then news if it
// comes again. A leak is never forgotten.
func forget(kinds []policy.Kind) []policy.Kind {
	if len(kinds) < maxKinds {
		return kinds
	}
	oldest := slices.IndexFunc(kinds, func(k policy.Kind) bool { return !k.Leak() })
	return slices.Delete(kinds, oldest, oldest+1)
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
			a.Parties = append(slices.Clip(a.Parties), p)
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

// recuse stops telling somebody who turns out to be part of the problem.
func (m *machine) recuse(who policy.Target) {
	for ti := range m.s.Tracks {
		m.excuse(ti, who, policy.ReasonConflictOfInterest, false)
	}
}

// keepKind makes sure that a kind the alert had is not forgotten.
func (m *machine) keepKind(k policy.Kind) {
	if slices.Contains(m.rare().Kinds, k) {
		return
	}
	r := m.own()
	r.Kinds = append([]policy.Kind{k}, forget(r.Kinds)...)
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

// maxTracks bounds the tracks of an alert.
const maxTracks = 8

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
