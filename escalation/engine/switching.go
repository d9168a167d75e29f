package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// switchStream is where the kill switch stands.
const switchStream = "switch/actions"

// StopActions throws the kill switch: from now on no action begins, of any alert.
// What is due meanwhile is held, and told. Notifications go on, and so does what
// people voted to take back. It takes one person of the directory, and a reason.
func (e *Engine) StopActions(ctx context.Context, by escalation.Author, reason string, details ...Detail) (Result, error) {
	return e.throw(ctx, "stop_actions", by, reason, details, []policy.Principal{{Class: "people"}},
		func(k killSwitch, at policy.Instant) (killSwitch, escalation.Verdict) { return k.stop(at) })
}

// ReleaseActions wants the kill switch released. It takes two different people
// whom the document's `authority.release` names, each with a reason; at the
// second, what was held goes on from its guard.
func (e *Engine) ReleaseActions(ctx context.Context, by escalation.Author, reason string, details ...Detail) (Result, error) {
	who := e.current.Load().Authority.Release
	if who == nil {
		who = []policy.Principal{{Class: "people"}}
	}
	r, err := e.throw(ctx, "release_actions", by, reason, details, who,
		func(k killSwitch, _ policy.Instant) (killSwitch, escalation.Verdict) { return k.release(by.Principal) })
	if err == nil && r.Applied() {
		err = e.release(ctx)
	}
	return r, err
}

// throw steps the switch for a person.
func (e *Engine) throw(ctx context.Context, name string, by escalation.Author, reason string, details []Detail, who []policy.Principal, step func(killSwitch, policy.Instant) (killSwitch, escalation.Verdict)) (Result, error) {
	in := Input{Event: escalation.Event{Kind: escalation.EventNote, By: by, Name: name, Reason: reason, Text: name}}
	for _, d := range details {
		d(&in)
	}
	if err := in.check(); err != nil {
		return Result{}, err
	}
	if err := e.start(ctx); err != nil {
		return Result{}, err
	}
	verdict := applied()
	switch {
	case by.Principal.Kind != policy.TargetUser:
		verdict = rejected(escalation.NotAPerson)
	case reason == "":
		verdict = rejected(escalation.NoReason)
	default:
		var err error
		if verdict, err = e.may(ctx, who, by, name == "release_actions"); err != nil {
			return Result{}, err
		}
	}
	if verdict.Kind != escalation.Applied {
		return e.aside(ctx, &in, verdict)
	}
	var k killSwitch
	seq, err := e.sideways(ctx, switchStream, func(snap *store.Snapshot, now policy.Instant) (*sideStep, error) {
		before, err := sideState[killSwitch](snap)
		if err != nil {
			return nil, err
		}
		first, reused, err := e.seen(ctx, switchStream, &in)
		if err != nil {
			return nil, err
		}
		k, verdict = step(before, now)
		if before.Stopped && !k.Stopped {
			k.Freed, k.FreedAt = snap.Seq+1, now
		}
		if first != nil && !reused {
			k, verdict = before, ignored(escalation.Duplicate)
		}
		ev := in.Event
		ev.At = now
		st, err := k.step(ev, verdict)
		if err == nil && verdict.Reason != escalation.Duplicate {
			st.seen = in.seenAs()
		}
		return st, err
	})
	if err != nil {
		return Result{}, err
	}
	e.wake()
	return Result{ID: e.recordID(switchStream, seq), Verdict: verdict}, nil
}

// switchNow reads the switch.
func (e *Engine) switchNow(ctx context.Context) (killSwitch, error) {
	snap, err := e.loadSide(ctx, switchStream)
	if err != nil {
		return killSwitch{}, err
	}
	return sideState[killSwitch](&snap)
}

// stops reports whether the switch stops actions: also while nobody outside has
// the evidence of its release.
func (e *Engine) stops(k killSwitch) bool {
	return k.Stopped || !e.evidence.has(switchStream, k.Freed, k.FreedAt)
}

// stopped reports whether the switch holds an execution, and has it noted unless
// nothing is to be done anyway.
func (e *Engine) stopped(ctx context.Context, x *execution) (bool, error) {
	k, err := e.switchNow(ctx)
	if err != nil || !e.stops(k) || x.dry {
		return e.stops(k), err
	}
	run := x.o.held()
	stopped := true
	_, err = e.sideways(ctx, switchStream, func(snap *store.Snapshot, now policy.Instant) (*sideStep, error) {
		k, err := sideState[killSwitch](snap)
		if err != nil {
			return nil, err
		}
		if stopped = e.stops(k); !stopped {
			return nil, errNothing
		}
		return k.hold(run).step(escalation.Event{
			Kind: escalation.EventNote, At: now, By: self(), ClaimedAt: policy.Never, Text: fmt.Sprintf("held: %s/%d/%d", run.Stream, run.Seq, run.I),
		}, applied())
	})
	if errors.Is(err, errNothing) {
		err = nil
	}
	return stopped, err
}

// release has what the switch held go on, unless it is stopped. It is called
// again at each start: a crash in mid-way loses nothing.
func (e *Engine) release(ctx context.Context) error {
	k, err := e.switchNow(ctx)
	if err != nil || e.stops(k) {
		return err
	}
	for _, run := range k.Held {
		if err := e.resume(ctx, run, "released"); err != nil {
			return err
		}
		_, err := e.sideways(ctx, switchStream, func(snap *store.Snapshot, now policy.Instant) (*sideStep, error) {
			k, err := sideState[killSwitch](snap)
			if err != nil {
				return nil, err
			}
			return k.free(run).step(escalation.Event{Kind: escalation.EventNote, At: now, By: self(), ClaimedAt: policy.Never, Text: "released: " + run.Stream}, applied())
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// resume lets an execution that was held go on from its guard.
func (e *Engine) resume(ctx context.Context, run heldRun, why string) error {
	r := escalation.Report{Effect: escalation.EffectID{Seq: run.Seq, I: run.I}, Result: escalation.ResultStarted, Detail: why, RetryAt: policy.Never}
	for {
		err := e.reportOnce(ctx, run.Stream, &r, cause{})
		if !errors.Is(err, store.ErrConflict) {
			return err
		}
	}
}

// held is how an execution is named that is held.
func (o *outgoing) held() heldRun { return heldRun{o.item.Stream, o.item.ID.Seq, o.item.ID.I} }
