package policy

import (
	"slices"
	"strings"
	"time"
)

// check refuses what is wrong of a whole policy: one that could do nothing, a
// grave one that tells no person, anchors that wait for one another, and
// ladders that run backwards.
func (r *policyReader) check(n *Node, path, what string) {
	p := r.p
	if n.Kind != NodeMap {
		return
	}
	if len(p.Tracks) == 0 && len(p.Gates) == 0 && len(p.Reviews) == 0 && !anyField(n, "tiers", "tracks", "gates", "reviews") {
		r.faultf(n, path, "%s has no track, no gate and no review", what)
	}
	if why := r.grave(); why != "" && !p.tellsPerson() && r.sound() {
		r.faultf(n, path, "%s %s and tells no person; add a user:, team:, role:, schedule: or owner to a tier", what, why)
	}
	r.deadlineCycles(n, path)
	r.tierCycles(n, path)
	if r.sound() { // an anchor that did not compile has no instant to compare
		for i := range p.Tracks {
			r.order(n, path, &p.Tracks[i])
		}
	}
}

// sound reports whether the policy has no fault so far.
func (r *policyReader) sound() bool { return len(r.errs) == r.faults }

func anyField(n *Node, names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return n.Field(name) != nil })
}

// grave says why a policy must tell a person, or "".
func (r *policyReader) grave() string {
	if PriorityAt(r.p.Priority) == P1 {
		return "has priority P1"
	}
	for i := range r.p.Match.all {
		if k := r.p.Match.all[i].leakKind(); k != "" {
			return "matches " + string(k)
		}
	}
	return ""
}

// leakKind returns a leak kind that the test names in order to match it.
func (t *test) leakKind() Kind {
	for i := range t.kids {
		if k := t.kids[i].leakKind(); k != "" {
			return k
		}
	}
	if t.field != fieldKind || t.not || t.op != opEqual && t.op != opIn {
		return ""
	}
	for _, v := range append([]string{t.text}, t.list...) {
		if Kind(v).Leak() {
			return Kind(v)
		}
	}
	return ""
}

// tellsPerson reports whether some tier, or the exhausted list, names more
// than channels.
func (p *Policy) tellsPerson() bool {
	person := func(r Recipient) bool { return r.To.Kind != TargetChannel }
	for i := range p.Tracks {
		for j := range p.Tracks[i].Tiers {
			if slices.ContainsFunc(p.Tracks[i].Tiers[j].Notify, person) {
				return true
			}
		}
	}
	return slices.ContainsFunc(p.Exhausted.Notify, person)
}

// deadlineCycles refuses deadlines that are told by one another.
func (r *policyReader) deadlineCycles(n *Node, path string) {
	next := func(i int) []int {
		var out []int
		for _, t := range r.p.Deadlines[i].At.Terms {
			if t.Kind == AnchorDeadline && t.Index < len(r.p.Deadlines) {
				out = append(out, t.Index)
			}
		}
		return out
	}
	for i := range r.p.Deadlines {
		if loop := findLoop(i, next); loop != nil {
			names := make([]string, len(loop))
			for k, d := range loop {
				names[k] = r.p.Deadlines[d].Name
			}
			at := join(path, "deadlines."+names[0])
			r.faultf(valueAt(n, "deadlines", names[0]), at, "deadlines wait for one another: %s", strings.Join(names, " → "))
			return
		}
	}
}

// tierCycles refuses tiers that are anchored to one another and nothing else.
func (r *policyReader) tierCycles(n *Node, path string) {
	const width = MaxTiers
	next := func(id int) []int {
		t := &r.p.Tracks[id/width].Tiers[id%width]
		if t.At == nil || len(t.At.Terms) != 1 || t.At.Terms[0].Kind != AnchorTier {
			return nil
		}
		return []int{t.At.Terms[0].Index*width + t.At.Terms[0].Tier}
	}
	for i := range r.p.Tracks {
		for j := range r.p.Tracks[i].Tiers {
			loop := findLoop(i*width+j, next)
			if loop == nil {
				continue
			}
			names := make([]string, len(loop))
			for k, id := range loop {
				t := &r.p.Tracks[id/width]
				names[k] = t.Name + "/" + t.Tiers[id%width].Name
			}
			node, at := r.tierNode(n, path, i, j)
			r.faultf(node, at+".at", "tiers wait for one another: %s", strings.Join(names, " → "))
			return
		}
	}
}

