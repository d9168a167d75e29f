package escalationtest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/escalation/escalationtest"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/policyfile"
)

const rotation = `
version: 1
authority: {verify: ["service:rotator"]}
directory:
  people: {alice: {}, bob: {}, carol: {}}
  schedules: {oncall: {timezone: UTC, layers: [{always: [carol]}]}}
policies:
  - name: rotation
    priority: P3
    tiers:
      - {name: owner, notify: [user:alice], wait: 5m}
      - {name: backup, notify: [schedule:oncall], wait: 10m}
    actions: [{run: pause, at: open + 7m, mode: auto}]
    gates: [{name: deploy, operations: [deploy], close: open + 10m, open: resolved}]
`

func document(t testing.TB, text string) *policy.Document {
	t.Helper()
	doc, err := policyfile.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func alert() policy.Alert {
	return policy.Alert{
		Key: "db/main", Kind: policy.RotationFailed, Severity: policy.SeverityLow,
		Identity: policy.Identity{ID: "svc", Criticality: policy.CriticalityLow},
	}
}

func TestHarnessHopsThroughTheLadder(t *testing.T) {
	h := escalationtest.New(t, escalationtest.Config{
		Policies: document(t, rotation), OnCall: map[string][]string{"oncall": {"bob"}},
	})
	h.Trigger(alert())
	h.Advance(6 * time.Minute)
	h.Acknowledge("db/main", "user:bob")
	h.Advance(24*time.Hour - h.Elapsed())
	want := `0s         status triggered
0s         notify user:alice via default: page initial main/owner
5m0s       notify user:bob via default: page no_ack_timeout main/backup
6m0s       status acknowledged
7m0s       run pause started
7m0s       run pause done
10m0s      gate deploy: deny
8h6m0s     status triggered
8h6m0s     notify user:bob via default: page ack_timeout main/backup
8h16m0s    status exhausted
8h16m0s    notify last-resort via default: last_resort exhausted main
`
	got := h.Timeline()
	if h.Status("db/main") != "exhausted" {
		t.Errorf("status %q, want exhausted", h.Status("db/main"))
	}
	if got := h.Elapsed(); got != 24*time.Hour {
		t.Errorf("elapsed %s, want a day", got)
	}
	if n := h.LastResort.Len(); n != 1 {
		t.Errorf("the last resort was told %d times, want once", n)
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")); diff != "" {
		t.Errorf("timeline (-want +got):\n%s", diff)
	}
}

func TestHarnessGates(t *testing.T) {
	h := escalationtest.New(t, escalationtest.Config{Policies: document(t, rotation)})
	h.Trigger(alert())
	h.WantCheck("svc", "deploy", escalation.Allow)
	h.Advance(10 * time.Minute)
	h.WantCheck("svc", "deploy", escalation.Deny)
	h.Resolve("db/main", "service:rotator")
	h.WantCheck("svc", "deploy", escalation.Allow)
	h.WantCheck("svc", "unheard-of", escalation.Deny)
}

// A harness on the store of another goes on where that one stood.
func TestHarnessRestart(t *testing.T) {
	st := store.NewMemory()
	cfg := escalationtest.Config{Policies: document(t, rotation), Store: st}
	first := escalationtest.New(t, cfg)
	first.Trigger(alert())
	first.Advance(time.Minute)
	cfg.Start = first.Now()
	second := escalationtest.New(t, cfg)
	second.Advance(5 * time.Minute)
	if got, want := second.Told(), "4m0s user:carol\n"; got != want {
		t.Errorf("told %q after the restart, want %q", got, want)
	}
}

func TestHarnessSleepIsAGap(t *testing.T) {
	h := escalationtest.New(t, escalationtest.Config{Policies: document(t, rotation)})
	h.Trigger(alert())
	h.Sleep(8 * time.Minute)
	if got := h.Timeline(); !strings.Contains(got, "8m0s       notify user:carol via default: page catch_up main/backup") {
		t.Errorf("no catch_up after a gap:\n%s", got)
	}
}

func TestHarnessActionsOfItsOwn(t *testing.T) {
	h := escalationtest.New(t, escalationtest.Config{
		Policies: document(t, rotation),
		Actions: map[string]engine.Action{
			"pause": engine.ActionFunc(func(context.Context, engine.ActionRequest) (engine.ActionResult, error) {
				return engine.ActionResult{}, engine.Refused(errors.New("protected"))
			}),
		},
	})
	h.Trigger(alert())
	h.Advance(8 * time.Minute)
	for _, want := range []string{"7m0s       run pause started", "7m0s       run pause refused", "notice action_refused"} {
		if got := h.Timeline(); !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestHarnessSubmitReturnsWhatIsRefused(t *testing.T) {
	h := escalationtest.New(t, escalationtest.Config{Policies: document(t, rotation)})
	h.Trigger(alert())
	r := h.Submit(engine.Input{Key: "db/main", Event: escalation.Event{Kind: escalation.EventAcknowledge, By: engine.By(policy.Service("bot"))}})
	if got := r.Verdict.String(); got != "rejected(not_a_person)" {
		t.Errorf("verdict %s, want rejected(not_a_person)", got)
	}
}

func ExampleHarness() {
	t := &quietT{} // a test has its own
	doc, err := policyfile.Parse("rotation.yaml", []byte(rotation))
	if err != nil {
		fmt.Println(err)
		return
	}
	h := escalationtest.New(t, escalationtest.Config{Policies: doc})
	h.Trigger(policy.Alert{Key: "db/main", Kind: policy.RotationFailed, Severity: policy.SeverityLow})
	h.Advance(5 * time.Minute)
	h.Acknowledge("db/main", "user:carol")
	fmt.Print(h.Timeline())
	// Output:
	// 0s         status triggered
	// 0s         notify user:alice via default: page initial main/owner
	// 5m0s       notify user:carol via default: page no_ack_timeout main/backup
	// 5m0s       status acknowledged
}

// quietT stands in for a test in an example.
type quietT struct{ testing.TB }

func (*quietT) Helper()                      {}
func (*quietT) Context() context.Context     { return context.Background() }
func (*quietT) Fatal(args ...any)            { panic(fmt.Sprint(args...)) }
func (*quietT) Fatalf(f string, args ...any) { panic(fmt.Sprintf(f, args...)) }
