package audit

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/belfry-go/belfry/escalation"
)

// report adds what became of a message or an action.
func (t *teller) report(r *escalation.Record, l *escalation.Line) {
	rep := &r.Event.Report
	i, ok := t.messages[rep.Effect]
	if !ok {
		if l.Action != "" {
			t.rep.Actions = append(t.rep.Actions, Action{
				At: r.Event.At.String(), Action: l.Action, Run: l.Run, Subject: t.rep.Alert.Identity, Subjects: rep.Subjects,
				Result: rep.Result.String(), Detail: rep.Detail,
			})
		}
		return
	}
	m := &t.rep.Told[i]
	m.Result, m.Reported, m.Detail = rep.Result.String(), r.Event.At.String(), rep.Detail
	if rep.Result == escalation.ResultDelivered {
		m.answer(rep.Detail)
	}
	m.Attempts = max(m.Attempts, rep.Attempt)
	if rep.Late > 0 {
		m.Late = rep.Late.String()
		t.late = max(t.late, rep.Late)
	}
}

// answer takes apart what a channel answered, where it is in that form.
func (m *Telling) answer(detail string) {
	var a struct {
		ID   string `json:"provider_id"`
		URL  string `json:"url"`
		Note string `json:"note"`
	}
	if json.Unmarshal([]byte(detail), &a) == nil {
		m.Message, m.URL, m.Detail = a.ID, a.URL, a.Note
	}
}

// effect adds one effect.
func (t *teller) effect(r *escalation.Record, e *escalation.Effect, l, event *escalation.Line) {
	at := e.At.String()
	switch e.Kind {
	case escalation.EffectNotify:
		t.messages[e.ID] = len(t.rep.Told)
		t.rep.Told = append(t.rep.Told, Telling{
			ID: strconv.FormatUint(e.ID.Seq, 10) + "/" + strconv.Itoa(int(e.ID.I)), At: at, To: l.To, Target: l.Target, Via: l.Via, Kind: l.Kind, Reason: l.Reason,
			Track: l.Track, Tier: l.Tier, Pass: l.Pass, PassedOver: l.PassedOver,
		})
	case escalation.LineTierEntered, escalation.LineTierSkipped, escalation.LineTierDeferred, escalation.LineChannelSkipped, escalation.LineExhausted, escalation.LineResumed, escalation.LineSilenced:
		t.rep.Ladder = append(t.rep.Ladder, Rung{
			At: at, What: l.Event, Track: l.Track, Tier: l.Tier, Pass: l.Pass, Reason: l.Reason, PassedOver: l.PassedOver, Waited: l.Waited, Until: l.Until,
		})
	case escalation.LineDeadlineSet, escalation.LineDeadlineMoved, escalation.LineDeadlineMet, escalation.LineDeadlineMissed:
		t.deadline(e, l)
	case escalation.LineGate:
		g := Gate{At: at, Gate: l.Gate, Subject: l.Subject, Decision: l.Decision, Until: l.Until}
		if r.Event.Kind != escalation.EventTick && r.Event.Kind != escalation.EventReport {
			g.By = event.By
		}
		if t.doc != nil && t.state.Policy < len(t.doc.Policies) && e.Gate >= 0 && int(e.Gate) < len(t.doc.Policies[t.state.Policy].Gates) {
			g.Operations = t.doc.Policies[t.state.Policy].Gates[e.Gate].Operations
		}
		t.rep.Gates = append(t.rep.Gates, g)
	case escalation.LineReview:
		t.rep.Reviews = append(t.rep.Reviews, Review{At: at, Review: l.Review, What: firstText(l.Result, l.Event), Reason: l.Reason})
	case escalation.EffectRun, escalation.EffectUndo, escalation.LineAction:
		if n := len(t.rep.Actions); e.Kind == escalation.LineAction && n > 0 {
			// The report that the line follows from has said so already.
			if last := &t.rep.Actions[n-1]; last.At == at && last.Action == l.Action && last.Result == l.Result {
				last.Reason = l.Reason
				return
			}
		}
		t.rep.Actions = append(t.rep.Actions, Action{
			At: at, Action: l.Action, Run: l.Run, Undo: e.Kind == escalation.EffectUndo, Subject: l.Subject, Subjects: l.Subjects,
			Result: firstText(l.Result, l.Event), Reason: l.Reason,
		})
	case escalation.LineOpened:
		t.rep.Alert.Assumed = e.Assumed
	case escalation.LineStatus:
		t.rep.Status = l.Status
	}
}

// deadline adds a deadline, or what became of one.
func (t *teller) deadline(e *escalation.Effect, l *escalation.Line) {
	name := firstText(l.Deadline, l.Name)
	i := slices.IndexFunc(t.rep.Deadlines, func(d Deadline) bool { return d.Name == name })
	if i < 0 {
		i = len(t.rep.Deadlines)
		t.rep.Deadlines = append(t.rep.Deadlines, Deadline{Name: name})
	}
	d := &t.rep.Deadlines[i]
	switch e.Kind {
	case escalation.LineDeadlineMet:
		d.Result, d.When, d.Margin = "met", e.At.String(), l.Margin
	case escalation.LineDeadlineMissed:
		d.Result, d.When = "missed", e.At.String()
	case escalation.LineDeadlineMoved:
		d.At, d.Moved = l.At, d.Moved+1
	default:
		d.At = l.At
	}
}
