package engine

import (
	"testing"
	"time"
)

func TestBuckets(t *testing.T) {
	for _, d := range []time.Duration{0, 1, time.Microsecond, 7 * time.Microsecond, 8 * time.Microsecond, time.Millisecond, time.Second, 90 * time.Minute, 1<<63 - 1} {
		i := bucket(d)
		if i < 0 || i >= buckets {
			t.Fatalf("bucket(%v) = %d; want below %d", d, i, buckets)
		}
		us := d.Truncate(time.Microsecond)
		if u := upper(i); u < us || u-us > us/8+time.Microsecond {
			t.Errorf("upper(bucket(%v)) = %v; want at most an eighth above", d, u)
		}
	}
	if bucket(-time.Hour) != 0 {
		t.Error("what is early does not count as late")
	}
}

func TestLateness(t *testing.T) {
	var h histogram
	for range 990 {
		h.add(10 * time.Millisecond)
	}
	for range 9 {
		h.add(time.Second)
	}
	h.add(time.Minute)
	l := h.read()
	near := func(got, want time.Duration) bool { return got >= want && got <= want+want/8 }
	if l.Count != 1000 || l.Max != time.Minute || !near(l.P50, 10*time.Millisecond) || !near(l.P99, 10*time.Millisecond) || !near(l.P999, time.Second) {
		t.Errorf("read() = %+v; want 1000, p50 and p99 10ms, p999 1s, max 1m", l)
	}
	if z := new(histogram).read(); z != (Lateness{}) {
		t.Errorf("an empty histogram reads %+v; want zero", z)
	}
}
