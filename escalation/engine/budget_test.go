package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

func TestBudgetValue(t *testing.T) {
	rule := policy.Budget{Max: 3, Weight: 10, Per: h}
	t0 := policy.InstantOf(epoch)
	tests := []struct {
		name  string
		takes [][3]int // minutes after t0, subjects, weight
		want  []bool
	}{
		{"up to the number", [][3]int{{0, 1, 1}, {1, 2, 2}, {2, 1, 1}}, []bool{true, true, false}},
		{"up to the weight", [][3]int{{0, 1, 5}, {1, 1, 5}, {2, 1, 1}}, []bool{true, true, false}},
		{"too many at once are held as a whole", [][3]int{{0, 4, 4}, {1, 3, 3}}, []bool{false, true}},
		{"what was held does not count", [][3]int{{0, 2, 2}, {1, 2, 2}, {2, 1, 1}}, []bool{true, false, true}},
		{"the window slides", [][3]int{{0, 2, 2}, {30, 1, 1}, {59, 1, 1}, {60, 2, 2}, {89, 1, 1}, {90, 1, 1}}, []bool{true, true, false, true, false, true}},
	}
	for _, tt := range tests {
		var b budget
		for i, x := range tt.takes {
			at := t0.Add(time.Duration(x[0]) * m)
			var why string
			if b, why = b.recent(at, rule).take(rule, Limits{}, spending{At: at, N: x[1], Weight: x[2]}); (why == "") != tt.want[i] {
				t.Errorf("%s: take %d: %q; want it within: %v", tt.name, i, why, tt.want[i])
			}
		}
	}
	var long budget
	for i := range 1000 {
		at := t0.Add(time.Duration(i) * h)
		long, _ = long.recent(at, rule).take(rule, Limits{}, spending{At: at, N: 1, Weight: 1})
	}
	if n := len(long.Spent); n > 200 {
		t.Errorf("%d spendings are kept after 1000 hours; want a week's", n)
	}
}

func TestWeights(t *testing.T) {
	for c, want := range map[policy.Criticality]int{
		"": 9, "odd": 100, policy.CriticalityLow: 1, "tier2": 2, policy.CriticalityHigh: 5, policy.CriticalityCritical: 100,
	} {
		if got := weigh([]Subject{{Criticality: c}, {Weight: 7}}, 9); got != want+7 {
			t.Errorf("%q and 7 weigh %d; want %d", c, got, want+7)
		}
	}
}

func TestKillSwitchValue(t *testing.T) {
	a, z := policy.User("a"), policy.User("z")
	var k killSwitch
	steps := []struct {
		who     *policy.Target // nil: stop
		want    string
		stopped bool
	}{
		{&a, "ignored(already)", false},
		{nil, "applied", true},
		{nil, "ignored(already)", true},
		{&a, "applied", true},
		{&a, "ignored(already)", true},
		{nil, "applied", true},
		{&z, "applied", true},
		{&a, "applied", false},
		{&a, "ignored(already)", false},
	}
	for i, st := range steps {
		var v escalation.Verdict
		if st.who == nil {
			k, v = k.stop(1)
		} else {
			k, v = k.release(*st.who)
		}
		if v.String() != st.want || k.Stopped != st.stopped {
			t.Errorf("step %d: %s, stopped %v; want %s, %v", i, v, k.Stopped, st.want, st.stopped)
		}
	}
	r := heldRun{Stream: "alert/x#1", Seq: 2}
	if k = k.hold(r).hold(r); len(k.Held) != 1 {
		t.Errorf("held %v; want once", k.Held)
	}
	if k = k.free(r).free(r); len(k.Held) != 0 {
		t.Errorf("held %v; want nothing", k.Held)
	}
}

