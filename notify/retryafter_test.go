package notify_test

import (
	"testing"
	"time"

	"github.com/belfry-go/belfry/notify"
)

func TestParseRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 10, 14, 0, 0, 500_000_000, time.FixedZone("", 3600)) // 13:00:00.5 UTC
	tests := []struct {
		header string
		want   time.Duration
		ok     bool
	}{
		{"120", 2 * time.Minute, true},
		{" 0 ", 0, true},
		{"64.57", 64570 * time.Millisecond, true},
		{"0.0000000001", time.Nanosecond, true}, // never earlier than asked
		{"86401", 24 * time.Hour, true},
		{"99999999999999999999999", 24 * time.Hour, true},
		{"Tue, 10 Mar 2026 13:00:30 GMT", 29500 * time.Millisecond, true},
		{"Tuesday, 10-Mar-26 13:00:30 GMT", 29500 * time.Millisecond, true},
		{"Tue Mar 10 13:00:30 2026", 29500 * time.Millisecond, true},
		{"Tue, 10 Mar 2026 12:00:00 GMT", 0, true},
		{"Wed, 10 Mar 2027 12:00:00 GMT", 24 * time.Hour, true},
		{"", 0, false},
		{"-5", 0, false},
		{".", 0, false},
		{"1.2.3", 0, false},
		{"1e9", 0, false},
		{"NaN", 0, false},
		{"soon", 0, false},
	}
	for _, tt := range tests {
		if d, ok := notify.ParseRetryAfter(tt.header, now); d != tt.want || ok != tt.ok {
			t.Errorf("ParseRetryAfter(%q) = %v, %v; want %v, %v", tt.header, d, ok, tt.want, tt.ok)
		}
	}
}

func FuzzParseRetryAfter(f *testing.F) {
	for _, s := range []string{"1", "1.5", "Tue, 10 Mar 2026 13:00:30 GMT", "", "999999999999999999999", "0x10", "1_0"} {
		f.Add(s, int64(0))
	}
	f.Fuzz(func(t *testing.T, header string, unix int64) {
		d, ok := notify.ParseRetryAfter(header, time.Unix(unix, 0))
		if d < 0 || d > 24*time.Hour || !ok && d != 0 {
			t.Errorf("ParseRetryAfter(%q, %d) = %v, %v; want within a day", header, unix, d, ok)
		}
	})
}
