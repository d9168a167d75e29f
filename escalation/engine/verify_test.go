package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

var errNetwork = errors.New("connection reset")

// What became of an attempt of which nobody knows is read back, and it is not
// repeated unless that says that it was not done.
func TestUnknownOutcomeIsReadBack(t *testing.T) {
	once := func(err error) func(ActionRequest) error {
		return func(r ActionRequest) error {
			if r.Attempt > 1 {
				return nil
			}
			return err
		}
	}
	for name, tt := range map[string]struct {
		change func(*estate)
		policy string
		ends   string
		calls  int
	}{
		"done, and the answer lost":        {func(w *estate) { w.after = once(Unknown(errNetwork)) }, `"retries": 3`, "done 1: outcome unknown: action unknown: connection reset; read back, it is done", 1},
		"out of time, and done":            {func(w *estate) { w.after = once(context.DeadlineExceeded) }, `"retries": 3`, "done 1: outcome unknown: ", 1},
		"not done, and not to be repeated": {func(w *estate) { w.before = once(Unknown(errNetwork)) }, `"retries": 0`, "failed 1: outcome unknown: action unknown: connection reset; read back, it is not done", 1},
		"not done, and repeated":           {func(w *estate) { w.before = once(Unknown(errNetwork)) }, `"retries": 1`, "done 1: ", 2},
		"nobody can read it back":          {func(w *estate) { w.before, w.blind = once(Unknown(errNetwork)), true }, `"retries": 3`, "failed 1: outcome unknown: action unknown: connection reset", 1},
		"a panic is as unknown":            {func(w *estate) { w.after = func(ActionRequest) error { panic("bug") } }, `"retries": 3`, "done 1: outcome unknown: ", 1},
		"it says that it is done, and it is not": {func(w *estate) {
			w.after = func(ActionRequest) error { w.set("svc", false); return nil }
		}, `"retries": 3`, "unverified 1: read back, it is not there", 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newEstate("svc")
			tt.change(w)
			b := benchOf(t, w, disabling(tt.policy))
			b.trigger(about("svc"))
			b.to(h)
			b.wantEnds(tt.ends)
			if len(w.calls) != tt.calls {
				t.Errorf("it was tried %d times; want %d", len(w.calls), tt.calls)
			}
		})
	}
}

// Only what says that it may be repeated is.
func TestRetriesNeedIdempotence(t *testing.T) {
	n := 0
	b := newBench(t, strings.Replace(running, `"timeout": "30s"`, `"retries": 5`, 1), func(c *Config) {
		c.Actions = map[string]Action{"rotate": ActionFunc(func(context.Context, ActionRequest) (ActionResult, error) {
			n++
			return ActionResult{}, errNetwork
		})}
	})
	b.trigger(alertOf("db"))
	b.to(h)
	if n != 1 {
		t.Errorf("it was tried %d times; want once", n)
	}
}

// An action is taken back only if all stands as it left it, inside its window.
func TestUndo(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*estate, *bench)
		ends   string // of the undo
		left   string
	}{
		"as it was left":              {func(*estate, *bench) {}, "done 1", ""},
		"somebody touched it":         {func(w *estate, _ *bench) { w.set("svc", false); w.set("svc", true) }, "refused 1: it is not as the action left it", "svc"},
		"somebody enabled it":         {func(w *estate, _ *bench) { w.set("svc", false) }, "refused 1: it is not as the action left it", ""},
		"it is gone":                  {func(w *estate, _ *bench) { delete(w.accounts, "svc") }, "refused 1: how it stands could not be read", ""},
		"it cannot be read any more":  {func(w *estate, _ *bench) { w.blind = true }, "refused 1: nobody can say whether", "svc"},
		"protected since":             {func(_ *estate, b *bench) { b.e.cfg.Protected = func(Subject) bool { return true } }, "refused 1: svc is protected", "svc"},
		"its window is over by then":  {func(_ *estate, b *bench) { b.clock.set(epoch.Add(6 * h)) }, "refused 1: its window is over", "svc"},
		"it does not know how, today": {func(_ *estate, b *bench) { b.e.cfg.Actions["disable"] = &acting{} }, "refused 1: it does not know how to take back", "svc"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newEstate("svc")
			b := benchOf(t, w, disabling(undoable))
			b.trigger(about("svc"))
			b.to(10 * m)
			b.undo("svc", "applied")
			b.grants("svc", Matter{Undo: "disable"}, "applied")
			tt.change(w, b)
			b.to(7 * h)
			b.wantEnds("done 1", tt.ends)
			if w.disabled() != tt.left {
				t.Errorf("disabled %q; want %q", w.disabled(), tt.left)
			}
			if len(w.undone) > 0 && (w.undone[0].Handle != "svc=false" || w.undone[0].ID == w.calls[0].ID) {
				t.Errorf("taken back by %+v", w.undone[0])
			}
		})
	}
}

