package escalation

import (
	"time"

	"github.com/belfry-go/belfry/policy"
)

// entering says how a tier comes to be entered.
type entering struct {
	cause policy.Reason   // none: the passing of time
	term  *policy.Term    // at its own instant: what gave it
	wait  time.Duration   // with rest: the wait, in place of the tier's; negative: until an anchor
	rest  bool            // the wait is that of `wait`
	extra []policy.Target // told with it: those whose acknowledgement timed out
	timed bool            // its hours were waited for already
}

// outcome is what came of trying to enter a tier.
type outcome uint8

const (
	entered outcome = iota
	waits           // deferred, held, or hanging on a question
	passed          // took no time: the next one, for the cause in entering
)

// begin starts track ti at the present instant.
func (m *machine) begin(ti int, cause policy.Reason) {
	t := &m.s.Tracks[ti]
	_, spec := m.spec(t)
	t.Status, t.Pass, t.Tier = StatusClimbing, 1, NoTier
	t.Began, t.PassAt, t.Cause = m.now, m.now, cause
	if len(spec.Tiers) == 0 {
		t.Status = StatusInformed
		return
	}
	if spec.Tiers[0].At != nil {
		t.Status = StatusWaiting // until its anchor
		return
	}
	t.End = m.now
	if m.s.Grace.Known() {
		t.End = most(m.now, m.s.Grace)
	}
	if m.silenced() {
		t.End = policy.Never
	}
}

// candidate returns the next tier of t after tier `from` in the order of the
// ladder: one that waits and was not entered in this pass, or, in the first
// pass, an anchored one whose instant is known and still to come. -1: none.
func (m *machine) candidate(t *Track, from int) int {
	_, spec := m.spec(t)
	for i := from + 1; i < len(spec.Tiers); i++ {
		if spec.Anchored&(1<<i) == 0 {
			if t.Entered&(1<<i) == 0 {
				return i
			}
			continue
		}
		if t.Pass > 1 || t.Anchored&(1<<i) != 0 {
			continue
		}
		if at, _ := m.tierAt(t, i); at.Known() && !m.answered(t, i) {
			return i
		}
	}
	return -1
}

// answered reports whether anchored tier i stands on a deadline that is met:
// then it is not entered any more.
func (m *machine) answered(t *Track, i int) bool {
	p, spec := m.spec(t)
	if p != m.p {
		return false
	}
	_, by := m.instant(p, spec.Tiers[i].At)
	return by != nil && by.Kind == policy.AnchorDeadline && m.s.Deadlines[by.Index].Met
}

// ended is called when the wait of the current tier is over, or the first tier
// is due. It reports false when the pass ends: that comes later in the instant.
func (m *machine) ended(ti int) bool {
	t := &m.s.Tracks[ti]
	_, spec := m.spec(t)
	at := t.End
	j := m.candidate(t, m.from(t, spec))
	if j < 0 {
		return false
	}
	if spec.Anchored&(1<<j) != 0 {
		t.End = policy.Never // it lasts until then
		return true
	}
	if t.Status == StatusAcknowledged && spec.Tiers[j].Unless == policy.UnlessAcknowledged {
		m.passBy(ti, j, at)
		return true
	}
	in := entering{cause: t.Cause}
	t.Cause = policy.ReasonNone
	m.walk(ti, j, at, in)
	return true
}

// passBy lets the due instant of a tier pass that an acknowledgement keeps from
// being entered, for the sake of one below that it does not.
func (m *machine) passBy(ti, j int, at policy.Instant) {
	t := &m.s.Tracks[ti]
	t.Tier, t.Start = int16(j), at
	t.Entered |= 1 << j
	m.setEnd(t, j, at, entering{})
}

// walk enters tier j of track ti, or, if it takes no time, the next, and so on
// to the end of the pass.
func (m *machine) walk(ti, j int, due policy.Instant, in entering) {
	for {
		got, cause := m.enter(ti, j, due, in)
		if got != passed {
			return
		}
		t := &m.s.Tracks[ti]
		t.Tier = int16(j)
		in = entering{cause: cause}
		next, ok := m.handOver(ti, cause)
		if !ok {
			return
		}
		if next < 0 {
			m.passOver(ti, due, cause)
			return
		}
		j = next
	}
}

