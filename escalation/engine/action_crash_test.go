package engine

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// errand is one life of a few actions, always the same: one is done, one is over
// budget and granted by two, the first is taken back, a third is held by the kill
// switch and goes on at its release.
func (h *history) errand() {
	send := func(id string, f func(ctx context.Context, id Detail) (Result, error)) {
		h.do(func(ctx context.Context) error {
			_, err := f(ctx, WithID(id))
			return err
		})
	}
	trigger := func(i int) {
		key, id := fmt.Sprint("k", i), fmt.Sprint("svc", i)
		if !slices.Contains(h.keys, key) {
			h.keys = append(h.keys, key)
		}
		h.w.named = []string{id}
		a := about(id, func(a *policy.Alert) { a.Key = key })
		send("t"+key, func(ctx context.Context, id Detail) (Result, error) { return h.e.Trigger(ctx, a, alice, id) })
		h.to(10 * time.Minute)
	}
	vote := func(key string, of Matter) {
		for _, who := range []string{"carol", "dave"} {
			send(fmt.Sprint("v", key, of.Undo, who), func(ctx context.Context, id Detail) (Result, error) {
				return h.e.Vote(ctx, key, By(policy.User(who)), of, "approve", id)
			})
		}
		h.to(10 * time.Minute)
	}
	trigger(0)
	trigger(5) // critical: over budget
	vote("k5", Matter{Action: "disable"})
	send("r", func(ctx context.Context, id Detail) (Result, error) {
		return h.e.Request(ctx, "k0", bob, Matter{Undo: "disable"}, "", id)
	})
	vote("k0", Matter{Undo: "disable"})
	send("s", func(ctx context.Context, id Detail) (Result, error) { return h.e.StopActions(ctx, alice, "drill", id) })
	trigger(1)
	// Stopped, its review has begun; it is for people now.
	send("r1", func(ctx context.Context, id Detail) (Result, error) {
		return h.e.ReleaseActions(ctx, alice, "over", id)
	})
	send("r2", func(ctx context.Context, id Detail) (Result, error) { return h.e.ReleaseActions(ctx, bob, "over", id) })
	vote("k1", Matter{Action: "disable"})
	h.to(3 * time.Hour)
}

// check judges how an errand ended.
func (h *history) check(name string) {
	h.t.Helper()
	for invariant, what := range h.violation {
		h.t.Errorf("%s: %s: %s", name, invariant, what)
	}
	for key, may := range map[string][]escalation.ActionPhase{
		// What was begun and whose end nobody saw may be read back, and is not
		// taken back then.
		"k0": {escalation.PhaseUndone, escalation.PhaseDone},
		"k5": {escalation.PhaseDone}, "k1": {escalation.PhaseDone},
	} {
		s, _ := h.alert(key, 1)
		if len(s.Actions) != 1 || !slices.Contains(may, s.Actions[0].Phase) || h.store.at == 0 && s.Actions[0].Phase != may[0] {
			h.t.Errorf("%s: the action of %s stands in %+v; want one of %v", name, key, s.Actions, may)
		}
	}
	for id, n := range h.w.done {
		if n > 1 {
			h.t.Errorf("%s: %s took effect %d times", name, id, n)
		}
	}
	if got := h.w.disabled(); got != "svc1 svc5" && (got != "svc0 svc1 svc5" || h.store.at == 0) {
		h.t.Errorf("%s: disabled %q; want svc1 and svc5", name, got)
	}
}

// Every operation of the store fails once in an errand, before it is carried out
// and after, as a fault that passes and as a crash of the process.
func TestActionCrashPoints(t *testing.T) {
	whole := newHistory(t, 1, seedling{})
	whole.errand()
	whole.check("no fault")
	total := whole.store.n
	t.Logf("%d operations", total)
	for at := 1; at <= total; at++ {
		for _, after := range []bool{false, true} {
			for _, once := range []bool{false, true} {
				h := newHistory(t, 1, seedling{})
				h.store.at, h.store.after, h.store.once = at, after, once
				h.errand()
				h.check(fmt.Sprintf("operation %d, after %v, once %v", at, after, once))
				if t.Failed() {
					t.FailNow()
				}
			}
		}
	}
}
