package escalation

import (
	"math"

	"github.com/belfry-go/belfry/policy"
)

// goOnUnder goes on under the new policy: what it closes is closed, what is over is
// missed, and each track goes on or begins.
func (m *machine) goOnUnder(moves []move, lost []lostReview) {
	m.line(LineMatched).Text = m.p.Name
	m.gatesClose(m.now)
	m.deadlinesDue()
	m.reviewsAnew(lost)
	for i := range moves {
		mv := &moves[i]
		if mv.cut {
			m.tellLastResort(policy.ReasonManual, -1)
		}
		if mv.index >= 0 {
			m.trackOn(i, mv) // moves stand in the order of the tracks, the ends last
		}
	}
	m.nobodyStarts()
	m.reviewsDue()
}

// trackOn lets track ti go on: it begins, or enters at most one tier, or keeps
// its clock.
func (m *machine) trackOn(ti int, mv *move) {
	t := &m.s.Tracks[ti]
	_, spec := m.spec(t)
	switch {
	case !t.Began.Known():
		if ok, _ := m.holds(&spec.When); !ok {
			return
		}
		m.begin(ti, policy.ReasonManual)
	case t.Status == StatusWaiting && spec.Tiers[0].At == nil: // its first tier had an anchor
		began := t.Began
		m.begin(ti, policy.ReasonManual)
		t.Began = began
	}
	m.acksOn(ti)
	if m.enterOne(ti, mv) {
		return
	}
	m.clock(ti, mv)
	m.remindOn(ti)
}

// enterOne enters the tier that a removed one maps to, or the last of the
// anchored tiers whose instant is past under the new policy; the others are
// overtaken. It reports whether it had one to enter.
func (m *machine) enterOne(ti int, mv *move) bool {
	t := &m.s.Tracks[ti]
	_, spec := m.spec(t)
	past := m.pastAnchors(t, spec)
	j := NoTier
	if mv.gone {
		j = int(mv.tier)
	}
	for i := range spec.Tiers {
		if past&(1<<i) != 0 && !m.keptOut(t, spec, i) {
			j = max(j, i)
		}
	}
	for i := range spec.Tiers {
		if past&(1<<i) == 0 {
			continue
		}
		t.Anchored |= 1 << i
		if i != j {
			reason := policy.ReasonNone
			if i < j {
				reason = policy.ReasonOvertaken
			}
			m.tierLine(LineTierSkipped, ti, i, reason)
		}
	}
	switch {
	case j < 0:
		return false
	case m.keptOut(t, spec, j):
		m.standBy(ti, j)
		return true
	case past&(1<<j) != 0:
		m.overtake(ti, j)
	}
	from, start := len(m.buf), t.Start
	m.walk(ti, j, m.now, entering{cause: policy.ReasonManual})
	if mv.gone {
		m.sayPassedOver(from, ti, mv.over, start)
	}
	return true
}

// keptOut reports whether tier i of t is not entered now: the track is
// acknowledged and the tier says so, or quiet holds it, or the deadline that it
// stands on is met.
func (m *machine) keptOut(t *Track, spec *policy.Track, i int) bool {
	if spec.Tiers[i].Unless == policy.UnlessAcknowledged && (t.Status == StatusAcknowledged || m.held(t)) {
		return true
	}
	anchored := spec.Anchored&(1<<i) != 0
	return anchored && m.answered(t, i) || !anchored && m.held(t)
}

// standBy lets a track whose current tier was removed wait for what keeps the
// tier out that it maps to: that is told when the quiet ends, or with the
// time-out of the acknowledgement.
func (m *machine) standBy(ti, j int) {
	t := &m.s.Tracks[ti]
	_, spec := m.spec(t)
	switch {
	case t.Status == StatusAcknowledged: // it stands on the last tier that is left
		return
	case !m.held(t): // the deadline of the tier is met: the next one, at once
		t.End, t.Cause = m.now, policy.ReasonManual
	default:
		t.End, t.Left = policy.Never, spec.Tiers[j].Wait
	}
	t.Tier = int16(j)
}

