package pgstore_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

const ladder = `{"version": 1, "policies": [{"name": "p", "tiers": [{"name": "one", "notify": ["user:omar"], "wait": "1h"}]}]}`

// newEngine makes an engine on a store.
func newEngine(t *testing.T, st store.Store, n notify.Notifier, node string, look time.Duration) *engine.Engine {
	t.Helper()
	doc, err := policy.Parse("policies.json", []byte(ladder))
	if err != nil {
		t.Fatal(err)
	}
	eng, err := engine.New(engine.Config{
		Policies: doc, Notifier: n, LastResort: notify.Writer(io.Discard), Store: st, Node: node, LookAgain: look,
	})
	if err != nil {
		t.Fatal(err)
	}
	return eng
}

// taken takes every message and says that it did.
type taken chan notify.Notification

func (n taken) Notify(_ context.Context, said notify.Notification) (notify.Receipt, error) {
	n <- said
	return notify.Receipt{}, nil
}

// TestEngineCutInCommit cuts the commit of an event that has an id. Whatever
// Submit says, and though it is submitted again, the history has the event once.
func TestEngineCutInCommit(t *testing.T) {
	for _, f := range fates {
		for _, lasts := range []bool{false, true} {
			name := f.String()
			if lasts {
				name += ", and no connection after it"
			}
			t.Run(name, func(t *testing.T) {
				p, url := newProxy(t, schema(t)+impatient)
				st := open(t, url)
				eng := newEngine(t, st, make(taken, 9), "", 0)
				if _, err := eng.Tick(t.Context()); err != nil { // it starts
					t.Fatal(err)
				}
				in := engine.Input{Key: "db", ID: "rotation-7", Event: escalation.Event{
					Kind: escalation.EventTrigger, By: engine.By(policy.Service("rotator")),
					Alert: &policy.Alert{Key: "db", Kind: policy.RotationFailed, Severity: policy.SeverityHigh, Summary: "rotation of db failed"},
				}}
				p.arm(f, in.Event.Alert.Summary, lasts)
				r, err := eng.Submit(t.Context(), in)
				if p.times() != 1 {
					t.Fatalf("the commit was met %d times by the proxy, Submit says %v", p.times(), err)
				}
				var unknown *engine.UnknownOutcomeError
				switch {
				case lasts && (!errors.As(err, &unknown) || unknown.ID != in.ID):
					t.Errorf("got error %v, want that the outcome of %q is unknown", err, in.ID)
				case !lasts && (err != nil || r.Verdict.Kind != escalation.Applied):
					t.Errorf("Submit says %s, %v; want that it was applied", r.Verdict, err)
				}
				p.heal()
				r, err = submit(t, eng, in)
				if again := !lasts || f.reached(); err != nil || again != (r.Verdict.Reason == escalation.Duplicate) {
					t.Errorf("submitted again: %s, %v; that it is a duplicate should be %t", r.Verdict, err, again)
				}
				n := 0
				for e, err := range st.History(t.Context(), "alert/db#1", 0) {
					if err != nil {
						t.Fatal(err)
					}
					if e.Kind == escalation.EventTrigger {
						n++
					}
				}
				if n != 1 {
					t.Errorf("the history has the event %d times", n)
				}
			})
		}
	}
}

// submit submits on connections some of which are cut.
func submit(t *testing.T, eng *engine.Engine, in engine.Input) (r engine.Result, err error) {
	t.Helper()
	for range 20 {
		if r, err = eng.Submit(t.Context(), in); err == nil || errors.Is(err, engine.ErrUnknownOutcome) {
			break
		}
	}
	return r, err
}

// TestEngineHearsOfOthers holds that an engine hears of what another commits
// that tells nobody itself: by the hint, if it would look again only in an hour,
// and by looking, if there are no hints.
func TestEngineHearsOfOthers(t *testing.T) {
	type deaf struct{ store.Store }
	for name, listens := range map[string]bool{"by a hint": true, "by looking": false} {
		t.Run(name, func(t *testing.T) {
			url := schema(t)
			st, look := store.Store(open(t, url)), time.Hour
			if !listens {
				st, look = deaf{st}, 20*time.Millisecond
			}
			said := make(taken, 9)
			eng := newEngine(t, st, said, "one", look)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- eng.Run(ctx) }()
			silent := newEngine(t, open(t, url), make(taken, 9), "two", look)
			for _, key := range []string{"db", "web"} {
				alert := policy.Alert{Key: key, Kind: policy.RotationFailed, Severity: policy.SeverityHigh}
				if _, err := silent.Trigger(t.Context(), alert, engine.By(policy.Service("rotator"))); err != nil {
					t.Fatal(err)
				}
				select {
				case n := <-said:
					if n.Alerts[0].Key != key {
						t.Errorf("told of %q, want of %q", n.Alerts[0].Key, key)
					}
				case <-time.After(30 * time.Second):
					t.Errorf("nobody was told of %q in half a minute", key)
				}
			}
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
}
