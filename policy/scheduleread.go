package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

func (d *directoryReader) schedules(o *Object) {
	fields, path := d.entries(o, "schedules")
	if o.Node("schedules") == nil {
		return
	}
	d.dir.Schedules = make(map[string]*Schedule, len(fields))
	for _, f := range fields {
		at := join(path, f.Name)
		d.dir.Schedules[f.Name] = d.schedule(d.Object(f.Value, at, fmt.Sprintf("schedule %q", f.Name)), f.Name)
	}
}

// scheduleReader reads one schedule.
type scheduleReader struct {
	*directoryReader
	loc       *time.Location
	rotations []string
	what      string
}

func (d *directoryReader) schedule(o *Object, name string) *Schedule {
	s := &Schedule{Name: name, Timezone: d.zone(o, "UTC")}
	r := &scheduleReader{directoryReader: d, loc: d.location(s.Timezone), what: o.what}
	rotations, path := o.Entries("rotations")
	for _, f := range rotations {
		r.rotations = append(r.rotations, f.Name)
	}
	for _, f := range rotations {
		at := join(path, f.Name)
		s.Rotations = append(s.Rotations, r.rotation(d.Object(f.Value, at, fmt.Sprintf("rotation %q", f.Name)), f.Name))
	}
	slices.SortFunc(s.Rotations, func(a, b Rotation) int { return cmp.Compare(a.Name, b.Name) })
	layers, path := o.List("layers")
	for i, n := range layers {
		s.Layers = append(s.Layers, r.layer(d.Object(n, index(path, i), "a layer of "+o.what)))
	}
	overrides, path := o.List("overrides")
	for i, n := range overrides {
		s.Overrides = append(s.Overrides, r.override(d.Object(n, index(path, i), "an override of "+o.what)))
	}
	r.replacements(overrides, path, s.Overrides)
	temporary, path := o.List("temporary")
	for i, n := range temporary {
		to := d.Object(n, index(path, i), "a temporary schedule of "+o.what)
		t := Temporary{}
		t.From, t.To = r.span(to)
		to.Need("shifts")
		t.Shifts = r.shifts(to)
		to.Done()
		s.Temporary = append(s.Temporary, t)
	}
	o.Done()
	return s
}

func (r *scheduleReader) rotation(o *Object, name string) Rotation {
	out := Rotation{Name: name, Every: 1, Days: r.days(o, false)}
	if n := o.Need("every"); n != nil {
		out.Every, out.Unit = r.step(n, o.Path("every"))
	}
	if n := o.Need("start"); n != nil {
		if text, ok := r.Text(n, o.Path("start")); ok {
			out.Start = r.start(n, o.Path("start"), text)
		}
	}
	members := o.Need("members")
	items, path := o.List("members")
	for i, item := range items {
		at := index(path, i)
		if item.Kind != NodeList {
			if p, ok := r.person(item, at); ok {
				out.Members = append(out.Members, []string{p})
			}
			continue
		}
		group := r.persons(item, at)
		if len(item.Items) == 0 {
			r.faultf(item, at, "%s has a turn of nobody; leave the empty group out, or name people in it", o.what)
		}
		out.Members = append(out.Members, group)
	}
	if members != nil && members.Kind == NodeList && len(items) == 0 {
		r.faultf(members, path, "%s has no members; list at least one person", o.what)
	}
	o.Done()
	return out
}

// step reads a rotation's `every`: a whole number and h, d, w or mo.
func (r *scheduleReader) step(n *Node, path string) (int, RotationUnit) {
	text, ok := r.Text(n, path)
	if !ok {
		return 1, Daily
	}
	digits := strings.TrimRight(text, "hdwmo")
	v, err := strconv.Atoi(digits)
	unit := slices.Index([]string{"h", "d", "w", "mo"}, text[len(digits):])
	if err != nil || v < 1 || v > 10_000 || unit < 0 {
		r.faultf(n, path, "\"every\" is %q; a rotation turns every so many h, d, w or mo, such as 1w", clip(text))
		return 1, Daily
	}
	return v, RotationUnit(unit)
}

