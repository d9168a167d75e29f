package escalation

import (
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// carry rewrites the state for p, a policy of another document: from here on the
// step is under that one. It asks nothing and tells nobody. It returns the
// reviews under way that p does not have.
func (m *machine) carry(to *policy.Document, p *policy.Policy, moves []move) []lostReview {
	was := m.p
	m.doc, m.p = to, p
	m.s.Document, m.s.Policy = to.Digest, p.Index
	m.own().Rebased = m.prev.Seq + 1
	m.carryTracks(moves)
	m.carryGates(was)
	m.carryActions(was)
	lost := m.carryReviews(was)
	m.carryHappened(was, moves)
	f := m.facts()
	m.s.Priority = to.PriorityOf(p, &f)
	m.s.Highest[3] = max(m.s.Highest[3], m.s.Priority)
	m.carryDeadlines(was)
	m.carryInstants()
	m.carryGrace()
	return lost
}

// notePassedOver takes down whom the tiers that are removed have told.
func (m *machine) notePassedOver(moves []move) {
	for i := range moves {
		mv := &moves[i]
		if !mv.gone {
			continue
		}
		if e := m.above(mv.from, len(m.s.Entries)); e >= 0 {
			mv.over = m.passedOver(e)
		}
	}
}

// carryTracks puts the tracks in their new order, and with them what refers to
// them.
func (m *machine) carryTracks(moves []move) {
	s := m.s
	old := slices.Clone(s.Tracks)
	place := make([]int16, len(old))
	moved := make([]*move, len(old)) // by old place
	for i := range place {
		place[i] = -1
	}
	s.Tracks = s.Tracks[:0]
	for i := range moves {
		mv := &moves[i]
		switch {
		case mv.index < 0:
		case mv.from < 0:
			m.addTrack(int(mv.policy), int(mv.index))
		default:
			place[mv.from], moved[mv.from] = int16(len(s.Tracks)), mv
			s.Tracks = append(s.Tracks, mv.track(&old[mv.from], m.now))
		}
	}
	m.compact(func(i int) bool { return s.Entries[i].Track < 0 || place[s.Entries[i].Track] >= 0 })
	for i := range s.Entries {
		if e := &s.Entries[i]; e.Track >= 0 {
			moved[e.Track].entry(e, m.doc)
			e.Track = place[e.Track]
		}
	}
	m.carryPeople(place)
}

// carryPeople renumbers the tracks that people have acknowledged, declined, or
// were told by.
func (m *machine) carryPeople(place []int16) {
	r := m.own()
	acks := r.Acks[:0]
	for _, a := range r.Acks {
		if a.Track = place[a.Track]; a.Track >= 0 {
			acks = append(acks, a)
		}
	}
	r.Acks = acks
	declined := r.Declined[:0]
	for _, d := range r.Declined {
		if d.Track = place[d.Track]; d.Track >= 0 {
			declined = append(declined, d)
		}
	}
	r.Declined = declined
	for i := range r.Told {
		if t := &r.Told[i]; t.Track >= 0 {
			t.Track = place[t.Track]
		}
	}
}

// track carries one track over.
func (mv *move) track(t *Track, now policy.Instant) Track {
	n := *t
	n.Policy, n.Index = mv.policy, mv.index
	n.Entered, n.Skipped, n.Deferred, n.Anchored = mv.bits(t.Entered), mv.bits(t.Skipped), mv.bits(t.Deferred), mv.bits(t.Anchored)
	n.Tier = mv.tier
	if mv.gone {
		n.Tier = mv.base // until the one that it maps to is entered
	}
	if t.Deferred != 0 && n.Deferred == 0 { // what waited for its hours is gone: the next one, at once
		n.Next, n.End, n.Cause = policy.Never, now, policy.ReasonManual
	}
	return n
}

// entry carries one entry of the track over. One of a tier that is gone counts
// as told by the tier that it maps to, and satisfies nothing.
func (mv *move) entry(e *Entry, doc *policy.Document) {
	if e.Tier < 0 {
		return
	}
	j := mv.tiers[e.Tier]
	if j < 0 {
		n := len(doc.Policies[mv.policy].Tracks[mv.index].Tiers)
		j, e.Extra, e.Remind = mv.onto(int(e.Tier), n), true, policy.Never
	}
	e.Tier = j
}

// carryGates carries the gates over; those that are new have not closed.
func (m *machine) carryGates(was *policy.Policy) {
	old := slices.Clone(m.s.Gates)
	m.s.Gates = m.s.Gates[:0]
	for i := range m.p.Gates {
		g := GateState{Close: policy.Never, Until: policy.Never}
		if k := placeOf(was.Gates, m.p.Gates[i].Name, gateName); k >= 0 {
			g = old[k]
		}
		m.s.Gates = append(m.s.Gates, g)
	}
}

// carryActions carries the actions over; those that are new have not run.
func (m *machine) carryActions(was *policy.Policy) {
	old := slices.Clone(m.s.Actions)
	m.s.Actions = m.s.Actions[:0]
	for i := range m.p.Actions {
		a := ActionState{At: policy.Never, DoneAt: policy.Never}
		if k := placeOf(was.Actions, m.p.Actions[i].Name, actionName); k >= 0 {
			a = old[k]
		}
		m.s.Actions = append(m.s.Actions, a)
	}
}

// carryDeadlines gives every deadline its instant under the new policy, or the
// one that it had, if that is earlier.
func (m *machine) carryDeadlines(was *policy.Policy) {
	s := m.s
	old := slices.Clone(s.Deadlines)
	before := make([]policy.Instant, len(m.p.Deadlines))
	s.Deadlines = s.Deadlines[:0]
	for i := range m.p.Deadlines {
		d := DeadlineState{At: policy.Never}
		if k := placeOf(was.Deadlines, m.p.Deadlines[i].Name, deadlineName); k >= 0 {
			d = old[k]
		}
		before[i] = d.At
		s.Deadlines = append(s.Deadlines, d)
	}
	for range s.Deadlines { // one may stand on another further down
		for i := range s.Deadlines {
			if d := &s.Deadlines[i]; !d.Met && !d.Missed {
				at, _ := m.instant(m.p, &m.p.Deadlines[i].At)
				d.At = least(d.At, at)
			}
		}
	}
	for i := range s.Deadlines {
		switch at := s.Deadlines[i].At; {
		case at == before[i]:
		case before[i].Known():
			e := m.line(LineDeadlineMoved)
			e.Deadline, e.From, e.Until = int16(i), before[i], at
		default:
			e := m.line(LineDeadlineSet)
			e.Deadline, e.Until = int16(i), at
		}
	}
}

// carryInstants gives gates that are still to close and actions that are still
// to run their instants, never later than they had them.
func (m *machine) carryInstants() {
	for i := range m.s.Gates {
		g, spec := &m.s.Gates[i], &m.p.Gates[i]
		if spec.Close != nil && !g.Closed && !g.Opened && !g.Gone && m.s.Alert.Kind != policy.BreakGlass {
			at, _ := m.instant(m.p, spec.Close)
			g.Close = least(g.Close, at)
		}
		if spec.OpenAt != nil && g.Closed && !g.Opened {
			// What the new policy would have opened long ago stays shut.
			at, _ := m.instant(m.p, spec.OpenAt)
			g.Opened = at <= m.now
		}
	}
	for i := range m.s.Actions {
		a, spec := &m.s.Actions[i], &m.p.Actions[i]
		if a.Phase != PhaseIdle {
			continue
		}
		if spec.Mode == policy.ModeOff {
			a.At = policy.Never
			continue
		}
		if spec.At != nil {
			at, _ := m.instant(m.p, spec.At)
			a.At = least(a.At, at)
		}
		if a.At.Known() {
			a.At = most(a.At, m.now)
		}
	}
}

// carryGrace ends the grace where the new policy would have, or now.
func (m *machine) carryGrace() {
	s := m.s
	if !s.Grace.Known() {
		return
	}
	end := s.Grace
	s.Grace = least(end, s.GraceAt.Add(m.p.Grace))
	over := s.Urgent() || s.Grace <= m.now
	if over {
		s.Grace = policy.Never
	}
	for ti := range s.Tracks {
		t := &s.Tracks[ti]
		if t.Tier != NoTier || t.End != end {
			continue
		}
		if t.End = s.Grace; over {
			t.End, t.Cause = m.now, policy.ReasonManual
		}
	}
}
