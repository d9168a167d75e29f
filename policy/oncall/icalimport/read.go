package icalimport

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
)

// The bounds of a calendar, so that a hostile one costs little.
const (
	maxSource = 8 << 20
	maxShifts = 100_000
)

// Options say what is read.
type Options struct {
	// From and Until are the span: an event is taken when it has a part in
	// [From, Until). Both are required, for a recurring event has no end.
	From, Until time.Time
	// Timezone is that of times without a zone of their own.
	//
	// Defaults to the calendar's X-WR-TIMEZONE, else UTC.
	Timezone string
	// Zones names the IANA zone of a TZID that is none, such as
	// "W. Europe Standard Time".
	Zones map[string]string
	// People gives a person's name in the directory by mail address, by display
	// name, or by name in a summary; letter case does not matter.
	//
	// Defaults to the part of the address before the @, else the name as it is.
	People map[string]string
}

// Result is what a calendar says, as far as shifts can say it.
type Result struct {
	Shifts []policy.Shift // by beginning; their times are instants
	Lost   []Loss         // in the order of the calendar
}

// Loss is something that the calendar says and the shifts do not.
type Loss struct {
	UID, Summary string // of the event; empty for the calendar as a whole
	What         string
}

// String is the loss on one line.
func (l Loss) String() string {
	switch {
	case l.UID == "" && l.Summary == "":
		return l.What
	case l.Summary == "":
		return fmt.Sprintf("event %s: %s", l.UID, l.What)
	}
	return fmt.Sprintf("event %s (%s): %s", l.UID, l.Summary, l.What)
}

// Schedule is the shifts as a schedule of one layer, in UTC, for
// [oncall.Compile].
func (r *Result) Schedule(name string) *policy.Schedule {
	return &policy.Schedule{Name: name, Timezone: "UTC", Layers: []policy.Layer{{Shifts: r.Shifts}}}
}

// Read reads a calendar. The error says that it cannot be read at all, that an
// option is missing, or that it holds more shifts than a schedule should; what
// is wrong with one event is a [Loss] of the result.
func Read(r io.Reader, opts Options) (*Result, error) {
	if opts.From.IsZero() || !opts.From.Before(opts.Until) {
		return nil, fmt.Errorf("icalimport: the span from %v until %v: give both, the first before the second", opts.From, opts.Until)
	}
	src, err := io.ReadAll(io.LimitReader(r, maxSource+1))
	if err != nil {
		return nil, fmt.Errorf("icalimport: %w", err)
	}
	if len(src) > maxSource {
		return nil, fmt.Errorf("icalimport: the calendar has more than %d bytes; export a shorter span", maxSource)
	}
	cal, err := parse(src)
	if err != nil {
		return nil, fmt.Errorf("icalimport: %w", err)
	}
	in := importer{opts: opts, zones: zonesOf(cal), from: policy.InstantOf(opts.From), until: policy.InstantOf(opts.Until)}
	in.opts.Timezone = cmp.Or(opts.Timezone, calendarZone(cal), "UTC")
	if _, _, err := in.clocks.Occurrences(in.opts.Timezone, policy.Civil{Year: 2000, Month: time.January, Day: 1}); err != nil {
		return nil, fmt.Errorf("icalimport: %w", err)
	}
	in.calendar(cal)
	if in.over {
		return nil, fmt.Errorf("icalimport: more than %d shifts in the span; ask for a shorter one", maxShifts)
	}
	slices.SortStableFunc(in.res.Shifts, func(a, b policy.Shift) int {
		return cmp.Or(cmp.Compare(a.From.Abs, b.From.Abs), cmp.Compare(a.To.Abs, b.To.Abs))
	})
	return &in.res, nil
}

// parse reads the text. The library is not trusted with every text there is.
func parse(src []byte) (cal *ics.Calendar, err error) {
	defer func() {
		if v := recover(); v != nil {
			cal, err = nil, fmt.Errorf("the calendar cannot be read: %v", v)
		}
	}()
	cal, err = ics.ParseCalendar(bytes.NewReader(src))
	switch {
	case err != nil:
		return nil, err
	case cal == nil || len(cal.Components) == 0 && !bytes.Contains(src, []byte("BEGIN:VCALENDAR")):
		return nil, fmt.Errorf("this is no calendar; one begins with BEGIN:VCALENDAR")
	}
	return cal, nil
}

// calendarZone is the zone that a calendar is in by a common extension.
func calendarZone(cal *ics.Calendar) string {
	for _, p := range cal.CalendarProperties {
		if p.IANAToken == "X-WR-TIMEZONE" {
			return p.Value
		}
	}
	return ""
}

// zonesOf gives the IANA names that a calendar has for its own.
func zonesOf(cal *ics.Calendar) map[string]string {
	zones := map[string]string{}
	for _, z := range cal.Timezones() {
		id, location := z.GetProperty(ics.ComponentPropertyTzid), z.GetProperty("X-LIC-LOCATION")
		if id != nil && location != nil {
			zones[id.Value] = location.Value
		}
	}
	return zones
}

// importer is one calendar while it is read.
type importer struct {
	opts        Options
	from, until policy.Instant
	zones       map[string]string // the calendar's own names
	clocks      oncall.Compiler
	res         Result
	looked      int  // at recurrences
	over        bool // there are too many shifts
}

func (in *importer) lose(e *event, format string, args ...any) {
	l := Loss{What: fmt.Sprintf(format, args...)}
	if e != nil {
		l.UID, l.Summary = e.uid, e.summary
	}
	in.res.Lost = append(in.res.Lost, l)
}

// calendar reads the events. An instance that was moved or cancelled stands in
// an event of its own, so these are found first.
func (in *importer) calendar(cal *ics.Calendar) {
	var events []*event
	other := map[string]int{}
	for _, c := range cal.Components {
		switch c := c.(type) {
		case *ics.VEvent:
			events = append(events, in.event(c))
		case *ics.VTimezone:
		default:
			other[fmt.Sprintf("%T", c)[len("*ics."):]]++
		}
	}
	moved := map[string][]policy.Instant{}
	for _, e := range events {
		if e.ok && e.instance.Known() {
			moved[e.uid] = append(moved[e.uid], e.instance)
		}
	}
	for _, e := range events {
		if e.ok {
			in.shifts(e, moved[e.uid])
		}
	}
	for _, kind := range sortedKeys(other) {
		in.lose(nil, "%d of %s: not shifts", other[kind], kind)
	}
}

// add takes a shift that has a part in the span.
func (in *importer) add(from, to policy.Instant, who []policy.Ref) bool {
	if to <= in.from || from >= in.until {
		return false
	}
	if len(in.res.Shifts) >= maxShifts {
		in.over = true
		return false
	}
	in.res.Shifts = append(in.res.Shifts, policy.Shift{From: policy.When{Abs: from}, To: policy.When{Abs: to}, Who: who})
	return true
}

func sortedKeys(m map[string]int) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