// pastAnchors returns the anchored tiers of t whose instant is past, and was not
// applied. One that was applied and is to come again under the new policy, and
// was not entered, may be.
func (m *machine) pastAnchors(t *Track, spec *policy.Track) uint64 {
	var past uint64
	t.Anchored &= spec.Anchored
	if !t.Began.Known() {
		return 0
	}
	for i := range spec.Tiers {
		bit := uint64(1) << i
		if spec.Anchored&bit == 0 {
			continue
		}
		at, _ := m.tierAt(t, i)
		switch {
		case !at.Known():
		case at > m.now:
			if t.Pass <= 1 && t.Entered&bit == 0 {
				t.Anchored &^= bit
			}
		case t.Anchored&bit != 0, at == m.now && t.Began < m.now:
			// applied, or due at this very instant: that is the tick's
		case t.Entered&bit != 0:
			t.Anchored |= bit // it was told, as a waited tier or early
		default:
			past |= bit
		}
	}
	return past
}

// sayPassedOver adds to the tier that was entered in place of a removed one whom
// that had told, and how long it lasted.
func (m *machine) sayPassedOver(from, ti int, over []Responder, start policy.Instant) {
	for i := from; i < len(m.buf); i++ {
		if e := &m.buf[i]; e.Kind == LineTierEntered && int(e.Track) == ti {
			e.PassedOver, e.Waited = over, m.now.Sub(start)
			return
		}
	}
}

// acksOn brings the time-out of an acknowledgement, and the reminders of those
// who gave it, to what the new policy says, never later.
func (m *machine) acksOn(ti int) {
	t := &m.s.Tracks[ti]
	if t.Status != StatusAcknowledged {
		return
	}
	p, _ := m.spec(t)
	last := policy.Instant(math.MinInt64)
	r := m.own()
	for i := range r.Acks {
		a := &r.Acks[i]
		if int(a.Track) != ti {
			continue
		}
		last = most(last, a.At)
		switch every := p.Ack.Remind; {
		case every <= 0:
			a.Remind = policy.Never
		case !m.silenced():
			a.Remind = least(a.Remind, a.At.Add(every*(m.now.Sub(a.At)/every+1)))
		}
	}
	if t.AckEnd.Known() && last > math.MinInt64 {
		t.AckEnd = most(least(t.AckEnd, m.ackEnd(t, last)), m.now)
	}
}

// clock keeps the wait of the current tier as it is, or shortens it as the new
// policy does. Where the tier lasted until an anchor that is gone, it lasts for
// its wait.
func (m *machine) clock(ti int, mv *move) {
	t := &m.s.Tracks[ti]
	p, spec := m.spec(t)
	if t.Status != StatusClimbing || m.held(t) || t.Deferred != 0 || p.Name == policy.Unmatched {
		return
	}
	end := t.End
	switch {
	case t.Tier < 0 && end.Known():
		return
	case t.Tier < 0:
		t.End = m.now // what it waited for may be gone
	case !end.Known():
		m.setEnd(t, int(t.Tier), t.Start, entering{})
	default:
		if next := m.candidate(t, int(t.Tier)); next < 0 || spec.Anchored&(1<<next) == 0 {
			t.End = end.Add(min(spec.Tiers[t.Tier].Wait-mv.wait, 0))
		}
	}
	if t.End != end && t.End <= m.now {
		t.End, t.Cause = m.now, policy.ReasonManual
	}
}

// remindOn gives the current tier's reminders their place under the new policy.
func (m *machine) remindOn(ti int) {
	t := &m.s.Tracks[ti]
	_, spec := m.spec(t)
	for i := range m.s.Entries {
		e := &m.s.Entries[i]
		if int(e.Track) != ti || e.Tier < 0 || e.Tier != t.Tier || e.Pass != t.Pass || e.Extra || !e.Live {
			continue
		}
		switch every := spec.Tiers[e.Tier].Every; {
		case every <= 0:
			e.Remind = policy.Never
		case t.Status == StatusClimbing:
			e.Remind = least(e.Remind, m.now.Add(every))
		}
	}
}
