package benchmarks

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

const (
	// latePeople are as many as a company has on call. Each has a policy, which
	// tells a second person a second later; every tenth tells a channel as
	// well, which hangs.
	latePeople = 50
	// lateRate is 10,000 alerts a minute, lateAlerts a quarter of a minute.
	lateRate   = 10_000
	lateAlerts = lateRate / 4
)

func lateLadder() string {
	var policies []string
	for i := range latePeople {
		more := ""
		if i%10 == 0 {
			more = `, "channel:hung"`
		}
		policies = append(policies, fmt.Sprintf(`{"name": "p%d", "match": ["labels.team = t%d"], "tiers": [
			{"name": "one", "notify": ["user:a%d"%s], "wait": "1s"}, {"name": "two", "notify": ["user:b%d"], "wait": "9d"}]}`, i, i, i, more, i))
	}
	return `{"version": 1, "policies": [` + strings.Join(policies, ",") + `]}`
}

// latecomer is a notifier that notes how late it is called. What goes to the
// channel hangs for as long as it is let.
type latecomer struct {
	mu   sync.Mutex
	late []time.Duration
	done chan struct{} // closed when all pages of all alerts have come
	left int
}

// Notify implements [notify.Notifier].
func (l *latecomer) Notify(ctx context.Context, n notify.Notification) (notify.Receipt, error) {
	if n.To == policy.Channel("hung") {
		<-ctx.Done()
		return notify.Receipt{}, ctx.Err()
	}
	late := time.Since(n.At.Time())
	l.mu.Lock()
	defer l.mu.Unlock()
	for range n.Alerts {
		l.late = append(l.late, late)
		if l.left--; l.left == 0 {
			close(l.done)
		}
	}
	return notify.Receipt{}, nil
}

// BenchmarkDurableLateness is P12: alerts are triggered at an even pace, and
// each of their pages is late by what passes from when it was due until the
// notifier is called.
func BenchmarkDurableLateness(b *testing.B) {
	b.Run("store=memory", func(b *testing.B) { measureLateness(b, memory()) })
	b.Run("store=sqlite", func(b *testing.B) { measureLateness(b, file(b)) })
	b.Run("store=postgres", func(b *testing.B) { measureLateness(b, shared(b)) })
}

func measureLateness(b *testing.B, at place) {
	l := &latecomer{done: make(chan struct{}), left: 2 * lateAlerts * b.N}
	o := &outage{place: at, doc: must[*policy.Document](b)(policy.Parse("late.json", []byte(lateLadder())))}
	e := o.engine(b, clock.New(), l, "")
	ctx, cancel := context.WithCancel(b.Context())
	ended := make(chan error, 1)
	go func() { ended <- e.Run(ctx) }()
	pace := time.NewTicker(time.Minute / lateRate)
	defer pace.Stop()
	var going sync.WaitGroup
	for i := range lateAlerts * b.N {
		<-pace.C
		going.Go(func() {
			alert := alertNumber(i)
			alert.Labels["team"] = fmt.Sprintf("t%d", i%latePeople)
			if _, err := e.Trigger(ctx, alert, engine.By(policy.Service("rotator"))); err != nil {
				b.Error(err)
			}
		})
	}
	going.Wait()
	<-l.done
	b.StopTimer()
	cancel()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
	slices.Sort(l.late)
	quantile := func(per1000 int) float64 { return l.late[(len(l.late)-1)*per1000/1000].Seconds() }
	b.ReportMetric(quantile(500), "s/p50")
	b.ReportMetric(quantile(999), "s/p99.9")
}
