package engine

import (
	"math"
	"math/bits"
	"sync/atomic"
	"time"
)

// Lateness tells how late something was: from when it was due to when it was
// done. Its zero value has counted nothing.
type Lateness struct {
	Count uint64
	Max   time.Duration
	P50   time.Duration // at most an eighth above the true value, like all of these
	P99   time.Duration
	P999  time.Duration
}

const (
	fine    = 3 // bits below the highest that a bucket tells apart: eighths
	buckets = 64 << fine
)

// histogram counts durations in buckets whose width is an eighth of their
// value, so that it needs no range and no lock. The zero histogram is ready.
type histogram struct {
	max    atomic.Int64
	counts [buckets]atomic.Uint64
}

// bucket is the index of the bucket of d, which counts whole microseconds.
func bucket(d time.Duration) int {
	us := uint64(max(d, 0) / time.Microsecond)
	if us < 1<<fine {
		return int(us)
	}
	shift := bits.Len64(us) - fine - 1
	return (shift+1)<<fine + int(us>>shift)&(1<<fine-1)
}

// upper is the largest duration that falls into bucket i.
func upper(i int) time.Duration {
	if i < 1<<fine {
		return time.Duration(i) * time.Microsecond
	}
	shift := i>>fine - 1
	us := (uint64(1<<fine+i&(1<<fine-1))+1)<<shift - 1
	return time.Duration(min(us, math.MaxInt64/1000)) * time.Microsecond
}

func (h *histogram) add(d time.Duration) {
	h.counts[bucket(d)].Add(1)
	for {
		m := h.max.Load()
		if int64(d) <= m || h.max.CompareAndSwap(m, int64(d)) {
			return
		}
	}
}

// read returns what was counted so far.
func (h *histogram) read() Lateness {
	var counts [buckets]uint64
	var l Lateness
	for i := range counts {
		counts[i] = h.counts[i].Load()
		l.Count += counts[i]
	}
	l.Max = time.Duration(h.max.Load())
	quantile := func(per1000 uint64) time.Duration {
		want := (l.Count*per1000 + 999) / 1000
		var n uint64
		for i, c := range counts {
			if n += c; n >= want {
				return min(upper(i), l.Max)
			}
		}
		return l.Max
	}
	if l.Count > 0 {
		l.P50, l.P99, l.P999 = quantile(500), quantile(990), quantile(999)
	}
	return l
}
