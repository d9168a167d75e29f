package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// act makes one attempt at an action, or at taking one back: plan, guard, budget,
// approval, execute, verify, keep the handle. Each step is durable before the
// next, so that whoever takes over knows how far it came.
func (e *Engine) act(ctx context.Context, c caller, now policy.Instant, o *outgoing) error {
	x, wanted, err := e.execution(ctx, now, o)
	if err == nil && wanted {
		err = e.carryOn(ctx, c, x, now)
	}
	switch {
	case x != nil && errors.Is(err, errStuck):
		// What is kept of it cannot be read: nobody knows what it may do.
		return e.report(ctx, o, x.report(escalation.ResultFailed, notify.Redact(err)), true)
	case err != nil:
		return err
	case wanted:
		return nil
	}
	if o.effect.Kind == escalation.EffectRun {
		if err := e.judge(ctx, o.effect.Text, e.effectID(o.item.Stream, o.item.ID), escalation.ResultWithdrawn); err != nil {
			return err
		}
	}
	return e.report(ctx, o, escalation.Report{Attempt: o.item.Attempt, Result: escalation.ResultWithdrawn}, true)
}

// carryOn takes an execution as far as it comes.
func (e *Engine) carryOn(ctx context.Context, c caller, x *execution, now policy.Instant) error {
	o := x.o
	switch end := x.ending(); {
	case end.of(o.id()) && end.Result != escalation.ResultNone:
		return e.conclude(ctx, x, end.Result, end.Detail, end.Subjects) // its end was kept, and not reported
	case o.item.First.Known():
		return e.takeOver(ctx, c, x)
	case x.gives && !e.evidence.has(o.item.Stream, o.id().Seq, x.req.At):
		return e.putBack(ctx, &o.item, now.Add(evidenceWait), o.item.Attempt, o.item.First)
	}
	r, err := e.obstacle(ctx, c, x, now)
	if err != nil {
		return err
	}
	switch {
	case x.dry:
		return e.planned(ctx, x, &r)
	case r.Result != escalation.ResultNone:
		return e.conclude(ctx, x, r.Result, r.Detail, r.Subjects)
	}
	if ok, err := e.commence(ctx, x, now); err != nil || !ok {
		return err
	}
	f := flight{run: x, out: []outgoing{*o}}
	var after time.Duration
	f.res, after, f.err = c.act(ctx, x.action, x.req, x.spec.Timeout)
	if after > 0 {
		f.at = now.Add(after)
		if err := e.putBack(ctx, &o.item, f.at.Add(e.cfg.Lease), x.req.Attempt, now); err != nil {
			return err
		}
		e.flights.add(f)
		return nil
	}
	f.at = max(now, e.now())
	return e.acted(lasting(ctx), c, &f)
}

// ending is how x ended as far as is kept.
func (x *execution) ending() *ending {
	if x.req.Undo {
		return &x.deed.Undo
	}
	return &x.deed.Run
}

// obstacle finds to whom x is to be done, and what is in its way: the report of
// it, or one without a result. A dry run meets what would be in the way of a real
// one, and leaves no trace.
func (e *Engine) obstacle(ctx context.Context, c caller, x *execution, now policy.Instant) (escalation.Report, error) {
	if x.action == nil {
		return x.refusal(fmt.Sprintf("no action %q is registered", x.spec.Run)), nil
	}
	if x.req.Undo {
		return e.undoable(ctx, c, x, now)
	}
	if r, err := e.halted(ctx, x, now); err != nil || r.Result != escalation.ResultNone {
		return r, err
	}
	if err := e.choose(ctx, c, x); err != nil {
		var ours *hostError
		if !errors.As(err, &ours) {
			return escalation.Report{}, err
		}
		result, detail := actionOutcome(ours.err)
		if result == escalation.ResultUnknown {
			result = escalation.ResultFailed // a plan changes nothing
		}
		return x.report(result, "plan: "+detail), nil
	}
	switch {
	case len(x.req.Subjects) == 0:
		return x.refusal(joined("nobody to do it to", x.left())), nil
	case x.gives && !x.assured:
		return x.hold("it gives something back, and that takes a review or a verified end"), nil
	}
	return e.bounded(ctx, c, x)
}