// start reads a wall time that must exist in the schedule's zone: hand-offs are
// counted from it. An instant is the wall time that the zone's clocks show then.
func (r *scheduleReader) start(n *Node, path, text string) Civil {
	w, ok := parseWhen(text)
	if ok && w.Abs.Known() {
		t := w.Abs.Time().In(r.zoneOr(time.UTC))
		if w.Civil, ok = civilOf(t), t.Nanosecond() == 0; ok {
			return w.Civil
		}
	}
	if !ok {
		r.faultf(n, path, "\"start\" is %q; %swrite a wall time of the schedule's zone such as 2026-01-05T09:00", clip(text), noSuchDay(text))
		return Civil{}
	}
	loc := r.zoneOr(time.UTC)
	if after, _, exists := occurrences(w.Civil, loc); !exists {
		r.faultf(n, path, "\"start\" %s does not exist in %s: the clocks jump over it; the first time after the gap is %s",
			text, loc, civilAt(after, loc))
	}
	return w.Civil
}

// zoneOr is the schedule's zone, or def for one that is unknown, which has been
// reported already.
func (r *scheduleReader) zoneOr(def *time.Location) *time.Location {
	if r.loc == nil {
		return def
	}
	return r.loc
}

func parseCivil(text string) (Civil, bool) {
	for _, layout := range [...]string{"2006-01-02T15:04", "2006-01-02T15:04:05", "2006-01-02 15:04"} {
		// time.Parse takes a fraction of a second that the layout lacks.
		if t, err := time.Parse(layout, text); err == nil && t.Nanosecond() == 0 {
			return civilOf(t), true
		}
	}
	return Civil{}, false
}

// noSuchDay says which days a month has, for a date that it lacks.
func noSuchDay(text string) string {
	const date = "2006-01-02"
	if len(text) < len(date) {
		return ""
	}
	text = text[:len(date)]
	if _, err := time.Parse(date, text); err == nil {
		return ""
	}
	month, err := time.Parse(date, text[:len(date)-2]+"01")
	if err != nil {
		return ""
	}
	return fmt.Sprintf("%s ends on the %d; ", month.Format("January 2006"), month.AddDate(0, 1, -1).Day())
}

// parseWhen reads an instant with an offset or Z, or a wall time.
func parseWhen(text string) (When, bool) {
	for _, layout := range [...]string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return When{Abs: Instant(t.UnixMicro())}, true // the zero time is one, too: as good as ever
		}
	}
	c, ok := parseCivil(text)
	return When{Abs: Never, Civil: c}, ok
}

func (r *scheduleReader) when(o *Object, name string) (When, bool) {
	n := o.Need(name)
	if n == nil {
		return When{Abs: Never}, false
	}
	text, ok := r.Text(n, o.Path(name))
	if !ok {
		return When{Abs: Never}, false
	}
	w, ok := parseWhen(text)
	if !ok {
		r.faultf(n, o.Path(name), "%q is %q; %swrite an instant such as 2026-03-01T00:00Z, or a wall time of the schedule's zone without the Z", name, clip(text), noSuchDay(text))
	}
	return w, ok
}

// begin is w as the start of a span: the first of two, the first instant after
// a gap.
func (r *scheduleReader) begin(w When) Instant {
	if w.Abs.Known() {
		return w.Abs
	}
	first, _, _ := occurrences(w.Civil, r.zoneOr(time.UTC))
	return InstantOf(time.Unix(first, 0))
}

// end is w as the end of a span: the last of two.
func (r *scheduleReader) end(w When) Instant {
	if w.Abs.Known() {
		return w.Abs
	}
	_, last, _ := occurrences(w.Civil, r.zoneOr(time.UTC))
	return InstantOf(time.Unix(last, 0))
}

