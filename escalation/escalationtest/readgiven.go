package escalationtest

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// given reads the world of a test.
func (r *reader) given(test *policy.Object, c *Case) Given {
	g := Given{LastResort: defaultLastResort()}
	n := test.Node("given")
	if n == nil {
		return g
	}
	o := r.Object(n, test.Path("given"), "\"given\"")
	entries, at := o.Entries("oncall")
	for _, e := range entries {
		if g.OnCall == nil {
			g.OnCall = map[string][]Shift{}
		}
		r.scheduleKnown(e, at, c)
		g.OnCall[e.Name] = r.shifts(e.Value, at+"."+e.Name)
	}
	items, at := o.List("fail")
	for i, item := range items {
		g.Fail = append(g.Fail, r.fault(item, fmt.Sprintf("%s[%d]", at, i)))
	}
	items, at = o.List("down")
	for i, item := range items {
		g.Down = append(g.Down, r.downtime(item, fmt.Sprintf("%s[%d]", at, i)))
	}
	g.Down = merged(g.Down)
	g.Actions = r.attempts(o, "actions")
	g.Undo = r.attempts(o, "undo")
	g.Subjects = r.subjects(o)
	if names := o.Texts("last_resort"); names != nil {
		g.LastResort = names
		if len(names) == 0 {
			r.Fault(o.Node("last_resort"), o.Path("last_resort"), "\"last_resort\" must have a name; there is always one")
		}
	}
	o.Done()
	return g
}

// defaultLastResort is what lines call the last resort.
func defaultLastResort() []string { return []string{escalation.LastResort().String()} }

// scheduleKnown finds misspelt schedules: an overlay on one that does not exist
// would change nothing. Roles and teams may be overlaid as well.
func (r *reader) scheduleKnown(e policy.Field, at string, c *Case) {
	if c.Document == nil {
		return
	}
	dir := c.Document.Directory
	names := slices.Concat(slices.Sorted(maps.Keys(dir.Schedules)), slices.Sorted(maps.Keys(dir.Roles)), slices.Sorted(maps.Keys(dir.Teams)))
	// A document without a directory names schedules that nobody describes.
	if slices.Contains(names, e.Name) || bytes.Contains(c.Document.Canonical(), []byte(`:`+e.Name+`"`)) {
		return
	}
	r.FaultNear(&policy.Node{Line: e.Line, Column: e.Column}, at+"."+e.Name,
		fmt.Sprintf("\"oncall\" names the schedule %q, which the directory does not have", e.Name), e.Name, names)
}

// shifts reads [bob], or [{from, until, who}, …].
func (r *reader) shifts(n *policy.Node, at string) []Shift {
	items, _ := r.List(n, at)
	if len(items) == 0 {
		return []Shift{}
	}
	if items[0].Kind != policy.NodeMap {
		return []Shift{{Span{0, forever}, r.names(n, at)}}
	}
	out := make([]Shift, 0, len(items))
	for i, item := range items {
		o := r.Object(item, fmt.Sprintf("%s[%d]", at, i), "a shift")
		s := Shift{Span: r.span(o)}
		if who := o.Need("who"); who != nil {
			s.Who = r.names(who, o.Path("who"))
		}
		o.Done()
		out = append(out, s)
	}
	return out
}

// names reads a list of people, as bob or user:bob.
func (r *reader) names(n *policy.Node, at string) []string {
	names := r.Texts(n, at)
	for i := range names {
		names[i] = strings.TrimPrefix(names[i], "user:")
	}
	return names
}

// span reads `from` and `until`; without them it is always.
func (r *reader) span(o *policy.Object) Span {
	s := Span{From: o.Duration("from", 0, 0), Until: o.Duration("until", forever, 0)}
	if s.Until < s.From {
		r.Fault(o.Node("until"), o.Path("until"), fmt.Sprintf("\"until\", %s, is before \"from\", %s", s.Until, s.From))
	}
	return s
}

func (r *reader) fault(n *policy.Node, at string) Fault {
	o := r.Object(n, at, "an entry of \"fail\"")
	f := Fault{Span: r.span(o), To: o.Text("to"), Via: o.Text("via"), After: o.Duration("after", 0, 0)}
	f.Class = notify.ClassPermanent
	if o.Enum("kind", 0, "permanent", "temporary") == 1 {
		f.Class = notify.ClassTemporary
	}
	o.Done()
	return f
}

func (r *reader) downtime(n *policy.Node, at string) Span {
	o := r.Object(n, at, "an entry of \"down\"")
	o.Need("until")
	s := r.span(o)
	o.Done()
	return s
}

// merged sorts spans and joins those that touch.
func merged(spans []Span) []Span {
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	out := spans[:0]
	for _, s := range spans {
		if n := len(out); n > 0 && s.From <= out[n-1].Until {
			out[n-1].Until = max(out[n-1].Until, s.Until)
			continue
		}
		out = append(out, s)
	}
	return out
}

// attempts reads what becomes of actions: words, or {result, after}.
func (r *reader) attempts(given *policy.Object, name string) map[string][]Attempt {
	entries, at := given.Entries(name)
	if len(entries) == 0 {
		return nil
	}
	out := map[string][]Attempt{}
	for _, e := range entries {
		where := at + "." + e.Name
		items, _ := r.List(e.Value, where)
		if e.Value.Kind == policy.NodeList && len(items) == 0 {
			r.Fault(e.Value, where, fmt.Sprintf("%q lists no attempt; leave it out for one that succeeds", e.Name))
		}
		for i, item := range items {
			out[e.Name] = append(out[e.Name], r.attempt(item, fmt.Sprintf("%s[%d]", where, i)))
		}
	}
	return out
}

var attemptResults = [...]string{"ok", "fail", "unknown", "refuse", "unverified"}

func (r *reader) attempt(n *policy.Node, at string) Attempt {
	o, after := n, time.Duration(0)
	if n.Kind == policy.NodeMap {
		obj := r.Object(n, at, "an attempt")
		o = obj.Need("result")
		after = obj.Duration("after", 0, 0)
		obj.Done()
		if o == nil {
			return Attempt{}
		}
	}
	word, _ := r.Text(o, at)
	if word != "" && !slices.Contains(attemptResults[:], word) {
		r.FaultNear(o, at, fmt.Sprintf("an attempt comes to %q; it must be %s", word, strings.Join(attemptResults[:], ", ")), word, attemptResults[:])
	}
	return Attempt{Result: word, After: after}
}

// subjects reads what plans answer: ids, or how many.
func (r *reader) subjects(given *policy.Object) map[string]Subjects {
	entries, at := given.Entries("subjects")
	if len(entries) == 0 {
		return nil
	}
	out := map[string]Subjects{}
	for _, e := range entries {
		where := at + "." + e.Name
		if e.Value.Kind == policy.NodeNumber {
			n, _ := r.Int(e.Value, where, 0, 1_000_000)
			out[e.Name] = Subjects{N: n}
			continue
		}
		out[e.Name] = Subjects{IDs: r.Texts(e.Value, where)}
	}
	return out
}
