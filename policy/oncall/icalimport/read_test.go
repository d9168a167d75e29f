package icalimport_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
	"github.com/belfry-go/belfry/policy/oncall/icalimport"
)

// march is the span of the tests: March 2026, in which Chicago's clock is put
// forward on the 8th and Berlin's on the 29th.
var march = icalimport.Options{
	From:  time.Date(2026, time.March, 1, 0, 0, 0, 0, time.UTC),
	Until: time.Date(2026, time.April, 1, 0, 0, 0, 0, time.UTC),
}

// calendar is a VCALENDAR of events, each a few lines.
func calendar(events ...string) string {
	var b strings.Builder
	b.WriteString("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n")
	for i, e := range events {
		if strings.HasPrefix(e, "BEGIN:") || strings.HasPrefix(e, "X-") {
			fmt.Fprintf(&b, "%s\n", e)
			continue
		}
		if !strings.Contains(e, "UID:") {
			e = fmt.Sprintf("UID:%d\n", i) + e
		}
		fmt.Fprintf(&b, "BEGIN:VEVENT\n%s\nEND:VEVENT\n", e)
	}
	b.WriteString("END:VCALENDAR\n")
	return strings.ReplaceAll(b.String(), "\n", "\r\n")
}

func shown(res *icalimport.Result) (shifts, lost []string) {
	for _, s := range res.Shifts {
		var who []string
		for _, r := range s.Who {
			who = append(who, r.Person)
		}
		shifts = append(shifts, fmt.Sprintf("%v %v %s", s.From.Abs, s.To.Abs, strings.Join(who, " ")))
	}
	for _, l := range res.Lost {
		lost = append(lost, l.String())
	}
	return shifts, lost
}

