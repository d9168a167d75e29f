package oncall_test

import (
	"slices"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// dumb is a second resolver that shares no idea with the first. It finds what a
// wall time means by looking at the clock of every minute around it, walks
// rotations hand-off by hand-off from the start, and knows no table, no closed
// form and no cache that outlives a wall time. It is for whole minutes, and for
// instants within reach of a walk.
type dumb struct {
	s     *policy.Schedule
	loc   *time.Location
	seen  map[int64][2]int64
	turns map[string][]handoff
}

type handoff struct {
	at   int64
	turn int
}

func newDumb(s *policy.Schedule) *dumb {
	loc, err := time.LoadLocation(s.Timezone)
	if err != nil {
		panic(err)
	}
	return &dumb{s: s, loc: loc, seen: map[int64][2]int64{}, turns: map[string][]handoff{}}
}

// clock is what a clock on the wall shows, as if it were UTC.
func (d *dumb) clock(unix int64) time.Time { return time.Unix(d.shows(unix), 0).UTC() }

func (d *dumb) shows(unix int64) int64 {
	_, offset := time.Unix(unix, 0).In(d.loc).Zone()
	return unix + int64(offset)
}

// occurrences are the first and last instant at which the clock shows w; both
// are the first instant after the gap when it never does.
func (d *dumb) occurrences(wall time.Time) (first, last int64) {
	w := wall.Unix()
	if o, ok := d.seen[w]; ok {
		return o[0], o[1]
	}
	var hits []int64
	after := int64(0)
	for t := w - 27*3600; t <= w+27*3600; t += 60 {
		shows := d.shows(t)
		if shows == w {
			hits = append(hits, t)
		}
		if after == 0 && shows > w {
			after = t
		}
	}
	first, last = after, after
	if len(hits) > 0 {
		first, last = hits[0], hits[len(hits)-1]
	}
	d.seen[w] = [2]int64{first, last}
	return first, last
}

func date(c policy.Civil) time.Time {
	return time.Date(c.Year, c.Month, c.Day, c.Hour, c.Min, c.Sec, 0, time.UTC)
}

// running reports whether unix is in [first of from, last of to).
func (d *dumb) running(unix int64, from, to time.Time) bool {
	begin, _ := d.occurrences(from)
	_, end := d.occurrences(to)
	return begin <= unix && unix < end
}

func (d *dumb) within(unix int64, from, to policy.When) bool {
	begin, end := int64(from.Abs)/1e6, int64(to.Abs)/1e6
	if !from.Abs.Known() {
		begin, _ = d.occurrences(date(from.Civil))
	}
	if !to.Abs.Known() {
		_, end = d.occurrences(date(to.Civil))
	}
	return begin <= unix && unix < end
}

func none(days [7]bool) bool { return days == [7]bool{} }

// step is the wall time one step of the rotation after w, or before it.
func step(r *policy.Rotation, k int) time.Time {
	start := date(r.Start)
	switch n := k * r.Every; {
	case r.Unit == policy.Monthly:
		first := time.Date(start.Year(), start.Month()+time.Month(n), 1, start.Hour(), start.Minute(), 0, 0, time.UTC)
		dom := start.Day()
		for first.AddDate(0, 0, dom-1).Month() != first.Month() {
			dom--
		}
		return first.AddDate(0, 0, dom-1)
	case r.Unit == policy.Weekly:
		return start.AddDate(0, 0, 7*n)
	case none(r.Days) && r.Unit == policy.Daily:
		return start.AddDate(0, 0, n)
	case none(r.Days):
		return start.Add(time.Duration(n) * time.Hour)
	case r.Unit == policy.Daily:
		return stepDays(r, start, n)
	default:
		return stepMinutes(r, start, n*60)
	}
}

// stepDays counts n of the rotation's days from the first at or after start.
func stepDays(r *policy.Rotation, start time.Time, n int) time.Time {
	w := start
	for !r.Days[w.Weekday()] {
		w = w.AddDate(0, 0, 1)
	}
	for sign := min(1, max(-1, n)); n != 0; {
		if w = w.AddDate(0, 0, sign); r.Days[w.Weekday()] {
			n -= sign
		}
	}
	return w
}

// stepMinutes lets a clock run that stands still on other days, from the first
// step after start that is on such a day, and is the wall time at which it has
// run for n minutes. A series without such a step begins at its time of day.
func stepMinutes(r *policy.Rotation, start time.Time, n int) time.Time {
	w := start
	for k := 0; !r.Days[w.Weekday()] && k < 500; k++ {
		w = w.Add(time.Duration(r.Every) * time.Hour)
	}
	if !r.Days[w.Weekday()] {
		for w = start; !r.Days[w.Weekday()]; {
			w = w.AddDate(0, 0, 1)
		}
	}
	for ; n > 0; w = w.Add(time.Minute) {
		if r.Days[w.Weekday()] {
			n--
		}
	}
	for !r.Days[w.Weekday()] { // at the end of a day: the next turn is the next day's
		w = w.AddDate(0, 0, 1)
	}
	for ; n < 0; w = w.Add(-time.Minute) {
		if r.Days[w.Add(-time.Minute).Weekday()] {
			n++
		}
	}
	return w
}

// walked lists the hand-offs around the start, those of one instant as one, and
// numbers them from that of the start.
func (d *dumb) walked(r *policy.Rotation, until int64) []handoff {
	list := d.turns[r.Name]
	if len(list) > 0 && list[len(list)-1].at > until {
		return list
	}
	instant := func(k int) int64 { first, _ := d.occurrences(step(r, k)); return first }
	list = []handoff{{at: instant(0)}}
	for k := 1; list[len(list)-1].at <= until+11*86400; k++ { // once for a whole comparison
		if t := instant(k); t > list[len(list)-1].at {
			list = append(list, handoff{t, list[len(list)-1].turn + 1})
		}
	}
	for k := -1; list[0].at > until-20*86400; k-- {
		if t := instant(k); t < list[0].at {
			list = slices.Insert(list, 0, handoff{t, list[0].turn - 1})
		}
	}
	d.turns[r.Name] = list
	return list
}

func (d *dumb) rotation(r *policy.Rotation, unix int64) []string {
	covered := none(r.Days)
	for off := -2; off <= 2 && !covered; off++ {
		c := d.clock(unix)
		today := time.Date(c.Year(), c.Month(), c.Day()+off, 0, 0, 0, 0, time.UTC)
		covered = r.Days[today.Weekday()] && d.running(unix, today, today.AddDate(0, 0, 1))
	}
	if !covered {
		return nil
	}
	turn := 0
	for _, h := range d.walked(r, unix) {
		if h.at <= unix {
			turn = h.turn
		}
	}
	n := len(r.Members)
	return r.Members[((turn%n)+n)%n]
}

func (d *dumb) refs(refs []policy.Ref, unix int64) (on []string) {
	for _, ref := range refs {
		if ref.Rotation == "" {
			on = append(on, ref.Person)
			continue
		}
		for i := range d.s.Rotations {
			if d.s.Rotations[i].Name == ref.Rotation {
				on = append(on, d.rotation(&d.s.Rotations[i], unix)...)
			}
		}
	}
	return on
}

func (d *dumb) window(w *policy.DayWindow, unix int64) bool {
	c := d.clock(unix)
	for off := -3; off <= 2; off++ {
		today := time.Date(c.Year(), c.Month(), c.Day()+off, 0, 0, 0, 0, time.UTC)
		from, to := today.Add(time.Duration(w.From)*time.Minute), today.Add(time.Duration(w.To)*time.Minute)
		if w.To <= w.From {
			to = to.AddDate(0, 0, 1)
		}
		if w.Days[today.Weekday()] && d.running(unix, from, to) {
			return true
		}
	}
	return false
}

func (d *dumb) shifts(list []policy.Shift, unix int64) (on []string) {
	for _, sh := range list {
		if d.within(unix, sh.From, sh.To) {
			on = append(on, d.refs(sh.Who, unix)...)
		}
	}
	return on
}

func once(list []string) (out []string) {
	for _, p := range list {
		if !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

func (d *dumb) at(i policy.Instant) []string {
	unix := int64(i) / 1e6
	for k := len(d.s.Temporary) - 1; k >= 0; k-- {
		if t := d.s.Temporary[k]; d.within(unix, t.From, t.To) {
			return once(d.shifts(t.Shifts, unix))
		}
	}
	var on []string
	for k := len(d.s.Layers) - 1; k >= 0 && len(on) == 0; k-- {
		l := &d.s.Layers[k]
		on = d.refs(l.Always, unix)
		for w := range l.Windows {
			if d.window(&l.Windows[w], unix) {
				on = append(on, d.refs(l.Windows[w].Who, unix)...)
			}
		}
		on = append(on, d.shifts(l.Shifts, unix)...)
	}
	on = once(on)
	for _, o := range d.s.Overrides {
		if d.within(unix, o.From, o.To) {
			on = d.override(&o, on, unix)
		}
	}
	return on
}

func (d *dumb) override(o *policy.Override, on []string, unix int64) []string {
	who := d.refs(o.Who, unix)
	if len(o.Who) > 0 && len(who) == 0 {
		return on
	}
	if len(o.Replaces) == 0 {
		if len(who) == 0 {
			return nil
		}
		return once(append(slices.Clone(on), who...))
	}
	var out []string
	for i, p := range on {
		if !slices.Contains(o.Replaces, p) {
			out = append(out, p)
		} else if !slices.ContainsFunc(on[:i], func(q string) bool { return slices.Contains(o.Replaces, q) }) {
			out = append(out, who...)
		}
	}
	return once(out)
}
