package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// act makes one attempt at an action, or at taking one back.
func (e *Engine) act(ctx context.Context, c caller, now policy.Instant, o *outgoing) error {
	h, err := e.findSince(ctx, o)
	if err != nil {
		return err
	}
	want := escalation.Wanted(h.doc.Document, &h.state, &o.effect.Effect)
	var req ActionRequest
	var spec policy.Action
	free := o.effect.Kind == escalation.EffectUndo
	if want {
		req, spec = e.request(h, o)
		free = free || approved(&h.state, escalation.Renumbered(h.doc.Document, &h.state, &o.effect.Effect).Action)
	}
	e.cache.put(h, true)
	switch {
	case !want:
		return e.report(ctx, o, escalation.Report{Attempt: o.item.Attempt, Result: escalation.ResultWithdrawn}, true)
	case o.item.First.Known():
		r := escalation.Report{Attempt: o.item.Attempt, Result: escalation.ResultFailed, Detail: "outcome unknown: it was begun, and its end was not seen"}
		return e.report(ctx, o, r, true)
	}
	a := e.actionNamed(req.Run)
	if a == nil {
		r := escalation.Report{Attempt: 1, Result: escalation.ResultRefused, Detail: fmt.Sprintf("no action %q is registered", req.Run)}
		return e.report(ctx, o, r, true)
	}
	if stopped, err := e.stopped(ctx, o); err != nil {
		return err
	} else if stopped {
		return e.report(ctx, o, escalation.Report{Attempt: req.Attempt, Result: escalation.ResultHeld, Detail: "actions are stopped", Subjects: 1}, true)
	}
	if r, err := e.plan(ctx, c, a, &req, spec, free); err != nil || r.Result != escalation.ResultNone {
		if err != nil {
			return err
		}
		return e.report(ctx, o, r, true)
	}
	f := flight{isAction: true, out: []outgoing{*o}, attempt: req.Attempt, retries: spec.Retries, late: now.Sub(req.At)}
	// Until its end is known the item says that it was begun: if the process
	// dies, whoever claims it next knows that the outcome is unknown, and does
	// not repeat it blindly.
	if err := e.putBack(ctx, &o.item, now.Add(max(e.cfg.Lease, spec.Timeout)+time.Minute), req.Attempt, now); err != nil {
		return err
	}
	res, after, err := c.act(ctx, a, req, spec.Timeout)
	f.result, f.detail, f.again = actionOutcome(err)
	if err == nil {
		f.detail = notify.Redact(errors.New(res.Detail))
		if req.DryRun {
			f.result = escalation.ResultPlanned
		}
	}
	f.subjects = res.Subjects
	if f.subjects <= 0 {
		f.subjects = len(req.Subjects)
	}
	if after > 0 {
		f.at = now.Add(after)
		if err := e.putBack(ctx, &o.item, f.at.Add(e.cfg.Lease), req.Attempt, now); err != nil {
			return err
		}
		e.flights.add(f)
		return nil
	}
	f.at = max(now, e.now())
	return e.acted(lasting(ctx), &f)
}

// plan fills in to whom the action is to be done, and takes it out of the budget
// unless it is free of it. A result other than none is the end of it.
func (e *Engine) plan(ctx context.Context, c caller, a Action, req *ActionRequest, spec policy.Action, free bool) (escalation.Report, error) {
	r := escalation.Report{Attempt: req.Attempt}
	id := &req.Subject
	req.Subjects = []Subject{{ID: id.ID, CredentialVersion: id.CredentialVersion, Criticality: id.Criticality}}
	if p, ok := a.(Planner); ok && !req.Undo {
		subjects, err := c.plan(ctx, p, *req, spec.Timeout)
		if err != nil {
			r.Result, r.Detail, _ = actionOutcome(err)
			return r, nil
		}
		req.Subjects = subjects
	}
	r.Subjects = len(req.Subjects)
	switch {
	case len(req.Subjects) == 0:
		r.Result, r.Detail = escalation.ResultRefused, "nobody to do it to"
		return r, nil
	case free || req.DryRun:
		return r, nil
	}
	within, err := e.spend(ctx, req, spec.Budget)
	if err == nil && !within {
		r.Result, r.Detail = escalation.ResultHeld, "over budget"
	}
	return r, err
}

// acted reports what became of an action. One that failed, so that nobody doubts
// it, is tried again as often as its policy says, under the same id.
func (e *Engine) acted(ctx context.Context, f *flight) error {
	o := &f.out[0]
	r := escalation.Report{Attempt: f.attempt, Result: f.result, Detail: f.detail, Late: f.late, Subjects: f.subjects}
	if !f.again || f.attempt > f.retries {
		return e.report(ctx, o, r, true)
	}
	r.Result, r.RetryAt = escalation.ResultTemporary, f.at.Add(notify.Backoff(f.attempt))
	if err := e.report(ctx, o, r, false); err != nil {
		return err
	}
	return e.putBack(ctx, &o.item, r.RetryAt, f.attempt, policy.Never)
}

// request is what the action is given, and what the policy says of it.
func (e *Engine) request(h *held, o *outgoing) (ActionRequest, policy.Action) {
	s := &h.state
	ef := escalation.Renumbered(h.doc.Document, s, &o.effect.Effect)
	p := h.doc.Policies[s.Policy]
	req := ActionRequest{
		ID: e.effectID(h.stream, o.item.ID), Undo: ef.Kind == escalation.EffectUndo,
		Subject: s.Alert.Identity, Key: s.Key, Incarnation: s.Incarnation, Alert: s.Alert, Policy: p.Name,
		At: ef.At, Attempt: o.item.Attempt + 1,
	}
	if ef.Action < 0 || int(ef.Action) >= len(p.Actions) {
		return req, policy.Action{}
	}
	a := &p.Actions[ef.Action]
	req.Run, req.Name, req.DryRun = a.Run, a.Name, a.Mode == policy.ModeDryRun
	return req, *a
}

// openFor triggers the alert that an effect asks for. The effect's id is the
// event's, so that it opens one however often it is tried.
func (e *Engine) openFor(ctx context.Context, o *outgoing) error {
	if err := e.trigger(ctx, o); err != nil {
		return err
	}
	return e.finish(ctx, o)
}

func (e *Engine) trigger(ctx context.Context, o *outgoing) error {
	if o.effect.Alert == nil {
		return nil
	}
	in := Input{
		Key: o.effect.Alert.Key, ID: e.effectID(o.item.Stream, o.item.ID),
		Event: escalation.Event{Kind: escalation.EventTrigger, By: self(), Alert: o.effect.Alert},
	}
	_, err := e.Submit(ctx, in)
	return err
}
