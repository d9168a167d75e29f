package oncall_test

import (
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
)

func TestRotationVectors(t *testing.T) {
	runVectors(t, []vector{
		{
			// Weekly at 09:00 in Chicago: 15:00Z in winter, 14:00Z from 8 March
			// 2026 on. Groups are on together; before the start the turns run
			// backwards, so the week before is that of the last turn.
			"weekly, over a change of the clock",
			turns("America/Chicago", every(1, policy.Weekly, "2026-01-05T09:00"), "alice", "bob+carol"),
			[]string{
				"2025-12-29T15:00:00Z bob carol", "2025-12-29T14:59:59Z alice",
				"2026-01-05T14:59:59.999999Z bob carol", "2026-01-05T15:00:00Z alice",
				"2026-01-12T15:00:00Z bob carol",
				"2026-03-09T13:59:59Z alice", "2026-03-09T14:00:00Z bob carol",
			},
		},
		{
			"every two weeks",
			turns("UTC", every(2, policy.Weekly, "2026-01-05T00:00"), "alice", "bob", "carol"),
			[]string{
				"2026-01-18T23:59:59Z alice", "2026-01-19T00:00:00Z bob", "2026-02-02T00:00:00Z carol",
				"2026-02-16T00:00:00Z alice", "2025-12-22T00:00:00Z carol", "2025-12-21T23:59:59Z bob",
			},
		},
		{
			// The 31st clamps to the month's last day, each time from the 31st.
			"monthly from the 31st",
			turns("UTC", every(1, policy.Monthly, "2026-01-31T09:00"), "alice", "bob", "carol", "dan"),
			[]string{
				"2026-02-28T08:59:59Z alice", "2026-02-28T09:00:00Z bob",
				"2026-03-28T09:00:00Z bob", "2026-03-31T08:59:59Z bob", "2026-03-31T09:00:00Z carol",
				"2026-04-30T09:00:00Z dan", "2026-05-31T08:59:59Z dan", "2026-05-31T09:00:00Z alice",
				// 2028 is a leap year: hand-off 25 is on 29 February, turn 25 mod 4 is bob.
				"2028-02-29T08:59:59Z alice", "2028-02-29T09:00:00Z bob",
				// Backwards: hand-off −1 is on 31 December.
				"2026-01-31T08:59:59Z dan", "2025-12-31T09:00:00Z dan", "2025-12-31T08:59:59Z carol",
			},
		},
		{
			"every three months from 30 November",
			turns("UTC", every(3, policy.Monthly, "2025-11-30T00:00"), "alice", "bob"),
			[]string{"2026-02-27T23:59:59Z alice", "2026-02-28T00:00:00Z bob", "2026-05-29T23:59:59Z bob", "2026-05-30T00:00:00Z alice"},
		},
		{
			// Midnight of 8 September 2024 does not exist in Santiago: at 04:00Z
			// the clock goes from 24:00 on the 7th to 01:00 (−04 to −03).
			"daily at a midnight that does not exist",
			turns("America/Santiago", every(1, policy.Daily, "2024-09-07T00:00"), "alice", "bob", "carol"),
			[]string{
				"2024-09-07T03:59:59Z carol", "2024-09-07T04:00:00Z alice",
				"2024-09-08T03:59:59Z alice", "2024-09-08T04:00:00Z bob",
				"2024-09-09T02:59:59Z bob", "2024-09-09T03:00:00Z carol", "2024-09-10T03:00:00Z alice",
			},
		},
		{
			"daily at 08:00 past a midnight that does not exist",
			turns("America/Santiago", every(1, policy.Daily, "2024-09-07T08:00"), "alice", "bob"),
			[]string{"2024-09-07T12:00:00Z alice", "2024-09-08T10:59:59Z alice", "2024-09-08T11:00:00Z bob", "2024-09-09T11:00:00Z alice"},
		},
		{
			// Berlin, 29 March 2026: at 01:00Z the clock goes from 02:00 to
			// 03:00. The hand-offs of 02:00 and 03:00 are one, and carol, not
			// the one after her, has it; the next is at 04:00, 02:00Z.
			"hand-offs collapse in a gap",
			turns("Europe/Berlin", every(1, policy.Hourly, "2026-03-29T00:00"), "alice", "bob", "carol", "dan"),
			[]string{
				"2026-03-28T23:00:00Z alice", "2026-03-29T00:00:00Z bob", "2026-03-29T00:59:59Z bob",
				"2026-03-29T01:00:00Z carol", "2026-03-29T01:59:59Z carol", "2026-03-29T02:00:00Z dan", "2026-03-29T03:00:00Z alice",
				"2026-03-28T22:00:00Z dan",
			},
		},
		{
			// The same on half hours: 02:30 becomes 03:00, and 03:30 follows
			// half an hour later. Nothing collapses.
			"a hand-off in a gap",
			turns("Europe/Berlin", every(1, policy.Hourly, "2026-03-29T00:30"), "alice", "bob", "carol", "dan"),
			[]string{"2026-03-29T00:30:00Z bob", "2026-03-29T01:00:00Z carol", "2026-03-29T01:29:59Z carol", "2026-03-29T01:30:00Z dan"},
		},
		{
			// The start itself is in the gap, with the hand-off after it: the
			// instant after the gap is the start.
			"a start in a gap",
			turns("Europe/Berlin", every(1, policy.Hourly, "2026-03-29T02:00"), "alice", "bob", "carol"),
			[]string{"2026-03-29T00:59:59Z carol", "2026-03-29T01:00:00Z alice", "2026-03-29T02:00:00Z bob"},
		},
		{
			// Berlin, 25 October 2026: at 01:00Z the clock goes from 03:00 back
			// to 02:00. The hand-off of 02:00 is the first, 00:00Z, and lasts
			// two hours.
			"hourly in a repeated hour",
			turns("Europe/Berlin", every(1, policy.Hourly, "2026-10-25T00:00"), "alice", "bob", "carol", "dan"),
			[]string{
				"2026-10-24T22:00:00Z alice", "2026-10-24T23:00:00Z bob", "2026-10-25T00:00:00Z carol",
				"2026-10-25T01:00:00Z carol", "2026-10-25T01:59:59Z carol", "2026-10-25T02:00:00Z dan",
			},
		},
		{
			// 02:30 is at 00:30Z first. The clock then goes back to before it,
			// but bob does not.
			"a hand-off in a repeated hour",
			turns("Europe/Berlin", every(1, policy.Daily, "2026-10-24T02:30"), "alice", "bob"),
			[]string{"2026-10-25T00:29:59Z alice", "2026-10-25T00:30:00Z bob", "2026-10-25T01:00:00Z bob", "2026-10-25T01:29:59Z bob", "2026-10-26T01:30:00Z alice"},
		},
		{
			// 8 h on the wall clock: 22:00, 06:00, 14:00 on either side, so the
			// night of the 29th has seven hours and that of 25 October nine.
			"8 h turns keep their wall times",
			turns("Europe/Berlin", every(8, policy.Hourly, "2026-03-27T06:00"), "alice", "bob", "carol"),
			[]string{
				"2026-03-28T20:59:59Z bob", "2026-03-28T21:00:00Z carol", "2026-03-29T03:59:59Z carol", "2026-03-29T04:00:00Z alice",
				"2026-10-24T20:00:00Z carol", "2026-10-25T04:59:59Z carol", "2026-10-25T05:00:00Z alice",
			},
		},
		{
			// Troll: two hours forward at 01:00Z on 29 March 2026, 01:00 to
			// 03:00. The hand-offs of 01:00, 02:00 and 03:00 are one.
			"three hand-offs collapse",
			turns("Antarctica/Troll", every(1, policy.Hourly, "2026-03-29T00:00"), "alice", "bob", "carol", "dan"),
			[]string{"2026-03-29T00:59:59Z alice", "2026-03-29T01:00:00Z bob", "2026-03-29T01:59:59Z bob", "2026-03-29T02:00:00Z carol"},
		},
		{
			// Apia had no 30 December 2011: at 10:00Z the clock went from 24:00
			// on the 29th to 00:00 on the 31st. The hand-offs of the 30th and
			// the 31st are one.
			"a day that was skipped",
			turns("Pacific/Apia", every(1, policy.Daily, "2011-12-29T00:00"), "alice", "bob", "carol"),
			[]string{
				"2011-12-29T10:00:00Z alice", "2011-12-30T09:59:59Z alice", "2011-12-30T10:00:00Z bob",
				"2011-12-31T09:59:59Z bob", "2011-12-31T10:00:00Z carol",
			},
		},
		{
			// At 09:00 they are two: the 30th's becomes 00:00 on the 31st.
			"a day that was skipped, at 09:00",
			turns("Pacific/Apia", every(1, policy.Daily, "2011-12-29T09:00"), "alice", "bob", "carol"),
			[]string{
				"2011-12-29T19:00:00Z alice", "2011-12-30T09:59:59Z alice", "2011-12-30T10:00:00Z bob",
				"2011-12-30T18:59:59Z bob", "2011-12-30T19:00:00Z carol",
			},
		},
		{
			// Kiritimati skipped 31 December 1994 (−10 to +14, at 10:00Z); today
			// its Monday begins 14 hours before that of UTC.
			"the other side of the date line",
			turns("Pacific/Kiritimati", every(1, policy.Weekly, "1994-12-26T00:00"), "alice", "bob"),
			[]string{
				"1994-12-26T10:00:00Z alice", "1995-01-01T09:59:59Z alice", "1995-01-01T10:00:00Z bob",
				"2026-03-08T09:59:59Z bob", "2026-03-08T10:00:00Z alice", // Monday 9 March 2026, 1628 weeks later
			},
		},
		{
			// Turkey stayed on +03 from 2016 on; on 9 November 2015 it was +02.
			"a zone that changed its rules",
			turns("Europe/Istanbul", every(1, policy.Weekly, "2015-11-09T09:00"), "alice", "bob"),
			[]string{
				"2015-11-09T06:59:59Z bob", "2015-11-09T07:00:00Z alice",
				"2016-11-07T05:59:59Z bob", "2016-11-07T06:00:00Z alice", // 52 weeks later
				"2026-11-02T05:59:59Z alice", "2026-11-02T06:00:00Z bob", // 573 weeks later
			},
		},
	})
}

