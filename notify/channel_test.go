package notify_test

import (
	"math"
	"testing"
	"time"

	"github.com/belfry-go/belfry/notify"
)

func TestBackoff(t *testing.T) {
	s, m := time.Second, time.Minute
	want := []time.Duration{s, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, m, m}
	for i, w := range want {
		if got := notify.Backoff(i + 1); got != w {
			t.Errorf("Backoff(%d) = %v; want %v", i+1, got, w)
		}
	}
	for attempt, w := range map[int]time.Duration{
		-1: s, 0: s, 1: s, 8: 128 * s, 9: 256 * s, 10: 5 * m, 1000: 5 * m, math.MaxInt: 5 * m, math.MinInt: s,
	} {
		if got := notify.LastResortBackoff(attempt); got != w {
			t.Errorf("LastResortBackoff(%d) = %v; want %v", attempt, got, w)
		}
	}
}

func TestRetry(t *testing.T) {
	s := time.Second
	tests := []struct {
		name    string
		giveUp  time.Duration
		failed  time.Duration // after the first attempt began
		attempt int
		class   notify.Class
		after   time.Duration
		want    time.Duration
		again   bool
	}{
		{"first failure", 0, 0, 1, notify.ClassTemporary, 0, s, true},
		{"third", 0, 3 * s, 3, notify.ClassTemporary, 0, 7 * s, true},
		{"unknown outcome is sent again", 0, 10 * s, 1, notify.ClassUnknown, 0, 11 * s, true},
		{"the vendor asks for more", 0, 0, 1, notify.ClassRateLimited, 30 * s, 30 * s, true},
		{"the vendor asks for less", 0, 0, 4, notify.ClassTemporary, s, 8 * s, true},
		{"the vendor asks for too much", 0, 0, 1, notify.ClassRateLimited, time.Hour, 120 * s, false},
		{"given up between tries", 0, 63 * s, 7, notify.ClassTemporary, 0, 120 * s, false},
		{"a try exactly at the end is none", 0, 119 * s, 1, notify.ClassTemporary, 0, 120 * s, false},
		{"the channel's own time", 10 * s, 9 * s, 1, notify.ClassTemporary, 0, 10 * s, false},
		{"an attempt that outlasted it", 10 * s, 30 * s, 1, notify.ClassUnknown, 0, 30 * s, false},
		{"permanent", 0, s, 1, notify.ClassPermanent, 0, s, false},
		{"no recipient", 0, s, 1, notify.ClassNoRecipient, time.Hour, s, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ch := notify.Channel{GiveUp: tt.giveUp}
			got, again := ch.Retry(epoch, at(tt.failed), tt.attempt, tt.class, tt.after)
			if got != at(tt.want) || again != tt.again {
				t.Errorf("Retry = +%v, %v; want +%v, %v", got.Sub(epoch), again, tt.want, tt.again)
			}
		})
	}
}

func TestRetryLastResort(t *testing.T) {
	for _, tt := range []struct {
		attempt     int
		after, want time.Duration
	}{{1, 0, time.Second}, {1, time.Minute, time.Minute}, {1, time.Hour, 5 * time.Minute}, {500, 0, 5 * time.Minute}} {
		if got := notify.RetryLastResort(epoch, tt.attempt, tt.after); got != at(tt.want) {
			t.Errorf("RetryLastResort(attempt %d, after %v) = +%v; want +%v", tt.attempt, tt.after, got.Sub(epoch), tt.want)
		}
	}
}
