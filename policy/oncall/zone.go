package oncall

import (
	"errors"
	"fmt"
	"math"
	"sort"
	"time"
)

// zone is the history of one time zone's offset from UTC as a table, so that a
// look-up is a binary search and both directions, instant to wall and wall to
// instant, are exact.
//
// The two directions rest on two monotone readings of the wall clock. The
// highest reading so far reaches w at the first instant at which the clock shows
// w, or at the first instant after the gap when it never does. The lowest
// reading still to come, less the second until then, reaches w at the last such
// instant. So a span of wall time [a, b) is running exactly when high ≥ a and
// low < b, whatever the clock did in between.
type zone struct {
	loc    *time.Location
	starts []int64 // second at which segment i begins; the first is the beginning of time
	offs   []int64 // offset from UTC in segment i, seconds
	// peak[i] is the least wall time not reached before segment i; the last
	// entry, past the last segment, is never reached.
	peak []int64
	// low[i] is the lowest wall time in segment i and all after it.
	low []int64
	// ruled: the zone has a rule that goes on for ever, so the table repeats.
	ruled bool
}

const (
	// A rule that goes on for ever depends on a year's length and first
	// weekday alone, and any 28 years without a skipped leap day hold all
	// fourteen kinds of year. The table ends with 28 such years; a later year
	// is looked up as its twin among them.
	firstTwin = 2101
	lastTwin  = 2128
	twinStart = 4133980800 // 2101-01-01
	tableEnd  = 5017593600 // 2129-01-01
	// No zone's history is older. The offset of this year holds before it.
	firstYear = 1700
	// More transitions than any real zone has: a corrupt file ends here.
	maxTransitions = 20_000

	farPast   = math.MinInt64 / 4
	farFuture = math.MaxInt64 / 4
)

// moment is what a zone's clock says at an instant.
type moment struct {
	local int64 // the wall time
	high  int64 // the highest wall time so far
	low   int64 // the lowest wall time after this second, less one
	seg   int   // segment of the table

	years int64 // years since firstTwin, when looked up by a twin; else 0
	jan   int   // then: segment in which the twin year begins
}

// loadZone reads a zone of the IANA database by name; "" is UTC. "Local" is
// refused: one document must mean the same on every machine.
func loadZone(name string) (*zone, error) {
	if name == "Local" {
		return nil, errors.New(`time zone "Local" means another zone on every machine; name one such as Europe/Berlin`)
	}
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("time zone %q is not known (%w); write an IANA name such as Europe/Berlin, and import time/tzdata where the machine has no zone files", name, err)
	}
	return compileZone(loc)
}

func compileZone(loc *time.Location) (*zone, error) {
	t := newYear(firstYear)
	z := &zone{loc: loc, starts: []int64{farPast}, offs: []int64{offsetAt(loc, t)}}
	for steps := 0; ; steps++ {
		next, ok := offsetEnd(loc, t)
		if !ok || next >= tableEnd {
			break
		}
		if steps == maxTransitions {
			return nil, fmt.Errorf("time zone %q has more than %d transitions; its file is corrupt, install the zone files anew", loc, maxTransitions)
		}
		if off := offsetAt(loc, next); off != z.offs[len(z.offs)-1] {
			z.starts, z.offs = append(z.starts, next), append(z.offs, off)
		}
		t = next
	}
	z.index()
	return z, nil
}

func offsetAt(loc *time.Location, sec int64) int64 {
	_, off := time.Unix(sec, 0).In(loc).Zone()
	return int64(off)
}

// offsetEnd is an instant after sec up to which the offset stays the same; no
// such instant: it stays for ever. Package time rounds the end of a rule's last
// segment in a leap year down to a day before the year's end, which may be
// before sec; an hour is safe, for nothing changes its clock then.
func offsetEnd(loc *time.Location, sec int64) (int64, bool) {
	_, end := time.Unix(sec, 0).In(loc).ZoneBounds()
	if end.IsZero() {
		return 0, false
	}
	if next := end.Unix(); next > sec {
		return next, true
	}
	return sec + hour, true
}

// index fills in what follows from starts and offs.
func (z *zone) index() {
	n := len(z.starts)
	z.peak, z.low = make([]int64, n+1), make([]int64, n+1)
	z.peak[0], z.low[0] = farPast, farPast
	z.peak[n], z.low[n] = farFuture, farFuture
	for i := 1; i < n; i++ {
		z.peak[i] = max(z.peak[i-1], z.starts[i]+z.offs[i-1])
	}
	for i := n - 1; i > 0; i-- {
		z.low[i] = min(z.low[i+1], z.starts[i]+z.offs[i])
	}
	z.ruled = z.starts[n-1] >= twinStart
}

// segment is the index of the segment that sec is in.
func (z *zone) segment(sec int64) int {
	lo, hi := 0, len(z.starts)
	for hi-lo > 1 {
		mid := int(uint(lo+hi) >> 1)
		if z.starts[mid] <= sec {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// twin is by how much a time is moved back to fall into the table, and the
// year it is in; nothing for a time within the table. It takes instants and
// wall times alike: no rule changes the clock within a day of new year.
func (z *zone) twin(sec int64) (shift, year int64) {
	if !z.ruled || sec < tableEnd {
		return 0, 0
	}
	year = yearOf(sec)
	begin := newYear(year)
	first, length := weekdayOf(begin/day), newYear(year+1)-begin
	for y := int64(firstTwin); y <= lastTwin; y++ {
		b := newYear(y)
		if weekdayOf(b/day) == first && newYear(y+1)-b == length {
			return begin - b, year
		}
	}
	return 0, 0 // not reached: the 28 years hold every kind
}

// at is what the clock says at second sec.
func (z *zone) at(sec int64) moment {
	var m moment
	shift, year := z.twin(sec)
	if year != 0 {
		sec -= shift
		m.years, m.jan = year-firstTwin, z.segment(newYear(yearOf(sec)))
	}
	m.seg = z.segment(sec)
	local := sec + z.offs[m.seg]
	m.local = local + shift
	m.high = max(local, z.peak[m.seg]-1) + shift
	m.low = min(local, z.low[m.seg+1]-1) + shift
	return m
}

// first is the first second at which the clock shows w: the start of a span. A
// wall time that does not exist becomes the first second after the gap.
func (z *zone) first(w int64) int64 {
	shift, _ := z.twin(w)
	w -= shift
	i := sort.Search(len(z.starts)-1, func(i int) bool { return z.peak[i+1] > w })
	return max(z.starts[i], w-z.offs[i]) + shift
}

// last is the last second at which the clock shows w: the end of a span. A wall
// time that does not exist becomes the first second after the gap.
func (z *zone) last(w int64) int64 {
	shift, _ := z.twin(w)
	w -= shift
	i := sort.Search(len(z.starts)-1, func(i int) bool { return z.low[i+1] > w })
	end := w - z.offs[i]
	if i+1 < len(z.starts) {
		end = min(end, z.starts[i+1])
	}
	return end + shift
}
