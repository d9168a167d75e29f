package oncall_test

import (
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// vector is a schedule and who must be on call when. Each row is an instant and
// the people, "-" for nobody. The expected values are derived by hand, in the
// comments, from the zone's published rules.
type vector struct {
	name     string
	schedule policy.Schedule
	rows     []string
}

func runVectors(t *testing.T, vectors []vector) {
	t.Helper()
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			v.schedule.Name = v.name
			c := compile(t, &v.schedule)
			for _, row := range v.rows {
				instant, want, _ := strings.Cut(row, " ")
				if got := names(c.At(at(instant))); got != want {
					t.Errorf("At(%s) = %s, want %s", instant, got, want)
				}
			}
		})
	}
}

func names(list []string) string {
	if len(list) == 0 {
		return "-"
	}
	return strings.Join(list, " ")
}

// turns is a schedule of one rotation alone.
func turns(zone string, r policy.Rotation, members ...string) policy.Schedule {
	r.Name = "r"
	for _, m := range members {
		r.Members = append(r.Members, strings.Split(m, "+"))
	}
	return policy.Schedule{
		Timezone:  zone,
		Rotations: []policy.Rotation{r},
		Layers:    []policy.Layer{{Always: rotations("r")}},
	}
}

func every(n int, unit policy.RotationUnit, start string, on ...time.Weekday) policy.Rotation {
	return policy.Rotation{Every: n, Unit: unit, Start: civil(start), Days: days(on...)}
}

// windowed is a schedule of one window alone, with alice in it.
func windowed(zone string, from, to string, on ...time.Weekday) policy.Schedule {
	return policy.Schedule{Timezone: zone, Layers: []policy.Layer{{Windows: []policy.DayWindow{dayWindow(from, to, on...)}}}}
}

func dayWindow(from, to string, on ...time.Weekday) policy.DayWindow {
	return policy.DayWindow{Days: days(on...), From: clock(from), To: clock(to), Who: people("alice")}
}

// clock is a time of day in minutes.
func clock(text string) int {
	if text == "24:00" {
		return 24 * 60
	}
	t, err := time.Parse("15:04", text)
	if err != nil {
		panic(err)
	}
	return t.Hour()*60 + t.Minute()
}

func shifted(zone, from, to string) policy.Schedule {
	return policy.Schedule{Timezone: zone, Layers: []policy.Layer{{Shifts: []policy.Shift{
		{From: wall(from), To: wall(to), Who: people("alice")},
	}}}}
}

