package oncall_test

import (
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
)

func hours(tb testing.TB, zone string, windows ...policy.DayWindow) *oncall.Hours {
	tb.Helper()
	h, err := oncall.CompileHours(&policy.Hours{Name: "h", Timezone: zone, Windows: windows})
	if err != nil {
		tb.Fatal(err)
	}
	return h
}

func TestHours(t *testing.T) {
	workdays := []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
	business := hours(t, "Europe/Berlin", dayWindow("09:00", "17:00", workdays...))
	night := hours(t, "UTC", dayWindow("22:00", "06:00"))
	early := hours(t, "Europe/Berlin", dayWindow("02:10", "02:50", time.Sunday))
	apia := hours(t, "Pacific/Apia", dayWindow("09:00", "17:00", time.Friday))
	both := hours(t, "UTC", dayWindow("09:00", "10:00", time.Monday), dayWindow("08:00", "09:00", time.Monday))
	for _, tt := range []struct {
		name     string
		hours    *oncall.Hours
		at, next string // next is at itself when open
	}{
		// Winter, +01: 09:00 is 08:00Z.
		{"before", business, "2026-03-02T07:00:00Z", "2026-03-02T08:00:00Z"},
		{"as they open", business, "2026-03-02T08:00:00Z", "2026-03-02T08:00:00Z"},
		{"a microsecond early", business, "2026-03-02T07:59:59.999999Z", "2026-03-02T08:00:00Z"},
		{"inside", business, "2026-03-02T15:59:59.999999Z", "2026-03-02T15:59:59.999999Z"},
		{"as they close", business, "2026-03-02T16:00:00Z", "2026-03-03T08:00:00Z"},
		// Friday evening to Monday, over the change to +02 on the 29th.
		{"over a weekend with a change of the clock", business, "2026-03-27T16:00:00Z", "2026-03-30T07:00:00Z"},
		{"overnight, evening", night, "2026-03-02T22:30:00Z", "2026-03-02T22:30:00Z"},
		{"overnight, morning", night, "2026-03-02T05:59:00Z", "2026-03-02T05:59:00Z"},
		{"overnight, day", night, "2026-03-02T06:00:00Z", "2026-03-02T22:00:00Z"},
		// 02:10 to 02:50 of 29 March does not exist: the Sunday after, +02.
		{"a window in a gap is passed over", early, "2026-03-28T12:00:00Z", "2026-04-05T00:10:00Z"},
		// Friday 30 December 2011 was skipped: 6 January, +14, 09:00.
		{"a day that was skipped is passed over", apia, "2011-12-30T09:00:00Z", "2012-01-05T19:00:00Z"},
		{"the earliest of two windows", both, "2026-03-03T00:00:00Z", "2026-03-09T08:00:00Z"},
		{"none", hours(t, "UTC"), "2026-03-03T00:00:00Z", ""},
	} {
		i, want := at(tt.at), policy.Never
		if tt.next != "" {
			want = at(tt.next)
		}
		if got := tt.hours.NextOpen(i); got != want {
			t.Errorf("%s: NextOpen(%v) = %v, want %v", tt.name, i, got, want)
		}
		if got := tt.hours.Open(i); got != (i == want) {
			t.Errorf("%s: Open(%v) = %v", tt.name, i, got)
		}
	}
}

func TestHoursNever(t *testing.T) {
	h := hours(t, "UTC", dayWindow("00:00", "24:00"))
	if h.Open(policy.Never) || h.NextOpen(policy.Never) != policy.Never {
		t.Error("Never is not open, and nothing opens after it")
	}
	if got := h.NextOpen(policy.Never - 1); got != policy.Never-1 {
		t.Errorf("NextOpen of the last instant = %v", got)
	}
}

// TestNextOpenIsFirst looks at every minute up to what NextOpen answers.
func TestNextOpenIsFirst(t *testing.T) {
	for seed := range uint64(len(traps)) {
		g := newGenerator(seed, traps[seed])
		h := hours(t, g.zone,
			policy.DayWindow{Days: g.dayset(), From: g.IntN(48) * 30, To: g.IntN(49) * 30},
			policy.DayWindow{Days: g.dayset(), From: g.IntN(48) * 30, To: g.IntN(49) * 30})
		from := policy.InstantOf(g.center.Add(-around))
		next := from
		for i := from; i < from.Add(2*around); i = i.Add(time.Minute) {
			if open := h.Open(i); open != (h.NextOpen(i) == i) {
				t.Fatalf("%s: at %v open is %v, NextOpen %v", g.zone, i, open, h.NextOpen(i))
			} else if !open {
				next = h.NextOpen(i)
			} else if next > i {
				t.Fatalf("%s: open at %v, before %v", g.zone, i, next)
			}
		}
	}
}

func TestHoursErrors(t *testing.T) {
	_, err := oncall.CompileHours(&policy.Hours{Name: "business", Timezone: "Mars/Olympus"})
	checkError(t, err, `oncall: hours "business": timezone: time zone "Mars/Olympus" is not known`)
	_, err = oncall.CompileHours(&policy.Hours{Name: "business", Windows: []policy.DayWindow{{From: 1440, To: 60}}})
	checkError(t, err, `oncall: hours "business": windows[0]: minutes 1440 to 60 are not times of a day`)
}