func TestRotationDaysVectors(t *testing.T) {
	workdays := []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
	runVectors(t, []vector{
		{
			// Only Fridays count and are covered: alice has the 2nd, bob the 9th.
			"fridays",
			turns("America/Chicago", every(1, policy.Daily, "2026-01-02T00:00", time.Friday), "alice", "bob"),
			[]string{
				"2026-01-02T05:59:59Z -", "2026-01-02T06:00:00Z alice", "2026-01-03T05:59:59Z alice", "2026-01-03T06:00:00Z -",
				"2026-01-09T12:00:00Z bob", "2026-01-16T12:00:00Z alice", "2025-12-26T12:00:00Z bob",
			},
		},
		{
			// Daily on workdays: the weekend uses nobody up.
			"workdays",
			turns("UTC", every(1, policy.Daily, "2026-03-02T00:00", workdays...), "alice", "bob", "carol"),
			[]string{
				"2026-03-02T12:00:00Z alice", "2026-03-03T12:00:00Z bob", "2026-03-04T12:00:00Z carol", "2026-03-05T12:00:00Z alice",
				"2026-03-06T12:00:00Z bob", "2026-03-07T12:00:00Z -", "2026-03-08T23:59:59Z -", "2026-03-09T00:00:00Z carol",
				"2026-02-27T12:00:00Z carol", "2026-02-26T12:00:00Z bob",
			},
		},
		{
			// A hand-off at 09:00: Friday's person has Monday until 09:00. The
			// start is on a Saturday, which does not count: alice has Monday's.
			"workdays at 09:00, started on a saturday",
			turns("UTC", every(1, policy.Daily, "2026-02-28T09:00", workdays...), "alice", "bob"),
			[]string{
				"2026-02-28T12:00:00Z -", "2026-03-02T08:59:59Z bob", "2026-03-02T09:00:00Z alice", "2026-03-03T09:00:00Z bob",
				"2026-03-06T09:00:00Z alice", "2026-03-07T00:00:00Z -", "2026-03-09T08:59:59Z alice", "2026-03-09T09:00:00Z bob",
			},
		},
		{
			"weekly on workdays",
			turns("UTC", every(1, policy.Weekly, "2026-03-02T09:00", workdays...), "alice", "bob"),
			[]string{"2026-03-06T23:59:59Z alice", "2026-03-07T00:00:00Z -", "2026-03-09T08:00:00Z alice", "2026-03-09T09:00:00Z bob"},
		},
		{
			// Sunday 7 September 2014 in Santiago begins at 01:00, 04:00Z. Its
			// hand-offs of 00:00 and 01:00 are one, so that the turn after the
			// 24 of 31 August, erin's, is an hour from 04:00Z and not lost.
			"hourly on sundays, one of which has no midnight",
			turns("America/Santiago", every(1, policy.Hourly, "2014-08-31T00:00", time.Sunday), "alice", "bob", "carol", "dan", "erin"),
			[]string{
				"2014-08-31T04:00:00Z alice", "2014-09-01T03:59:59Z dan", // 24 turns: the last is number 23
				"2014-09-01T04:00:00Z -", "2014-09-07T03:59:59Z -", "2014-09-07T04:00:00Z erin", "2014-09-07T04:59:59Z erin", "2014-09-07T05:00:00Z alice",
			},
		},
		{
			// From a Wednesday at 18:30 in steps of 3 h the first on a Thursday
			// is 00:30; what is before it that day is the turn before.
			"3 h on thursdays, started on a wednesday",
			turns("UTC", every(3, policy.Hourly, "2026-03-04T18:30", time.Thursday), "alice", "bob", "carol"),
			[]string{"2026-03-05T00:00:00Z carol", "2026-03-05T00:30:00Z alice", "2026-03-05T03:30:00Z bob", "2026-03-05T21:30:00Z bob", "2026-03-12T00:29:59Z bob", "2026-03-12T00:30:00Z carol"},
		},
		{
			// 168 h from a Wednesday never meets a Saturday: it is taken as
			// 168 h of Saturdays, seven of them each, from 09:00 on the first.
			"168 h on saturdays, started on a wednesday",
			turns("UTC", every(168, policy.Hourly, "2026-03-04T09:00", time.Saturday), "alice", "bob"),
			[]string{"2026-03-07T08:59:59Z bob", "2026-03-07T09:00:00Z alice", "2026-04-18T12:00:00Z alice", "2026-04-25T08:59:59Z alice", "2026-04-25T09:00:00Z bob"},
		},
		{
			// From a Wednesday at 09:00 the first step on a Saturday is 09:00. The
			// turn before it has the first nine hours of Saturday; bob's three
			// of Saturday and nine of Sunday are one turn.
			"12 h at weekends, started on a wednesday",
			turns("UTC", every(12, policy.Hourly, "2026-03-04T09:00", time.Saturday, time.Sunday), "alice", "bob", "carol"),
			[]string{
				"2026-03-06T23:59:59Z -", "2026-03-07T00:00:00Z carol", "2026-03-07T08:59:59Z carol", "2026-03-07T09:00:00Z alice",
				"2026-03-07T21:00:00Z bob", "2026-03-08T08:59:59Z bob", "2026-03-08T09:00:00Z carol", "2026-03-08T21:00:00Z alice",
				"2026-03-09T00:00:00Z -", "2026-03-14T00:00:00Z alice", "2026-03-14T09:00:00Z bob",
			},
		},
		{
			// 12 h on workdays: the clock stands still at weekends. Day and
			// night alternate among three, and Monday goes on where Friday ended.
			"12 h on workdays",
			turns("UTC", every(12, policy.Hourly, "2026-03-02T00:00", workdays...), "alice", "bob", "carol"),
			[]string{
				"2026-03-02T00:00:00Z alice", "2026-03-02T12:00:00Z bob", "2026-03-03T00:00:00Z carol",
				// Friday is turns 8 and 9: carol, alice. Monday 9th is 10: bob.
				"2026-03-06T00:00:00Z carol", "2026-03-06T12:00:00Z alice", "2026-03-07T00:00:00Z -", "2026-03-09T00:00:00Z bob",
				"2026-02-27T12:00:00Z carol", "2026-02-27T11:59:59Z bob",
			},
		},
		{
			// St. John's, 7 November 2010: at 02:31Z 00:01 on Sunday becomes 23:01
			// on Saturday. Sunday has begun at 02:30Z, and Saturday ends at 03:30Z.
			"a sunday that is left once more",
			turns("America/St_Johns", every(1, policy.Daily, "2010-10-31T00:00", time.Sunday), "alice"),
			[]string{"2010-11-07T02:29:59Z -", "2010-11-07T02:30:00Z alice", "2010-11-07T03:00:00Z alice", "2010-11-08T03:29:59Z alice", "2010-11-08T03:30:00Z -"},
		},
		{
			"a saturday that comes back",
			turns("America/St_Johns", every(1, policy.Daily, "2010-10-30T00:00", time.Saturday), "alice"),
			[]string{"2010-11-07T02:29:59Z alice", "2010-11-07T02:30:30Z alice", "2010-11-07T03:29:59Z alice", "2010-11-07T03:30:00Z -"},
		},
		{
			// Havana, 1 November 2026: at 05:00Z 01:00 becomes 00:00. Sunday has
			// begun at the first midnight, 04:00Z.
			"a day whose midnight comes twice",
			turns("America/Havana", every(1, policy.Daily, "2026-10-31T00:00", time.Sunday), "alice"),
			[]string{"2026-11-01T03:59:59Z -", "2026-11-01T04:00:00Z alice", "2026-11-01T05:30:00Z alice", "2026-11-02T04:59:59Z alice", "2026-11-02T05:00:00Z -"},
		},
	})
}