func TestKillSwitch(t *testing.T) {
	act := &acting{}
	b := newBench(t, running, func(c *Config) { c.Actions = map[string]Action{"rotate": act} })
	ctx := t.Context()
	for name, want := range map[string]struct {
		by     escalation.Author
		reason string
		want   string
	}{
		"a machine": {By(policy.Service("x")), "r", "rejected(not_a_person)"}, "no reason": {alice, "", "rejected(no_reason)"}, "a person": {alice, "r", "applied"},
	} {
		if r, err := b.e.StopActions(ctx, want.by, want.reason); err != nil || r.Verdict.String() != want.want {
			t.Errorf("%s: %s, %v; want %s", name, r.Verdict, err, want.want)
		}
	}
	b.trigger(alertOf("db"))
	b.to(10 * m)
	b.told("+0s page user:alice via default db#1 initial", "+1m0s notice user:bob via default db#1 action_held")
	if len(act.got) != 0 {
		t.Fatal("an action ran while actions were stopped")
	}
	for _, step := range []struct {
		by   escalation.Author
		want string
		runs int
	}{{bob, "applied", 0}, {bob, "ignored(already)", 0}, {alice, "applied", 1}} {
		r, err := b.e.ReleaseActions(ctx, step.by, "mended")
		b.must(step.want)(r, err)
		b.to(b.clock.Now().Sub(epoch) + m)
		if len(act.got) != step.runs {
			t.Errorf("after %s's release it ran %d times; want %d", step.by.Principal, len(act.got), step.runs)
		}
	}
	if _, err := b.e.StopActions(ctx, escalation.Author{}, "r"); !errors.Is(err, ErrInvalid) {
		t.Errorf("no author: %v; want ErrInvalid", err)
	}
}

// planning is an action that says beforehand to whom it would be done.
type planning struct {
	ActionFunc
	n   int
	err error
}

func (p *planning) Plan(context.Context, ActionRequest) ([]Subject, error) {
	if p.n < 0 {
		panic("bug")
	}
	subjects := make([]Subject, p.n)
	for i := range subjects {
		subjects[i] = Subject{ID: strconv.Itoa(i), Criticality: policy.CriticalityCritical} // 100 each
	}
	return subjects, p.err
}

func TestPlans(t *testing.T) {
	for _, tt := range []struct {
		n      int
		err    error
		result escalation.Result
	}{
		{1, nil, escalation.ResultDone},
		{0, nil, escalation.ResultRefused},
		{2, nil, escalation.ResultHeld},
		{1, errors.New("no"), escalation.ResultFailed},
		{-1, nil, escalation.ResultFailed},
	} {
		t.Run(fmt.Sprint(tt.n, tt.err), func(t *testing.T) {
			ran := 0
			p := &planning{n: tt.n, err: tt.err, ActionFunc: func(_ context.Context, req ActionRequest) (ActionResult, error) {
				ran++
				if len(req.Subjects) != tt.n {
					t.Errorf("asked for %d subjects; want %d", len(req.Subjects), tt.n)
				}
				return ActionResult{}, nil
			}}
			b := newBench(t, running, func(c *Config) { c.Actions = map[string]Action{"rotate": p} })
			b.trigger(alertOf("db"))
			b.to(2 * m)
			if !b.recorded(func(r Record) bool { return r.Record.Event.Report.Result == tt.result }) {
				t.Errorf("no report says %s", tt.result)
			}
			if want := tt.result == escalation.ResultDone; (ran == 1) != want {
				t.Errorf("ran %d times; want it to run: %v", ran, want)
			}
		})
	}
}

// What is stopped while it is planned does not begin.
func TestStoppedWhileItIsPlanned(t *testing.T) {
	w := &plannedEstate{estate: newEstate("a"), meanwhile: func() {}}
	w.limits.Concurrent = 1
	b := newBench(t, disabling(`"budget": {"max": 2, "weight": 10, "per": "1h"}`), func(c *Config) { c.Actions = map[string]Action{"disable": w} })
	w.meanwhile = func() {
		r, err := b.e.StopActions(t.Context(), alice, "drill")
		b.must("applied")(r, err)
		w.meanwhile = func() {}
	}
	b.trigger(about("a"))
	b.to(2 * m)
	if b.wantEnds("held 1: actions are stopped"); len(w.calls) != 0 {
		t.Fatalf("it was done all the same, %d times", len(w.calls))
	}
	for _, who := range []escalation.Author{alice, bob} {
		r, err := b.e.ReleaseActions(t.Context(), who, "over")
		b.must("applied")(r, err)
	}
	b.to(3 * m)
	b.wantEnds("held 1", "done 1")
}

// plannedEstate has something happen while it plans.
type plannedEstate struct {
	*estate
	meanwhile func()
}

func (w *plannedEstate) Plan(ctx context.Context, req ActionRequest) ([]Subject, error) {
	w.meanwhile()
	return w.estate.Plan(ctx, req)
}