// findLoop returns the way from start back to start, or nil.
func findLoop(start int, next func(int) []int) []int {
	seen := map[int]bool{}
	var visit func(at int, way []int) []int
	visit = func(at int, way []int) []int {
		way = append(way, at)
		for _, to := range next(at) {
			if to == start {
				return append(way, start)
			}
			if seen[to] {
				continue
			}
			seen[to] = true
			if loop := visit(to, way); loop != nil {
				return loop
			}
		}
		return nil
	}
	return visit(start, nil)
}

// order refuses a ladder that runs backwards where that is known at load: an
// anchored tier before an anchored one above it, and a waited tier that is
// entered after an anchored one below it.
func (r *policyReader) order(n *Node, path string, t *Track) {
	track := slices.IndexFunc(r.p.Tracks, func(o Track) bool { return o.Name == t.Name })
	type due struct {
		at    []moment // the earliest of these; empty: not known
		tier  int
		wait  bool
		shown string
	}
	var above []due
	for i := range t.Tiers {
		tier := &t.Tiers[i]
		d := due{tier: i, wait: tier.At == nil}
		switch {
		case tier.At != nil:
			d.at = r.moments(*tier.At)
			d.shown = tier.At.Text
		case i == 0: // grace may put it off, which is known only when an alert opens
			d.at = []moment{{of: Term{Kind: AnchorOpen}}}
		default:
			d.at = shift(above[i-1].at, t.Tiers[i-1].Wait)
		}
		if tier.At != nil {
			for _, a := range above {
				if !before(d.at, a.at) {
					continue
				}
				node, at := r.tierNode(n, path, track, i)
				over := t.Tiers[a.tier].Name
				if a.wait {
					r.faultf(node, at+".at", "tier %q is due at %s, before the waited tier %q above it is entered", tier.Name, d.shown, over)
				} else {
					r.faultf(node, at+".at", "anchors run backwards: tier %q is due at %s, before tier %q above it at %s", tier.Name, d.shown, over, a.shown)
				}
				break
			}
		}
		above = append(above, d)
	}
}

// moment is an instant relative to one that is not known at load.
type moment struct {
	of    Term // without offset and share
	plus  time.Duration
	share int
}

// moments flattens an anchor through deadlines to what they hang on.
func (r *policyReader) moments(a Anchor) []moment {
	var out []moment
	for _, t := range a.Terms {
		m := moment{of: t, plus: t.Offset, share: t.Share}
		m.of.Offset, m.of.Share = 0, 0
		for range MaxParts { // as often as deadlines can hang on one another
			if m.of.Kind != AnchorDeadline || m.share != 0 {
				break
			}
			at := r.p.Deadlines[m.of.Index].At
			if len(at.Terms) != 1 {
				break
			}
			base := at.Terms[0]
			m.plus += base.Offset
			m.share = base.Share
			base.Offset, base.Share = 0, 0
			m.of = base
		}
		out = append(out, m)
	}
	return out
}

func shift(at []moment, by time.Duration) []moment {
	out := slices.Clone(at)
	for i := range out {
		out[i].plus += by
	}
	return out
}

// before reports whether the earliest of a surely lies before the earliest of
// b: some moment of a lies before every moment of b.
func before(a, b []moment) bool {
	for _, x := range a {
		all := len(b) > 0
		for _, y := range b {
			sure := x.of == y.of && (x.share == y.share && x.plus < y.plus || x.plus == y.plus && x.share < y.share)
			all = all && sure
		}
		if all {
			return true
		}
	}
	return false
}

// tierNode finds the node of a tier for a fault.
func (r *policyReader) tierNode(p *Node, path string, track, tier int) (*Node, string) {
	n, at := p.Field("tiers"), join(path, "tiers")
	if n == nil {
		name := r.p.Tracks[track].Name
		n, at = valueAt(p, "tracks", name, "tiers"), join(path, "tracks."+name+".tiers")
	}
	if n != nil && tier < len(n.Items) {
		n, at = n.Items[tier], index(at, tier)
		if a := n.Field("at"); a != nil {
			n = a
		}
		return n, at
	}
	return p, path
}

// valueAt follows field names; it returns n's nearest when one is missing.
func valueAt(n *Node, names ...string) *Node {
	for _, name := range names {
		if next := n.Field(name); next != nil {
			n = next
		}
	}
	return n
}
