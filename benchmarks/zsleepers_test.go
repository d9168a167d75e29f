package benchmarks

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkZSleepers is P2's design with a goroutine for each alert that sleeps.
// They sleep long enough to be measured, and no longer: nothing wakes them
// earlier. It is the last of all: the runtime keeps what it made for goroutines
// that have ended, and every later collection looks at it.
func BenchmarkZSleepers(b *testing.B) {
	for range b.N {
		sleepersAtRest(b, *alertCount)
	}
	b.ReportMetric(float64(*alertCount), "alerts")
}

func sleepersAtRest(b *testing.B, n int) {
	for nap := 2*time.Second + time.Duration(n)*20*time.Microsecond; ; nap *= 2 {
		if per, gc, ok := sleeping(n, nap); ok {
			b.ReportMetric(per, "B/alert")
			b.ReportMetric(gc, "ms/gc")
			return
		}
	}
}

// beforeGoroutines is what the process held before the first of them: what is
// kept of those that have ended must not make the next seem smaller.
var beforeGoroutines = sync.OnceValue(live)

// sleeping measures n goroutines that sleep for a nap; ok is false when some of
// them woke before that was done.
func sleeping(n int, nap time.Duration) (bytes, gc float64, ok bool) {
	before := beforeGoroutines()
	var woke atomic.Int64
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			time.Sleep(nap)
			woke.Add(1)
		})
	}
	bytes, gc = (live()-before)/float64(n), fullGC()
	ok = woke.Load() == 0
	all.Wait()
	return bytes, gc, ok
}
