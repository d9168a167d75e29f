package engine

import (
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// bridge is a policy that pages alice and tells a channel.
const bridge = `{"version": 1, "directory": {"channels": {"chat": {}}}, "policies": [{"name": "p", "priority": "P3", "tiers": [
	{"name": "one", "notify": ["user:alice", "channel:chat"], "wait": "5m"}, {"name": "two", "notify": ["user:bob"], "wait": "1h"}]}]}`

// A message about an alert has the receipt of the one before to the same target,
// whether this engine sent that, or one before a restart, or one beside it.
func TestReceiptsOutliveTheEngine(t *testing.T) {
	for _, node := range []string{"", "b"} {
		for _, restart := range []bool{false, true} {
			kept := store.NewMemory()
			on := func(node string) func(*Config) { return func(c *Config) { c.Store, c.Node = kept, node } }
			a := newBench(t, bridge, on(map[string]string{"": "", "b": "a"}[node]))
			a.trigger(alertOf("db"))
			a.to(m)
			var first notify.Receipt
			for _, n := range a.out.seen {
				if n.To == policy.Channel("chat") {
					first = notify.Receipt{ProviderID: n.ID}
				}
			}
			b := a
			if restart {
				b = newBench(t, bridge, on(node))
				b.clock.set(epoch.Add(2 * m))
			}
			b.out.seen = nil
			r, err := b.e.Acknowledge(t.Context(), "db", alice)
			b.must("applied")(r, err)
			b.to(3 * m)
			if len(b.out.seen) != 1 || b.out.seen[0].Kind != notify.KindUpdate || b.out.seen[0].Prior != first || first.IsZero() {
				t.Errorf("node %q, restart %v: told %+v; want an update that refers to %+v", node, restart, b.out.seen, first)
			}
			b.out.seen = nil
			r, err = b.e.Resolve(t.Context(), "db", bob, "fixed")
			b.must("applied")(r, err)
			b.to(4 * m)
			if len(b.out.seen) < 2 {
				t.Errorf("told %+v; want alice and the channel", b.out.seen)
			}
			for _, n := range b.out.seen {
				if n.Prior.IsZero() {
					t.Errorf("node %q, restart %v: told %+v; want it to refer to what was said before", node, restart, n)
				}
			}
		}
	}
}

// A history that cannot be read begins a thread anew, and holds up no page.
func TestReceiptsWithoutAHistory(t *testing.T) {
	kept := &crashing{Store: store.NewMemory()}
	b := newBench(t, bridge, func(c *Config) { c.Store = kept })
	b.trigger(alertOf("db"))
	b.to(m)
	kept.blind, b.out.seen = true, nil
	r, err := b.e.Acknowledge(t.Context(), "db", alice)
	b.must("applied")(r, err)
	b.to(m + time.Second)
	if len(b.out.seen) != 1 || !b.out.seen[0].Prior.IsZero() {
		t.Errorf("told %+v; want the channel told, without a receipt", b.out.seen)
	}
}
