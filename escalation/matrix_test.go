package escalation_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/internal/explore"
	"github.com/belfry-go/belfry/internal/golden"
	"github.com/belfry-go/belfry/policy"
)

const matrixPolicy = `"grace":"5m","deadlines":{"fix_by":{"at":"open + 2h"},"contain_by":{"at":"open + 3h","outcome":"contained"}},
  "ack":{"timeout":"1h"},"parties":["user:mallory"],"exhausted":{"notify":["user:zoe"],"every":"30m"},
  "tracks":{
   "main":{"when":["severity >= low"],"tiers":[{"name":"1","notify":["user:alice"],"wait":"10m"},{"name":"2","notify":["user:bob"],"wait":"10m"}]},
   "side":{"when":["severity >= critical"],"tiers":[{"name":"1","notify":["user:carol"]}]},
   "tell":{"when":["severity >= info"],"tiers":[{"name":"1","notify":["channel:room"],"ack":"none","wait":"1m"}]}},
  "actions":[{"run":"disable-key","name":"disable","mode":"auto","at":"open + 1h","approve":{"by":["user:erin"]},"undo":{"approve":{"by":["user:erin"]}}}],
  "gates":[{"name":"deploy","operations":["deploy"],"close":"open","decision":"hold","open":"resolved",
   "review":{"by":["user:erin"],"within":"1h","for":"30m"},"break_glass":{"by":["user:dave"],"tell":["user:alice","user:bob"]}}],
  "reviews":[{"name":"access","at":"open + 4h","by":["user:dave"],"answers":["keep","remove"]}]`

// matrixState is a state that stands for a status, and how it comes about.
type matrixState struct {
	name string
	live func(t testing.TB, l *life)
}

func matrixTrigger(l *life, silences ...escalation.SilenceFact) escalation.Event {
	a := exploredAlert()
	return escalation.Event{Kind: escalation.EventTrigger, At: explore.Base, Alert: &a, By: escalation.Author{Principal: policy.Service("rotator")}, Silences: silences}
}

func by(name string) escalation.Author { return escalation.Author{Principal: policy.User(name)} }

// matrixStates are the columns. Each is named by the alert's status, and where
// one status has several faces by what is particular.
var matrixStates = []matrixState{
	{"not opened", func(testing.TB, *life) {}},
	{"pending", func(t testing.TB, l *life) { l.do(t, matrixTrigger(l)) }},
	{"triggered, on the first tier", func(t testing.TB, l *life) { l.do(t, matrixTrigger(l)); l.until(t, l.at(7)) }},
	{"triggered, on the last tier", func(t testing.TB, l *life) { l.do(t, matrixTrigger(l)); l.until(t, l.at(16)) }},
	{"triggered, two tracks climb", func(t testing.TB, l *life) {
		ev := matrixTrigger(l)
		ev.Alert.Severity = policy.SeverityCritical
		l.do(t, ev)
		l.until(t, l.at(7))
	}},
	{"acknowledged", func(t testing.TB, l *life) {
		l.do(t, matrixTrigger(l))
		l.until(t, l.at(7))
		l.do(t, escalation.Event{Kind: escalation.EventAcknowledge, At: l.at(8), By: by("alice")})
	}},
	{"acknowledged, before the first tier", func(t testing.TB, l *life) {
		l.do(t, matrixTrigger(l))
		l.do(t, escalation.Event{Kind: escalation.EventAcknowledge, At: l.at(1), By: by("alice")})
	}},
	{"snoozed", func(t testing.TB, l *life) {
		l.do(t, matrixTrigger(l))
		l.until(t, l.at(7))
		l.do(t, escalation.Event{Kind: escalation.EventSnooze, At: l.at(8), By: by("alice"), For: time.Hour})
	}},
	{"silenced", func(t testing.TB, l *life) {
		l.do(t, matrixTrigger(l, escalation.SilenceFact{Name: "s", Until: l.at(60)}))
	}},
	{"silenced, after the first tier", func(t testing.TB, l *life) {
		l.do(t, matrixTrigger(l))
		l.until(t, l.at(7))
		l.do(t, escalation.Event{Kind: escalation.EventSilence, At: l.at(8), By: by("bob"), Name: "s", For: time.Hour, Reason: "planned"})
	}},
	{"exhausted", func(t testing.TB, l *life) { l.do(t, matrixTrigger(l)); l.until(t, l.at(30)) }},
	{"exhausted, an action is done", func(t testing.TB, l *life) {
		l.do(t, matrixTrigger(l))
		l.until(t, l.at(60))
		l.do(t, escalation.Event{Kind: escalation.EventReport, At: l.at(61), Report: escalation.Report{
			Effect: l.state.Actions[0].Effect, Attempt: 1, Result: escalation.ResultDone, RetryAt: policy.Never,
		}})
	}},
	{"informed", func(t testing.TB, l *life) {
		ev := matrixTrigger(l)
		ev.Alert.Severity = policy.SeverityInfo
		l.do(t, ev)
		l.until(t, l.at(7))
	}},
	{"resolved, not verified", func(t testing.TB, l *life) {
		l.do(t, matrixTrigger(l))
		l.until(t, l.at(7))
		l.do(t, escalation.Event{Kind: escalation.EventResolve, At: l.at(8), By: escalation.Author{Principal: policy.Service("rotator")}})
	}},
	{"resolved, verified", func(t testing.TB, l *life) {
		l.do(t, matrixTrigger(l))
		l.until(t, l.at(7))
		l.do(t, escalation.Event{Kind: escalation.EventResolve, At: l.at(8), By: by("alice")})
	}},
	{"triggered, a review is pending", func(t testing.TB, l *life) {
		l.do(t, matrixTrigger(l))
		l.until(t, l.at(7))
		l.do(t, escalation.Event{Kind: escalation.EventRequest, At: l.at(8), By: escalation.Author{Principal: policy.Service("rotator")}, Gate: "deploy"})
	}},
	{"triggered, a gate is open", func(t testing.TB, l *life) {
		l.do(t, matrixTrigger(l))
		l.until(t, l.at(7))
		l.do(t, escalation.Event{Kind: escalation.EventRequest, At: l.at(8), By: escalation.Author{Principal: policy.Service("rotator")}, Gate: "deploy"})
		l.do(t, escalation.Event{Kind: escalation.EventVote, At: l.at(8), By: by("erin"), Gate: "deploy", Vote: "approve"})
	}},
}

