package icalimport

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/teambition/rrule-go"

	"github.com/belfry-go/belfry/policy"
)

// maxRecurrences bounds how many times of all events are looked at, those before
// the span included.
const maxRecurrences = 1_000_000

// shifts makes the shifts of an event; moved are the instances that stand in an
// event of their own.
func (in *importer) shifts(e *event, moved []policy.Instant) {
	if len(e.who) == 0 {
		return // a cancelled instance
	}
	rules := e.GetProperties(ics.ComponentPropertyRrule)
	if len(rules) == 0 && !e.HasProperty(ics.ComponentPropertyRdate) {
		if kept, err := in.instance(e, e.start.wall); err != nil {
			in.lose(e, "left out: %v", err)
		} else if !kept {
			in.lose(e, "left out: it is outside the span")
		}
		return
	}
	out, err := in.exceptions(e)
	if err != nil {
		in.lose(e, "left out: %v", err)
		return
	}
	walls, err := in.recurrences(e, rules)
	if err != nil {
		in.lose(e, "left out: %v", err)
		return
	}
	kept, empty := 0, 0
	for _, w := range walls {
		at := e.start
		at.wall = w
		begin, err := in.begin(at)
		if err != nil || slices.Contains(moved, begin) || slices.Contains(out, begin) {
			continue
		}
		switch ok, err := in.instance(e, w); {
		case err != nil:
			empty++
		case ok:
			kept++
		}
	}
	if empty > 0 {
		in.lose(e, "%d of its times are empty, in a gap of the clock", empty)
	}
	in.lose(e, "it recurs: its %d shifts in the span are fixed now, and what comes after it is not kept", kept)
}

// instance adds the shift that begins at a reading of the event's clock, as long
// as the event on that clock; kept is false outside the span.
func (in *importer) instance(e *event, wall time.Time) (kept bool, err error) {
	from, to := e.start, e.end
	from.wall = wall
	begin, err := in.begin(from)
	if err != nil {
		return false, err
	}
	var over policy.Instant
	if from.zone == to.zone {
		to.wall = wall.Add(e.end.wall.Sub(e.start.wall))
		over, err = in.end(to)
	} else {
		over, err = in.elapsed(e, begin)
	}
	if err != nil {
		return false, err
	}
	if over <= begin {
		return false, errors.New("it ends when it begins, or before")
	}
	return in.add(begin, over, e.who), nil
}

// elapsed is the end of an instance that begins at begin, of an event whose
// beginning and end are in different zones: it is as long as the event.
func (in *importer) elapsed(e *event, begin policy.Instant) (policy.Instant, error) {
	first, err := in.begin(e.start)
	if err != nil {
		return 0, err
	}
	last, err := in.end(e.end)
	return begin.Add(last.Sub(first)), err
}

// recurrences are the readings of the clock at which an event recurs, up to the
// end of the span. Rules are reckoned on the wall, as schedules are.
func (in *importer) recurrences(e *event, rules []*ics.IANAProperty) ([]time.Time, error) {
	walls := []time.Time{e.start.wall}
	for _, p := range rules {
		more, err := in.rule(e, p.Value)
		if err != nil {
			return nil, err
		}
		walls = append(walls, more...)
	}
	if e.HasProperty(ics.ComponentPropertyExrule) {
		in.lose(e, "its EXRULE is not read: what it takes out is in")
	}
	dates, err := in.times(e, ics.ComponentPropertyRdate)
	if err != nil {
		return nil, err
	}
	for _, d := range dates {
		walls = append(walls, d.wall)
	}
	slices.SortFunc(walls, time.Time.Compare)
	return slices.CompactFunc(walls, time.Time.Equal), nil
}

// rule expands one RRULE.
func (in *importer) rule(e *event, value string) ([]time.Time, error) {
	value, err := in.localUntil(e, value)
	if err != nil {
		return nil, err
	}
	opt, err := rrule.StrToROptionInLocation(value, time.UTC)
	if err != nil {
		return nil, fmt.Errorf("RRULE: %w", err)
	}
	if opt.Freq > rrule.DAILY {
		return nil, fmt.Errorf("RRULE: it recurs more often than daily")
	}
	opt.Dtstart = e.start.wall
	r, err := rrule.NewRRule(*opt)
	if err != nil {
		return nil, fmt.Errorf("RRULE: %w", err)
	}
	// A reading is at most a day from the instant in UTC.
	last := in.opts.Until.UTC().Add(48 * time.Hour)
	var walls []time.Time
	next := r.Iterator()
	for {
		w, ok := next()
		if !ok || w.After(last) {
			return walls, nil
		}
		if in.looked++; in.looked > maxRecurrences {
			return nil, fmt.Errorf("RRULE: the calendar recurs more than %d times before the end of the span", maxRecurrences)
		}
		walls = append(walls, w)
	}
}

// localUntil writes the UNTIL of a rule, which is an instant for an event with a
// zone, as a reading of the event's clock.
func (in *importer) localUntil(e *event, value string) (string, error) {
	parts := strings.Split(value, ";")
	for i, part := range parts {
		name, at, _ := strings.Cut(part, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "UNTIL") {
			continue
		}
		until, err := parseClock(at, e.start.zone)
		if err != nil {
			return "", fmt.Errorf("RRULE: UNTIL: %w", err)
		}
		w := until.wall
		if until.day { // the whole day
			w = w.Add(24*time.Hour - time.Second)
		} else if until.zone == "UTC" && e.start.zone != "UTC" {
			loc, err := time.LoadLocation(e.start.zone)
			if err != nil {
				return "", err
			}
			local := w.In(loc)
			w = time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
		}
		parts[i] = "UNTIL=" + w.Format("20060102T150405Z")
	}
	return strings.Join(parts, ";"), nil
}

// exceptions are the instants of EXDATE.
func (in *importer) exceptions(e *event) ([]policy.Instant, error) {
	dates, err := in.times(e, ics.ComponentPropertyExdate)
	if err != nil {
		return nil, err
	}
	var out []policy.Instant
	for _, d := range dates {
		at, err := in.begin(d)
		if err != nil {
			return nil, err
		}
		out = append(out, at)
	}
	return out, nil
}

// times reads a property that lists several. A date alone stands for the
// event's time on it. They are turned to the event's zone.
func (in *importer) times(e *event, name ics.ComponentProperty) ([]clock, error) {
	var out []clock
	for _, p := range e.GetProperties(name) {
		zone, err := in.zone(p.ICalParameters["TZID"])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for value := range strings.SplitSeq(p.Value, ",") {
			c, err := parseClock(value, zone)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if c, err = in.like(e.start, c); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			out = append(out, c)
		}
	}
	return out, nil
}

// like is c as a reading of the clock of start.
func (in *importer) like(start, c clock) (clock, error) {
	if c.day && !start.day {
		h, m, s := start.wall.Clock()
		c.wall = c.wall.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(s)*time.Second)
		c.zone = start.zone
	}
	if c.zone == start.zone {
		return c, nil
	}
	at, err := in.begin(c)
	if err != nil {
		return clock{}, err
	}
	loc, err := time.LoadLocation(start.zone)
	if err != nil {
		return clock{}, err
	}
	t := at.Time().In(loc)
	return clock{start.zone, time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC), false}, nil
}