// What was read back may be somebody else's doing: it is not taken back.
func TestUndoOfWhatWasReadBack(t *testing.T) {
	w := newEstate("svc")
	w.after = func(ActionRequest) error { return Unknown(errNetwork) }
	b := benchOf(t, w, disabling(undoable))
	b.trigger(about("svc"))
	b.to(10 * m)
	b.undo("svc", "applied")
	b.grants("svc", Matter{Undo: "disable"}, "applied")
	b.to(h)
	if b.wantEnds("done 1", "refused 1: its answer was lost"); w.disabled() != "svc" {
		t.Errorf("disabled %q; want svc", w.disabled())
	}
}

// An execution is bound to the credential for which it was decided.
func TestAnotherCredentialIsNotTouched(t *testing.T) {
	w := newEstate("svc")
	w.before = func(r ActionRequest) error { // between two attempts somebody rotates it
		if r.Attempt == 1 {
			w.accounts["svc"].version = "2"
			return errNetwork
		}
		return nil
	}
	b := benchOf(t, w, disabling(`"retries": 3`))
	b.trigger(about("svc"))
	b.to(h)
	b.wantEnds("refused 0: nobody to do it to; left out: svc has another credential than when it was decided")

	act := repeatable{ActionFunc(func(_ context.Context, r ActionRequest) (ActionResult, error) {
		w.calls = append(w.calls, r)
		return ActionResult{}, errNetwork
	})}
	w.calls = nil
	b = newBench(t, disabling(`"retries": 3`), func(c *Config) { c.Actions = map[string]Action{"disable": act} })
	b.trigger(about("svc"))
	b.to(m)
	b.trigger(about("svc", func(a *policy.Alert) { a.Identity.CredentialVersion = "2" }))
	b.to(h)
	b.wantEnds("refused 0: nobody to do it to; left out: svc has another credential")
	if len(w.calls) != 1 {
		t.Errorf("it was tried %d times; want once", len(w.calls))
	}
}

// What gives something back is not run because somebody wrote `mode: auto`.
func TestPermissiveActions(t *testing.T) {
	for name, tt := range map[string]struct {
		action string
		do     func(*bench)
		ends   []string
	}{
		"automatic": {`"retries": 0`, func(*bench) {}, []string{"held 1: it gives something back"}},
		"granted":   {`"mode": "approve", "approve": {"by": ["role:sec"]}`, func(b *bench) { b.grants("svc", Matter{Action: "disable"}, "applied") }, []string{"done 1"}},
		"granted a leak": {`"mode": "approve", "approve": {"by": ["role:sec"]}`, func(b *bench) {
			b.trigger(about("svc", leaking))
			b.grants("svc", Matter{Action: "disable"}, "applied")
		}, []string{"refused 0: nobody to do it to; left out: svc has a secret that leaked"}},
		"a verified end": {`"at": "resolved"`, func(b *bench) {
			r, err := b.e.Resolve(b.t.Context(), "svc", alice, "")
			b.must("applied")(r, err)
		}, []string{"done 1"}},
		"an end, or five minutes": {`"at": ["open + 5m", "resolved"]`, func(*bench) {}, []string{"held 1: it gives something back, and that takes a review or a verified end"}},
		"a verified end, or later": {`"at": ["open + 5h", "resolved"]`, func(b *bench) {
			r, err := b.e.Resolve(b.t.Context(), "svc", alice, "")
			b.must("applied")(r, err)
		}, []string{"done 1"}},
		"an end that nobody verified": {`"at": "resolved"`, func(b *bench) {
			r, err := b.e.Resolve(b.t.Context(), "svc", By(policy.Service("x")), "")
			b.must("applied")(r, err)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newEstate("svc")
			w.permissive = true
			doc := disabling(tt.action)
			if strings.Contains(tt.action, `"mode"`) {
				doc = strings.Replace(doc, `"mode": "auto", `, "", 1)
			}
			if strings.Contains(tt.action, `"at"`) {
				doc = strings.Replace(doc, `"at": "open + 1m", `, "", 1)
			}
			b := benchOf(t, w, doc)
			b.trigger(about("svc"))
			b.to(10 * m)
			tt.do(b)
			b.to(20 * m)
			b.wantEnds(tt.ends...)
		})
	}
}

