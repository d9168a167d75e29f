package policy

import (
	"fmt"
	"slices"
	"time"
)

// The defaults of an action.
const (
	DefaultActionTimeout = 30 * time.Second
	DefaultApproveWithin = 15 * time.Minute
	DefaultUndoWithin    = time.Hour
	maxRetries           = 100
	maxBudget            = 1 << 30
)

// defaultBudget lets twenty identities through an hour, and one critical.
func defaultBudget() Budget { return Budget{Max: 20, Weight: 100, Per: time.Hour} }

// synthesize makes an action in mode auto of each bare name that a `run` list
// gives; actions reads the declared ones in front of them.
func (r *policyReader) synthesize() {
	r.p.Actions = make([]Action, len(r.names.actions))
	for i, name := range r.names.actions {
		r.p.Actions[i] = Action{Name: name, Run: name, Mode: ModeAuto, Budget: defaultBudget(), Timeout: DefaultActionTimeout}
	}
}

func (r *policyReader) actions(o *Object) {
	items, path := r.parts(o, "actions")
	if len(r.names.actions) > MaxParts {
		r.faultf(o.node, o.path, "%s has more than %d actions, those that only `run` lists name included", o.what, MaxParts)
	}
	for i, n := range items {
		a := r.action(n, index(path, i))
		if a.Name != "" && slices.ContainsFunc(r.p.Actions[:i], func(o Action) bool { return o.Name == a.Name }) {
			r.faultf(nameNode(n), index(path, i), "%s has an action %q already; give this one a `name` of its own", o.what, a.Name)
		}
		r.p.Actions[i] = a
	}
}

func (r *policyReader) action(n *Node, path string) Action {
	what := called("action", n, path)
	if n.Field("name") == nil {
		if run := n.Field("run"); run != nil && run.Kind == NodeString {
			what = fmt.Sprintf("action %q", clip(run.Text))
		}
	}
	o := r.Object(n, path, what)
	a := Action{Budget: defaultBudget()}
	if run := o.Need("run"); run != nil {
		a.Run = o.Text("run")
		r.checkName(run, o.Path("run"), a.Run)
	}
	a.Name = a.Run
	if o.Node("name") != nil {
		a.Name = o.Name()
	}
	if at := o.Node("at"); at != nil {
		if anchor, ok := r.anchor(at, o.Path("at")); ok {
			a.At = &anchor
		}
	}
	if o.Need("mode") != nil {
		a.Mode = Mode(o.Enum("mode", int(ModeAuto), "auto", "approve", "dry_run", "off"))
	}
	if g := o.Node("guard"); g != nil {
		a.Guard.all = r.guard(g, o.Path("guard"))
	}
	if b := o.Node("budget"); b != nil {
		bo := r.Object(b, o.Path("budget"), "\"budget\" of "+what)
		a.Budget.Max = bo.Int("max", a.Budget.Max, 0, maxBudget)
		a.Budget.Weight = bo.Int("weight", a.Budget.Weight, 0, maxBudget)
		a.Budget.Per = bo.Duration("per", a.Budget.Per, time.Microsecond)
		bo.Done()
	}
	a.Timeout = o.Duration("timeout", DefaultActionTimeout, time.Microsecond)
	a.Retries = o.Int("retries", 0, 0, maxRetries)
	if v := o.Node("approve"); v != nil {
		a.Approve = r.approval(v, o.Path("approve"), what)
	} else if a.Mode == ModeApprove {
		r.faultf(n, path, "%s has mode approve and no `approve`: nobody could release it", what)
	}
	if u := o.Node("undo"); u != nil {
		uo := r.Object(u, o.Path("undo"), "\"undo\" of "+what)
		a.Undo = &Undo{Within: uo.Duration("within", DefaultUndoWithin, time.Microsecond)}
		if v := uo.Node("approve"); v != nil {
			a.Undo.Approve = r.approval(v, uo.Path("approve"), "\"undo\" of "+what)
		}
		uo.Done()
	}
	a.TellSet = o.Node("tell") != nil
	a.Tell = r.recipients(o, "tell")
	o.Done()
	return a
}

// approval reads an `approve`.
func (r *policyReader) approval(n *Node, path, of string) *Review {
	o := r.Object(n, path, "\"approve\" of "+of)
	v := r.review(o, DefaultApproveWithin)
	o.Done()
	return v
}
