package benchmarks

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
)

// A year of tiers: alerts open all through the first season, and each climbs
// five tiers of a season. Each tier is two records, the tick that enters it (of
// the first the trigger) and the report that its page was accepted.
const (
	year      = 365 * day
	yearTiers = 5
	season    = year / yearTiers
	yearEnd   = year - time.Hour // before the first last tier ends
	day       = 24 * time.Hour
)

func yearLadder() string {
	tiers := make([]string, yearTiers)
	for i := range tiers {
		tiers[i] = fmt.Sprintf(`{"name": "t%d", "notify": ["user:p%d"], "wait": "%dh"}`, i, i, int(season.Hours()))
	}
	return `{"version": 1, "policies": [{"name": "p", "priority": "P3", "tiers": [` + strings.Join(tiers, ",") + `]}]}`
}

// offset is when alert i of n opens. No two events of the year share an instant,
// so that each is a hop of its own.
func offset(i, n int) time.Duration {
	return time.Duration(i) * ((season - 2*time.Hour) / time.Duration(n)).Truncate(time.Microsecond)
}

// BenchmarkYear is P5: a year of tiers on one core. Belfry's events are
// committed records, steps, chain, outbox and reports included; the peers'
// are bare firings of a timer, with nothing done.
func BenchmarkYear(b *testing.B) {
	b.Run("who=belfry", func(b *testing.B) {
		onOneCore(b)
		var records uint64
		b.ReportAllocs()
		for range b.N {
			records += belfryYear(b, *yearCount)
		}
		b.ReportMetric(float64(records)/b.Elapsed().Seconds(), "events/s")
	})
	b.Run("who=synctest", func(b *testing.B) {
		onOneCore(b)
		var events int64
		var took time.Duration
		for range b.N {
			n, d := synctestYear(b, *yearCount)
			events, took = events+n, took+d
		}
		b.ReportMetric(float64(events)/took.Seconds(), "events/s")
	})
	b.Run("who=mock", func(b *testing.B) {
		onOneCore(b)
		events := 0
		for range b.N {
			events += mockYear(100)
		}
		b.ReportMetric(float64(events)/b.Elapsed().Seconds(), "events/s")
	})
}

func onOneCore(tb testing.TB) {
	was := runtime.GOMAXPROCS(1)
	tb.Cleanup(func() { runtime.GOMAXPROCS(was) })
}

// belfryYear opens n alerts, hops through their year, and returns how many
// records were committed.
func belfryYear(tb testing.TB, n int) uint64 {
	w := newWorld(tb, yearLadder())
	for i := range n {
		at := epoch.Add(offset(i, n))
		hopUntil(tb, w.engine, w.clock, at, 0)
		w.clock.hop(at)
		w.trigger(tb, i)
	}
	hopUntil(tb, w.engine, w.clock, epoch.Add(yearEnd), 0)
	return w.engine.Stats().Records
}

// synctestYear is a goroutine for each alert that sleeps from tier to tier in a
// bubble of testing/synctest. It returns how often one woke, and how long it
// took. A bubble wants a test, which a benchmark has to make.
func synctestYear(b *testing.B, n int) (events int64, took time.Duration) {
	ran := false
	bubble := func(t *testing.T) {
		if ran { // go test runs a test -count times
			return
		}
		ran = true
		runtime.GOMAXPROCS(1)
		start := time.Now()
		events = sleepers(t, n)
		took = time.Since(start)
	}
	all := func(string, string) (bool, error) { return true, nil }
	if !testing.RunTests(all, []testing.InternalTest{{Name: "synctest", F: bubble}}) || !ran {
		b.Fatal("the bubble failed")
	}
	return events, took
}

func sleepers(t *testing.T, n int) int64 {
	var events atomic.Int64
	synctest.Test(t, func(*testing.T) {
		var all sync.WaitGroup
		for i := range n {
			all.Go(func() {
				time.Sleep(offset(i, n))
				for range yearTiers - 1 {
					time.Sleep(season)
					events.Add(1)
				}
			})
		}
		all.Wait()
	})
	return events.Load()
}

// mockYear is a timer of a benbjohnson Mock for each alert, which arms itself
// again for each tier. It returns how often one fired.
func mockYear(n int) int {
	mock := clock.NewMock()
	var fired atomic.Int64
	for i := range n {
		left := yearTiers - 1
		var next func()
		next = func() {
			fired.Add(1)
			if left--; left > 0 {
				mock.AfterFunc(season, next)
			}
		}
		mock.AfterFunc(offset(i, n)+season, next)
	}
	mock.Add(yearEnd)
	return int(fired.Load())
}

// TestYears holds belfry and its peers to one and the same year, in small.
func TestYears(t *testing.T) {
	const n = 3
	if got, want := belfryYear(t, n), uint64(n*2*yearTiers); got != want {
		t.Errorf("belfry committed %d records; want %d", got, want)
	}
	if got := sleepers(t, n); got != n*(yearTiers-1) {
		t.Errorf("sleepers woke %d times; want %d", got, n*(yearTiers-1))
	}
	if got := mockYear(n); got != n*(yearTiers-1) {
		t.Errorf("the mock fired %d times; want %d", got, n*(yearTiers-1))
	}
}
