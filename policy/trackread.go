package policy

import (
	"fmt"
	"slices"
	"time"
)

// tracks reads `tracks`, or `tiers` with `when`, `repeat` and `from` directly
// under the policy, which is the one track main.
func (r *policyReader) tracks(o *Object) {
	entries, path := o.Entries("tracks")
	tiers := o.Node("tiers")
	hasTracks := o.Node("tracks") != nil
	switch {
	case tiers != nil && hasTracks:
		o.Node("when")
		o.Node("repeat")
		o.Node("from")
		r.faultf(tiers, o.Path("tiers"), "%s has both `tiers` and `tracks`; put the tiers into a track", o.what)
	case tiers != nil:
		r.p.Tracks = append(r.p.Tracks, r.track(o, mainTrack))
	default:
		for _, name := range [...]string{"when", "repeat", "from"} {
			if n := o.Node(name); n != nil {
				r.faultf(n, o.Path(name), "%q belongs to a track; directly under a policy it needs `tiers` beside it", name)
			}
		}
	}
	if len(entries) > MaxTracks {
		r.faultf(entries[MaxTracks].Value, join(path, entries[MaxTracks].Name), "%s has more than %d tracks", o.what, MaxTracks)
		entries = entries[:MaxTracks]
	}
	for _, f := range entries {
		t := r.Object(f.Value, join(path, f.Name), fmt.Sprintf("track %q", f.Name))
		r.p.Tracks = append(r.p.Tracks, r.track(t, f.Name))
		t.Done()
	}
}

// track reads the fields of a track from o.
func (r *policyReader) track(o *Object, name string) Track {
	t := Track{Name: name}
	if w := o.Node("when"); w != nil {
		t.When.all = r.conditions(w, o.Path("when"), scopeTrack, r.knowsHours)
	}
	t.Repeat = o.Int("repeat", 0, 0, MaxRepeat)
	o.Need("tiers")
	items, path := o.List("tiers")
	if n := o.Node("tiers"); n != nil && n.Kind == NodeList && len(items) == 0 {
		r.faultf(n, o.Path("tiers"), "track %q has no tier", name)
	}
	if len(items) > MaxTiers {
		r.faultf(items[MaxTiers], index(path, MaxTiers), "track %q has more than %d tiers", name, MaxTiers)
		items = items[:MaxTiers]
	}
	for i, item := range items {
		below := ""
		if i+1 < len(items) && items[i+1].Field("at") != nil && !happens(items[i+1].Field("at")) {
			below = called("tier", items[i+1], index(path, i+1))
		}
		tier := r.tier(item, index(path, i), below)
		if tier.Name != "" && slices.ContainsFunc(t.Tiers, func(o Tier) bool { return o.Name == tier.Name }) {
			r.faultf(nameNode(item), index(path, i)+".name", "track %q has a tier %q already", name, tier.Name)
		}
		t.Tiers = append(t.Tiers, tier)
	}
	r.from(o, &t)
	return t
}

func (r *policyReader) from(o *Object, t *Track) {
	n := o.Node("from")
	if n == nil {
		return
	}
	name, ok := r.Text(n, o.Path("from"))
	if !ok {
		return
	}
	names := make([]string, len(t.Tiers))
	for i := range t.Tiers {
		names[i] = t.Tiers[i].Name
	}
	if t.From = slices.Index(names, name); t.From < 0 {
		t.From = 0
		r.FaultNear(n, o.Path("from"), fmt.Sprintf("\"from\" names the tier %q, which track %q has not", clip(name), t.Name), name, names)
	}
}

// tier reads one tier; below is how the tier below is called if it is anchored,
// else "".
func (r *policyReader) tier(n *Node, path, below string) Tier {
	o := r.Object(n, path, called("tier", n, path))
	t := Tier{Name: o.Name()}
	t.Notify = r.recipients(o, "notify")
	t.Run = r.run(o)
	if len(t.Run) == 0 { // a tier may be there for what it runs
		o.Need("notify")
	}
	t.Wait = o.Duration("wait", DefaultWait, 0)
	if w := o.Node("wait"); w != nil && below != "" {
		r.faultf(w, o.Path("wait"), "%s lasts until the anchored %s is due; take its `wait` away", o.what, below)
	}
	if at := o.Node("at"); at != nil {
		if a, ok := r.anchor(at, o.Path("at")); ok {
			t.At = &a
			t.Unless = defaultUnless(a)
		}
	}
	t.Unless = Unless(o.Enum("unless", int(t.Unless), "acknowledged", "resolved"))
	t.Ack = r.ackNeed(o)
	t.Every = o.Duration("every", 0, time.Minute)
	t.PickNext = o.Enum("pick", 0, "all", "next") == 1
	t.EmptyWait = o.Enum("empty", 0, "skip", "wait") == 1
	t.UnreachWait = o.Enum("unreachable", 0, "advance", "wait") == 1
	if w := o.Node("when"); w != nil {
		t.When.all = r.guard(w, o.Path("when"))
	}
	if during := o.Node("during"); during != nil {
		t.During = o.Text("during")
		if t.During != "" {
			r.knowsHours(during, o.Path("during"), t.During)
		}
	}
	o.Done()
	return t
}

// defaultUnless: a page at a time from the opening is one more rung, which an
// acknowledgement makes needless; a page at any other instant is a warning that
// somebody who said "I have it" may still need.
func defaultUnless(a Anchor) Unless {
	for _, t := range a.Terms {
		if t.Kind != AnchorOpen && t.Kind != AnchorWindowOpens {
			return UnlessResolved
		}
	}
	return UnlessAcknowledged
}

// ackNeed reads any, all, none or a number.
func (r *policyReader) ackNeed(o *Object) AckNeed {
	n := o.Node("ack")
	if n == nil {
		return AckNeed{Count: 1}
	}
	if n.Kind == NodeNumber {
		return AckNeed{Count: o.Int("ack", 1, 1, MaxTargets)}
	}
	switch o.Enum("ack", 0, "any", "all", "none") {
	case 1:
		return AckNeed{All: true}
	case 2:
		return AckNeed{}
	}
	return AckNeed{Count: 1}
}

// guard reads conditions that may test anything.
func (r *policyReader) guard(n *Node, path string) []test {
	return r.conditions(n, path, scopeGuard, r.knowsHours)
}

func (c *compiler) knowsHours(n *Node, path, name string) {
	d := c.doc.Directory
	if _, ok := d.Hours[name]; !ok && d.Hours != nil {
		c.FaultNear(n, path, fmt.Sprintf("the hours %q are not in the directory", clip(name)), name, sortedKeys(d.Hours))
	}
}

// run reads a list of action names as indexes into the policy's actions.
func (r *policyReader) run(o *Object) []int {
	n := o.Node("run")
	if n == nil {
		return nil
	}
	var out []int
	for _, name := range r.Texts(n, o.Path("run")) {
		if i := slices.Index(r.names.actions, name); i >= 0 && !slices.Contains(out, i) {
			out = append(out, i)
		}
	}
	return out
}