func TestWindowVectors(t *testing.T) {
	runVectors(t, []vector{
		{
			"belongs to the day it starts on",
			windowed("UTC", "22:00", "06:00", time.Friday),
			[]string{
				"2026-03-06T05:00:00Z -", "2026-03-06T21:59:59.999999Z -", "2026-03-06T22:00:00Z alice",
				"2026-03-07T05:59:59.999999Z alice", "2026-03-07T06:00:00Z -", "2026-03-07T23:00:00Z -",
			},
		},
		{
			"from is to: a whole day",
			windowed("UTC", "09:00", "09:00", time.Friday),
			[]string{"2026-03-06T08:59:59Z -", "2026-03-06T09:00:00Z alice", "2026-03-07T08:59:59Z alice", "2026-03-07T09:00:00Z -"},
		},
		{
			"until 24:00 and until 00:00",
			windowed("UTC", "20:00", "24:00", time.Saturday),
			[]string{"2026-03-07T20:00:00Z alice", "2026-03-07T23:59:59Z alice", "2026-03-08T00:00:00Z -"},
		},
		{
			"until 00:00",
			windowed("UTC", "20:00", "00:00", time.Saturday),
			[]string{"2026-03-07T20:00:00Z alice", "2026-03-07T23:59:59Z alice", "2026-03-08T00:00:00Z -"},
		},
		{
			"no days: every day",
			windowed("UTC", "08:00", "09:00"),
			[]string{"2026-03-07T08:30:00Z alice", "2026-03-08T08:30:00Z alice", "2026-03-08T09:00:00Z -"},
		},
		{
			// Berlin, 29 March 2026, a Sunday: 02:30 becomes 03:00, 01:00Z.
			"starts in a gap",
			windowed("Europe/Berlin", "02:30", "04:00", time.Sunday),
			[]string{"2026-03-29T00:59:59Z -", "2026-03-29T01:00:00Z alice", "2026-03-29T01:59:59Z alice", "2026-03-29T02:00:00Z -"},
		},
		{
			"ends in a gap",
			windowed("Europe/Berlin", "22:00", "02:30", time.Saturday),
			[]string{"2026-03-28T21:00:00Z alice", "2026-03-29T00:59:59Z alice", "2026-03-29T01:00:00Z -"},
		},
		{
			"wholly in a gap: never, that day",
			windowed("Europe/Berlin", "02:10", "02:50", time.Sunday),
			[]string{"2026-03-29T00:59:59Z -", "2026-03-29T01:00:00Z -", "2026-03-29T01:30:00Z -", "2026-04-05T00:10:00Z alice"},
		},
		{
			// Berlin, 25 October 2026: 02:30 is at 00:30Z and at 01:30Z.
			"starts in a repeated hour: at the first",
			windowed("Europe/Berlin", "02:30", "04:00", time.Sunday),
			[]string{"2026-10-25T00:29:59Z -", "2026-10-25T00:30:00Z alice", "2026-10-25T01:15:00Z alice", "2026-10-25T02:59:59Z alice", "2026-10-25T03:00:00Z -"},
		},
		{
			"ends in a repeated hour: at the last",
			windowed("Europe/Berlin", "22:00", "02:30", time.Saturday),
			[]string{"2026-10-25T00:30:00Z alice", "2026-10-25T01:29:59Z alice", "2026-10-25T01:30:00Z -"},
		},
		{
			// Chicago, 1 November 2026: at 07:00Z 02:00 becomes 01:00. The clock
			// shows 01:00 at 06:00Z and as it is put back.
			"ends at what the clock is put back to",
			windowed("America/Chicago", "16:00", "01:00", time.Saturday),
			[]string{"2026-11-01T05:59:59Z alice", "2026-11-01T06:00:00Z alice", "2026-11-01T06:59:59Z alice", "2026-11-01T07:00:00Z -"},
		},
		{
			// It shows 02:00 once, at 08:00Z: at 07:00Z it did not get there.
			"ends at what the clock is put back from",
			windowed("America/Chicago", "16:00", "02:00", time.Saturday),
			[]string{"2026-11-01T07:00:00Z alice", "2026-11-01T07:59:59Z alice", "2026-11-01T08:00:00Z -"},
		},
		{
			"starts at what the clock is put back from",
			windowed("America/Chicago", "02:00", "03:00", time.Sunday),
			[]string{"2026-11-01T07:59:59Z -", "2026-11-01T08:00:00Z alice", "2026-11-01T09:00:00Z -"},
		},
		{
			// Lord Howe, 5 April 2026: at 15:00Z 02:00 becomes 01:30 (+11 to
			// +10:30). 01:45 is first at 14:45Z; 02:00 comes at 15:30Z.
			"half an hour back",
			windowed("Australia/Lord_Howe", "01:45", "02:00", time.Sunday),
			[]string{"2026-04-04T14:44:59Z -", "2026-04-04T14:45:00Z alice", "2026-04-04T15:10:00Z alice", "2026-04-04T15:29:59Z alice", "2026-04-04T15:30:00Z -"},
		},
		{
			// 4 October 2026: at 15:30Z 02:00 becomes 02:30.
			"half an hour forward",
			windowed("Australia/Lord_Howe", "02:15", "03:00", time.Sunday),
			[]string{"2026-10-03T15:29:59Z -", "2026-10-03T15:30:00Z alice", "2026-10-03T15:59:59Z alice", "2026-10-03T16:00:00Z -"},
		},
		{
			// Santiago, Sunday 8 September 2024 has no midnight: at 04:00Z the
			// clock says 01:00.
			"from a midnight that does not exist",
			windowed("America/Santiago", "00:00", "08:00", time.Sunday),
			[]string{"2024-09-08T03:59:59Z -", "2024-09-08T04:00:00Z alice", "2024-09-08T10:59:59Z alice", "2024-09-08T11:00:00Z -"},
		},
		{
			"to a midnight that does not exist",
			windowed("America/Santiago", "20:00", "24:00", time.Saturday),
			[]string{"2024-09-08T00:00:00Z alice", "2024-09-08T03:59:59Z alice", "2024-09-08T04:00:00Z -"},
		},
		{
			// Apia's skipped day was a Friday.
			"on a day that was skipped",
			windowed("Pacific/Apia", "09:00", "17:00", time.Friday),
			[]string{"2011-12-23T20:00:00Z alice", "2011-12-30T09:59:59Z -", "2011-12-30T10:00:00Z -", "2011-12-30T20:00:00Z -", "2012-01-05T20:00:00Z alice"},
		},
		{
			// A night into the skipped day ends as the clock jumps, 10:00Z.
			"into a day that was skipped",
			windowed("Pacific/Apia", "22:00", "06:00", time.Thursday),
			[]string{"2011-12-30T08:00:00Z alice", "2011-12-30T09:59:59Z alice", "2011-12-30T10:00:00Z -"},
		},
		{
			// Kwajalein had 30 September 1969 almost twice: at 13:00Z midnight
			// became 01:00 of the day that had just ended (+11 to −12). A window
			// of that Tuesday runs from its first 09:00, 22:00Z the day before,
			// to its last 17:00, 05:00Z on 1 October.
			"on a day that came twice",
			windowed("Pacific/Kwajalein", "09:00", "17:00", time.Tuesday),
			[]string{"1969-09-29T21:59:59Z -", "1969-09-29T22:00:00Z alice", "1969-09-30T12:00:00Z alice", "1969-10-01T04:59:59Z alice", "1969-10-01T05:00:00Z -"},
		},
	})
}

