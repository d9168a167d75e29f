package escalation

import (
	"slices"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// open opens the alert that a trigger brings.
func (m *machine) open() Verdict {
	s, ev := m.s, m.ev
	alert, changed := ev.Alert.Normalize()
	sev, crit, blast, assumed := alert.Levels()
	if s.Key == "" {
		s.Key = alert.Key
	}
	if s.Incarnation == 0 {
		s.Incarnation = 1
		if ev.Prior != nil {
			s.Incarnation = ev.Prior.Incarnation + 1
		}
	}
	s.Rev, s.Document = Rev, m.doc.Digest
	s.Alert = &alert
	s.Opened, s.At, s.LastSeen = m.now, m.now, m.now
	s.Resolved, s.Grace, s.GraceAt, s.LastResort = policy.Never, policy.Never, policy.Never, policy.Never
	s.Count = 1
	s.Severity, s.Criticality, s.BlastRadius = sev, crit, blast

	facts := policy.FactsOf(&alert)
	facts.Count = 1
	m.p = m.doc.Choose(&facts)
	s.Policy = m.p.Index
	s.Priority = m.doc.PriorityOf(m.p, &facts)
	s.Highest = [4]policy.Level{sev, crit, blast, s.Priority}

	e := m.line(LineOpened)
	e.Assumed = slices.Concat(assumed, changed)
	m.line(LineMatched).Text = m.p.Name

	m.openDeadlines()
	m.openGates()
	m.openActions()
	m.openGrace()
	if ev.Prior != nil && ev.Prior.GraceAt.Known() && !s.Grace.Known() {
		s.GraceAt = ev.Prior.GraceAt
	}
	if len(ev.Silences) > 0 && !leak(s) {
		m.hold(ev.Silences)
	}
	m.openTracks()
	m.runDue()
	m.nobodyStarts()
	return applied
}

// openDeadlines gives every deadline its instant, and records the anchors that
// the alert lacks.
func (m *machine) openDeadlines() {
	m.anchorsMissing()
	for range m.p.Deadlines {
		m.s.Deadlines = append(m.s.Deadlines, DeadlineState{At: policy.Never})
	}
	// A deadline may stand on one further down: as often as there are deadlines.
	for range m.p.Deadlines {
		for i := range m.s.Deadlines {
			m.s.Deadlines[i].At, _ = m.instant(m.p, &m.p.Deadlines[i].At)
		}
	}
	for i := range m.s.Deadlines {
		if at := m.s.Deadlines[i].At; at.Known() {
			e := m.line(LineDeadlineSet)
			e.Deadline, e.Until = int16(i), at
		}
	}
}

// anchorsMissing records each anchor of the alert's own that some rule stands
// on and the alert lacks: it counts as open.
func (m *machine) anchorsMissing() {
	const own = 1<<policy.AnchorExpiry | 1<<policy.AnchorWindowOpens | 1<<policy.AnchorWindowCloses | 1<<policy.AnchorTime
	if m.p.Uses&own == 0 {
		return
	}
	var seen []string
	note := func(a *policy.Anchor) {
		if a == nil {
			return
		}
		for i := range a.Terms {
			t := &a.Terms[i]
			at, ok := given(m.s.Alert, t)
			if !ok || at.Known() {
				continue
			}
			name := anchorName(t)
			for _, n := range seen {
				if n == name {
					name = ""
				}
			}
			if name == "" {
				continue
			}
			seen = append(seen, name)
			e := m.line(LineDeadlineSet)
			e.Reason, e.Text, e.Until = policy.ReasonAnchorMissing, name, m.s.Opened
		}
	}
	for i := range m.p.Deadlines {
		note(&m.p.Deadlines[i].At)
	}
	for i := range m.p.Tracks {
		for j := range m.p.Tracks[i].Tiers {
			note(m.p.Tracks[i].Tiers[j].At)
		}
	}
	for i := range m.p.Gates {
		note(m.p.Gates[i].Close)
	}
	for i := range m.p.Actions {
		note(m.p.Actions[i].At)
	}
}

// anchorName is the public name of an anchor that the alert carries.
func anchorName(t *policy.Term) string {
	switch t.Kind {
	case policy.AnchorExpiry:
		return "expiry"
	case policy.AnchorWindowOpens:
		return "window.opens"
	case policy.AnchorWindowCloses:
		return "window.closes"
	}
	return "times." + t.Name
}

// openGrace starts the grace that the policy allows, once per key in a day;
// nothing that is urgent has one.
func (m *machine) openGrace() {
	s := m.s
	if m.p.Grace <= 0 || s.Urgent() {
		return
	}
	if pr := m.ev.Prior; pr != nil && pr.GraceAt.Known() && m.now < pr.GraceAt.Add(day) {
		return
	}
	s.Grace, s.GraceAt = m.now.Add(m.p.Grace), m.now
}

// openTracks adds the policy's tracks, and begins those whose `when` holds.
func (m *machine) openTracks() {
	for i := range m.p.Tracks {
		m.addTrack(m.p.Index, i)
	}
	for ti := range m.s.Tracks {
		_, spec := m.spec(&m.s.Tracks[ti])
		if ok, _ := m.holds(&spec.When); ok {
			m.begin(ti, policy.ReasonNone)
			m.standAgain(ti)
		}
	}
}

// addTrack appends a track that has not begun.
func (m *machine) addTrack(p, i int) {
	m.s.Tracks = append(m.s.Tracks, Track{
		Policy: int16(p), Index: int16(i), Status: StatusWaiting, Tier: NoTier,
		Start: policy.Never, End: policy.Never, Next: policy.Never, Began: policy.Never, PassAt: policy.Never,
		AckEnd: policy.Never, Snooze: policy.Never, Again: policy.Never,
	})
}

// standAgain lets a track of the next incarnation begin at the tier where the
// last one stood, if the policy says `resolved: reopen` and the trigger came in
// time, and once.
func (m *machine) standAgain(ti int) {
	pr := m.ev.Prior
	if pr == nil || !m.p.Refire.ReopenNext || pr.Reopened || m.now.Sub(pr.ResolvedAt) > m.within() {
		return
	}
	t := &m.s.Tracks[ti]
	_, spec := m.spec(t)
	for _, st := range pr.Stood {
		if st.Policy != m.p.Name || st.Track != spec.Name {
			continue
		}
		for j := range spec.Tiers {
			if spec.Tiers[j].Name == st.Tier && t.End.Known() {
				m.s.Reopened = true
				m.s.Grace = policy.Never
				t.End = policy.Never
				m.walk(ti, j, m.now, entering{cause: policy.ReasonRefired})
				return
			}
		}
	}
}

// within is how soon after a resolve a trigger reopens.
func (m *machine) within() time.Duration {
	if m.p.Refire.Within > 0 {
		return m.p.Refire.Within
	}
	return 10 * time.Minute
}

// nobodyStarts tells the last resort of an alert whose policy has tracks of
// which none has begun, nor will at a known instant.
func (m *machine) nobodyStarts() {
	if len(m.s.Tracks) == 0 || m.silenced() {
		return
	}
	for ti := range m.s.Tracks {
		t := &m.s.Tracks[ti]
		if t.Status != StatusWaiting || t.Began.Known() && m.anchorsToCome(t) {
			return
		}
	}
	m.tellLastResort(policy.ReasonUnmatched, -1)
}
