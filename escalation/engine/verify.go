package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// hostError is an error of what the host plugged in, as against one of the store:
// it is reported, and not tried again.
type hostError struct{ err error }

func (h *hostError) Error() string { return notify.Redact(h.err) }
func (h *hostError) Unwrap() error { return h.err }

// standing reads back what stands of a request. An error that [lacks] says that
// the action cannot.
func (e *Engine) standing(ctx context.Context, c caller, x *execution, req ActionRequest) (Standing, error) {
	v, ok := x.action.(Verifier)
	if !ok {
		return Standing{}, errors.ErrUnsupported
	}
	got := make(chan Standing, 1)
	err := c.ask(ctx, "verification of "+req.Run, x.spec.Timeout, func(ctx context.Context) error {
		st, err := v.Verify(ctx, req)
		got <- st
		return err
	})
	if err != nil {
		return Standing{}, err
	}
	st := <-got
	st.Detail = notify.Redact(errors.New(st.Detail))
	return st, nil
}

// verified reads back an attempt that says it was done. What cannot be read, or is
// not there, is not verified.
func (e *Engine) verified(ctx context.Context, c caller, x *execution, detail string) (escalation.Result, string, Standing) {
	st, err := e.standing(ctx, c, x, x.req)
	switch {
	case err != nil && lacks(err):
		return escalation.ResultDone, detail, st
	case err != nil:
		return escalation.ResultUnverified, joined(detail, "it could not be read back: "+notify.Redact(err)), st
	case !st.Done:
		return escalation.ResultUnverified, joined(detail, "read back, it is not there", st.Detail), st
	}
	return escalation.ResultDone, joined(detail, st.Detail), st
}

// readBack finds out what became of an attempt of which nobody knows. again says
// that it is known not to have been done.
func (e *Engine) readBack(ctx context.Context, c caller, x *execution, detail string) (r escalation.Result, text string, again bool) {
	st, err := e.standing(ctx, c, x, x.req)
	text = "outcome unknown: " + detail
	switch {
	case err != nil && lacks(err):
		return escalation.ResultFailed, text, false
	case err != nil:
		return escalation.ResultFailed, joined(text, "it could not be read back: "+notify.Redact(err)), false
	case !st.Done:
		return escalation.ResultFailed, joined(text, "read back, it is not done", st.Detail), true
	}
	return escalation.ResultDone, joined(text, "read back, it is done", st.Detail), false
}

// undoable finds what is in the way of taking an action back: a window that is
// over, somebody who changed the subjects since, a secret that leaked. Whatever
// cannot be found out is in the way.
func (e *Engine) undoable(ctx context.Context, c caller, x *execution, now policy.Instant) (escalation.Report, error) {
	x.req.Subjects, x.req.Handle = x.deed.Done, x.deed.Handle
	switch {
	case len(x.deed.Done) == 0:
		return x.refusal("what it did is not on record"), nil
	case x.spec.Undo == nil || !x.doneAt.Known() || now > x.doneAt.Add(x.spec.Undo.Within):
		return x.refusal("its window is over"), nil
	}
	if x.deed.Unseen {
		return x.refusal("its answer was lost, so that nobody can say whether it is as the action left it"), nil
	}
	if _, ok := x.action.(Undoer); !ok {
		return x.refusal(errNoUndo.Error()), nil
	}
	for i := range x.req.Subjects {
		why, err := e.unfit(ctx, x, &x.req.Subjects[i])
		if err != nil {
			return escalation.Report{}, err
		}
		if why != "" {
			return x.refusal(x.req.Subjects[i].ID + " " + why), nil
		}
	}
	left := x.req
	left.Undo = false
	st, err := e.standing(ctx, c, x, left)
	switch {
	case err != nil && lacks(err):
		return x.refusal("nobody can say whether it is as the action left it"), nil
	case err != nil:
		return x.refusal("how it stands could not be read: " + notify.Redact(err)), nil
	case !st.Done || st.Fingerprint != x.deed.Fingerprint:
		return x.refusal(joined("it is not as the action left it", st.Detail)), nil
	}
	return escalation.Report{}, nil
}

// Plan is what an action would do if it began now.
type Plan struct {
	Run, Name string
	// Subjects are those to whom it would be done, and Weight what they weigh in
	// a budget.
	Subjects []Subject
	Weight   int
	// Result is started, or what would become of it instead: held or refused,
	// failed where the plan fails. Detail says why, and who is left out.
	Result escalation.Result
	Detail string
}

// Plan asks what an action of the key's last alert would do now, whatever its mode
// says: it looks at all that a real run meets (the guard, the kill switch, the
// plan, who is protected, the budget), and changes nothing. ErrNotFound of the
// store: there is no such alert; [ErrInvalid]: it has no such action.
func (e *Engine) Plan(ctx context.Context, key, action string) (Plan, error) {
	if err := e.start(ctx); err != nil {
		return Plan{}, err
	}
	last, err := e.store.Last(ctx, keyOf(key))
	if err != nil {
		return Plan{}, fmt.Errorf("engine: last of %q: %w", key, err)
	}
	h, err := e.find(ctx, last.Stream)
	if err != nil {
		return Plan{}, err
	}
	i := -1
	for k := range h.doc.Policies[h.state.Policy].Actions {
		if h.doc.Policies[h.state.Policy].Actions[k].Name == action {
			i = k
		}
	}
	if i < 0 {
		e.cache.put(h, true)
		return Plan{}, invalid("the policy of %q has no action %q", key, action)
	}
	x := e.executionOf(h, i)
	facts := policy.Facts{
		Alert: h.state.Alert, Severity: h.state.Severity, Criticality: h.state.Criticality, BlastRadius: h.state.BlastRadius,
		Priority: h.state.Priority, Count: h.state.Count, Age: e.now().Sub(h.state.Opened),
	}
	guarded := x.spec.Guard.Holds(&facts) == policy.False
	e.cache.put(h, true)
	x.o, x.dry, x.granted = &outgoing{}, true, false
	x.req.Attempt = 1
	return e.planFor(ctx, x, guarded)
}

func (e *Engine) planFor(ctx context.Context, x *execution, guarded bool) (Plan, error) {
	p := Plan{Run: x.req.Run, Name: x.req.Name, Result: escalation.ResultStarted}
	if guarded {
		p.Result, p.Detail = escalation.ResultRefused, "its guard does not hold"
		return p, nil
	}
	r, err := e.obstacle(ctx, e.alarms(), x, e.now())
	if err != nil {
		return Plan{}, err
	}
	p.Subjects, p.Weight, p.Detail = x.req.Subjects, x.weight(), x.left()
	if r.Result != escalation.ResultNone {
		p.Result, p.Detail = r.Result, r.Detail
	}
	return p, nil
}