func TestRead(t *testing.T) {
	const fixed = "it recurs: its %d shifts in the span are fixed now, and what comes after it is not kept"
	for _, c := range []struct {
		name   string
		src    string
		opts   func(*icalimport.Options)
		shifts []string
		lost   []string
	}{
		{
			name:   "in UTC, people in the summary",
			src:    calendar("SUMMARY:iam: alice\\, bob\nDTSTART:20260302T090000Z\nDTEND:20260302T170000Z"),
			shifts: []string{"2026-03-02T09:00:00Z 2026-03-02T17:00:00Z alice bob"},
		},
		{
			// A week in Chicago over the change: 09:00 is 15:00Z, then 14:00Z.
			name:   "in a zone, with a duration in days",
			src:    calendar("SUMMARY:alice\nDTSTART;TZID=America/Chicago:20260302T090000\nDURATION:P1W"),
			shifts: []string{"2026-03-02T15:00:00Z 2026-03-09T14:00:00Z alice"},
		},
		{
			// A day of the calendar and twelve hours of elapsed time.
			name:   "a duration in hours is elapsed time",
			src:    calendar("SUMMARY:alice\nDTSTART;TZID=America/Chicago:20260307T180000\nDURATION:PT12H", "SUMMARY:bob\nDTSTART;TZID=America/Chicago:20260306T180000\nDURATION:P1DT12H30M15S"),
			shifts: []string{"2026-03-07T00:00:00Z 2026-03-08T12:30:15Z bob", "2026-03-08T00:00:00Z 2026-03-08T12:00:00Z alice"},
		},
		{
			name:   "all day, in the calendar's zone",
			src:    calendar("X-WR-TIMEZONE:Europe/Berlin", "SUMMARY:alice\nDTSTART;VALUE=DATE:20260328\nDTEND;VALUE=DATE:20260330", "SUMMARY:bob\nDTSTART;VALUE=DATE:20260330"),
			shifts: []string{"2026-03-27T23:00:00Z 2026-03-29T22:00:00Z alice", "2026-03-29T22:00:00Z 2026-03-30T22:00:00Z bob"},
		},
		{
			// 02:30 does not exist in Berlin on the 29th: from the first instant
			// after the gap. What lies in it wholly is nothing.
			name:   "in a gap of the clock",
			src:    calendar("SUMMARY:alice\nDTSTART;TZID=Europe/Berlin:20260329T023000\nDTEND;TZID=Europe/Berlin:20260329T040000", "SUMMARY:bob\nDTSTART;TZID=Europe/Berlin:20260329T021000\nDTEND;TZID=Europe/Berlin:20260329T025000"),
			shifts: []string{"2026-03-29T01:00:00Z 2026-03-29T02:00:00Z alice"},
			lost:   []string{"event 1 (bob): left out: it ends when it begins, or before"},
		},
		{
			// 01:30 comes twice in Chicago on 1 November: the first as a start, the
			// last as an end.
			name:   "in a repeated hour",
			src:    calendar("SUMMARY:alice\nDTSTART;TZID=America/Chicago:20261101T013000\nDTEND;TZID=America/Chicago:20261101T014500"),
			opts:   func(o *icalimport.Options) { o.Until = o.Until.AddDate(1, 0, 0) },
			shifts: []string{"2026-11-01T06:30:00Z 2026-11-01T07:45:00Z alice"},
		},
		{
			name: "weekly, with an exception, one that is moved and one that is cancelled",
			src: calendar("UID:w\nSUMMARY:alice\nDTSTART;TZID=America/Chicago:20260223T090000\nDTEND;TZID=America/Chicago:20260223T170000\nRRULE:FREQ=WEEKLY;UNTIL=20260330T140000Z\nEXDATE;TZID=America/Chicago:20260309T090000",
				"UID:w\nSUMMARY:bob\nRECURRENCE-ID;TZID=America/Chicago:20260316T090000\nDTSTART;TZID=America/Chicago:20260317T090000\nDTEND;TZID=America/Chicago:20260317T100000",
				"UID:w\nSUMMARY:alice\nSTATUS:CANCELLED\nRECURRENCE-ID:20260323T140000Z\nDTSTART;TZID=America/Chicago:20260323T090000\nDTEND;TZID=America/Chicago:20260323T170000"),
			shifts: []string{"2026-03-02T15:00:00Z 2026-03-02T23:00:00Z alice", "2026-03-17T14:00:00Z 2026-03-17T15:00:00Z bob", "2026-03-30T14:00:00Z 2026-03-30T22:00:00Z alice"},
			lost:   []string{"event w (alice): left out: it is cancelled", "event w (alice): " + fmt.Sprintf(fixed, 2)},
		},
		{
			name:   "daily by a number of times, with more dates",
			src:    calendar("SUMMARY:alice\nDTSTART;TZID=Europe/Berlin:20260327T220000\nDTEND;TZID=Europe/Berlin:20260328T060000\nRRULE:FREQ=DAILY;COUNT=3\nRDATE;TZID=Europe/Berlin:20260401T000000,20260310T220000"),
			shifts: []string{"2026-03-10T21:00:00Z 2026-03-11T05:00:00Z alice", "2026-03-27T21:00:00Z 2026-03-28T05:00:00Z alice", "2026-03-28T21:00:00Z 2026-03-29T04:00:00Z alice", "2026-03-29T20:00:00Z 2026-03-30T04:00:00Z alice", "2026-03-31T22:00:00Z 2026-04-01T06:00:00Z alice"},
			lost:   []string{"event 0 (alice): " + fmt.Sprintf(fixed, 5)},
		},
		{
			name:   "all day every second week, an exception by its day",
			src:    calendar("SUMMARY:alice\nDTSTART;VALUE=DATE:20260302\nDTEND;VALUE=DATE:20260309\nRRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20260330\nEXDATE;VALUE=DATE:20260316"),
			shifts: []string{"2026-03-02T00:00:00Z 2026-03-09T00:00:00Z alice", "2026-03-30T00:00:00Z 2026-04-06T00:00:00Z alice"},
			lost:   []string{"event 0 (alice): " + fmt.Sprintf(fixed, 2)},
		},
		{
			name: "attendees, by mail and by name",
			src: calendar("SUMMARY:night\nDTSTART:20260302T090000Z\nDTEND:20260302T170000Z\nATTENDEE;CN=Alice Smith:mailto:Alice.Smith@example.com\nATTENDEE;CN=Bob:MAILTO:bob@example.com\nATTENDEE;PARTSTAT=DECLINED:mailto:dan@example.com",
				"SUMMARY:On Call - Carol Jones - Primary\nDTSTART:20260303T090000Z\nDTEND:20260303T170000Z"),
			opts: func(o *icalimport.Options) {
				o.People = map[string]string{"alice.smith@example.com": "alice", "BOB": "robert"}
			},
			shifts: []string{"2026-03-02T09:00:00Z 2026-03-02T17:00:00Z alice robert", "2026-03-03T09:00:00Z 2026-03-03T17:00:00Z Primary"},
			lost:   []string{"event 0 (night): dan@example.com declined, and is left out", `event 1 (On Call - Carol Jones - Primary): "Primary" is not in Options.People, and is called "Primary"`},
		},
		{
			name:   "attendees without a map: what is before the @",
			src:    calendar("DTSTART:20260302T090000Z\nDTEND:20260302T170000Z\nATTENDEE:mailto:alice@example.com"),
			shifts: []string{"2026-03-02T09:00:00Z 2026-03-02T17:00:00Z alice"},
		},
		{
			name:   "a name that a directory cannot have",
			src:    calendar("SUMMARY:On Call - Alice Smith\nDTSTART:20260302T090000Z\nDTEND:20260302T170000Z"),
			shifts: []string{"2026-03-02T09:00:00Z 2026-03-02T17:00:00Z Alice-Smith"},
			lost:   []string{`event 0 (On Call - Alice Smith): "Alice Smith" is called "Alice-Smith"`},
		},
		{
			name: "zones of other names",
			src: calendar("BEGIN:VTIMEZONE\nTZID:ours\nX-LIC-LOCATION:Europe/Berlin\nBEGIN:STANDARD\nDTSTART:19701025T030000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE",
				"SUMMARY:alice\nDTSTART;TZID=ours:20260302T090000\nDURATION:PT1H",
				"SUMMARY:bob\nDTSTART;TZID=W. Europe Standard Time:20260303T090000\nDURATION:PT1H",
				"SUMMARY:carol\nDTSTART;TZID=/example.org/20260101_1/Europe/Berlin:20260304T090000\nDURATION:PT1H",
				"SUMMARY:dan\nDTSTART;TZID=Mars Time:20260305T090000\nDURATION:PT1H"),
			opts:   func(o *icalimport.Options) { o.Zones = map[string]string{"W. Europe Standard Time": "Europe/Berlin"} },
			shifts: []string{"2026-03-02T08:00:00Z 2026-03-02T09:00:00Z alice", "2026-03-03T08:00:00Z 2026-03-03T09:00:00Z bob", "2026-03-04T08:00:00Z 2026-03-04T09:00:00Z carol"},
			lost:   []string{`event 4 (dan): left out: DTSTART: time zone "Mars Time" is not known; give its IANA name in Options.Zones`},
		},
		{
			name: "what shifts cannot say",
			src: calendar("BEGIN:VTODO\nUID:t\nSUMMARY:x\nEND:VTODO",
				"SUMMARY:\nDTSTART:20260302T090000Z\nDTEND:20260302T170000Z",
				"SUMMARY:alice\nDTSTART:20260302T090000Z",
				"SUMMARY:alice\nDTEND:20260302T090000Z",
				"SUMMARY:alice\nDTSTART:20260302T090000Z\nDTEND:20260302T090000Z",
				"SUMMARY:alice\nDTSTART:20260402T090000Z\nDTEND:20260402T100000Z",
				"SUMMARY:alice\nDTSTART:20260302T090000Z\nDURATION:P1H",
				"SUMMARY:alice\nDTSTART:20260302T090000Z\nDURATION:PT1H\nRRULE:FREQ=HOURLY",
				"SUMMARY:alice\nDTSTART:20260302T090000Z\nDURATION:PT1H\nRRULE:FREQ=SOMETIMES",
				"SUMMARY:alice\nDTSTART:20260230T090000Z\nDURATION:PT1H"),
			lost: []string{
				"event 1: left out: it names nobody",
				"event 2 (alice): left out: its end: there is neither DTEND nor DURATION",
				"event 3 (alice): left out: DTSTART: there is none",
				`event 6 (alice): left out: its end: "P1H" is not a duration`,
				`event 9 (alice): left out: DTSTART: "20260230T090000Z" is not a time`,
				"event 4 (alice): left out: it ends when it begins, or before",
				"event 5 (alice): left out: it is outside the span",
				"event 7 (alice): left out: RRULE: it recurs more often than daily",
				"event 8 (alice): left out: RRULE: undefined frequency: SOMETIMES",
				"1 of VTodo: not shifts",
			},
		},
		{
			name:   "tentative, with a reminder",
			src:    calendar("SUMMARY:alice\nSTATUS:TENTATIVE\nDTSTART:20260302T090000Z\nDTEND:20260302T100000Z\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT15M\nEND:VALARM"),
			shifts: []string{"2026-03-02T09:00:00Z 2026-03-02T10:00:00Z alice"},
			lost:   []string{"event 0 (alice): it is tentative, and a shift like any other now", "event 0 (alice): its reminders are not kept"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			opts := march
			if c.opts != nil {
				c.opts(&opts)
			}
			res, err := icalimport.Read(strings.NewReader(c.src), opts)
			if err != nil {
				t.Fatal(err)
			}
			shifts, lost := shown(res)
			if !slices.Equal(shifts, c.shifts) {
				t.Errorf("shifts\n%s\nwant\n%s", strings.Join(shifts, "\n"), strings.Join(c.shifts, "\n"))
			}
			if !slices.Equal(lost, c.lost) {
				t.Errorf("lost\n%s\nwant\n%s", strings.Join(lost, "\n"), strings.Join(c.lost, "\n"))
			}
		})
	}
}

