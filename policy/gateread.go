package policy

import (
	"slices"
	"time"
)

func (r *policyReader) gates(o *Object) {
	items, path := r.parts(o, "gates")
	for i, n := range items {
		at := index(path, i)
		g := r.gate(n, at)
		if g.Name != "" && slices.ContainsFunc(r.p.Gates, func(o Gate) bool { return o.Name == g.Name }) {
			r.faultf(nameNode(n), at+".name", "%s has a gate %q already", o.what, g.Name)
		}
		r.p.Gates = append(r.p.Gates, g)
	}
}

func (r *policyReader) gate(n *Node, path string) Gate {
	what := called("gate", n, path)
	o := r.Object(n, path, what)
	g := Gate{Name: o.Name()}
	if ops := o.Need("operations"); ops != nil {
		g.Operations = o.Texts("operations")
		if ops.Kind == NodeList && len(ops.Items) == 0 {
			r.faultf(ops, o.Path("operations"), "%s names no operation, so that nobody would ask it", what)
		}
	}
	if cl := o.Need("close"); cl != nil && !(cl.Kind == NodeString && cl.Text == "never") {
		if a, ok := r.anchor(cl, o.Path("close")); ok {
			g.Close = &a
		}
	}
	g.Hold = o.Enum("decision", 0, "deny", "hold") == 1
	r.gateOpen(o, &g)
	if v := o.Node("review"); v != nil {
		ro := r.Object(v, o.Path("review"), "the review of "+what)
		g.Review = r.review(ro, DefaultReviewWithin)
		ro.Done()
	} else if g.OpenReview {
		r.faultf(n, path, "%s opens by its review and has none", what)
	}
	if b := o.Node("break_glass"); b != nil {
		g.BreakGlass = r.breakGlass(b, o.Path("break_glass"), what)
	}
	o.Done()
	return g
}

// gateOpen reads how a gate opens: on a verified resolve, by its review, or at
// an anchor.
func (r *policyReader) gateOpen(o *Object, g *Gate) {
	n := o.Node("open")
	if n == nil {
		g.OpenResolved = true
		return
	}
	switch {
	case n.Kind == NodeString && n.Text == "resolved":
		g.OpenResolved = true
	case n.Kind == NodeString && n.Text == "review":
		g.OpenReview = true
	default:
		a, ok := r.anchor(n, o.Path("open"))
		if !ok {
			return
		}
		g.OpenAt = &a
		for _, t := range a.Terms {
			if t.Kind == AnchorGate && r.names.gates[t.Index] == g.Name {
				r.faultf(n, o.Path("open"), "%s opens when it opens; `open: review` is by its own review", o.what)
			}
		}
	}
}

func (r *policyReader) breakGlass(n *Node, path, what string) *BreakGlassRule {
	o := r.Object(n, path, "\"break_glass\" of "+what)
	b := &BreakGlassRule{ReviewWithin: DefaultBreakGlassReview}
	if by := o.Need("by"); by != nil {
		b.By = r.targets(o, "by", voterKinds)
		if by.Kind == NodeList && len(by.Items) == 0 {
			r.Fault(by, o.Path("by"), "\"by\" names nobody; leave `break_glass` out to make it impossible")
		}
	}
	b.For = o.Duration("for", DefaultBreakGlassFor, time.Microsecond)
	b.Tell = r.recipients(o, "tell")
	if v := o.Node("review"); v != nil {
		ro := r.Object(v, o.Path("review"), "the review of "+o.what)
		b.ReviewWithin = ro.Duration("within", DefaultBreakGlassReview, time.Microsecond)
		ro.Done()
	}
	o.Done()
	return b
}