// bounded binds x to its subjects, and then takes them out of its budget: what is
// spent is spent on them, and is not to be done to others after a crash.
func (e *Engine) bounded(ctx context.Context, c caller, x *execution) (escalation.Report, error) {
	if err := e.capture(ctx, x); err != nil || x.granted {
		return escalation.Report{}, err
	}
	why, err := e.spend(ctx, c, x)
	if err != nil || why == "" {
		return escalation.Report{}, err
	}
	return x.hold(joined(why, x.left())), nil
}

// halted reports that the kill switch, or the breaker of its kind, holds x.
func (e *Engine) halted(ctx context.Context, x *execution, now policy.Instant) (escalation.Report, error) {
	stopped, err := e.stopped(ctx, x)
	if err != nil {
		return escalation.Report{}, err
	}
	if stopped {
		return x.hold(actionsStopped), nil
	}
	broken, err := e.brokenNow(ctx, x, now)
	if err == nil && broken && !x.dry {
		var ok bool
		ok, err = e.admitted(ctx, x)
		broken = !ok
	}
	if err != nil || !broken {
		return escalation.Report{}, err
	}
	return x.hold(breakerOpen), nil
}

// What holds an execution, for people.
const (
	actionsStopped = "actions are stopped"
	breakerOpen    = "it failed again and again; its breaker is open"
)

func (x *execution) refusal(detail string) escalation.Report {
	return x.report(escalation.ResultRefused, detail)
}

// hold is the report of one that is held, of whoever was planned so far.
func (x *execution) hold(detail string) escalation.Report {
	return x.report(escalation.ResultHeld, detail)
}

// capture keeps to whom x is bound from now on.
func (e *Engine) capture(ctx context.Context, x *execution) error {
	if x.deed.Run.of(x.o.id()) && x.deed.Subjects != nil || x.req.Undo || x.dry {
		return nil
	}
	text := fmt.Sprintf("%d subjects of weight %d: %s", len(x.req.Subjects), x.weight(), listed(subjectNames(x.req.Subjects)))
	return e.keepDeed(ctx, x, joined(text, x.left()), func(d *deed) {
		d.Subjects, d.Run = x.req.Subjects, endingOf(x.o.id())
	})
}

// planned ends a dry run: what it would have been done to is kept and recorded, or
// what would have been in its way.
func (e *Engine) planned(ctx context.Context, x *execution, r *escalation.Report) error {
	if r.Result != escalation.ResultNone {
		r.Detail = "would be " + r.Result.String() + ": " + r.Detail
		r.Result, r.Subjects = escalation.ResultPlanned, 0
		return e.report(ctx, x.o, *r, true)
	}
	names := "would be done to " + listed(subjectNames(x.req.Subjects))
	err := e.keepDeed(ctx, x, names, func(d *deed) {
		*d = deed{Subjects: x.req.Subjects, Run: endingOf(x.o.id())}
	})
	if err != nil {
		return err
	}
	return e.report(ctx, x.o, x.report(escalation.ResultPlanned, joined(names, x.left())), true)
}

// commence notes that x begins, so that whoever claims its item next knows that its
// outcome is unknown, and does not repeat it blindly. It is false when the item
// is somebody else's by now, or is held after all.
func (e *Engine) commence(ctx context.Context, x *execution, now policy.Instant) (bool, error) {
	if !x.req.Undo {
		if why, err := e.heldMeanwhile(ctx, x); err != nil || why != "" {
			if err == nil {
				err = e.conclude(ctx, x, escalation.ResultHeld, why, len(x.req.Subjects))
			}
			return false, err
		}
	}
	until := now.Add(max(e.cfg.Lease, 3*x.spec.Timeout) + time.Minute)
	err := e.store.Settle(ctx, store.Settlement{Lease: x.o.item.Lease(), NotBefore: until, Attempt: x.req.Attempt, First: now})
	if errors.Is(err, store.ErrLease) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("engine: begin: %w", err)
	}
	e.leavesBy(until)
	return true, nil
}

