package engine

import (
	"context"
	"fmt"
	"testing"
	"time"

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
