package engine

import (
	"testing"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// TestPruned prunes what has ended under an engine that goes on: the next alert
// of the key is told under a new incarnation, and what is open is untouched.
func TestPruned(t *testing.T) {
	kept := store.NewMemory()
	b := newBench(t, ladder, func(c *Config) { c.Store = kept })
	b.trigger(alertOf("open"))
	for range 3 {
		b.trigger(alertOf("db"))
		b.must("applied")(b.e.Resolve(t.Context(), "db", alice, "fixed"))
		b.to(b.clock.Now().Sub(epoch) + h)
	}
	b.out.take()
	b.last.take()
	n, err := kept.Prune(t.Context(), policy.InstantOf(b.clock.Now()), 100)
	if err != nil || n < 3 {
		t.Fatalf("pruned %d, %v; want the three that are resolved", n, err)
	}
	for range 2 { // and an engine that has forgotten what it knew
		r := b.trigger(alertOf("db"))
		if r.State.Incarnation < 4 {
			t.Errorf("the next alert is %d, want the fourth or later", r.State.Incarnation)
		}
		b.must("applied")(b.e.Resolve(t.Context(), "db", alice, "fixed"))
		b.must("applied")(b.e.Acknowledge(t.Context(), "open", alice))
		e, err := New(b.e.cfg)
		if err != nil {
			t.Fatal(err)
		}
		b.e = e
		b.to(b.clock.Now().Sub(epoch) + h)
	}
}