// heldMeanwhile looks again at what may have stopped x while it was planned: the
// kill switch, and the breaker, which may have taken another to try.
func (e *Engine) heldMeanwhile(ctx context.Context, x *execution) (string, error) {
	if stopped, err := e.stopped(ctx, x); err != nil || stopped {
		return actionsStopped, err
	}
	if ok, err := e.admitted(ctx, x); err != nil || !ok {
		return breakerOpen, err
	}
	return "", nil
}

// takeOver goes on with an attempt that was begun, and whose end nobody saw.
func (e *Engine) takeOver(ctx context.Context, c caller, x *execution) error {
	x.req.Attempt = max(x.o.item.Attempt, 1)
	x.req.Subjects = x.deed.Subjects
	if x.req.Undo {
		x.req.Subjects, x.req.Handle = x.deed.Done, x.deed.Handle
	}
	f := flight{run: x, out: []outgoing{*x.o}, at: e.now(), err: Unknown(errUnseen)}
	return e.acted(ctx, c, &f)
}

var errUnseen = errors.New("it was begun, and its end was not seen")

// acted finds what an attempt came to, keeps it, and reports it. One that is known
// not to have been done is tried again, under the same id, as often as its policy
// says, if the action may be repeated at all.
func (e *Engine) acted(ctx context.Context, c caller, f *flight) error {
	x := f.run
	x.o = &f.out[0]
	result, detail := actionOutcome(f.err)
	again := result == escalation.ResultFailed
	var st Standing
	switch result {
	case escalation.ResultDone:
		detail = notify.Redact(errors.New(f.res.Detail))
		result, detail, st = e.verified(ctx, c, x, detail)
	case escalation.ResultUnknown:
		result, detail, again = e.readBack(ctx, c, x, detail)
		x.unseen = true
	default: // it says what is known
	}
	if again && !x.req.Undo && x.action != nil && isIdempotent(x.action) && x.req.Attempt <= x.spec.Retries {
		return e.tryAgain(ctx, x, detail, f.at)
	}
	n := x.number(&f.res)
	detail = joined(detail, x.left())
	err := e.keepDeed(ctx, x, result.String()+": "+detail, func(d *deed) {
		end := ending{Seq: x.o.id().Seq, I: x.o.id().I, Result: result, Subjects: n, Detail: detail}
		if x.req.Undo {
			d.Undo = end
			return
		}
		d.Run = end
		if result == escalation.ResultDone {
			d.Done, d.Handle, d.Fingerprint, d.Unseen = x.req.Subjects, f.res.Handle, st.Fingerprint, x.unseen
		}
	})
	if err != nil {
		return err
	}
	return e.conclude(ctx, x, result, detail, n)
}

// tryAgain puts x back for another attempt.
func (e *Engine) tryAgain(ctx context.Context, x *execution, detail string, at policy.Instant) error {
	r := x.report(escalation.ResultTemporary, detail)
	r.RetryAt = at.Add(notify.Backoff(x.req.Attempt))
	if err := e.report(ctx, x.o, r, false); err != nil {
		return err
	}
	return e.putBack(ctx, &x.o.item, r.RetryAt, x.req.Attempt, policy.Never)
}

// conclude frees what x took of its budget, tells its breaker, and reports. It is
// done again after a crash in mid-way.
func (e *Engine) conclude(ctx context.Context, x *execution, result escalation.Result, detail string, n int) error {
	if !x.req.Undo {
		if err := e.unspend(ctx, x); err != nil {
			return err
		}
		if err := e.judge(ctx, x.req.Run, x.req.ID, result); err != nil {
			return err
		}
	}
	r := x.report(result, detail)
	r.Subjects = n
	return e.report(ctx, x.o, r, true)
}

// joined joins texts with a semicolon, leaving out empty ones.
func joined(texts ...string) string {
	var b strings.Builder
	for _, t := range texts {
		if t == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString("; ")
		}
		b.WriteString(t)
	}
	return b.String()
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
