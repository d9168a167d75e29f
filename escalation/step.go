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
	if v := glance(doc, &s, &ev); v.Kind != 0 {
		if v.Kind != Need {
			s.pass(&ev)
		}
		return s, nil, v
	}
	var next State
	if effects, v := climb(&next, doc, &s, &ev, nil); v == Applied {
		return next, effects, applied
	}
	return stepLong(doc, s, ev)
}

// stepLong is the long way of Step, apart from it so that what the short way
// looks at stays on the stack.
//
//go:noinline
func stepLong(doc *policy.Document, s State, ev Event) (State, []Effect, Verdict) {
	var next State
	effects, v := StepInto(&next, doc, &s, &ev, nil)
	if v.Kind == Applied {
		return next, effects, v
	}
	if v.Kind != Need {
		s.pass(&ev)
	}
	return s, effects, v
}

// StepInto is [Step] without copies: when the verdict is [Applied], the next
// state stands in next, whose slices it reuses, and the effects are appended to
// buf. next and prev must not be the same state nor share slices. Of any other
// verdict next holds nothing of use: the state stays prev, with the next
// sequence number where the verdict is not [Need].
func StepInto(next *State, doc *policy.Document, prev *State, ev *Event, buf []Effect) ([]Effect, Verdict) {
	if v := glance(doc, prev, ev); v.Kind != 0 {
		return buf, v
	}
	switch effects, v := climb(next, doc, prev, ev, buf); v {
	case Applied:
		return effects, applied
	case Need:
		return buf, Verdict{Kind: Need, Questions: ev.asked[:]}
	}
	next.copyFrom(prev)
	m := machine{doc: doc, s: next, prev: prev, ev: ev, buf: buf, base: len(buf), now: ev.At}
	v := m.apply()
	if len(m.need) > 0 {
		v = Verdict{Kind: Need, Questions: m.need}
	}
	if v.Kind != Applied {
		return m.buf[:m.base], v
	}
	next.Seq = prev.Seq + 1
	m.seal()
	return m.buf, v
}

// pass counts an event that changed nothing: it is a record all the same.
func (s *State) pass(ev *Event) {
	if s.Seq == 0 {
		return // what never opened has no history
	}
	s.Seq++
	if ev.At > s.At {
		s.At = ev.At
	}
}

// glance answers what needs no copy of the state.
func glance(doc *policy.Document, s *State, ev *Event) Verdict {
	switch {
	case s.Seq == 0:
		if ev.Kind != EventTrigger || ev.Alert == nil {
			return ignored(UnknownThing)
		}
	case s.Policy < 0 || s.Policy >= len(doc.Policies) || s.Alert == nil:
		return ignored(UnknownThing)
	case ev.Kind == EventTick:
		if s.Due > ev.At {
			return ignored(Already)
		}
	case ev.Kind == EventReport:
	case ev.Incarnation != 0 && ev.Incarnation != s.Incarnation:
		return ignored(Stale)
	case s.Due < ev.At && ev.Down == nil:
		return Verdict{Kind: Need}
	case s.Resolved.Known() && !outlives(ev.Kind):
		return ignored(AlreadyResolved)
	}
	return Verdict{}
}

// apply dispatches one event.
func (m *machine) apply() Verdict {
	if m.s.Seq == 0 {
		return m.open()
	}
	m.p = m.doc.Policies[m.s.Policy]
	switch m.ev.Kind {
	case EventTick:
		return m.tick()
	case EventReport:
		return m.report()
	}
	m.gatesClose(m.ev.At)
	return m.outside()
}

// outside dispatches an event from outside on an alert that has opened.
func (m *machine) outside() Verdict {
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
	if m.prev.Seq == 0 || m.prev.Due >= m.ev.At {
		s.Due = most(s.Due, m.ev.At) // nothing was overdue: what this event brings about is due now at the earliest
	}
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
