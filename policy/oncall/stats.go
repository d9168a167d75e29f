package oncall

import (
	"fmt"
	"slices"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// Stat is how much one person is on call in a span. Durations are elapsed time,
// so a night in which the clock is put back counts an hour more.
type Stat struct {
	Person string
	Total  time.Duration
	// Nights is the part between 22:00 and 06:00, and Weekends that between
	// Saturday 00:00 and Monday 00:00, on the person's wall clock. They overlap.
	Nights   time.Duration
	Weekends time.Duration
	// Shifts is how many times the person came on and later went off, or was on
	// at an end of the span. A hand-off to oneself is none.
	Shifts int
}

// maxStats bounds a span of statistics, and with it the work.
const maxStats = 100 * 366 * 24 * time.Hour

// Stats is how much each person that the schedule names is on call in
// [from, to), sorted by name; whoever is not on in the span has zeros. The wall
// clock is that of the person's zone in people, or the schedule's for a person
// who is not there. The error names a zone that is not known, or a span of more
// than a hundred years.
func (s *Schedule) Stats(from, to policy.Instant, people map[string]*policy.Person) ([]Stat, error) {
	if to.Sub(from) > maxStats {
		return nil, fmt.Errorf("oncall: schedule %q: statistics from %v to %v; ask for a hundred years or less", s.name, from, to)
	}
	t, err := s.tally(people)
	if err != nil {
		return nil, err
	}
	for sh := range s.Between(from, to) {
		for i := range t {
			t[i].follow(sh)
		}
	}
	stats := make([]Stat, len(t))
	for i := range t {
		t[i].close(to)
		stats[i] = t[i].Stat
	}
	return stats, nil
}

// tally is one person's account while it is made.
type tally struct {
	Stat
	zone  *zone
	on    bool
	since policy.Instant
}

func (s *Schedule) tally(people map[string]*policy.Person) ([]tally, error) {
	var zones Compiler
	var list []tally
	for _, name := range s.everybody() {
		t := tally{Stat: Stat{Person: name}, zone: s.zone}
		if p := people[name]; p != nil {
			z, err := zones.zone(p.Timezone)
			if err != nil {
				return nil, fmt.Errorf("oncall: schedule %q: person %q: %w", s.name, name, err)
			}
			t.zone = z
		}
		list = append(list, t)
	}
	return list, nil
}

// everybody is the people that the schedule names, sorted.
func (s *Schedule) everybody() []string {
	all := slices.Concat(s.people...)
	slices.Sort(all)
	return slices.Compact(all)
}

func (t *tally) follow(sh Shift) {
	switch on := slices.Contains(sh.OnCall, t.Person); {
	case on && !t.on:
		t.on, t.since = true, sh.From
	case !on:
		t.close(sh.From)
	}
}

func (t *tally) close(end policy.Instant) {
	if !t.on {
		return
	}
	t.on = false
	t.Shifts++
	t.Total += end.Sub(t.since)
	t.Nights += overlap(t.zone, t.since, end, nights())
	t.Weekends += overlap(t.zone, t.since, end, weekend(time.Saturday), weekend(time.Sunday))
}

// nights is 22:00 to 06:00 of every day.
func nights() window {
	return window{days: weekdaysOf([7]bool{}), from: 22 * hour, to: 30 * hour}
}

// weekend is the whole of one weekday.
func weekend(wd time.Weekday) window {
	var days [7]bool
	days[wd] = true
	return window{days: weekdaysOf(days), to: day}
}

// overlap is for how much of [from, to) one of the windows runs.
func overlap(z *zone, from, to policy.Instant, windows ...window) time.Duration {
	var sum time.Duration
	for from < to {
		m := z.at(secondOf(from))
		end, runs := to, false
		for i := range windows {
			end = min(end, instantAt(windows[i].until(&m, z)))
			runs = runs || windows[i].runs(&m)
		}
		if runs {
			sum += end.Sub(from)
		}
		from = end
	}
	return sum
}
