package oncall_test

import (
	"testing"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
)

func TestOccurrences(t *testing.T) {
	var c oncall.Compiler
	for _, tc := range []struct{ zone, wall, first, last string }{
		{"UTC", "2026-03-08T02:30", "2026-03-08T02:30:00Z", "2026-03-08T02:30:00Z"},
		{"America/New_York", "2026-03-08T02:30", "2026-03-08T07:00:00Z", "2026-03-08T07:00:00Z"},
		{"America/New_York", "2026-11-01T01:30", "2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"},
	} {
		first, last, err := c.Occurrences(tc.zone, civil(tc.wall))
		if err != nil || first != at(tc.first) || last != at(tc.last) {
			t.Errorf("%s in %s is at %v and %v (%v), want %s and %s", tc.wall, tc.zone, first, last, err, tc.first, tc.last)
		}
	}
	if _, _, err := c.Occurrences("Mars/Olympus", civil("2026-03-08T02:30")); err == nil {
		t.Error("an unknown zone has no error")
	}
	if _, _, err := c.Occurrences("UTC", policy.Civil{Year: 2026, Month: 2, Day: 30}); err == nil {
		t.Error("30 February has no error")
	}
}