// at is so many minutes after the alert's trigger.
func (l *life) at(minutes int) policy.Instant {
	return explore.Base.Add(time.Duration(minutes) * time.Minute)
}

// matrixRow is a kind of event in one of its shapes.
type matrixRow struct {
	name string
	ev   escalation.Event
}

func matrixRows() []matrixRow {
	rotator, verifier := escalation.Author{Principal: policy.Service("rotator")}, escalation.Author{Principal: policy.Service("verifier")}
	same, grave, leak, other := exploredAlert(), exploredAlert(), exploredAlert(), exploredAlert()
	same.Severity = ""
	grave.Severity = policy.SeverityCritical
	leak.Kind = policy.SecretLeaked
	other.Identity.ID = "svc-else"
	return []matrixRow{
		{"again", escalation.Event{Kind: escalation.EventTrigger, By: rotator, Alert: &same}},
		{"graver", escalation.Event{Kind: escalation.EventTrigger, By: rotator, Alert: &grave}},
		{"another kind", escalation.Event{Kind: escalation.EventTrigger, By: rotator, Alert: &leak}},
		{"another identity", escalation.Event{Kind: escalation.EventTrigger, By: rotator, Alert: &other}},
		{"by one told", escalation.Event{Kind: escalation.EventAcknowledge, By: by("alice")}},
		{"by one not told", escalation.Event{Kind: escalation.EventAcknowledge, By: by("zoe")}},
		{"by a service", escalation.Event{Kind: escalation.EventAcknowledge, By: rotator}},
		{"by a party", escalation.Event{Kind: escalation.EventAcknowledge, By: by("mallory")}},
		{"track main", escalation.Event{Kind: escalation.EventAcknowledge, By: by("bob"), Track: "main"}},
		{"track side", escalation.Event{Kind: escalation.EventAcknowledge, By: by("bob"), Track: "side"}},
		{"no such track", escalation.Event{Kind: escalation.EventAcknowledge, By: by("bob"), Track: "nowhere"}},
		{"another incarnation", escalation.Event{Kind: escalation.EventAcknowledge, By: by("alice"), Incarnation: 7}},
		{"", escalation.Event{Kind: escalation.EventUnacknowledge, By: by("alice")}},
		{"track main", escalation.Event{Kind: escalation.EventUnacknowledge, By: by("alice"), Track: "main"}},
		{"by one told", escalation.Event{Kind: escalation.EventResolve, By: by("alice")}},
		{"by a service", escalation.Event{Kind: escalation.EventResolve, By: rotator}},
		{"by a verifier", escalation.Event{Kind: escalation.EventResolve, By: verifier}},
		{"by the subject", escalation.Event{Kind: escalation.EventResolve, By: escalation.Author{Principal: policy.Service("svc-app")}}},
		{"", escalation.Event{Kind: escalation.EventEscalate, By: by("alice")}},
		{"track main", escalation.Event{Kind: escalation.EventEscalate, By: by("alice"), Track: "main"}},
		{"decided on tier 1", escalation.Event{Kind: escalation.EventEscalate, By: by("alice"), Track: "main", Tier: "1"}},
		{"track main", escalation.Event{Kind: escalation.EventDecline, By: by("alice"), Track: "main"}},
		{"by one not told", escalation.Event{Kind: escalation.EventDecline, By: by("zoe"), Track: "main"}},
		{"1h", escalation.Event{Kind: escalation.EventSnooze, By: by("alice"), For: time.Hour}},
		{"30h", escalation.Event{Kind: escalation.EventSnooze, By: by("alice"), For: 30 * time.Hour}},
		{"by a service", escalation.Event{Kind: escalation.EventSnooze, By: rotator, For: time.Hour}},
		{"", escalation.Event{Kind: escalation.EventSilence, By: by("alice"), Name: "q", For: time.Hour, Reason: "planned"}},
		{"without a reason", escalation.Event{Kind: escalation.EventSilence, By: by("alice"), Name: "q", For: time.Hour}},
		{"for 8d", escalation.Event{Kind: escalation.EventSilence, By: by("alice"), Name: "q", For: 8 * 24 * time.Hour, Reason: "planned"}},
		{"", escalation.Event{Kind: escalation.EventUnsilence, By: by("alice"), Name: "s"}},
		{"track main", escalation.Event{Kind: escalation.EventReassign, By: by("alice"), Track: "main", To: policy.User("dave")}},
		{"to a service", escalation.Event{Kind: escalation.EventReassign, By: by("alice"), Track: "main", To: policy.Service("rotator")}},
		{"", escalation.Event{Kind: escalation.EventAddResponder, By: by("alice"), To: policy.User("dave")}},
		{"nobody", escalation.Event{Kind: escalation.EventAddResponder, By: by("alice"), To: policy.Target{Kind: policy.TargetRole, ID: "nobody"}}},
		{"", escalation.Event{Kind: escalation.EventRaise, By: rotator, Severity: policy.SeverityCritical}},
		{"to what it is", escalation.Event{Kind: escalation.EventRaise, By: rotator, Severity: policy.SeverityInfo}},
		{"nothing", escalation.Event{Kind: escalation.EventRaise, By: rotator}},
		{"", escalation.Event{Kind: escalation.EventLower, By: by("bob"), Severity: policy.SeverityInfo, Reason: "no harm"}},
		{"without a reason", escalation.Event{Kind: escalation.EventLower, By: by("bob"), Severity: policy.SeverityInfo}},
		{"by a service", escalation.Event{Kind: escalation.EventLower, By: rotator, Severity: policy.SeverityInfo, Reason: "no harm"}},
		{"gate", escalation.Event{Kind: escalation.EventRequest, By: rotator, Gate: "deploy"}},
		{"action", escalation.Event{Kind: escalation.EventRequest, By: rotator, Action: "disable"}},
		{"undo", escalation.Event{Kind: escalation.EventRequest, By: rotator, Undo: "disable"}},
		{"no such gate", escalation.Event{Kind: escalation.EventRequest, By: rotator, Gate: "nowhere"}},
		{"approve", escalation.Event{Kind: escalation.EventVote, By: by("erin"), Gate: "deploy", Vote: "approve"}},
		{"reject", escalation.Event{Kind: escalation.EventVote, By: by("erin"), Gate: "deploy", Vote: "reject"}},
		{"by a stranger", escalation.Event{Kind: escalation.EventVote, By: by("zoe"), Gate: "deploy", Vote: "approve"}},
		{"by the one behind", escalation.Event{Kind: escalation.EventVote, By: by("bob"), Gate: "deploy", Vote: "approve"}},
		{"by a service", escalation.Event{Kind: escalation.EventVote, By: rotator, Gate: "deploy", Vote: "approve"}},
		{"", escalation.Event{Kind: escalation.EventUse, By: rotator, Gate: "deploy"}},
		{"", escalation.Event{Kind: escalation.EventBreakGlass, By: by("dave"), Gate: "deploy", Reason: "fire"}},
		{"without a reason", escalation.Event{Kind: escalation.EventBreakGlass, By: by("dave"), Gate: "deploy"}},
		{"by another", escalation.Event{Kind: escalation.EventBreakGlass, By: by("zoe"), Gate: "deploy", Reason: "fire"}},
		{"by a verifier", escalation.Event{Kind: escalation.EventSucceeded, By: verifier}},
		{"contained", escalation.Event{Kind: escalation.EventSucceeded, By: rotator, Outcome: "contained"}},
		{"", escalation.Event{Kind: escalation.EventNote, By: by("zoe"), Text: "looking"}},
		{"evidence", escalation.Event{Kind: escalation.EventNote, By: rotator, Evidence: "rotated"}},
		{"", escalation.Event{Kind: escalation.EventRebase, By: by("erin")}},
		{"by another", escalation.Event{Kind: escalation.EventRebase, By: by("zoe")}},
		{"delivered", escalation.Event{Kind: escalation.EventReport, Report: escalation.Report{Attempt: 1, Result: escalation.ResultDelivered, RetryAt: policy.Never}}},
		{"undeliverable", escalation.Event{Kind: escalation.EventReport, Report: escalation.Report{Attempt: 1, Result: escalation.ResultUndeliverable, RetryAt: policy.Never}}},
		{"when due", escalation.Event{Kind: escalation.EventTick}},
		{"too early", escalation.Event{Kind: escalation.EventTick}},
	}
}