// span reads `from` and `to`, [from, to). One whose wall times lie in a gap is
// empty and no mistake; nor is one from 01:30 to 01:15 in a night in which these
// come twice.
func (r *scheduleReader) span(o *Object) (from, to When) {
	from, okFrom := r.when(o, "from")
	to, okTo := r.when(o, "to")
	if !okFrom || !okTo || r.begin(from) < r.end(to) {
		return from, to
	}
	if wall := !from.Abs.Known() && !to.Abs.Known(); !wall || from.Civil.wallUnix() >= to.Civil.wallUnix() {
		r.faultf(o.Node("to"), o.Path("to"), "%s ends before it begins, at %s; write a `to` after its `from`, for one whole day the next day's date", o.what, r.shown(from))
	}
	return from, to
}

// shown is a time as it was written, or nearly so.
func (r *scheduleReader) shown(w When) string {
	if w.Abs.Known() {
		return w.Abs.String()
	}
	return w.Civil.String()
}

func (r *scheduleReader) layer(o *Object) Layer {
	var l Layer
	if o.Node("always") != nil {
		l.Always = r.refs(o, "always")
	}
	windows, path := o.List("windows")
	for i, n := range windows {
		l.Windows = append(l.Windows, r.window(n, index(path, i), func(w *Object) []Ref {
			w.Need("who")
			return r.refs(w, "who")
		}))
	}
	l.Shifts = r.shifts(o)
	if o.node.Kind == NodeMap && !anyField(o.node, "always", "windows", "shifts") {
		r.faultf(o.node, o.path, "%s has neither `always`, `windows` nor `shifts`", o.what)
	}
	o.Done()
	return l
}

func (r *scheduleReader) shifts(o *Object) []Shift {
	items, path := o.List("shifts")
	var out []Shift
	for i, n := range items {
		so := r.Object(n, index(path, i), "a shift")
		s := Shift{}
		s.From, s.To = r.span(so)
		so.Need("who")
		s.Who = r.refs(so, "who")
		so.Done()
		out = append(out, s)
	}
	return out
}

func (r *scheduleReader) override(o *Object) Override {
	var v Override
	v.From, v.To = r.span(o)
	if o.Node("who") != nil {
		v.Who = r.refs(o, "who")
	}
	if n := o.Node("replaces"); n != nil {
		v.Replaces = r.persons(n, o.Path("replaces"))
		if n.Kind == NodeList && len(n.Items) == 0 {
			r.Fault(n, o.Path("replaces"), "\"replaces\" names nobody; leave it out to add to who is on")
		}
	}
	o.Done()
	return v
}

// replacements refuses two overrides that replace one person at the same time:
// which of them would count nobody could tell. One may begin when the other ends
// on the clock on the wall, though in a repeated hour they meet.
func (r *scheduleReader) replacements(nodes []*Node, path string, all []Override) {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(r.begin(all[a].From), r.begin(all[b].From)) })
	last := map[string]int{} // the override that replaces a person the longest so far
	for _, i := range order {
		for _, p := range all[i].Replaces {
			j, seen := last[p]
			if seen && r.begin(all[i].From) < r.begin(all[j].To) {
				a, b := max(i, j), min(i, j)
				r.faultf(nodes[a], index(path, a), "two overrides of %s replace %q at the same time; the other is in line %d: let one end where the other begins",
					r.what, p, nodes[b].Line)
			}
			if !seen || r.begin(all[i].To) > r.begin(all[j].To) {
				last[p] = i
			}
		}
	}
}

// refs reads a list of people and rotation:NAME.
func (r *scheduleReader) refs(o *Object, name string) []Ref {
	items, path := o.List(name)
	out := make([]Ref, 0, len(items))
	for i, item := range items {
		at := index(path, i)
		rotation, ok := strings.CutPrefix(item.Text, "rotation:")
		if item.Kind != NodeString || !ok {
			if p, ok := r.person(item, at); ok {
				out = append(out, Ref{Person: p})
			}
			continue
		}
		if !slices.Contains(r.rotations, rotation) {
			r.FaultNear(item, at, fmt.Sprintf("%s has no rotation %q", r.what, clip(rotation)), rotation, r.rotations)
			continue
		}
		out = append(out, Ref{Rotation: rotation})
	}
	return out
}
