package policy

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// The defaults of a review, and of what a break-glass leaves to be reviewed.
const (
	DefaultReviewWithin     = 7 * 24 * time.Hour
	DefaultReviewFor        = time.Hour
	DefaultBreakGlassFor    = time.Hour
	DefaultBreakGlassReview = 24 * time.Hour
	maxStages               = 16
)

// review reads the fields that every review has; the caller says Done.
func (r *policyReader) review(o *Object, within time.Duration) *Review {
	v := &Review{Within: o.Duration("within", within, time.Microsecond)}
	v.Stages = r.stages(o)
	v.Exclude = r.targets(o, "exclude", voterKinds)
	v.Evidence = o.Texts("evidence")
	v.Remind = o.Duration("remind", 0, minRemind)
	v.After = o.Duration("after", v.Within/2, time.Microsecond)
	v.Fallback = r.recipients(o, "fallback")
	v.For = o.Duration("for", DefaultReviewFor, time.Microsecond)
	v.Resolve = o.Bool("resolve")
	r.fillable(o, v)
	return v
}

// stages reads `stages`, or `by` and `approvals` as one.
func (r *policyReader) stages(o *Object) []Stage {
	stages := o.Node("stages")
	by, approvals := o.Node("by"), o.Node("approvals")
	switch {
	case stages == nil && by == nil:
		if o.node.Kind == NodeMap {
			r.faultf(o.node, o.path, "%s says nobody: it needs `stages`, or `by`", o.what)
		}
		return nil
	case stages == nil:
		return []Stage{r.stage(o, "1")}
	case by != nil || approvals != nil:
		r.faultf(stages, o.Path("stages"), "%s has `stages` and also `by` or `approvals`; they belong into a stage", o.what)
		return nil
	}
	items, path := o.List("stages")
	if len(items) == 0 && stages.Kind == NodeList {
		r.faultf(stages, path, "%s has no stage", o.what)
	}
	if len(items) > maxStages {
		r.faultf(items[maxStages], index(path, maxStages), "%s has more than %d stages", o.what, maxStages)
		items = items[:maxStages]
	}
	var out []Stage
	for i, item := range items {
		so := r.Object(item, index(path, i), called("stage", item, index(path, i)))
		name := strconv.Itoa(i + 1)
		if so.Node("name") != nil {
			name = so.Name()
		}
		so.Need("by")
		s := r.stage(so, name)
		so.Done()
		if slices.ContainsFunc(out, func(o Stage) bool { return o.Name == s.Name }) {
			r.faultf(nameNode(item), index(path, i), "%s has a stage %q already", o.what, s.Name)
		}
		out = append(out, s)
	}
	return out
}

func (r *policyReader) stage(o *Object, name string) Stage {
	s := Stage{Name: name, By: r.targets(o, "by", voterKinds), Approvals: o.Int("approvals", 1, 1, MaxTargets)}
	if by := o.Node("by"); by != nil && by.Kind == NodeList && len(by.Items) == 0 {
		r.faultf(by, o.Path("by"), "\"by\" names nobody; a stage that nobody can vote in never ends")
	}
	return s
}

// reviews reads the access reviews that no gate waits for.
func (r *policyReader) reviews(o *Object) {
	items, path := r.parts(o, "reviews")
	for i, n := range items {
		at := index(path, i)
		ro := r.Object(n, at, called("review", n, at))
		name := ro.Name()
		var when *Anchor
		if a := ro.Need("at"); a != nil {
			if anchor, ok := r.anchor(a, ro.Path("at")); ok {
				when = &anchor
			}
		}
		answers := ro.Texts("answers")
		if a := ro.Node("answers"); a != nil && a.Kind == NodeList && len(a.Items) < 2 {
			r.Fault(a, ro.Path("answers"), "\"answers\" are at least two; leave them out for approve and reject")
		}
		v := r.review(ro, DefaultReviewWithin)
		v.Name, v.At, v.Answers = name, when, answers
		ro.Done()
		if name != "" && slices.ContainsFunc(r.p.Reviews, func(o Review) bool { return o.Name == name }) {
			r.faultf(nameNode(n), at, "%s has a review %q already", o.what, name)
		}
		r.p.Reviews = append(r.p.Reviews, *v)
	}
}

// fillable records a fault when the stages could not all be filled even if
// everybody were willing: one person counts once in all. What is known only
// when the review runs (schedules, owners, a host's own directory) is taken as
// enough.
func (r *policyReader) fillable(o *Object, v *Review) {
	excluded := map[string]bool{}
	for _, t := range slices.Concat(v.Exclude, r.p.Parties) {
		people, _ := r.people(t)
		for _, p := range people {
			excluded[p] = true
		}
	}
	var spare []string // the fallback may vote in any stage
	for _, f := range v.Fallback {
		people, known := r.people(f.To)
		if !known {
			return
		}
		spare = append(spare, people...)
	}
	voter := map[string]int{} // the seat a person holds
	var seats [][]string      // who could hold each seat
	for _, s := range v.Stages {
		who := slices.Clone(spare)
		known := true
		for _, t := range s.By {
			people, ok := r.people(t)
			known = known && ok
			who = append(who, people...)
		}
		if !known || len(s.By) == 0 {
			continue
		}
		who = slices.DeleteFunc(who, func(p string) bool { return excluded[p] })
		for range s.Approvals {
			seats = append(seats, who)
			if !seat(len(seats)-1, seats, voter, map[string]bool{}) {
				r.faultf(o.node, o.path, "%s cannot be filled: stage %q finds too few people for its %s, one person counting once in all stages", o.what, s.Name, plural(s.Approvals, "approval"))
				return
			}
		}
	}
}

func plural(n int, word string) string {
	if n == 1 {
		return fmt.Sprintf("%d %s", n, word)
	}
	return fmt.Sprintf("%d %ss", n, word)
}

// seat finds a person for a seat, moving others to seats that they could hold
// as well (a bipartite matching by augmenting paths).
func seat(i int, seats [][]string, voter map[string]int, tried map[string]bool) bool {
	for _, p := range seats[i] {
		if tried[p] {
			continue
		}
		tried[p] = true
		held, taken := voter[p]
		if !taken || seat(held, seats, voter, tried) {
			voter[p] = i
			return true
		}
	}
	return false
}

// people returns whom a target is in the document's directory; known is false
// when that is not for the document to say.
func (c *compiler) people(t Target) (names []string, known bool) {
	d := c.doc.Directory
	switch t.Kind {
	case TargetUser:
		return []string{t.ID}, true
	case TargetTeam:
		return d.Teams[t.ID], d.Teams != nil
	case TargetRole:
		return d.Roles[t.ID], d.Roles != nil
	case TargetService, TargetChannel:
		return nil, true // machines do not vote
	}
	return nil, false
}