// TestMatrix is every kind of event, in its shapes, on every status: what is
// answered, and what the alert and its tracks are then. No cell is empty.
func TestMatrix(t *testing.T) {
	t.Parallel()
	doc := exploredDocument(t, matrixPolicy)
	rows := matrixRows()
	kinds, statuses := map[escalation.EventKind]bool{}, map[escalation.Status]bool{}
	var b strings.Builder
	b.WriteString("What each event does in each state: the verdict, then the alert's status and its tracks'.\n")
	for _, st := range matrixStates {
		l := life{doc: doc, dir: escalation.NewDirectory(doc), state: unopened()}
		st.live(t, &l)
		statuses[l.state.Status] = true
		fmt.Fprintf(&b, "\n%s: %s\n", st.name, standing(doc, &l.state))
		for _, r := range rows {
			kinds[r.ev.Kind] = true
			fmt.Fprintf(&b, "  %-34s %s\n", strings.TrimSpace(r.ev.Kind.String()+" "+r.name), cell(t, &l, r))
		}
	}
	for k := escalation.EventTrigger; k <= escalation.EventTick; k++ {
		if !kinds[k] {
			t.Errorf("no row is a %s", k)
		}
	}
	for _, s := range alertStatuses {
		if !statuses[s] {
			t.Errorf("no state is %q", s)
		}
	}
	golden.Check(t, "matrix.txt", []byte(b.String()))
}