func TestShiftVectors(t *testing.T) {
	runVectors(t, []vector{
		{
			"wall times are the schedule's",
			shifted("America/Chicago", "2026-03-01T00:00", "2026-03-02T00:00"),
			[]string{"2026-03-01T05:59:59.999999Z -", "2026-03-01T06:00:00Z alice", "2026-03-02T05:59:59.999999Z alice", "2026-03-02T06:00:00Z -"},
		},
		{
			"inside a repeated hour: from the first to the last",
			shifted("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T02:45"),
			[]string{"2026-10-25T00:29:59Z -", "2026-10-25T00:30:00Z alice", "2026-10-25T01:44:59Z alice", "2026-10-25T01:45:00Z -"},
		},
		{
			"inside a gap: never",
			shifted("Europe/Berlin", "2026-03-29T02:10", "2026-03-29T02:50"),
			[]string{"2026-03-29T00:59:59Z -", "2026-03-29T01:00:00Z -", "2026-03-29T02:00:00Z -"},
		},
		{
			// 1 May to 2 May 2026 as absolute times, to the microsecond.
			"absolute times",
			policy.Schedule{Timezone: "Asia/Tokyo", Layers: []policy.Layer{{Shifts: []policy.Shift{
				{From: abs("2026-05-01T00:00:00.000001Z"), To: abs("2026-05-02T00:00:00+02:00"), Who: people("alice")},
			}}}},
			[]string{"2026-05-01T00:00:00Z -", "2026-05-01T00:00:00.000001Z alice", "2026-05-01T21:59:59.999999Z alice", "2026-05-01T22:00:00Z -"},
		},
	})
}

func TestLayerVectors(t *testing.T) {
	overnight := dayWindow("22:00", "06:00", time.Saturday)
	overnight.Who = people("carol", "bob")
	runVectors(t, []vector{
		{
			"the last layer with somebody on wins, and is a union",
			policy.Schedule{Layers: []policy.Layer{
				{Always: people("alice")},
				{Windows: []policy.DayWindow{overnight}, Shifts: []policy.Shift{{From: wall("2026-03-07T23:00"), To: wall("2026-03-08T07:00"), Who: people("bob", "dan")}}},
				{},
			}},
			[]string{
				"2026-03-07T21:59:59Z alice", "2026-03-07T22:00:00Z carol bob", "2026-03-07T23:00:00Z carol bob dan",
				"2026-03-08T06:00:00Z bob dan", "2026-03-08T07:00:00Z alice",
			},
		},
		{
			"a part that names nobody leaves the layer below",
			policy.Schedule{Layers: []policy.Layer{
				{Always: people("alice")},
				{Shifts: []policy.Shift{{From: wall("2026-03-07T00:00"), To: wall("2026-03-08T00:00")}}},
			}},
			[]string{"2026-03-07T12:00:00Z alice"},
		},
		{"no layers", policy.Schedule{}, []string{"2026-03-07T21:59:59Z -"}},
	})
}

