package escalationtest

import (
	"context"
	"errors"
	"time"

	"github.com/belfry-go/belfry/escalation/engine"
)

// observedAction takes down that an action starts.
type observedAction struct {
	h    *Harness
	next engine.Action
}

// Act implements engine.Action.
func (o *observedAction) Act(ctx context.Context, req engine.ActionRequest) (engine.ActionResult, error) {
	o.h.scribe.started(o.h.clock.now(), &req, max(len(req.Subjects), 1))
	return o.next.Act(ctx, req)
}

// ActTimed implements engine.TimedAction for an action that does.
func (o *observedAction) ActTimed(ctx context.Context, req engine.ActionRequest) (engine.ActionResult, time.Duration, error) {
	timed, ok := o.next.(engine.TimedAction)
	switch {
	case !ok && req.Undo:
		r, err := o.Undo(ctx, req)
		return r, 0, err
	case !ok:
		r, err := o.Act(ctx, req)
		return r, 0, err
	}
	o.h.scribe.started(o.h.clock.now(), &req, max(len(req.Subjects), 1))
	return timed.ActTimed(ctx, req)
}

// What follows is what an action may do beyond, for one that does.

// Undo implements engine.Undoer.
func (o *observedAction) Undo(ctx context.Context, req engine.ActionRequest) (engine.ActionResult, error) {
	u, ok := o.next.(engine.Undoer)
	if !ok {
		return engine.ActionResult{}, engine.Refused(errors.New("it does not know how to take back"))
	}
	o.h.scribe.started(o.h.clock.now(), &req, max(len(req.Subjects), 1))
	return u.Undo(ctx, req)
}

// Plan implements engine.Planner.
func (o *observedAction) Plan(ctx context.Context, req engine.ActionRequest) ([]engine.Subject, error) {
	if p, ok := o.next.(engine.Planner); ok {
		return p.Plan(ctx, req)
	}
	return nil, errors.ErrUnsupported
}

// Verify implements engine.Verifier.
func (o *observedAction) Verify(ctx context.Context, req engine.ActionRequest) (engine.Standing, error) {
	if v, ok := o.next.(engine.Verifier); ok {
		return v.Verify(ctx, req)
	}
	return engine.Standing{}, errors.ErrUnsupported
}

// Limits implements engine.Limiter.
func (o *observedAction) Limits(ctx context.Context, req engine.ActionRequest) (engine.Limits, error) {
	if l, ok := o.next.(engine.Limiter); ok {
		return l.Limits(ctx, req)
	}
	return engine.Limits{}, errors.ErrUnsupported
}

// Idempotent implements engine.Idempotent.
func (o *observedAction) Idempotent() bool {
	i, ok := o.next.(engine.Idempotent)
	return ok && i.Idempotent()
}

// Permissive implements engine.Permissive.
func (o *observedAction) Permissive() bool {
	p, ok := o.next.(engine.Permissive)
	return ok && p.Permissive()
}
