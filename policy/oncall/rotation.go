package oncall

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// maxEvery bounds a rotation's step, so that no sum of steps overflows.
const maxEvery = 1_000_000

// rotation is a closed form: the number of the hand-off that is the last one at
// or before a wall time is arithmetic, whatever lies between it and the start.
type rotation struct {
	name  string
	unit  policy.RotationUnit
	every int64
	start int64 // wall time of hand-off 0
	days  weekdays
	turns []group
	same  bool // every turn is the same group

	step  int64 // length of a step that is a fixed length of wall time, else 0
	tod   int64 // time of day of the start
	dom   int64 // day of the month of the start: what monthly dates clamp from
	month int64 // month of the start, counted from year 0
	count int64 // what the days' count was at the start, see counted

	// lost[i] is how many hand-offs up to segment i of the zone fell on the
	// instant of another; nil when none ever does. After the table it grows by
	// lostYear a year.
	lost     []int64
	lostFar  int64 // up to firstTwin
	lostYear int64
	base     int64 // hand-offs up to number 0, less the lost
}

func compileRotation(r *policy.Rotation, z *zone, groups *groups) (*rotation, error) {
	start, err := wallOf(r.Start)
	switch {
	case err != nil:
		return nil, fmt.Errorf("start: %w", err)
	case r.Every < 1 || r.Every > maxEvery:
		return nil, fmt.Errorf("every: %d is not a number of steps from 1 to %d; write one such as 1w", r.Every, maxEvery)
	case r.Unit > policy.Monthly:
		return nil, fmt.Errorf("every: unit %d is not known; use h, d, w or mo", r.Unit)
	case len(r.Members) == 0:
		return nil, errors.New("no members; list at least one person")
	}
	c := &rotation{name: r.Name, unit: r.Unit, every: int64(r.Every), start: start, days: weekdaysOf(r.Days)}
	for i, m := range r.Members {
		if len(m) == 0 {
			return nil, fmt.Errorf("members[%d]: an empty group; name at least one person", i)
		}
		c.turns = append(c.turns, groups.of(m...))
	}
	c.same = !slices.ContainsFunc(c.turns, func(g group) bool { return g != c.turns[0] })
	c.prepare()
	c.countLost(z)
	m := z.at(z.first(c.wall(0)))
	c.base = c.index(m.high) - c.lostAt(&m)
	return c, nil
}

// prepare derives what the closed forms need.
func (r *rotation) prepare() {
	d := dayOf(r.start)
	r.tod = r.start - d*day
	year, month, dom := dayDate(d)
	r.dom, r.month = dom, year*12+int64(month)-1
	switch r.unit {
	case policy.Hourly:
		if r.days.all() {
			r.step = r.every * hour
		}
		r.count = r.counted(r.firstHour())
	case policy.Daily:
		if r.days.all() {
			r.step = r.every * day
		}
		r.count = r.days.rank(d-1) + 1
	case policy.Weekly:
		r.step = r.every * 7 * day
	}
}

// firstHour is the first hand-off, counted on from the start in steps of hours,
// that falls on one of the days. A series that leaves the days out for ever, such
// as 168 h from a Wednesday for Saturdays, begins at that time of the first such
// day.
func (r *rotation) firstHour() int64 {
	const week = 7 * 24 // steps after which the hours of the week come again
	for k := range int64(week) {
		if w := r.start + k*r.every*hour; r.days.has(dayOf(w)) {
			return w
		}
	}
	return r.days.after(dayOf(r.start))*day + r.tod
}

// counted is the wall time that the rotation's days had run for by w. On another
// day it is a second less: a hand-off at the turn of the day is the midnight that
// begins the next of the days, not the one that ended the last.
func (r *rotation) counted(w int64) int64 {
	d := dayOf(w)
	c := r.days.rank(d-1) * day
	if r.days.has(d) {
		return c + w - d*day
	}
	return c - 1
}

// index is the number of the last hand-off at or before wall time w.
func (r *rotation) index(w int64) int64 {
	if r.step != 0 {
		return floorDiv(w-r.start, r.step)
	}
	switch r.unit {
	case policy.Hourly:
		return floorDiv(r.counted(w)-r.count, r.every*hour)
	case policy.Daily:
		return floorDiv(r.days.rank(dayOf(w-r.tod))-r.count, r.every)
	default:
		year, month, _ := dayDate(dayOf(w))
		k := floorDiv(year*12+int64(month)-1-r.month, r.every)
		if r.wall(k) > w {
			k--
		}
		return k
	}
}

// wall is the wall time of hand-off k. It is the inverse of index: the least w
// whose index is k.
func (r *rotation) wall(k int64) int64 {
	if r.step != 0 {
		return r.start + k*r.step
	}
	switch r.unit {
	case policy.Hourly:
		c := r.count + k*r.every*hour
		return r.days.ranked(floorDiv(c, day)+1)*day + floorMod(c, day)
	case policy.Daily:
		return r.days.ranked(r.count+k*r.every)*day + r.tod
	default:
		months := r.month + k*r.every
		year := floorDiv(months, 12)
		month := time.Month(months - year*12 + 1)
		return dateDay(year, month, min(r.dom, daysIn(year, month)))*day + r.tod
	}
}

// countLost finds the gaps of the zone in which hand-offs collapse. The
// hand-offs from the first missing wall time to the first that exists again all
// fall on the instant after the gap; they are one hand-off.
func (r *rotation) countLost(z *zone) {
	lost, total := make([]int64, len(z.starts)), int64(0)
	for i := 1; i < len(z.starts); i++ {
		from, to := z.peak[i], z.starts[i]+z.offs[i]
		if to > from {
			total += max(0, r.index(to)-r.index(from-1)-1)
		}
		lost[i] = total
	}
	if total == 0 {
		return
	}
	r.lost = lost
	r.lostFar = lost[z.segment(twinStart)]
	r.lostYear = lost[z.segment(newYear(firstTwin+1))] - r.lostFar
}

// lostAt is how many hand-offs had collapsed by m.
func (r *rotation) lostAt(m *moment) int64 {
	if r.lost == nil {
		return 0
	}
	if m.years == 0 {
		return r.lost[m.seg]
	}
	return r.lostFar + m.years*r.lostYear + r.lost[m.seg] - r.lost[m.jan]
}

// on is the group whose turn it is at m.
func (r *rotation) on(m *moment) group {
	if r.same {
		return r.turns[0]
	}
	k := r.index(m.high) - r.lostAt(m) - r.base
	return r.turns[floorMod(k, int64(len(r.turns)))]
}

// covers reports whether m is in one of the rotation's days. A day runs from
// its first midnight to its last, as every span does.
func (r *rotation) covers(m *moment) bool {
	return r.days.all() || r.days.anyIn(dayOf(m.low), dayOf(m.high))
}

// until is a second after m up to which nothing about the rotation changes.
func (r *rotation) until(m *moment, z *zone) int64 {
	end := int64(math.MaxInt64)
	if !r.same {
		end = z.first(r.wall(r.index(m.high) + 1))
	}
	if !r.days.all() {
		begins, ends := (dayOf(m.high)+1)*day, (dayOf(m.low)+1)*day
		end = min(end, z.first(begins), z.last(ends))
	}
	return end
}