// A dry run lists exactly whom a real one would be done to, and touches nothing;
// so does Plan.
func TestPlanShowsWithoutActing(t *testing.T) {
	w := newEstate("a", "b", "c")
	w.named = []string{"a", "b", "c"}
	w.accounts["b"].retained = true
	doc := strings.Replace(disabling(`"retries": 0`), `"mode": "auto"`, `"mode": "dry_run"`, 1)
	b := benchOf(t, w, doc)
	b.trigger(about("a"))
	for range 2 {
		p, err := b.e.Plan(t.Context(), "a", "disable")
		if err != nil || len(p.Subjects) != 2 || p.Weight != 2 || p.Result.String() != "started" {
			t.Errorf("plan %+v, %v; want a and c, of weight 2", p, err)
		}
	}
	b.to(10 * m)
	b.wantEnds("planned 2: would be done to a, c")
	b.told("+0s page user:alice via default a#1 initial")
	b.undo("a", "ignored(unknown)")
	if len(w.calls) != 0 || w.disabled() != "" {
		t.Errorf("it was called %d times, and disabled %q", len(w.calls), w.disabled())
	}
	if _, err := b.e.Plan(t.Context(), "a", "other"); !errors.Is(err, ErrInvalid) {
		t.Errorf("another action: %v; want ErrInvalid", err)
	}
	if _, err := b.e.Plan(t.Context(), "nobody", "disable"); err == nil {
		t.Error("no alert: no error")
	}
	r, err := b.e.StopActions(t.Context(), alice, "drill")
	b.must("applied")(r, err)
	if p, err := b.e.Plan(t.Context(), "a", "disable"); err != nil || p.Result.String() != "held" || p.Detail != "actions are stopped" {
		t.Errorf("stopped: %+v, %v", p, err)
	}
}

func TestLimits(t *testing.T) {
	ids := []string{"a", "b", "c", "d"}
	for name, tt := range map[string]struct {
		limits Limits
		ends   []string
	}{
		"none":       {Limits{}, []string{"done 1", "done 1", "done 1", "done 1"}},
		"half":       {Limits{Percent: 50, Population: 4}, []string{"done 1", "done 1", "held 1: over budget: 3 of 4 in 1h0m0s, more than 50 %", "held 1"}},
		"of unknown": {Limits{Percent: 50}, []string{"held 1: over budget: of how many it is a share is not known", "held 1", "held 1", "held 1"}},
		"one by one": {Limits{Concurrent: 1}, []string{"done 1", "done 1", "done 1", "done 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newEstate(ids...)
			w.limits = tt.limits
			b := benchOf(t, w, disabling(`"retries": 0`))
			for _, id := range ids {
				b.trigger(about(id))
			}
			b.to(h)
			b.wantEnds(tt.ends...)
		})
	}
}

// What takes time is under way: the next is held while as many are as may be.
func TestConcurrentLimit(t *testing.T) {
	slow := &slowEstate{estate: newEstate("a", "b", "c")}
	slow.limits.Concurrent = 1
	b := newBench(t, disabling(`"retries": 0`), func(c *Config) { c.Actions = map[string]Action{"disable": slow} })
	b.trigger(about("a"))
	b.trigger(about("b"))
	b.to(m + s)
	b.wantEnds("held 1: over budget: 1 are under way")
	b.to(5 * m)
	b.trigger(about("c"))
	b.to(h)
	b.wantEnds("held 1", "done 1", "done 1")
}

type slowEstate struct{ *estate }

func (w *slowEstate) ActTimed(ctx context.Context, r ActionRequest) (ActionResult, time.Duration, error) {
	res, err := w.Act(ctx, r)
	return res, m, err
}

// overtaken is a store in which somebody else has taken whatever is begun.
type overtaken struct{ store.Store }

func (o overtaken) Settle(ctx context.Context, s store.Settlement) error {
	if s.First.Known() {
		return store.ErrLease
	}
	return o.Store.Settle(ctx, s)
}

// What is somebody else's by now is not carried out: they do it.
func TestALostLeaseIsNotActedOn(t *testing.T) {
	w := newEstate("svc")
	b := benchOf(t, w, disabling(`"retries": 3`), func(c *Config) { c.Store = overtaken{store.NewMemory()} })
	b.trigger(about("svc"))
	for range 5 {
		if err := b.e.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.clock.set(b.clock.Now().Add(m))
	}
	if b.wantEnds(); len(w.calls) != 0 {
		t.Errorf("it was tried %d times", len(w.calls))
	}
}
