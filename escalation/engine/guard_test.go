package engine

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/gate"
	"github.com/belfry-go/belfry/policy"
)

const guarded = `{"version": 1, "directory": {"people": {"alice": {}, "bob": {}}}, "policies": [
	{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice"]}],
		"gates": [{"name": "deploy", "operations": ["deploy"], "close": "open", "decision": "hold", "review": {"by": ["user:bob"], "for": "1h"}}]}]}`

// A guard asks once, waits for people, and lets one through.
func TestGuard(t *testing.T) {
	b := newBench(t, guarded)
	ctx := t.Context()
	deployer := By(policy.Service("deployer"))
	acts := 0
	act := func(context.Context) error { acts++; return nil }
	guard := func(wantActs int, want ...error) {
		t.Helper()
		err := b.e.Guard(ctx, deployer, "svc-db", "deploy", act)
		for _, w := range []error{ErrDenied, gate.ErrHeld, gate.ErrDoubt} {
			if errors.Is(err, w) != slices.Contains(want, w) {
				t.Errorf("got error %v; want %v", err, want)
			}
		}
		if acts != wantActs {
			t.Errorf("acted %d times; want %d", acts, wantActs)
		}
	}
	guard(0, ErrDenied, gate.ErrDoubt)
	b.to(0)
	guard(1)
	b.trigger(alertOf("db"))
	guard(1, ErrDenied, gate.ErrHeld)
	guard(1, ErrDenied, gate.ErrHeld)
	requests := 0
	for _, r := range b.recs {
		if r.Record.Event.Kind == escalation.EventRequest {
			requests++
		}
	}
	if requests != 1 {
		t.Errorf("the review was requested %d times", requests)
	}
	r, err := b.e.Vote(ctx, "db", bob, Matter{Gate: "deploy"}, "approve")
	b.must("applied")(r, err)
	guard(2)
	guard(2, ErrDenied, gate.ErrHeld)
	if err := b.e.Guard(ctx, deployer, "", "deploy", act); !errors.Is(err, ErrDenied) || acts != 2 {
		t.Errorf("of nobody: %v, acted %d times", err, acts)
	}
}

// Nobody is asked of a gate that has no review: it waits for the resolve.
func TestGuardWithoutReview(t *testing.T) {
	b := newBench(t, `{"version": 1, "directory": {"people": {"alice": {}}}, "policies": [
		{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice"]}],
			"gates": [{"name": "deploy", "operations": ["deploy"], "close": "open", "decision": "hold"}]}]}`)
	b.to(0)
	b.trigger(alertOf("db"))
	records := len(b.recs)
	err := b.e.Guard(t.Context(), By(policy.Service("deployer")), "svc-db", "deploy", func(context.Context) error { return nil })
	if !errors.Is(err, gate.ErrHeld) {
		t.Errorf("got error %v; want it held", err)
	}
	for _, r := range b.recs[records:] {
		t.Errorf("recorded: %v", r.Record.Event.Kind)
	}
}

// Of many who see an opening, one passes.
func TestGuardOnce(t *testing.T) {
	b := newBench(t, guarded)
	ctx := t.Context()
	b.to(0)
	b.trigger(alertOf("db"))
	r, err := b.e.Request(ctx, "db", By(policy.Service("deployer")), Matter{Gate: "deploy"}, "{}")
	b.must("applied")(r, err)
	r, err = b.e.Vote(ctx, "db", bob, Matter{Gate: "deploy"}, "approve")
	b.must("applied")(r, err)
	var acts atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			err := b.e.Guard(ctx, By(policy.Service("deployer")), "svc-db", "deploy", func(context.Context) error {
				acts.Add(1)
				return nil
			})
			if err != nil && !errors.Is(err, ErrDenied) {
				t.Errorf("who came too late got %v", err)
			}
		})
	}
	all.Wait()
	if n := acts.Load(); n != 1 {
		t.Errorf("%d passed by one opening", n)
	}
}