// handOver returns the tier that a track goes on to at once, for cause, from
// its current one; -1 when the pass is over; ok is false when it waits.
func (m *machine) handOver(ti int, cause policy.Reason) (next int, ok bool) {
	t := &m.s.Tracks[ti]
	_, spec := m.spec(t)
	next = m.candidate(t, int(t.Tier))
	if next < 0 {
		return -1, true
	}
	if spec.Anchored&(1<<next) != 0 && cause == policy.ReasonSkippedByGuard && t.Told {
		t.End = policy.Never
		return next, false
	}
	return next, true
}

// goOn goes on at once, for cause, from a tier that has nobody or reached
// nobody.
func (m *machine) goOn(ti int, cause policy.Reason) {
	next, ok := m.handOver(ti, cause)
	switch {
	case !ok:
	case next < 0:
		m.passOver(ti, m.now, cause)
	default:
		m.walk(ti, next, m.now, entering{cause: cause})
	}
}

// enter tries to enter tier j of track ti, due at `due`.
func (m *machine) enter(ti, j int, due policy.Instant, in entering) (outcome, policy.Reason) {
	t := &m.s.Tracks[ti]
	p, spec := m.spec(t)
	tier := &spec.Tiers[j]
	anchored := spec.Anchored&(1<<j) != 0
	if m.held(t) && !(anchored && tier.Unless == policy.UnlessResolved) {
		t.End = policy.Never
		return waits, 0
	}
	ok, known := m.holds(&tier.When)
	if !known {
		return waits, 0
	}
	if !ok {
		t.Skipped |= 1 << j
		t.Deferred &^= 1 << j
		m.tierLine(LineTierSkipped, ti, j, policy.ReasonSkippedByGuard)
		return passed, policy.ReasonSkippedByGuard
	}
	if tier.During != "" && !in.timed && in.cause != policy.ReasonManual {
		if m.deferred(ti, j, tier, due, in) {
			return waits, 0
		}
	}
	if m.walking {
		m.walkOver(ti, j, due, in)
		return entered, 0
	}
	lists, ok := m.roster(p, t, j, tier, in)
	if !ok {
		return waits, 0
	}
	return m.ring(ti, j, due, in, lists)
}

// held reports whether quiet keeps t's waited tiers from being entered.
func (m *machine) held(t *Track) bool { return m.silenced() || t.Status == StatusSnoozed }

// deferred puts tier j off to when its hours next begin, no later than the next
// deadline, and reports whether it did.
func (m *machine) deferred(ti, j int, tier *policy.Tier, due policy.Instant, in entering) bool {
	a, ok := m.answer(Question{Kind: QuestionHours, Name: tier.During, At: due})
	if !ok {
		return true
	}
	until := least(a.Next, m.nextDeadline(due))
	if a.Yes || !until.Known() || until <= due {
		return false
	}
	t := &m.s.Tracks[ti]
	t.Deferred |= 1 << j
	t.Next, t.Cause, t.End = until, in.cause, policy.Never
	m.tierLine(LineTierDeferred, ti, j, policy.ReasonNone).Until = until
	return true
}

// ring resolves who is told and enters the tier, unless there is nobody.
func (m *machine) ring(ti, j int, due policy.Instant, in entering, lists *Lists) (outcome, policy.Reason) {
	t := &m.s.Tracks[ti]
	_, spec := m.spec(t)
	tier := &spec.Tiers[j]
	reason := m.why(ti, j, in)
	ei := m.addEntry(Entry{Track: int16(ti), Tier: int16(j), Pass: t.Pass, Kind: MessagePage, Reason: reason, Lists: lists, At: due, Remind: policy.Never, Live: true})
	n, cause := m.addContacts(ei, false)
	if n == 0 && cause != policy.ReasonNone {
		if !(tier.EmptyWait && cause == policy.ReasonUnresolvable) {
			m.s.Entries = m.s.Entries[:ei]
			t.Deferred &^= 1 << j
			m.tierLine(LineTierSkipped, ti, j, cause)
			return passed, cause
		}
	}
	m.stand(ti, j, due, in, reason)
	if tier.Every > 0 && t.Status != StatusSnoozed {
		m.s.Entries[ei].Remind = m.now.Add(tier.Every)
	}
	if n > 0 {
		t.Told = true
	}
	if m.p == m.doc.Policies[t.Policy] {
		for _, a := range tier.Run {
			m.runAction(a)
		}
	}
	m.callAll(ei)
	if m.allFailed(ei) {
		m.unreached(ti, ei, policy.ReasonUnreachable)
	}
	return entered, 0
}