// cell is what one event does to a state.
func cell(t *testing.T, l *life, r matrixRow) string {
	t.Helper()
	ev := r.ev
	ev.ClaimedAt, ev.At = policy.Never, max(l.state.At, explore.Base)
	switch {
	case ev.Kind == escalation.EventTick && r.name == "when due" && l.state.Due.Known():
		ev.At = max(l.state.Due, ev.At)
	case ev.Kind == escalation.EventReport && len(l.state.Open) > 0:
		ev.Report.Effect = l.state.Open[len(l.state.Open)-1].ID
	}
	var next escalation.State
	effects, v, err := explore.Shipped(l.doc, &next, &l.state, &ev, l.dir, nil)
	if err != nil || v.Kind == escalation.Need {
		t.Fatalf("%s %s: %s, %v", ev.Kind, r.name, v, err)
	}
	tr := explore.Transition{Doc: l.doc, Prev: &l.state, Next: &next, Event: &ev, Effects: effects, Verdict: v}
	if err := tr.Check(); err != nil {
		t.Errorf("%s %s in %s: %v", ev.Kind, r.name, standing(l.doc, &l.state), err)
	}
	line := fmt.Sprintf("%-26s", v)
	if v.Kind == escalation.Applied {
		line += " " + standing(l.doc, &next)
	}
	return strings.TrimRight(line, " ")
}

// standing is an alert's status and where its tracks are, the gate if it is not
// simply closed, and the action if it is not idle.
func standing(doc *policy.Document, s *escalation.State) string {
	if s.Alert == nil {
		return "-"
	}
	line := fmt.Sprintf("%-12s", s.Status)
	for i := range s.Tracks {
		t := &s.Tracks[i]
		line += fmt.Sprintf(" %s %s", escalation.TrackName(doc, s, i), t.Status)
		if t.Tier >= 0 {
			line += fmt.Sprintf("@%d", t.Tier+1)
		}
	}
	if d := escalation.GateDecision(doc, s, 0, s.At); d != escalation.Hold {
		line += " gate " + d.String()
	}
	if p := s.Actions[0].Phase; p != escalation.PhaseIdle {
		line += fmt.Sprintf(" action %d", p)
	}
	return line
}
