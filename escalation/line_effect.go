package escalation

import (
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// effect fills the line of an effect.
func (n *names) effect(l *Line, e *Effect, r *Record) {
	n.head(l, r)
	l.Event, l.At = e.Kind.String(), instantText(e.At)
	l.From, l.Until = instantText(e.From), instantText(e.Until)
	l.Reason, l.Kind, l.Essential = e.Reason.String(), e.Message.String(), e.Essential
	l.Result, l.Decision, l.Status = e.Result.String(), e.Decision.String(), e.Status.String()
	l.Track, l.Tier, l.Pass = n.track(int(e.Track)), n.tier(int(e.Track), int(e.Tier)), int(e.Pass)
	l.To, l.Target, l.Via = e.To.String(), e.Target.String(), e.Via
	l.PassedOver, l.Assumed = whoNames(e.PassedOver), e.Assumed
	l.Subjects = e.Subjects
	l.Deadline = n.deadline(int(e.Deadline))
	l.Gate, l.Action, l.Run, l.Review = n.gate(int(e.Gate)), n.action(int(e.Action)), n.run(int(e.Action)), n.review(int(e.Review))
	if l.Gate != "" || l.Action != "" {
		l.Subject = n.subject()
	}
	l.Operation = n.operation(l.Gate)
	if e.Alert != nil {
		l.Opens = e.Alert.Key
	}
	n.meaning(l, e, r)
}

// meaning fills the fields that mean different things in different effects.
func (n *names) meaning(l *Line, e *Effect, r *Record) {
	l.Waited, l.Text = spanText(e.Waited), e.Text
	switch e.Kind {
	case LineOpened, LineMatched:
		n.trigger(l)
		if e.Kind == LineMatched {
			l.Policy, l.Text = e.Text, ""
		}
	case LineDeadlineSet, LineDeadlineMoved:
		l.At, l.Name, l.Text = l.Until, e.Text, ""
	case LineDeadlineMet, LineDeadlineMissed:
		l.Margin, l.Waited = spanText(e.Waited), ""
	case LineDelivery:
		l.Late, l.Waited = spanText(e.Waited), ""
		if r.Event.Kind == EventReport {
			l.Attempt = r.Event.Report.Attempt
		}
	case LineSilenced, LineResumed, LineExpectationMissed:
		l.Name, l.Text = e.Text, ""
	case EffectRun, EffectUndo, LineAction:
		l.Text = "" // the run name, which stands in Run
	case LineReview:
		l.Result, l.Text = e.Text, ""
		l.Review = firstOf(l.Review, l.Gate, l.Action)
	case LineCheck:
		l.Operation, l.Subject, l.Text = e.Text, n.subject(), ""
	}
}

// firstOf is the first text that is not empty.
func firstOf(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// whoNames is the targets of responders, each once.
func whoNames(list []Responder) []string {
	if len(list) == 0 {
		return nil
	}
	out := make([]string, 0, len(list))
	for i := range list {
		if s := list[i].To.String(); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// targetNames is the texts of targets.
func targetNames(list []policy.Target) []string {
	var out []string
	for _, t := range list {
		out = append(out, t.String())
	}
	return out
}
