package benchmarks

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// openLadder is a policy under which alerts stay open: two tiers of nine hours,
// twenty-one passes.
const openLadder = `{"version": 1, "policies": [{"name": "p", "priority": "P3", "repeat": 20, "tiers": [
	{"name": "owner", "notify": ["owner"], "wait": "9h"},
	{"name": "platform", "notify": ["user:bob"], "wait": "9h"}]}]}`

// spacing is between two alerts.
const spacing = 5 * time.Millisecond

// openWorld has n open alerts whose first page was accepted: 9 hours are enough
// for a million of them before the first second tier.
func openWorld(tb testing.TB, n int) *world {
	tb.Helper()
	w := newWorld(tb, openLadder)
	for i := range n {
		w.clock.hop(epoch.Add(time.Duration(i) * spacing))
		w.trigger(tb, i)
		if i%512 == 511 || i == n-1 {
			if err := w.engine.Settle(tb.Context()); err != nil {
				tb.Fatal(err)
			}
		}
	}
	return w
}

// BenchmarkOpen is P2 and P6: what an open alert takes in memory beyond the
// alert itself, with history and outbox apart, what a full collection then
// takes, and what an event costs among few and among many open alerts.
func BenchmarkOpen(b *testing.B) {
	for _, design := range []struct {
		who     string
		measure func(b *testing.B, n int)
	}{{"belfry", openBelfry}, {"afterfunc", openAfterFunc}} {
		for _, size := range []struct {
			name string
			n    int
		}{{"few", 1_000}, {"many", *alertCount}} {
			b.Run("who="+design.who+"/alerts="+size.name, func(b *testing.B) {
				for range b.N {
					design.measure(b, size.n)
				}
				b.ReportMetric(float64(size.n), "alerts")
			})
		}
	}
}

// measuredEvents is how many events the cost of one is measured over.
const measuredEvents = 100_000

func openBelfry(b *testing.B, n int) {
	was := runtime.MemProfileRate
	runtime.MemProfileRate = sampleRate
	before, by := live(), liveBy(storeParts...)
	w := openWorld(b, n)
	if s := w.engine.Stats(); s.Open != int64(n) || s.Outbox != 0 {
		b.Fatalf("%d alerts are open, %d items in the outbox; want %d and 0", s.Open, s.Outbox, n)
	}
	all := live() - before
	for k, sum := range liveBy(storeParts...) {
		by[k] = (sum - by[k]) / float64(n)
		if by[k] < 0 || by[k] == 0 && k != partOutbox {
			b.Fatalf("the heap profile knows of no %s", storeParts[k])
		}
	}
	runtime.MemProfileRate = was
	b.ReportMetric(all/float64(n)-by[partHistory]-by[partOutbox]-by[partSubject], "B/alert")
	b.ReportMetric(by[partHistory], "B/history")
	b.ReportMetric(by[partOutbox], "B/outbox")
	b.ReportMetric(by[partSubject], "B/subject")
	b.ReportMetric(fullGC(), "ms/gc")

	until := w.engine.Stats().Records + measuredEvents
	start := time.Now()
	hopUntil(b, w.engine, w.clock, policy.Never-1, until)
	took := time.Since(start)
	b.ReportMetric(float64(took.Nanoseconds())/float64(w.engine.Stats().Records-until+measuredEvents), "ns/event")
	runtime.KeepAlive(w)
}

// storeParts are where the memory store allocates what is told apart: the chain
// of records, the effects on their way out, and the alert itself, encoded.
var storeParts = []string{"store.(*history)", "store.(*outbox)", "store.(*Memory).setSubject"}

const (
	partHistory = iota
	partOutbox
	partSubject
)

// openAfterFunc is the design with a timer for each alert: a map from the key
// to a struct with a time.AfterFunc. The alerts are there before, so that their
// memory is not counted. An event is an acknowledgement or a tier: the timer
// stops and is armed anew.
func openAfterFunc(b *testing.B, n int) {
	type open struct {
		mu    sync.Mutex
		alert *policy.Alert
		tier  int
		timer *time.Timer
		fire  func()
	}
	handed := make([]policy.Alert, n)
	for i := range handed {
		handed[i] = alertNumber(i)
	}
	before := live()
	alerts := make(map[string]*open)
	for i := range handed {
		a := &open{alert: &handed[i]}
		a.fire = func() {
			a.mu.Lock()
			a.tier++
			a.mu.Unlock()
		}
		a.timer = time.AfterFunc(9*time.Hour+time.Duration(i)*spacing, a.fire)
		alerts[a.alert.Key] = a
	}
	b.ReportMetric((live()-before)/float64(n), "B/alert")
	b.ReportMetric(fullGC(), "ms/gc")

	keys := make([]string, measuredEvents)
	for i := range keys {
		keys[i] = handed[rand.IntN(n)].Key
	}
	start := time.Now()
	for i, key := range keys {
		a := alerts[key]
		a.mu.Lock()
		a.timer.Stop()
		a.timer = time.AfterFunc(18*time.Hour+time.Duration(i)*spacing, a.fire)
		a.mu.Unlock()
	}
	b.ReportMetric(float64(time.Since(start).Nanoseconds())/measuredEvents, "ns/event")
	for _, a := range alerts {
		a.timer.Stop()
	}
}

// TestOpenWorld holds the measured events to what they are said to be: each
// opened alert climbs, tick by tick, and every page is reported.
func TestOpenWorld(t *testing.T) {
	w := openWorld(t, 600)
	hopUntil(t, w.engine, w.clock, epoch.Add(12*time.Hour), 0)
	if got := w.engine.Stats().Records; got != 4*600 {
		t.Errorf("%d records; want a trigger, a tick and two reports for each of 600", got)
	}
}
