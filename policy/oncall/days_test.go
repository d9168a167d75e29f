package oncall_test

import (
	"slices"
	"testing"

	"github.com/belfry-go/belfry/policy"
)

func TestDays(t *testing.T) {
	for _, c := range []struct {
		zone, from, to string
		want           []string
	}{
		{"UTC", "2026-03-01T00:00:00Z", "2026-03-03T00:00:00Z", []string{"2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"}},
		{"UTC", "2026-03-01T00:00:00.000001Z", "2026-03-02T00:00:00.000001Z", []string{"2026-03-02T00:00:00Z"}},
		{"UTC", "2026-03-02T00:00:00Z", "2026-03-02T00:00:00Z", nil},
		// Sunday has no midnight.
		{"America/Santiago", "2024-09-07T00:00:00Z", "2024-09-10T00:00:00Z", []string{"2024-09-07T04:00:00Z", "2024-09-08T04:00:00Z", "2024-09-09T03:00:00Z"}},
		// The 30th was skipped: from the 29th at 24:00 it was the 31st.
		{"Pacific/Apia", "2011-12-28T12:00:00Z", "2012-01-01T00:00:00Z", []string{"2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z", "2011-12-31T10:00:00Z"}},
		// At 05:00Z 01:00 becomes 00:00: Sunday's midnight comes twice, and counts once.
		{"America/Havana", "2026-10-31T12:00:00Z", "2026-11-02T12:00:00Z", []string{"2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"}},
	} {
		s := compile(t, &policy.Schedule{Name: "s", Timezone: c.zone})
		var got []string
		for d := range s.Days(at(c.from), at(c.to)) {
			got = append(got, d.String())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("days in %s from %s to %s: %v, want %v", c.zone, c.from, c.to, got, c.want)
		}
		if s.Location().String() != c.zone {
			t.Errorf("the location is %s, want %s", s.Location(), c.zone)
		}
		for range s.Days(at(c.from), at(c.to)) {
			break // a loop may be left
		}
	}
}
