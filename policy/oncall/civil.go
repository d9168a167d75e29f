package oncall

import (
	"fmt"
	"math"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// A wall time is a reading of a clock on the wall without its zone: seconds
// since 1970-01-01T00:00:00 as if that clock were UTC. Calendar arithmetic is
// done on wall times alone and turned into an instant once, at the end, by a
// [zone]: what time.Date does with a time that does not exist depends on the
// sign of the zone's offset.

const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour

	microsecond = 1_000_000 // instants a second
)

// floorDiv is the largest integer not above a/b, for b > 0.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// floorMod is a − b·floorDiv(a, b): in [0, b) for b > 0.
func floorMod(a, b int64) int64 {
	m := a % b
	if m < 0 {
		m += b
	}
	return m
}

// dayOf is the number of the day, since 1970-01-01, that wall time w is in.
func dayOf(w int64) int64 { return floorDiv(w, day) }

// weekdayOf is the time.Weekday of day d. 1970-01-01 was a Thursday.
func weekdayOf(d int64) int64 { return floorMod(d+int64(time.Thursday), 7) }

// dateDay is the number of the day of a date in the proleptic Gregorian
// calendar. Years are counted from March, so that the leap day comes last.
func dateDay(year int64, month time.Month, dom int64) int64 {
	if month < time.March {
		year--
	}
	era := floorDiv(year, 400)
	yoe := year - era*400
	doy := (153*((int64(month)+9)%12)+2)/5 + dom - 1
	return era*146097 + yoe*365 + yoe/4 - yoe/100 + doy - 719468
}

// dayDate is the inverse of dateDay.
func dayDate(d int64) (year int64, month time.Month, dom int64) {
	d += 719468
	era := floorDiv(d, 146097)
	doe := d - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	year, month, dom = yoe+era*400, time.Month((mp+2)%12+1), doy-(153*mp+2)/5+1
	if month < time.March {
		year++
	}
	return year, month, dom
}

// daysIn is the number of days in a month.
func daysIn(year int64, month time.Month) int64 {
	next := dateDay(year, month+1, 1)
	if month == time.December {
		next = dateDay(year+1, time.January, 1)
	}
	return next - dateDay(year, month, 1)
}

// newYear is the wall time of the start of a year.
func newYear(year int64) int64 { return dateDay(year, time.January, 1) * day }

// yearOf is the year that wall time w is in.
func yearOf(w int64) int64 {
	year, _, _ := dayDate(dayOf(w))
	return year
}

// wallOf is the wall time of c, or an error when c is not a date and a time.
func wallOf(c policy.Civil) (int64, error) {
	year := int64(c.Year)
	switch {
	case year < 1 || year > 9999,
		c.Month < time.January || c.Month > time.December,
		c.Day < 1 || int64(c.Day) > daysIn(year, c.Month),
		c.Hour < 0 || c.Hour > 23, c.Min < 0 || c.Min > 59, c.Sec < 0 || c.Sec > 59:
		return 0, fmt.Errorf("%04d-%02d-%02dT%02d:%02d:%02d is not a date and time of the years 1 to 9999; write one such as 2026-01-05T09:00",
			c.Year, int(c.Month), c.Day, c.Hour, c.Min, c.Sec)
	}
	return dateDay(year, c.Month, int64(c.Day))*day + int64(c.Hour*hour+c.Min*minute+c.Sec), nil
}

// secondOf is the whole second that i is in.
func secondOf(i policy.Instant) int64 { return floorDiv(int64(i), microsecond) }

// instantAt is the instant of a second, saturating: what lies beyond the range
// of instants does not come.
func instantAt(sec int64) policy.Instant {
	switch {
	case sec >= math.MaxInt64/microsecond:
		return policy.Never
	case sec <= math.MinInt64/microsecond:
		return math.MinInt64
	}
	return policy.Instant(sec * microsecond)
}
