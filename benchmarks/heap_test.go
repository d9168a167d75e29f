package benchmarks

import (
	"math"
	"runtime"
	"strings"
	"time"
)

// live is the memory in use after a full collection: the heap's objects and the
// stacks of goroutines.
func live() float64 {
	runtime.GC()
	runtime.GC() // what the first one's finalizers and pools let go
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return float64(s.HeapAlloc + s.StackInuse)
}

// fullGC is the shortest of a few full collections, in milliseconds.
func fullGC() float64 {
	best := time.Duration(math.MaxInt64)
	for range 5 {
		start := time.Now()
		runtime.GC()
		best = min(best, time.Since(start))
	}
	return float64(best.Microseconds()) / 1000
}

// sampleRate is how many bytes lie between two samples of the heap profile. The
// memory store allocates in pieces of this size and more, so that hardly one
// goes unseen.
const sampleRate = 8 << 10

// liveBy is the memory in use after a full collection that was allocated in
// functions whose name has one of the given parts, by the heap profile.
func liveBy(parts ...string) []float64 {
	runtime.GC()
	var records []runtime.MemProfileRecord
	for n, ok := runtime.MemProfile(nil, false); !ok; {
		records = make([]runtime.MemProfileRecord, n+64)
		if n, ok = runtime.MemProfile(records, false); ok {
			records = records[:n]
		}
	}
	sums := make([]float64, len(parts))
	for i := range records {
		r := &records[i]
		if r.InUseObjects() == 0 {
			continue
		}
		size := float64(r.InUseBytes()) / float64(r.InUseObjects())
		seen := 1 - math.Exp(-size/sampleRate) // how likely one of this size is sampled
		frames := runtime.CallersFrames(r.Stack())
		for more := true; more; {
			var f runtime.Frame
			f, more = frames.Next()
			if k := partOf(f.Function, parts); k >= 0 {
				sums[k] += float64(r.InUseBytes()) / seen
				break
			}
		}
	}
	return sums
}

func partOf(name string, parts []string) int {
	for k, p := range parts {
		if strings.Contains(name, p) {
			return k
		}
	}
	return -1
}
