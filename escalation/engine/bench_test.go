package engine

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

var benchDecoded = 256

// BenchmarkVirtualYear drives alerts through a year of tiers by the pump: the
// store in memory, the chain on, an engine with all its defaults. The metric
// events/s counts committed records.
func BenchmarkVirtualYear(b *testing.B) {
	const tiers = 2
	list := ""
	for i := range tiers {
		if i > 0 {
			list += ","
		}
		list += fmt.Sprintf(`{"name": "t%d", "notify": ["user:p%d"], "wait": "9d"}`, i, i)
	}
	doc := docOf(b, `{"version": 1, "policies": [{"name": "p", "priority": "P3", "repeat": 20, "tiers": [`+list+`]}]}`)
	for _, alerts := range []int{1_000, 20_000, 100_000} {
		b.Run(fmt.Sprintf("alerts=%d", alerts), func(b *testing.B) {
			b.ReportAllocs()
			var records uint64
			for b.Loop() {
				records += virtualYear(b, doc, alerts)
			}
			b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "events/s")
		})
	}
}

func virtualYear(b *testing.B, doc *policy.Document, alerts int) uint64 {
	nobody := notify.NotifierFunc(func(context.Context, notify.Notification) (notify.Receipt, error) { return notify.Receipt{}, nil })
	c := newHopping()
	e, err := New(Config{Policies: doc, Notifier: nobody, LastResort: &scripted{clock: c}, Clock: c, Decoded: benchDecoded})
	if err != nil {
		b.Fatal(err)
	}
	ctx := b.Context()
	hop := func(until policy.Instant) {
		for {
			if err := e.Settle(ctx); err != nil {
				b.Fatal(err)
			}
			next := e.Next()
			if next > until {
				return
			}
			c.set(next.Time())
		}
	}
	span := 30*24*time.Hour/time.Duration(alerts) + 7*time.Millisecond // no two tiers at one instant
	for i := range alerts {
		at := policy.InstantOf(epoch.Add(time.Duration(i) * span))
		hop(at)
		c.set(at.Time())
		if _, err := e.Trigger(ctx, alertOf(fmt.Sprintf("k%06d", i)), By(policy.Service("bench"))); err != nil {
			b.Fatal(err)
		}
	}
	hop(policy.InstantOf(epoch.Add(365 * 24 * time.Hour)))
	return e.Stats().Records
}

// BenchmarkOverdue is a start after an outage: so many alerts have a tier
// overdue, one of them is of P1. The metrics are how long after the start the
// first critical page is sent, and when all is in the outbox.
func BenchmarkOverdue(b *testing.B) {
	const alerts = 100_000
	doc := docOf(b, `{"version": 1, "policies": [
		{"name": "grave", "match": ["kind = secret_leaked"], "tiers": [{"name": "one", "notify": ["user:alice"], "wait": "5m"}, {"name": "two", "notify": ["user:carol"], "wait": "1d"}]},
		{"name": "p", "priority": "P4", "tiers": [{"name": "one", "notify": ["user:alice"], "wait": "5m"}, {"name": "two", "notify": ["user:bob"], "wait": "1d"}]}]}`)
	for b.Loop() {
		b.StopTimer()
		kept := store.NewMemory()
		c := newHopping()
		nobody := notify.NotifierFunc(func(context.Context, notify.Notification) (notify.Receipt, error) { return notify.Receipt{}, nil })
		old, err := New(Config{Policies: doc, Notifier: nobody, LastResort: &scripted{clock: c}, Clock: c, Store: kept})
		if err != nil {
			b.Fatal(err)
		}
		for i := range alerts {
			a := alertOf(fmt.Sprint("k", i))
			if i == alerts/2 {
				a.Kind = policy.SecretLeaked
			}
			if _, err := old.Trigger(b.Context(), a, By(policy.Service("bench"))); err != nil {
				b.Fatal(err)
			}
		}
		if err := old.Settle(b.Context()); err != nil {
			b.Fatal(err)
		}
		real := &offset{Clock: clock.New(), by: time.Since(epoch) * -1}
		real.by += time.Hour
		began := time.Now()
		first := make(chan time.Duration, 1)
		e, err := New(Config{Policies: doc, LastResort: &scripted{clock: c}, Clock: real, Store: kept, Notifier: notify.NotifierFunc(func(_ context.Context, n notify.Notification) (notify.Receipt, error) {
			if n.To == policy.User("carol") {
				first <- time.Since(began)
			}
			return notify.Receipt{}, nil
		})})
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		go e.Run(context.Background()) //nolint:errcheck // ended by Close
		took := <-first
		for e.Stats().Records < alerts {
			time.Sleep(time.Millisecond)
		}
		b.ReportMetric(took.Seconds()*1000, "first-ms")
		b.ReportMetric(time.Since(began).Seconds()*1000, "all-ms")
		b.StopTimer()
		if err := e.Close(context.Background()); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

// offset is the real clock, set to another date.
type offset struct {
	clock.Clock
	by time.Duration
}

func (o *offset) Now() time.Time { return o.Clock.Now().Add(o.by) }

// BenchmarkLateness triggers alerts in real time beside a channel that hangs,
// and reports from due to the call of the notifier.
func BenchmarkLateness(b *testing.B) {
	doc := docOf(b, `{"version": 1, "directory": {"people": {"alice": {"contact": [{"via": "push"}]}, "bob": {"contact": [{"via": "sms"}]}}},
		"policies": [{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice", "user:bob"], "wait": "1s"}, {"name": "two", "notify": ["user:bob"], "wait": "1d"}]}]}`)
	var late histogram
	e, err := New(Config{Policies: doc, LastResort: &scripted{clock: clock.New()}, Notifier: notify.NotifierFunc(func(ctx context.Context, n notify.Notification) (notify.Receipt, error) {
		if n.Via == "push" {
			<-ctx.Done()
			return notify.Receipt{}, ctx.Err()
		}
		late.add(policy.InstantOf(time.Now()).Sub(n.At))
		return notify.Receipt{}, nil
	})})
	if err != nil {
		b.Fatal(err)
	}
	go e.Run(context.Background()) //nolint:errcheck // ended by Close
	n := 0
	every := time.NewTicker(time.Minute / 10_000)
	defer every.Stop()
	for b.Loop() {
		<-every.C
		n++
		if _, err := e.Trigger(b.Context(), alertOf(fmt.Sprint("k", n)), By(policy.Service("bench"))); err != nil {
			b.Fatal(err)
		}
	}
	l := late.read()
	b.ReportMetric(float64(l.P50.Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(l.P999.Microseconds())/1000, "p99.9-ms")
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_ = e.Close(ctx)
}