func TestOverrideVectors(t *testing.T) {
	on := func(from, to string, who []policy.Ref, replaces ...string) policy.Override {
		return policy.Override{From: wall("2026-03-02T" + from), To: wall("2026-03-02T" + to), Who: who, Replaces: replaces}
	}
	base := func(overrides ...policy.Override) policy.Schedule {
		s := turns("UTC", every(1, policy.Daily, "2026-03-02T00:00", time.Monday), "alice+bob")
		s.Overrides = overrides
		return s
	}
	runVectors(t, []vector{
		{
			"replaced in place", base(on("08:00", "10:00", people("carol"), "alice")),
			[]string{"2026-03-02T07:59:59Z alice bob", "2026-03-02T08:00:00Z carol bob", "2026-03-02T09:59:59Z carol bob", "2026-03-02T10:00:00Z alice bob"},
		},
		{
			"somebody who is not on is not replaced", base(on("08:00", "10:00", people("carol"), "dan")),
			[]string{"2026-03-02T09:00:00Z alice bob"},
		},
		{
			"two replaced by one", base(on("08:00", "10:00", people("carol"), "bob", "alice")),
			[]string{"2026-03-02T09:00:00Z carol"},
		},
		{
			"replaced by somebody who is on", base(on("08:00", "10:00", people("bob"), "alice")),
			[]string{"2026-03-02T09:00:00Z bob"},
		},
		{
			"removed", base(on("08:00", "10:00", nil, "alice")),
			[]string{"2026-03-02T09:00:00Z bob"},
		},
		{
			"added", base(on("08:00", "10:00", people("carol", "alice"))),
			[]string{"2026-03-02T09:00:00Z alice bob carol"},
		},
		{
			"added to nobody", base(policy.Override{From: wall("2026-03-03T08:00"), To: wall("2026-03-03T10:00"), Who: people("carol")}),
			[]string{"2026-03-03T07:00:00Z -", "2026-03-03T09:00:00Z carol"},
		},
		{
			"a hole", base(on("08:00", "10:00", nil)),
			[]string{"2026-03-02T07:59:59Z alice bob", "2026-03-02T08:00:00Z -", "2026-03-02T10:00:00Z alice bob"},
		},
		{
			"in the order of the document", base(
				on("08:00", "12:00", people("carol"), "alice"),
				on("09:00", "12:00", people("dan"), "carol"),
				on("10:00", "12:00", nil),
				on("11:00", "12:00", people("erin"))),
			[]string{"2026-03-02T08:00:00Z carol bob", "2026-03-02T09:00:00Z dan bob", "2026-03-02T10:00:00Z -", "2026-03-02T11:00:00Z erin"},
		},
		{"a rotation outside its days replaces nobody", func() policy.Schedule {
			s := base(on("08:00", "10:00", rotations("tuesdays"), "alice"))
			tuesdays := every(1, policy.Daily, "2026-03-03T00:00", time.Tuesday)
			tuesdays.Name, tuesdays.Members = "tuesdays", [][]string{{"dan"}}
			s.Rotations = append(s.Rotations, tuesdays)
			return s
		}(), []string{"2026-03-02T09:00:00Z alice bob"}},
	})
}

func TestTemporaryVectors(t *testing.T) {
	s := turns("UTC", every(1, policy.Daily, "2026-03-02T00:00"), "alice")
	s.Overrides = []policy.Override{{From: wall("2026-03-02T00:00"), To: wall("2026-03-04T00:00"), Who: people("bob")}}
	s.Temporary = []policy.Temporary{
		{From: wall("2026-03-02T08:00"), To: wall("2026-03-02T18:00"), Shifts: []policy.Shift{
			{From: wall("2026-03-02T06:00"), To: wall("2026-03-02T10:00"), Who: people("carol")},
			{From: wall("2026-03-02T09:00"), To: wall("2026-03-02T20:00"), Who: people("dan")},
		}},
		{From: wall("2026-03-02T12:00"), To: wall("2026-03-02T14:00")},
	}
	runVectors(t, []vector{{
		// It replaces overrides, too; its shifts do not reach out of it; where it
		// has none nobody is on; of two the later one listed holds.
		"replaces everything inside", s,
		[]string{
			"2026-03-02T07:00:00Z alice bob", "2026-03-02T08:00:00Z carol", "2026-03-02T09:00:00Z carol dan", "2026-03-02T10:00:00Z dan",
			"2026-03-02T12:00:00Z -", "2026-03-02T14:00:00Z dan", "2026-03-02T18:00:00Z alice bob",
		},
	}})
}

// TestFarAway asks millennia from the start. In UTC a weekly turn is the whole
// number of weeks between, by division of the days that package time counts.
func TestFarAway(t *testing.T) {
	s := turns("UTC", every(1, policy.Weekly, "2026-01-05T00:00"), "0", "1", "2", "3", "4")
	s.Name = "far"
	c := compile(t, &s)
	start := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC).Unix()
	for _, year := range []int{-200_000, -1, 1, 1500, 9999, 200_000} {
		i := time.Date(year, 7, 3, 12, 0, 0, 0, time.UTC)
		weeks := (i.Unix() - start) / (7 * 86400)
		if i.Unix() < start {
			weeks-- // rounded towards zero, and no July 3 here is on a hand-off
		}
		want := string(rune('0' + ((weeks%5)+5)%5))
		if got := names(c.At(policy.InstantOf(i))); got != want {
			t.Errorf("At(3 July %d) = %s, want %s", year, got, want)
		}
	}
}

func TestNeverIsNobody(t *testing.T) {
	s := policy.Schedule{Layers: []policy.Layer{{Always: people("alice")}}}
	if got := compile(t, &s).At(policy.Never); got != nil {
		t.Errorf("At(Never) = %v, want nobody", got)
	}
}
