package policy

import (
	"testing"
	"time"
)

// The instants are those of the zones' published rules.
func TestOccurrences(t *testing.T) {
	for _, c := range []struct {
		zone, wall  string
		first, last string
		exists      bool
	}{
		{"UTC", "2026-03-08T02:30", "2026-03-08T02:30:00Z", "2026-03-08T02:30:00Z", true},
		{"America/New_York", "2026-03-08T02:30", "2026-03-08T07:00:00Z", "2026-03-08T07:00:00Z", false},
		{"America/New_York", "2026-03-08T03:00", "2026-03-08T07:00:00Z", "2026-03-08T07:00:00Z", true},
		{"America/New_York", "2026-11-01T01:30", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z", true},
		{"America/New_York", "2026-11-01T01:00", "2026-11-01T05:00:00Z", "2026-11-01T06:00:00Z", true},
		{"America/New_York", "2026-11-01T02:00", "2026-11-01T07:00:00Z", "2026-11-01T07:00:00Z", true},
		{"Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00:00Z", "2026-03-29T01:00:00Z", false},
		{"Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45:00Z", "2026-04-04T15:15:00Z", true},
		{"America/Santiago", "2024-09-08T00:00", "2024-09-08T04:00:00Z", "2024-09-08T04:00:00Z", false},
		{"Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z", false},
		{"Pacific/Kwajalein", "1969-09-30T12:00", "1969-09-30T01:00:00Z", "1969-10-01T00:00:00Z", true},
	} {
		loc, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		civil, ok := parseCivil(c.wall)
		if !ok {
			t.Fatalf("%q is no wall time", c.wall)
		}
		first, last, exists := occurrences(civil, loc)
		show := func(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }
		if show(first) != c.first || show(last) != c.last || exists != c.exists {
			t.Errorf("%s in %s is at %s and %s (%v), want %s and %s (%v)", c.wall, c.zone, show(first), show(last), exists, c.first, c.last, c.exists)
		}
	}
}

func TestNearZone(t *testing.T) {
	for name, want := range map[string]string{
		"europe/berlin":    "Europe/Berlin",
		"Berlin":           "Europe/Berlin",
		"Europe/Berln":     "Europe/Berlin",
		"America/New York": "America/New_York",
		"new york":         "America/New_York",
		"Chicgo":           "America/Chicago",
		"utc":              "UTC",
		"Mars/Olympus":     "",
		"":                 "",
	} {
		if got := nearZone(name); got != want {
			t.Errorf("nearZone(%q) = %q, want %q", name, got, want)
		}
	}
}
