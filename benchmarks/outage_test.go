package benchmarks

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// outageLadder has critical alerts and others.
const outageLadder = `{"version": 1, "policies": [
	{"name": "critical", "match": ["severity = critical"], "priority": "P1", "tiers": [
		{"name": "one", "notify": ["user:alice"], "wait": "1h"}, {"name": "two", "notify": ["user:bob"], "wait": "9d"}]},
	{"name": "other", "priority": "P3", "tiers": [
		{"name": "one", "notify": ["user:carol"], "wait": "1h"}, {"name": "two", "notify": ["user:dan"], "wait": "9d"}]}]}`

// overdue is how many tiers are overdue at start.
const overdue = 100_000

// first is a notifier that notes when it was first called for a recipient.
type first struct {
	who policy.Target
	at  atomic.Pointer[time.Time]
}

// Notify implements [notify.Notifier].
func (f *first) Notify(_ context.Context, n notify.Notification) (notify.Receipt, error) {
	if n.To == f.who {
		now := time.Now()
		f.at.CompareAndSwap(nil, &now)
	}
	return notify.Receipt{}, nil
}

// BenchmarkOutage is P9: an engine starts with its store in memory, and a
// hundred thousand tiers were due while nothing ran. The time counts from New.
func BenchmarkOutage(b *testing.B) {
	b.Run("until=page", func(b *testing.B) {
		b.StopTimer()
		for range b.N {
			o := newOutage(b)
			critical := &first{who: policy.User("bob")}
			start := time.Now()
			b.StartTimer()
			e := o.engine(b, clock.New(), critical)
			ctx, cancel := context.WithCancel(b.Context())
			ran := make(chan error, 1)
			go func() { ran <- e.Run(ctx) }()
			for critical.at.Load() == nil {
				time.Sleep(time.Millisecond)
			}
			b.StopTimer()
			b.ReportMetric(critical.at.Load().Sub(start).Seconds(), "s")
			cancel()
			if err := <-ran; err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("until=outbox", func(b *testing.B) {
		b.StopTimer()
		for range b.N {
			o := newOutage(b)
			start := time.Now()
			b.StartTimer()
			e := o.engine(b, clock.New(), taker("notifier"))
			if _, err := e.Tick(b.Context()); err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			b.ReportMetric(time.Since(start).Seconds(), "s")
			if s := e.Stats(); s.Records < overdue {
				b.Fatalf("%d records; want one for each of %d tiers", s.Records, overdue)
			}
		}
	})
}

// outage is a store whose engine stopped a day ago, before any second tier.
type outage struct {
	kept *store.Memory
	doc  *policy.Document
}

func newOutage(b *testing.B) *outage {
	o := &outage{store.NewMemory(), must[*policy.Document](b)(policy.Parse("outage.json", []byte(outageLadder)))}
	e := o.engine(b, newHopping(policy.InstantOf(time.Now().Add(-24*time.Hour))), taker("notifier"))
	for i := range overdue {
		alert := alertNumber(i)
		if i%1000 == 999 {
			alert.Severity = policy.SeverityCritical
		}
		if _, err := e.Trigger(b.Context(), alert, engine.By(policy.Service("rotator"))); err != nil {
			b.Fatal(err)
		}
	}
	if err := e.Settle(b.Context()); err != nil {
		b.Fatal(err)
	}
	return o
}

func (o *outage) engine(b *testing.B, c clock.Clock, n notify.Notifier) *engine.Engine {
	return must[*engine.Engine](b)(engine.New(engine.Config{
		Policies: o.doc, Notifier: n, LastResort: taker("last resort"), Clock: c, Store: o.kept,
	}))
}
