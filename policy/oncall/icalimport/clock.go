package icalimport

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	ics "github.com/arran4/golang-ical"

	"github.com/belfry-go/belfry/policy"
)

// clock is a time as a calendar writes it: the reading of a clock in a zone.
// What instant that is depends on whether it begins or ends something.
type clock struct {
	zone string    // IANA
	wall time.Time // the reading, as if in UTC
	day  bool      // a date alone
}

func civil(t time.Time) policy.Civil {
	return policy.Civil{Year: t.Year(), Month: t.Month(), Day: t.Day(), Hour: t.Hour(), Min: t.Minute(), Sec: t.Second()}
}

func (in *importer) begin(c clock) (policy.Instant, error) {
	first, _, err := in.clocks.Occurrences(c.zone, civil(c.wall))
	return first, err
}

func (in *importer) end(c clock) (policy.Instant, error) {
	_, last, err := in.clocks.Occurrences(c.zone, civil(c.wall))
	return last, err
}

// time reads a property of one time.
func (in *importer) time(p *ics.IANAProperty) (clock, error) {
	if p == nil {
		return clock{}, errors.New("there is none")
	}
	zone, err := in.zone(p.ICalParameters["TZID"])
	if err != nil {
		return clock{}, err
	}
	return parseClock(p.Value, zone)
}

func parseClock(value, zone string) (clock, error) {
	value = strings.TrimSpace(value)
	for _, form := range [...]struct {
		layout string
		utc    bool
		day    bool
	}{{"20060102T150405Z", true, false}, {"20060102T150405", false, false}, {"20060102", false, true}} {
		if t, err := time.Parse(form.layout, value); err == nil && t.Nanosecond() == 0 {
			if form.utc {
				zone = "UTC"
			}
			return clock{zone, t, form.day}, nil
		}
	}
	return clock{}, fmt.Errorf("%q is not a time", value)
}

// zone is the IANA zone of a TZID.
func (in *importer) zone(tzid []string) (string, error) {
	if len(tzid) == 0 || tzid[0] == "" {
		return in.opts.Timezone, nil
	}
	id := tzid[0]
	candidates := []string{in.opts.Zones[id], id, in.zones[id]}
	// Some write a path of their own before the name.
	if parts := strings.Split(strings.Trim(id, "/"), "/"); len(parts) > 2 {
		candidates = append(candidates, strings.Join(parts[len(parts)-2:], "/"), strings.Join(parts[len(parts)-3:], "/"))
	}
	for _, name := range candidates {
		if name == "" {
			continue
		}
		if _, _, err := in.clocks.Occurrences(name, policy.Civil{Year: 2000, Month: time.January, Day: 1}); err == nil {
			return name, nil
		}
	}
	return "", fmt.Errorf("time zone %q is not known; give its IANA name in Options.Zones", id)
}

// endOf is DTEND, or the start and DURATION; a date without either is its day.
func (in *importer) endOf(e *event) (clock, error) {
	if p := e.GetProperty(ics.ComponentPropertyDtEnd); p != nil {
		return in.time(p)
	}
	end := e.start
	if p := e.GetProperty(ics.ComponentPropertyDuration); p != nil {
		days, exact, err := parseDuration(p.Value)
		if err != nil {
			return clock{}, err
		}
		end.wall = end.wall.AddDate(0, 0, days)
		if exact == 0 {
			return end, nil
		}
		// Hours are elapsed time, days are those of the calendar.
		begin, err := in.begin(end)
		if err != nil {
			return clock{}, err
		}
		return clock{zone: "UTC", wall: begin.Add(exact).Time()}, nil
	}
	if end.day {
		end.wall = end.wall.AddDate(0, 0, 1)
		return end, nil
	}
	return clock{}, errors.New("there is neither DTEND nor DURATION")
}

// maxUnits bounds a number in a duration, so that no sum overflows.
const maxUnits = 100_000

// parseDuration reads P1W, P1DT2H30M and the like.
func parseDuration(value string) (days int, exact time.Duration, err error) {
	bad := fmt.Errorf("%q is not a duration", value)
	rest, ok := strings.CutPrefix(strings.TrimPrefix(strings.TrimSpace(value), "+"), "P")
	if !ok || rest == "" {
		return 0, 0, bad
	}
	units := map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second}
	for clockPart := false; rest != ""; {
		if rest[0] == 'T' && !clockPart && len(rest) > 1 {
			clockPart, rest = true, rest[1:]
			continue
		}
		n := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
		if n < 1 {
			return 0, 0, bad
		}
		v, err := strconv.Atoi(rest[:n])
		if err != nil || v > maxUnits {
			return 0, 0, bad
		}
		unit := rest[n]
		switch {
		case clockPart && units[unit] > 0:
			exact += time.Duration(v) * units[unit]
		case !clockPart && unit == 'W':
			days += 7 * v
		case !clockPart && unit == 'D':
			days += v
		default:
			return 0, 0, bad
		}
		rest = rest[n+1:]
	}
	return days, exact, nil
}
