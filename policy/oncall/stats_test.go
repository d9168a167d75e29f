package oncall_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
)

func printStats(stats []oncall.Stat) string {
	var b strings.Builder
	for _, s := range stats {
		fmt.Fprintf(&b, "%s %v nights %v weekends %v shifts %d\n", s.Person, s.Total, s.Nights, s.Weekends, s.Shifts)
	}
	return b.String()
}

func TestStats(t *testing.T) {
	// Alice has Monday 23 March 2026 09:00 to the 30th, bob the rest. In Berlin
	// the night to the 29th lacks an hour.
	s := turns("Europe/Berlin", every(1, policy.Weekly, "2026-03-23T09:00"), "alice", "bob")
	s.Layers = append(s.Layers, policy.Layer{Shifts: []policy.Shift{
		{From: wall("2026-03-25T09:00"), To: wall("2026-03-25T17:00"), Who: people("carol")},
	}})
	c := compile(t, &s)
	from, to := at("2026-03-23T00:00:00Z"), at("2026-03-31T00:00:00Z")
	for _, tt := range []struct {
		name   string
		people map[string]*policy.Person
		want   string
	}{
		{
			// Alice: 7 d less the hour and carol's 8 h is 159 h; nights: the 23rd
			// to the 29th, 7 × 8 h, less the hour; the weekend lacks it, too.
			// Bob: the 23rd 01:00 to 09:00, 5 h of it night; the 30th 09:00 to
			// the 31st 02:00, 17 h, 4 h of it night. No weekend.
			"in the schedule's zone", nil,
			"alice 159h0m0s nights 55h0m0s weekends 47h0m0s shifts 2\n" +
				"bob 25h0m0s nights 9h0m0s weekends 0s shifts 2\n" +
				"carol 8h0m0s nights 0s weekends 0s shifts 1\n",
		},
		{
			// Carol's 08:00Z to 16:00Z is 17:00 to 01:00 in Tokyo. Bob's zone is
			// UTC, as no zone says: 00:00 to 08:00 has 6 h of night, 07:00 to
			// 24:00 has 2 h.
			"in the people's zones",
			map[string]*policy.Person{"carol": {Name: "carol", Timezone: "Asia/Tokyo"}, "bob": {Name: "bob"}},
			"alice 159h0m0s nights 55h0m0s weekends 47h0m0s shifts 2\n" +
				"bob 25h0m0s nights 8h0m0s weekends 0s shifts 2\n" +
				"carol 8h0m0s nights 3h0m0s weekends 0s shifts 1\n",
		},
	} {
		stats, err := c.Stats(from, to, tt.people)
		if err != nil {
			t.Fatal(err)
		}
		if got := printStats(stats); got != tt.want {
			t.Errorf("%s: got\n%swant\n%s", tt.name, got, tt.want)
		}
	}
}

func TestStatsErrors(t *testing.T) {
	s := turns("UTC", every(1, policy.Weekly, "2026-03-23T09:00"), "alice")
	s.Name = "iam"
	c := compile(t, &s)
	_, err := c.Stats(0, policy.Never, nil)
	checkError(t, err, `schedule "iam": statistics from 1970-01-01T00:00:00Z to never; ask for a hundred years or less`)
	_, err = c.Stats(0, 1, map[string]*policy.Person{"alice": {Timezone: "Mars/Olympus"}})
	checkError(t, err, `schedule "iam": person "alice": time zone "Mars/Olympus" is not known`)
}

// TestStatsAddUp: on a schedule with one person at a time and no gap, the totals
// are the span, whatever the seams.
func TestStatsAddUp(t *testing.T) {
	for seed, zone := range traps {
		g := newGenerator(uint64(seed), zone)
		s := turns(zone, g.rotation("r"), "alice", "bob", "carol")
		s.Rotations[0].Days = [7]bool{}
		s.Rotations[0].Members = s.Rotations[0].Members[len(s.Rotations[0].Members)-3:]
		from := policy.InstantOf(g.center.Add(-around))
		to := from.Add(2 * around)
		stats, err := compile(t, &s).Stats(from, to, nil)
		if err != nil {
			t.Fatal(err)
		}
		var total time.Duration
		for _, st := range stats {
			total += st.Total
			if st.Nights > st.Total || st.Weekends > st.Total {
				t.Errorf("%s: %+v", zone, st)
			}
		}
		if total != 2*around {
			t.Errorf("%s: the totals are %v of %v\n%s", zone, total, 2*around, describe(&s))
		}
	}
}
