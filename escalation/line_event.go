package escalation

import (
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/belfry-go/belfry/policy"
)

// number stands for a name that is not known.
func number(i int) string { return "#" + strconv.Itoa(i) }

// head fills what every line of a record has.
func (n *names) head(l *Line, r *Record) {
	l.Key, l.Incarnation, l.Seq = n.s.Key, n.s.Incarnation, r.Seq
	l.Policy = n.policy()
}

// event fills the line of an event itself.
func (n *names) event(l *Line, r *Record) {
	ev := &r.Event
	n.head(l, r)
	l.Event, l.At, l.ID = ev.Kind.String(), instantText(ev.At), ev.ID
	l.Verdict = r.Verdict.Kind.String()
	l.By, l.Behind = ev.By.Principal.String(), ev.By.Behind.String()
	l.Words, l.Reason = ev.Reason, ev.Reason
	if r.Verdict.Reason != VerdictNone {
		l.Reason = r.Verdict.Reason.String()
	}
	if r.Policy != (policy.Digest{}) {
		l.Digest = hex.EncodeToString(r.Policy[:])
	}
	l.Track, l.Tier = n.eventTrack(ev), ev.Tier
	l.To, l.For, l.Name = ev.To.String(), spanText(ev.For), ev.Name
	l.Text, l.Evidence, l.Outcome = ev.Text, ev.Evidence, ev.Outcome
	l.Severity, l.Criticality, l.BlastRadius = string(ev.Severity), string(ev.Criticality), string(ev.BlastRadius)
	n.asked(l, ev)
	n.spans(l, ev)
	l.doubts(ev)
	switch ev.Kind {
	case EventTrigger:
		n.trigger(l)
	case EventReport:
		n.report(l, &ev.Report)
	case EventRebase:
		l.Policy = firstOf(ev.Policy, l.Policy)
		if m := ev.Mapping; m != nil {
			l.Mapping, l.Dry = m.Words(), m.Dry
		}
	}
}

// asked fills what a request, a vote or a use is about.
func (n *names) asked(l *Line, ev *Event) {
	l.Gate, l.Review, l.Stage, l.Vote = ev.Gate, ev.Review, ev.Stage, ev.Vote
	l.Action = ev.Action
	if ev.Undo != "" {
		l.Action = ev.Undo
	}
	if l.Gate != "" || l.Action != "" {
		l.Subject = n.subject()
	}
	l.Operation = n.operation(l.Gate)
}

// doubts fills what a directory that failed was asked.
func (l *Line) doubts(ev *Event) {
	for i := range ev.Answers {
		a := &ev.Answers[i]
		about := a.Question.Target.String()
		switch a.Question.Kind {
		case QuestionHours:
			about = "hours(" + a.Question.Name + ")"
		case QuestionMember:
			about = a.Question.Name
		}
		switch {
		case a.Failed && !slices.Contains(l.Unanswered, about):
			l.Unanswered = append(l.Unanswered, about)
		case a.Stale && !a.Failed && !slices.Contains(l.Stale, about):
			l.Stale = append(l.Stale, about)
		}
	}
}

// spans fills the instants that an event carries.
func (n *names) spans(l *Line, ev *Event) {
	switch {
	case ev.Down != nil:
		l.From, l.Until = instantText(ev.Down.From), instantText(ev.Down.To)
	case ev.Kind == EventSilence && len(ev.Silences) > 0:
		l.Until = instantText(ev.Silences[0].Until)
	case ev.Kind == EventSnooze || ev.Kind == EventSilence:
		if ev.For > 0 {
			l.Until = instantText(ev.At.Add(ev.For))
		}
	}
}

// trigger fills what the alert has come to.
func (n *names) trigger(l *Line) {
	l.Count = n.s.Count
	l.Severity = string(policy.SeverityAt(n.s.Severity))
	l.Criticality = string(policy.CriticalityAt(n.s.Criticality))
	l.BlastRadius = string(policy.BlastRadiusAt(n.s.BlastRadius))
	l.Priority = string(policy.PriorityAt(n.s.Priority))
	l.Subject = n.subject()
}

func (n *names) report(l *Line, r *Report) {
	l.Result, l.Attempt, l.Late = r.Result.String(), r.Attempt, spanText(r.Late)
	l.Text, l.Subjects, l.Until = r.Detail, r.Subjects, ""
	switch r.Result {
	case ResultTemporary:
		l.Until = instantText(r.RetryAt)
	case ResultDelivered:
		l.Text = "" // the vendor's answer, for the engine; it says nothing to people
	}
	for i := range n.s.Actions {
		if !r.Effect.IsZero() && n.s.Actions[i].Effect == r.Effect {
			l.Action, l.Run = n.action(i), n.run(i)
		}
	}
}

// eventTrack is the track that an event counted for: the one that it names, else
// the one whose acknowledgement it left, else the only one that there is.
func (n *names) eventTrack(ev *Event) string {
	if ev.Track != "" {
		return ev.Track
	}
	switch ev.Kind {
	case EventAcknowledge, EventUnacknowledge, EventDecline, EventEscalate, EventReassign, EventAddResponder, EventSnooze:
	default:
		return ""
	}
	if len(n.s.Tracks) == 1 {
		return n.track(0)
	}
	track := -1
	if ev.Kind == EventAcknowledge && n.s.More != nil {
		for _, a := range n.s.More.Acks {
			if a.Who != ev.By.Principal || a.At != ev.At {
				continue
			}
			if track >= 0 {
				return "" // several
			}
			track = int(a.Track)
		}
	}
	return n.track(track)
}
