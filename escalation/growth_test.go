package escalation_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/internal/explore"
	"github.com/belfry-go/belfry/policy"
)

// report says that every message under way was taken.
func (l *life) report(t testing.TB) {
	t.Helper()
	for _, o := range slices.Clone(l.state.Open) {
		l.do(t, escalation.Event{Kind: escalation.EventReport, At: l.state.At, Report: escalation.Report{
			Effect: o.ID, Attempt: 1, Result: escalation.ResultDelivered, RetryAt: policy.Never,
		}})
	}
}

// What can go on for ever, or be asked for by anybody as often as they like,
// leaves a state of bounded size, and one in which all still holds.
func TestStateStaysSmall(t *testing.T) {
	t.Parallel()
	rotator := escalation.Author{Principal: policy.Service("rotator")}
	tests := []struct {
		name   string
		policy string
		again  func(l *life, i int) escalation.Event
	}{
		{"nobody answers, for a year", explored[0].policy, func(l *life, _ int) escalation.Event {
			return escalation.Event{Kind: escalation.EventTick, At: l.state.Due}
		}},
		{"one more responder", explored[0].policy, func(l *life, i int) escalation.Event {
			return escalation.Event{Kind: escalation.EventAddResponder, At: l.state.At, By: rotator, To: policy.User([...]string{"dave", "erin", "zoe"}[i%3])}
		}},
		{"the review once more", explored[1].policy, func(l *life, i int) escalation.Event {
			return escalation.Event{Kind: escalation.EventRequest, At: l.state.At, By: rotator, Gate: "deploy", Ask: fmt.Sprintf(`{"n":%d}`, i)}
		}},
		{"triggered again", explored[0].policy, func(l *life, _ int) escalation.Event {
			a := exploredAlert()
			return escalation.Event{Kind: escalation.EventTrigger, At: l.state.At, By: rotator, Alert: &a}
		}},
		{"of one more kind", explored[0].policy, func(l *life, i int) escalation.Event {
			a := exploredAlert()
			a.Kind = policy.Kind(fmt.Sprintf("kind_%d", i))
			return escalation.Event{Kind: escalation.EventTrigger, At: l.state.At, By: rotator, Alert: &a}
		}},
		{"with one more label", explored[0].policy, func(l *life, i int) escalation.Event {
			a := exploredAlert()
			a.Labels = map[string]string{fmt.Sprintf("label_%d", i): "x"}
			return escalation.Event{Kind: escalation.EventTrigger, At: l.state.At, By: rotator, Alert: &a}
		}},
		{"one more item of evidence", explored[0].policy, func(l *life, i int) escalation.Event {
			return escalation.Event{Kind: escalation.EventNote, At: l.state.At, By: rotator, Evidence: fmt.Sprintf("item_%d", i)}
		}},
		{"escalated again", explored[0].policy, func(l *life, _ int) escalation.Event {
			return escalation.Event{Kind: escalation.EventEscalate, At: l.state.At, By: rotator, Track: "main"}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc := exploredDocument(t, tt.policy)
			l := life{doc: doc, dir: escalation.NewDirectory(doc)}
			a := exploredAlert()
			l.do(t, escalation.Event{Kind: escalation.EventTrigger, At: explore.Base, Alert: &a})
			if doc.Policies[0].Gates != nil {
				l.until(t, explore.Base.Add(2*time.Hour)) // the gate is shut
			}
			largest := 0
			for i := range heavy(20_000) {
				l.do(t, tt.again(&l, i))
				l.report(t)
				l.records = l.records[:0]
				largest = max(largest, len(l.state.Entries))
				if err := explore.CheckState(doc, &l.state); err != nil {
					t.Fatalf("the %d. time: %v", i, err)
				}
			}
			if n := len(l.state.Alert.Labels); n > policy.MaxLabels {
				t.Errorf("%d labels", n)
			}
			if bytes := len(escalation.AppendState(nil, &l.state)); largest > 300 || bytes > 16<<10 {
				t.Errorf("%d entries at most, %d bytes in the end", largest, bytes)
			}
		})
	}
}
