package escalation

import "github.com/belfry-go/belfry/policy"

// Step applies ev to s under the document that the alert is pinned to, and
// returns the next state, what is to be carried out and written, in order, and
// the verdict. It is a pure function: equal arguments give equal results, it
// reads no clock, and it changes nothing that s reaches. Unless the verdict is
// [Need], the returned state has the next sequence number: also an event that
// is ignored or rejected is a record.
//
// A state with Seq 0 is an alert that has not opened; of it Key and Incarnation
// are read, and only a trigger opens it.
func Step(doc *policy.Document, s State, ev Event) (State, []Effect, Verdict) {
	var next State
	effects, v := StepInto(&next, doc, &s, &ev, nil)
	return next, effects, v
}

// StepInto is [Step] without copies: it writes the next state into next, whose
// slices it reuses, and appends the effects to buf. next and prev must not be
// the same state nor share slices. When the verdict is [Need], next equals
// prev.
func StepInto(next *State, doc *policy.Document, prev *State, ev *Event, buf []Effect) ([]Effect, Verdict) {
	next.copyFrom(prev)
	m := machine{doc: doc, s: next, prev: prev, ev: ev, buf: buf, base: len(buf), now: ev.At}
	v := m.apply()
	if len(m.need) > 0 {
		v = Verdict{Kind: Need, Questions: m.need}
	}
	if v.Kind != Applied {
		next.copyFrom(prev)
		m.buf = m.buf[:m.base]
	}
	if v.Kind == Need {
		return m.buf, v
	}
	next.Seq = prev.Seq + 1
	if prev.Seq == 0 && v.Kind != Applied {
		return m.buf, v
	}
	m.seal()
	return m.buf, v
}

// apply dispatches one event.
func (m *machine) apply() Verdict {
	ev := m.ev
	if m.s.Seq == 0 {
		if ev.Kind != EventTrigger || ev.Alert == nil {
			return ignored(UnknownThing)
		}
		return m.open()
	}
	if m.s.Policy < 0 || m.s.Policy >= len(m.doc.Policies) {
		return ignored(UnknownThing)
	}
	m.p = m.doc.Policies[m.s.Policy]
	if ev.Kind == EventTick {
		return m.tick()
	}
	if ev.Kind == EventReport {
		return m.report()
	}
	if ev.Incarnation != 0 && ev.Incarnation != m.s.Incarnation {
		return ignored(Stale)
	}
	if m.s.Due < ev.At && ev.Down == nil {
		return Verdict{Kind: Need}
	}
	m.gatesClose(ev.At)
	return m.outside()
}

// outside dispatches an event from outside on an alert that has opened.
func (m *machine) outside() Verdict {
	if m.s.Resolved.Known() && !outlives(m.ev.Kind) {
		return ignored(AlreadyResolved)
	}
	switch m.ev.Kind {
	case EventTrigger:
		return m.refire()
	case EventAcknowledge:
		return m.acknowledge()
	case EventUnacknowledge:
		return m.unacknowledge()
	case EventResolve:
		return m.resolve()
	case EventSucceeded:
		return m.succeeded()
	case EventEscalate:
		return m.escalate()
	case EventDecline:
		return m.decline()
	case EventSnooze:
		return m.snooze()
	case EventSilence:
		return m.silence()
	case EventUnsilence:
		return m.unsilence()
	case EventReassign:
		return m.reassign()
	case EventAddResponder:
		return m.addResponder()
	case EventRaise:
		return m.raise()
	case EventLower:
		return m.lower()
	case EventRequest:
		return m.request()
	case EventVote:
		return m.vote()
	case EventUse:
		return m.use()
	case EventBreakGlass:
		return m.breakGlass()
	case EventNote:
		return m.note()
	case EventRebase:
		return m.rebase()
	}
	return ignored(UnknownThing)
}

// outlives reports whether an event of kind k means something after a resolve:
// gates and reviews outlive it, a second resolve may confirm the first, and
// evidence may always be added.
func outlives(k EventKind) bool {
	switch k {
	case EventRequest, EventVote, EventUse, EventBreakGlass, EventNote, EventResolve, EventSucceeded:
		return true
	}
	return false
}

// seal finishes a step that is not Need: the derived fields.
func (m *machine) seal() {
	s := m.s
	if m.ev.At > s.At {
		s.At = m.ev.At
	}
	before := s.Status
	s.Status = m.status()
	s.Due = m.due()
	if s.Status != before || m.prev.Seq == 0 {
		m.line(LineStatus).Status = s.Status
	}
	for i := m.base; i < len(m.buf); i++ {
		m.buf[i].ID = EffectID{Seq: s.Seq, I: uint16(i - m.base)}
	}
}

func ignored(r VerdictReason) Verdict  { return Verdict{Kind: Ignored, Reason: r} }
func rejected(r VerdictReason) Verdict { return Verdict{Kind: Rejected, Reason: r} }

var applied = Verdict{Kind: Applied}