// stand makes tier j the current one of track ti.
func (m *machine) stand(ti, j int, due policy.Instant, in entering, reason policy.Reason) {
	t := &m.s.Tracks[ti]
	_, spec := m.spec(t)
	e := m.tierLine(LineTierEntered, ti, j, reason)
	if t.Entered != 0 {
		if above := m.above(ti, len(m.s.Entries)-1); above >= 0 && int(m.s.Entries[above].Tier) != j {
			e.PassedOver = m.passedOver(above)
		}
		e.Waited = due.Sub(t.Start)
	}
	if m.s.Entries[len(m.s.Entries)-1].Lists.Cut {
		e.Text = "more than 64 responders: the others are left out"
	}
	m.supersede(ti, j)
	switch t.Status { // a tier entered later ends the cover
	case StatusAcknowledged:
		m.void(ti)
	case StatusSnoozed:
		m.clearAcks(ti)
	}
	if t.Status != StatusSnoozed {
		t.Status = StatusClimbing
	}
	t.Tier, t.Start = int16(j), due
	t.Entered |= 1 << j
	t.Skipped &^= 1 << j
	t.settleDeferred(spec, j)
	t.Again, t.Cause = policy.Never, policy.ReasonNone
	m.setEnd(t, j, due, in)
	if t.Status == StatusSnoozed {
		t.Left, t.End = t.End.Sub(due), policy.Never
	}
	if m.silenced() {
		t.End = policy.Never
	}
	m.happened(Happening{Kind: policy.AnchorTier, Index: t.Index, Tier: int16(j)})
}

// settleDeferred is called when tier j becomes the current one: of the tiers
// that wait for their hours only an anchored one below still comes.
func (t *Track) settleDeferred(spec *policy.Track, j int) {
	t.Deferred &^= 1 << j
	if d := lowest(t.Deferred); d < j || spec.Anchored&(1<<d) == 0 || !t.Next.Known() {
		t.Deferred, t.Next = 0, policy.Never
	}
}

// setEnd says when the wait of current tier j ends: at its wait's end, or not
// by itself while an anchored tier with a known instant is next.
func (m *machine) setEnd(t *Track, j int, due policy.Instant, in entering) {
	p, spec := m.spec(t)
	wait := spec.Tiers[j].Wait
	if in.rest {
		wait = in.wait
	}
	if next := m.candidate(t, j); next >= 0 && spec.Anchored&(1<<next) != 0 || p.Name == policy.Unmatched {
		t.End = policy.Never
		return
	}
	if wait < 0 { // it lasted until an anchor that is past
		wait = spec.Tiers[j].Wait
	}
	t.End = due.Add(wait)
}

// why is the reason for entering tier j: the first that applies of the order
// that the documentation gives.
func (m *machine) why(ti, j int, in entering) policy.Reason {
	t := &m.s.Tracks[ti]
	p, spec := m.spec(t)
	switch {
	case m.gap:
		return policy.ReasonCatchUp
	case in.cause != policy.ReasonNone:
		return in.cause
	case p.Name == policy.Unmatched:
		return policy.ReasonUnmatched
	case t.Pass > 1 && t.Entered == 0:
		return policy.ReasonRepeat
	case t.Entered == 0:
		return policy.ReasonInitial
	}
	if spec.Anchored&(1<<j) != 0 {
		term := in.term
		if term == nil {
			_, term = m.tierAt(t, j)
		}
		if r := deadlineReason(term); r != policy.ReasonNone {
			return r
		}
	}
	if above := m.above(ti, len(m.s.Entries)); above >= 0 && !m.reachedPerson(above) {
		return policy.ReasonUnreachable
	}
	return policy.ReasonNoAckTimeout
}

// tierLine writes a line about a tier.
func (m *machine) tierLine(k EffectKind, ti, j int, r policy.Reason) *Effect {
	e := m.line(k)
	e.Track, e.Tier, e.Pass, e.Reason = int16(ti), int16(j), m.s.Tracks[ti].Pass, r
	return e
}
