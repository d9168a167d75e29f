package oncall_test

import (
	"fmt"
	"os"
	"time"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
)

// weekly is a schedule of two who hand over on Mondays at 09:00 in Chicago, with
// cover for a day of leave.
func weekly() *oncall.Schedule {
	s, err := oncall.Compile(&policy.Schedule{
		Name:     "iam-oncall",
		Timezone: "America/Chicago",
		Rotations: []policy.Rotation{{
			Name: "primary", Every: 1, Unit: policy.Weekly,
			Start:   policy.Civil{Year: 2026, Month: time.January, Day: 5, Hour: 9},
			Members: [][]string{{"alice"}, {"bob"}},
		}},
		Layers: []policy.Layer{{Always: []policy.Ref{{Rotation: "primary"}}}},
		Overrides: []policy.Override{{
			From:     policy.When{Abs: policy.InstantOf(time.Date(2026, time.March, 4, 0, 0, 0, 0, time.UTC))},
			To:       policy.When{Abs: policy.InstantOf(time.Date(2026, time.March, 5, 0, 0, 0, 0, time.UTC))},
			Who:      []policy.Ref{{Person: "carol"}},
			Replaces: []string{"alice"},
		}},
	})
	if err != nil {
		panic(err)
	}
	return s
}

func ExampleSchedule_At() {
	s := weekly()
	// The clock is put forward on 8 March: 09:00 is at 15:00Z before, at 14:00Z after.
	for _, text := range []string{"2026-03-02T14:59:59Z", "2026-03-02T15:00:00Z", "2026-03-09T13:59:59Z", "2026-03-09T14:00:00Z"} {
		t, _ := time.Parse(time.RFC3339, text)
		fmt.Println(text, s.At(policy.InstantOf(t)))
	}
	// Output:
	// 2026-03-02T14:59:59Z [bob]
	// 2026-03-02T15:00:00Z [alice]
	// 2026-03-09T13:59:59Z [alice]
	// 2026-03-09T14:00:00Z [bob]
}

func ExampleSchedule_Between() {
	from := policy.InstantOf(time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC))
	for sh := range weekly().Between(from, from.Add(10*24*time.Hour)) {
		fmt.Println(sh.From, sh.To, sh.OnCall)
	}
	// Output:
	// 2026-03-01T00:00:00Z 2026-03-02T15:00:00Z [bob]
	// 2026-03-02T15:00:00Z 2026-03-04T00:00:00Z [alice]
	// 2026-03-04T00:00:00Z 2026-03-05T00:00:00Z [carol]
	// 2026-03-05T00:00:00Z 2026-03-09T14:00:00Z [alice]
	// 2026-03-09T14:00:00Z 2026-03-11T00:00:00Z [bob]
}

func ExampleSchedule_Next() {
	now := policy.InstantOf(time.Date(2026, time.March, 3, 0, 0, 0, 0, time.UTC))
	if sh, ok := weekly().Next("bob", now); ok {
		fmt.Println("bob is on call from", sh.From, "to", sh.To)
	}
	// Output:
	// bob is on call from 2026-03-09T14:00:00Z to 2026-03-16T14:00:00Z
}

func ExampleSchedule_Stats() {
	from := policy.InstantOf(time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC))
	stats, err := weekly().Stats(from, from.Add(28*24*time.Hour), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range stats { // the night to 8 March, alice's, lacks an hour
		fmt.Println(p.Person, p.Total, "nights", p.Nights, "weekends", p.Weekends)
	}
	// Output:
	// alice 311h0m0s nights 103h0m0s weekends 95h0m0s
	// bob 337h0m0s nights 112h0m0s weekends 97h0m0s
	// carol 24h0m0s nights 8h0m0s weekends 0s
}

func ExampleHours_NextOpen() {
	workdays := [7]bool{time.Monday: true, time.Tuesday: true, time.Wednesday: true, time.Thursday: true, time.Friday: true}
	business, err := oncall.CompileHours(&policy.Hours{
		Name: "business", Timezone: "Europe/Berlin",
		Windows: []policy.DayWindow{{Days: workdays, From: 9 * 60, To: 17 * 60}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	friday := policy.InstantOf(time.Date(2026, time.March, 27, 18, 0, 0, 0, time.UTC))
	fmt.Println(business.Open(friday), business.NextOpen(friday))
	// Output:
	// false 2026-03-30T07:00:00Z
}

func ExampleICal() {
	from := policy.InstantOf(time.Date(2026, time.March, 3, 0, 0, 0, 0, time.UTC))
	s := weekly()
	// A writer that takes the carriage returns out, for this comment to match.
	err := oncall.ICal(unixLines{os.Stdout}, from, oncall.Feed{Name: s.Name(), Shifts: s.Between(from, from.Add(24*time.Hour))})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// BEGIN:VCALENDAR
	// VERSION:2.0
	// PRODID:-//belfry//on-call schedule//EN
	// CALSCALE:GREGORIAN
	// METHOD:PUBLISH
	// BEGIN:VEVENT
	// UID:0deffa279a8fa84714a9f436d153b7c2@belfry
	// DTSTAMP:20260303T000000Z
	// DTSTART:20260303T000000Z
	// DTEND:20260304T000000Z
	// SUMMARY:iam-oncall: alice
	// CATEGORIES:iam-oncall
	// TRANSP:TRANSPARENT
	// END:VEVENT
	// END:VCALENDAR
}

type unixLines struct{ f *os.File }

func (u unixLines) Write(p []byte) (int, error) {
	for _, c := range p {
		if c != '\r' {
			if _, err := u.f.Write([]byte{c}); err != nil {
				return 0, err
			}
		}
	}
	return len(p), nil
}
