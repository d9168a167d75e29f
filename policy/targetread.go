package policy

import (
	"fmt"
	"slices"
)

// Which kinds of target may stand where.
var (
	tellKinds      = []TargetKind{TargetUser, TargetTeam, TargetRole, TargetSchedule, TargetOwner, TargetChannel}
	voterKinds     = []TargetKind{TargetUser, TargetTeam, TargetRole, TargetSchedule, TargetOwner}
	partyKinds     = []TargetKind{TargetUser, TargetService}
	principalKinds = []TargetKind{TargetUser, TargetTeam, TargetRole, TargetService}
)

// target reads a target of one of kinds that the directory knows.
func (c *compiler) target(n *Node, path string, kinds []TargetKind) (Target, bool) {
	t, ok := c.Target(n, path)
	if !ok {
		return t, false
	}
	if !slices.Contains(kinds, t.Kind) {
		words := make([]string, len(kinds))
		for i, k := range kinds {
			words[i] = string(k) + ":"
			if k == TargetOwner {
				words[i] = string(k)
			}
		}
		c.faultf(n, path, "%q cannot stand here; %s can", clip(t.String()), orList(words))
		return t, false
	}
	return t, c.knows(n, path, t)
}

// knows records a fault when the directory lists what t is of and t is not in
// it. A section that the document lacks is the host's, which knows better.
func (c *compiler) knows(n *Node, path string, t Target) bool {
	d := c.doc.Directory
	var ok, listed bool
	var names []string
	switch t.Kind {
	case TargetUser:
		_, ok = d.People[t.ID]
		listed, names = !d.Open, sortedKeys(d.People)
	case TargetTeam:
		_, ok = d.Teams[t.ID]
		listed, names = d.Teams != nil, sortedKeys(d.Teams)
	case TargetRole:
		_, ok = d.Roles[t.ID]
		listed, names = d.Roles != nil, sortedKeys(d.Roles)
	case TargetSchedule:
		_, ok = d.Schedules[t.ID]
		listed, names = d.Schedules != nil, sortedKeys(d.Schedules)
	}
	if ok || !listed {
		return true
	}
	c.FaultNear(n, path, fmt.Sprintf("%q is not in the directory", clip(t.String())), t.ID, names)
	return false
}

// targets reads a list of targets, each once; nil when absent.
func (c *compiler) targets(o *Object, name string, kinds []TargetKind) []Target {
	items, path := o.List(name)
	items = o.d.bounded(items, path, o.what)
	var out []Target
	for i, item := range items {
		if t, ok := c.target(item, index(path, i), kinds); ok && !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out
}

// recipients reads a list of texts or {to, via, essential}; nil when absent,
// else not nil. A target that is written alike twice counts once; written in
// two ways it is a fault, since one of them would be without effect.
func (c *compiler) recipients(o *Object, name string) []Recipient {
	n := o.Node(name)
	if n == nil {
		return nil
	}
	items, path := o.List(name)
	items = o.d.bounded(items, path, o.what)
	out := make([]Recipient, 0, len(items))
	for i, item := range items {
		at := index(path, i)
		rec, ok := c.recipient(item, at)
		if !ok {
			continue
		}
		if same := slices.IndexFunc(out, func(r Recipient) bool { return r.To == rec.To }); same >= 0 {
			if out[same].Essential != rec.Essential || !slices.Equal(out[same].Via, rec.Via) {
				c.faultf(item, at, "%q stands in the list twice, in two ways", rec.To)
			}
			continue
		}
		out = append(out, rec)
	}
	return out
}

// bounded cuts a list of targets at [MaxTargets].
func (d *Decoder) bounded(items []*Node, path, what string) []*Node {
	if len(items) <= MaxTargets {
		return items
	}
	d.faultf(items[MaxTargets], index(path, MaxTargets), "%s names more than %d targets", what, MaxTargets)
	return items[:MaxTargets]
}

func (c *compiler) recipient(n *Node, path string) (Recipient, bool) {
	if n.Kind != NodeMap {
		t, ok := c.target(n, path, tellKinds)
		return Recipient{To: t}, ok
	}
	o := c.Object(n, path, "a target")
	var rec Recipient
	ok := false
	if to := o.Need("to"); to != nil {
		rec.To, ok = c.target(to, o.Path("to"), tellKinds)
	}
	rec.Via = o.Texts("via")
	if rec.Via != nil && len(rec.Via) == 0 && o.Node("via").Kind == NodeList && len(o.Node("via").Items) == 0 {
		c.Fault(o.Node("via"), o.Path("via"), "\"via\" names no channel; leave it out for the own rules")
	}
	if rec.To.Kind == TargetChannel && len(rec.Via) > 0 {
		c.Fault(o.Node("via"), o.Path("via"), "a channel: is told as itself; \"via\" is for people")
	}
	rec.Essential = o.Bool("essential")
	o.Done()
	return rec, ok
}