func TestReadRefuses(t *testing.T) {
	good := calendar("SUMMARY:alice\nDTSTART:20260302T090000Z\nDTEND:20260302T100000Z")
	for name, c := range map[string]struct {
		src  string
		opts icalimport.Options
	}{
		"no span":         {good, icalimport.Options{}},
		"a span backward": {good, icalimport.Options{From: march.Until, Until: march.From}},
		"no calendar":     {"hello\r\n", march},
		"nothing":         {"", march},
		"an unknown zone": {good, icalimport.Options{From: march.From, Until: march.Until, Timezone: "Mars/Olympus"}},
		"too long":        {good + strings.Repeat("\r\n", 5<<20), march},
	} {
		if _, err := icalimport.Read(strings.NewReader(c.src), c.opts); err == nil || !strings.HasPrefix(err.Error(), "icalimport: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := icalimport.Read(broken{}, march); !errors.Is(err, errBroken) {
		t.Errorf("a reader that fails: %v", err)
	}
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errBroken }

// What this project exports comes back: the same people at every instant.
func TestRoundTrip(t *testing.T) {
	doc, err := policy.Parse("d.json", []byte(`{"version": 1, "directory": {"schedules": {"iam": {"timezone": "America/Chicago",
		"rotations": {"r": {"every": "1d", "start": "2026-03-01T09:00", "members": ["alice", ["bob", "carol"]], "days": ["mon", "tue", "sat", "sun"]}},
		"layers": [{"always": ["rotation:r"]}, {"windows": [{"from": "22:00", "to": "02:30", "who": ["dan"]}]}],
		"overrides": [{"from": "2026-03-10T00:00", "to": "2026-03-11T00:00"}]}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	s, err := oncall.Compile(doc.Directory.Schedules["iam"])
	if err != nil {
		t.Fatal(err)
	}
	from, until := policy.InstantOf(march.From), policy.InstantOf(march.Until)
	var ics bytes.Buffer
	if err := oncall.ICal(&ics, from, oncall.Feed{Name: s.Name(), Shifts: s.Between(from, until)}); err != nil {
		t.Fatal(err)
	}
	res, err := icalimport.Read(&ics, march)
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Lost) > 0 || len(res.Shifts) < 60 {
		t.Errorf("%d shifts, lost %v", len(res.Shifts), res.Lost)
	}
	back, err := oncall.Compile(res.Schedule("iam"))
	if err != nil {
		t.Fatal(err)
	}
	for i := from; i < until; i = i.Add(7 * time.Minute) {
		if got, want := back.At(i), s.At(i); !slices.Equal(got, want) {
			t.Fatalf("at %v %v is on call, was %v", i, got, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(calendar("SUMMARY:iam: alice\\, bob\nDTSTART:20260302T090000Z\nDTEND:20260302T170000Z"))
	f.Add(calendar("X-WR-TIMEZONE:Europe/Berlin", "SUMMARY:alice\nDTSTART;VALUE=DATE:20260328\nRRULE:FREQ=WEEKLY;COUNT=3\nEXDATE;VALUE=DATE:20260404"))
	f.Add(calendar("UID:w\nATTENDEE;CN=A:mailto:a@example.com\nDTSTART;TZID=America/Chicago:20261101T013000\nDURATION:P1DT2H\nRECURRENCE-ID:20261101T063000Z"))
	f.Fuzz(func(t *testing.T, src string) {
		if strings.Contains(strings.ToUpper(src), "BYMONTH") || strings.Contains(strings.ToUpper(src), "BYSETPOS") {
			t.Skip() // a rule that never holds is searched to the year 9999, for a second
		}
		res, err := icalimport.Read(strings.NewReader(src), march)
		if err != nil {
			return
		}
		s, err := oncall.Compile(res.Schedule("s"))
		if err != nil {
			t.Fatalf("the shifts are no schedule: %v", err)
		}
		for _, sh := range res.Shifts {
			for _, r := range sh.Who {
				if !slices.Contains(s.At(sh.From.Abs), r.Person) {
					t.Fatalf("%s is not on call at %v", r.Person, sh.From.Abs)
				}
			}
		}
	})
}

func ExampleRead() {
	src := calendar("SUMMARY:On Call - alice\nDTSTART;TZID=America/Chicago:20260302T090000\nDTEND;TZID=America/Chicago:20260309T090000\nRRULE:FREQ=WEEKLY;INTERVAL=2")
	res, err := icalimport.Read(strings.NewReader(src), march)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range res.Shifts {
		fmt.Println(s.From.Abs, s.To.Abs, s.Who[0].Person)
	}
	for _, l := range res.Lost {
		fmt.Println(l)
	}
	// Output:
	// 2026-03-02T15:00:00Z 2026-03-09T14:00:00Z alice
	// 2026-03-16T14:00:00Z 2026-03-23T14:00:00Z alice
	// 2026-03-30T14:00:00Z 2026-04-06T14:00:00Z alice
	// event 0 (On Call - alice): it recurs: its 3 shifts in the span are fixed now, and what comes after it is not kept
}
