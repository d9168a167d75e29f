package benchmarks

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// epoch is when every virtual time begins.
var epoch = policy.InstantOf(time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC))

// world is an engine with all its defaults (the store in memory, the chain on)
// under a clock that hops, with a notifier that takes every message.
type world struct {
	engine *engine.Engine
	clock  *hopping
}

func newWorld(tb testing.TB, document string) *world {
	tb.Helper()
	w := &world{clock: newHopping(epoch)}
	w.engine = must[*engine.Engine](tb)(engine.New(engine.Config{
		Policies:   must[*policy.Document](tb)(policy.Parse("policies.json", []byte(document))),
		Notifier:   taker("notifier"),
		LastResort: taker("last resort"),
		Clock:      w.clock,
	}))
	return w
}

// taker is a notifier that takes every message.
type taker string

// Notify implements [notify.Notifier].
func (taker) Notify(context.Context, notify.Notification) (notify.Receipt, error) {
	return notify.Receipt{}, nil
}

// trigger opens alert number i at the clock's instant.
func (w *world) trigger(tb testing.TB, i int) {
	tb.Helper()
	if _, err := w.engine.Trigger(tb.Context(), alertNumber(i), engine.By(policy.Service("rotator"))); err != nil {
		tb.Fatal(err)
	}
}

// alertNumber is an alert as a rotation job would send it.
func alertNumber(i int) policy.Alert {
	name := fmt.Sprintf("db-%07d", i)
	return policy.Alert{
		Key: "prod/" + name, Kind: policy.RotationFailed, Severity: policy.SeverityHigh,
		Summary: "rotation of " + name + " failed: connection refused", Source: "rotator",
		Labels: map[string]string{"team": "payments", "region": "eu-west-1"},
		Identity: policy.Identity{
			ID: "svc-" + name, Kind: "service_account", Owner: policy.User("alice"),
			Criticality: policy.CriticalityMedium, Environment: "production",
		},
		BlastRadius: policy.BlastService,
	}
}
