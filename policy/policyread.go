package policy

import (
	"fmt"
	"time"
)

// The limits of a policy. Tracks, tiers and targets are those of the rule
// language; the others keep a policy within what a machine holds in one word.
const (
	MaxTracks  = 8
	MaxTiers   = 64 // of a track
	MaxTargets = 64 // of a tier
	MaxRepeat  = 20
	MaxParts   = 64 // deadlines, actions, gates and reviews, each
	MaxGrace   = time.Hour
)

// The defaults of a policy, tier by tier and rule by rule.
const (
	DefaultWait         = 15 * time.Minute
	DefaultAckTimeout   = 8 * time.Hour
	DefaultReopenWithin = 10 * time.Minute
	minRemind           = time.Second
)

// policyReader reads one policy. The names are collected before anything else,
// since anchors may name what stands further down.
type policyReader struct {
	*compiler
	p      *Policy
	names  policyNames
	faults int // how many there were before this policy
}

func (c *compiler) policy(n *Node, path string) *Policy {
	what := called("policy", n, path)
	r := &policyReader{compiler: c, p: &Policy{}, faults: len(c.errs)}
	o, p := c.Object(n, path, what), r.p
	p.Name = o.Name()
	if p.Name == Unmatched {
		c.faultf(nameNode(n), o.Path("name"), "the name %q is the built-in policy's", Unmatched)
	}
	r.names = collectNames(n)
	r.synthesize()
	if m := o.Node("match"); m != nil {
		p.Match.all = c.conditions(m, o.Path("match"), scopeMatch, nil)
	}
	if o.Node("priority") != nil {
		p.Priority = c.level(o, "priority")
	}
	p.Parties = c.targets(o, "parties", partyKinds)
	p.Grace = r.grace(o)
	r.deadlines(o)
	r.tracks(o)
	p.Ack = r.ackRule(o)
	p.Refire = r.refire(o)
	p.Rise = Rise(o.Enum("rise", int(RiseReopen), riseNames...))
	r.actions(o)
	r.gates(o)
	r.reviews(o)
	p.Exhausted = r.exhausted(o)
	p.Authority = c.doc.Authority
	if a := o.Node("authority"); a != nil {
		p.Authority = c.authority(a, o.Path("authority"), c.doc.Authority)
	}
	o.Done()
	r.check(n, path, what)
	p.derive()
	return p
}

var riseNames = []string{"reopen", "restart", "ignore"}

func (r *policyReader) grace(o *Object) time.Duration {
	g := o.Duration("grace", 0, 0)
	if g > MaxGrace {
		r.faultf(o.Node("grace"), o.Path("grace"), "\"grace\" is longer than %s", short(MaxGrace))
	}
	return g
}

// parts returns the items of a list field, bounded.
func (r *policyReader) parts(o *Object, name string) ([]*Node, string) {
	items, path := o.List(name)
	if len(items) > MaxParts {
		r.faultf(items[MaxParts], index(path, MaxParts), "%s has more than %d %s", o.what, MaxParts, name)
		items = items[:MaxParts]
	}
	return items, path
}

func (r *policyReader) deadlines(o *Object) {
	entries, path := o.Entries("deadlines")
	if len(entries) > MaxParts {
		r.faultf(entries[MaxParts].Value, path, "%s has more than %d deadlines", o.what, MaxParts)
		entries = entries[:MaxParts]
	}
	for _, f := range entries {
		at := join(path, f.Name)
		if anchorWord(f.Name) {
			r.faultf(&Node{Line: f.Line, Column: f.Column}, at, "a deadline cannot be called %q: that is an anchor", f.Name)
		}
		d := Deadline{Name: f.Name, Outcome: "resolved"}
		do := r.Object(f.Value, at, fmt.Sprintf("deadline %q", f.Name))
		if n := do.Need("at"); n != nil {
			d.At, _ = r.anchor(n, do.Path("at"))
		}
		if do.Node("outcome") != nil {
			if d.Outcome = do.Text("outcome"); d.Outcome == "" {
				r.Fault(do.Node("outcome"), do.Path("outcome"), "\"outcome\" is empty; leave it out for resolved")
			}
		}
		do.Done()
		r.p.Deadlines = append(r.p.Deadlines, d)
	}
}

func (r *policyReader) ackRule(o *Object) AckRule {
	rule := AckRule{Timeout: DefaultAckTimeout}
	n := o.Node("ack")
	if n == nil {
		return rule
	}
	if n.Kind == NodeString || n.Kind == NodeNumber {
		r.faultf(n, o.Path("ack"), "a policy's \"ack\" is a map such as {timeout: 8h}; how many must acknowledge is a tier's `ack`")
		return rule
	}
	a := r.Object(n, o.Path("ack"), "\"ack\" of "+o.what)
	rule.Timeout = a.Duration("timeout", rule.Timeout, time.Microsecond)
	rule.Remind = a.Duration("remind", 0, minRemind)
	rule.Resume = Resume(a.Enum("resume", int(ResumeNext), "next", "same", "restart"))
	a.Done()
	return rule
}

func (r *policyReader) refire(o *Object) Refire {
	rule := Refire{Acknowledged: RiseIgnore, Within: DefaultReopenWithin}
	n := o.Node("refire")
	if n == nil {
		return rule
	}
	f := r.Object(n, o.Path("refire"), "\"refire\" of "+o.what)
	rule.Acknowledged = Rise(f.Enum("acknowledged", int(RiseIgnore), riseNames...))
	rule.ReopenNext = f.Enum("resolved", 0, "new", "reopen") == 1
	rule.Within = f.Duration("within", rule.Within, 0)
	f.Done()
	return rule
}

func (r *policyReader) exhausted(o *Object) Exhausted {
	n := o.Node("exhausted")
	if n == nil {
		return Exhausted{}
	}
	e := r.Object(n, o.Path("exhausted"), "\"exhausted\" of "+o.what)
	x := Exhausted{
		Notify: r.recipients(e, "notify"),
		Every:  e.Duration("every", 0, minRemind),
		Run:    r.run(e),
	}
	e.Done()
	return x
}

// unmatchedPolicy is what governs an alert that nothing else does. Its one tier
// names nobody: the machine tells the last resort, again every 30 minutes,
// until somebody acknowledges.
func unmatchedPolicy() *Policy {
	p := &Policy{
		Name:   Unmatched,
		Ack:    AckRule{Timeout: DefaultAckTimeout},
		Refire: Refire{Acknowledged: RiseIgnore, Within: DefaultReopenWithin},
		Tracks: []Track{{
			Name:  mainTrack,
			Tiers: []Tier{{Name: "last-resort", Wait: unmatchedEvery, Every: unmatchedEvery, Ack: AckNeed{Count: 1}}},
		}},
	}
	p.Digest = digestOf(&Node{Kind: NodeMap, Fields: []Field{{Name: "name", Value: &Node{Kind: NodeString, Text: Unmatched}}}})
	p.derive()
	return p
}

const (
	mainTrack      = "main"
	unmatchedEvery = 30 * time.Minute
)
