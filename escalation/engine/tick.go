package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// dueBatch is how many streams are read, stepped and committed at once.
const dueBatch = 256

// pump is the memory of Tick and Deliver, which are for one caller at a time.
type pump struct {
	sync.Mutex
	due     []store.Snapshot
	works   []*work
	commits []*store.Commit
	groups  map[string]int
	out     []outgoing
	tried   []outgoing
	one     [1][]outgoing
	wanted  []outgoing    // still to be told, of the group at hand
	items   []notify.Item // and what is read of each
}

// Tick applies everything that is due at Clock.Now, and returns the next
// instant at which Tick or Deliver has something to do: at most now when there
// is something for Deliver, policy.Never when nothing is to come. The caller's
// goroutine does it all.
//
// What is due is applied with the instant at which it was due, so that hopping
// from deadline to deadline and looking a few seconds late give the same
// records. Whoever looks more than a minute late did not run: what was missed
// is caught up with as a gap.
//
// After an error, what was not applied is still due.
func (e *Engine) Tick(ctx context.Context) (next policy.Instant, err error) {
	if err := e.start(ctx); err != nil {
		return policy.Never, err
	}
	if e.running.Load() || !e.pump.TryLock() {
		return e.Next(), ErrBusy
	}
	defer e.pump.Unlock()
	err = e.weather(ctx, e.tick(ctx, nil))
	return e.Next(), err
}

// patience is how long what has left the machine waits while more is due: after
// an outage the first pages must not wait for the last tiers.
const patience = 200 * time.Millisecond

// tick is Tick under the pump's lock. If it takes longer than its patience, and
// then again and again, it calls between, unless that is nil.
func (e *Engine) tick(ctx context.Context, between func(context.Context) error) error {
	now := e.now()
	began := now
	if _, err := e.land(ctx, now); err != nil {
		return err
	}
	e.dueBy(now) // others may have written to the store: look at least once
	e.follow(ctx)
	var failed error
	for ctx.Err() == nil {
		n, err := e.tickSome(ctx, now)
		failed = graver(failed, err)
		if n == 0 {
			break
		}
		if between == nil || e.now().Sub(began) < patience {
			continue
		}
		failed = graver(failed, between(ctx))
		began = e.now()
	}
	if failed == nil {
		failed = ctx.Err()
	}
	e.lookedAt.Store(int64(now))
	return failed
}

// graver returns the error to report of two: the first, but rather one of the
// store's than one of a single stream's.
func graver(a, b error) error {
	if a == nil || b != nil && errors.Is(a, errStuck) && !errors.Is(b, errStuck) {
		return b
	}
	return a
}

// tickSome applies what is due to so many streams, and returns to how many.
func (e *Engine) tickSome(ctx context.Context, now policy.Instant) (int, error) {
	if policy.Instant(e.nextDue.Load()) > now {
		return 0, nil
	}
	p := &e.pump
	e.nextDue.Store(int64(policy.Never))
	due, next, err := e.due(ctx, e.asking(now, dueBatch+e.stuck.count()))
	if err != nil {
		e.dueBy(now)
		return 0, fmt.Errorf("engine: due: %w", err)
	}
	p.due = due
	e.dueBy(next)
	var failed error
	done := 0
	p.works = p.works[:0]
	for i := range due {
		snap := &due[i]
		if e.stuck.until(snap.Stream) > now {
			continue
		}
		err := e.tickStream(ctx, snap, now)
		switch {
		case err == nil:
			e.stuck.free(snap.Stream)
			done++
		case errors.Is(err, store.ErrConflict):
			e.dueBy(now)
		case ctx.Err() != nil:
			e.dueBy(now)
			_, err := e.flush(ctx)
			return done, errors.Join(err, ctx.Err())
		case errors.Is(err, errStuck):
			failed = err
			e.poison(ctx, snap.Stream, snap.Key, now, err)
		default: // the store's fault: the others may still be lucky
			failed = err
			e.dueBy(now)
		}
	}
	unwritten, err := e.flush(ctx)
	return done - unwritten, graver(failed, err)
}

// due asks the store what is due, within bounds.
func (e *Engine) due(ctx context.Context, ask store.Ask) ([]store.Snapshot, policy.Instant, error) {
	ctx, cancel := context.WithTimeout(ctx, storePatience)
	defer cancel()
	return e.store.Due(ctx, ask, e.pump.due[:0])
}

// asking is a request for what is due, with or without taking it from others.
func (e *Engine) asking(now policy.Instant, limit int) store.Ask {
	return store.Ask{By: now, Limit: limit, Owner: e.owner, Until: now.Add(e.cfg.Lease)}
}

// tickStream applies what is due first in one stream. An alert's commit is put
// in the batch; the others are written at once.
func (e *Engine) tickStream(ctx context.Context, snap *store.Snapshot, now policy.Instant) error {
	switch {
	case strings.HasPrefix(snap.Stream, alertStreams):
		return e.tickAlert(ctx, snap, now)
	case strings.HasPrefix(snap.Stream, expectationStreams):
		return e.tickExpectation(ctx, snap, now)
	case strings.HasPrefix(snap.Stream, silenceStreams):
		return e.tickSilence(ctx, snap.Stream, now)
	case strings.HasPrefix(snap.Stream, breakerStreams):
		return e.tickBreaker(ctx, snap, now)
	}
	return fmt.Errorf("%w: stream %q is due and of no kind that this build knows", errStuck, snap.Stream)
}

func (e *Engine) tickAlert(ctx context.Context, snap *store.Snapshot, now policy.Instant) error {
	h, err := e.findAt(ctx, snap)
	if err != nil {
		return err
	}
	w := e.newWork(h)
	ev := escalation.Event{Kind: escalation.EventTick, At: h.state.Due, ClaimedAt: policy.Never, By: self()}
	if now.Sub(ev.At) > looking {
		ev.Down = e.gap(ev.At, now)
		ev.At = now
	}
	w.event(&ev)
	if err := e.prepare(ctx, w, cause{}); err != nil {
		e.done(w, false)
		return err
	}
	e.pump.works = append(e.pump.works, w)
	return nil
}

// flush writes the batch, and returns how much of it the store failed to write:
// that is no progress, and due still.
func (e *Engine) flush(ctx context.Context) (unwritten int, failed error) {
	p := &e.pump
	if len(p.works) == 0 {
		return 0, nil
	}
	p.commits = p.commits[:0]
	for _, w := range p.works {
		p.commits = append(p.commits, &w.commit)
	}
	bounded, cancel := context.WithTimeout(ctx, storePatience)
	_ = e.store.Commit(bounded, p.commits...)
	cancel()
	for _, w := range p.works {
		err := w.commit.Err
		if !errors.Is(failed, ErrUnknownOutcome) {
			err = e.outcome(ctx, &w.commit)
		} // else a store that could not say what became of one is not asked of each
		if err == nil {
			e.finalize(w)
		} else {
			e.dueBy(w.record.Event.At) // it is due still, or somebody else did it: look again
		}
		if errors.Is(err, store.ErrInvalid) { // by a bug of ours; it would be so for ever
			e.poison(ctx, w.held.stream, w.held.key, e.now(), err)
			failed = graver(failed, fmt.Errorf("%w: %w", errStuck, err))
		}
		if err != nil && !store.Refused(err) {
			unwritten++
			failed = graver(failed, fmt.Errorf("engine: commit: %w", err))
		}
		e.done(w, err == nil)
	}
	p.works = p.works[:0]
	return unwritten, failed
}

// alarm tells the last resort directly, beside the outbox: of what the engine
// cannot record. It is one attempt. In Run it has its turn among the others, so
// that a last resort that hangs holds up no page.
func (e *Engine) alarm(ctx context.Context, key string, now policy.Instant, text string) {
	n := notify.Notification{
		ID: "alarm:" + key + "/" + now.String(), Kind: notify.KindLastResort, To: e.lastResortTarget(), Via: viaDefault,
		At: now, Attempt: 1,
		Alerts: []notify.Item{{ID: "alarm:" + key, Key: key, Reason: policy.ReasonLastResort, Priority: policy.P1, Text: text}},
	}
	tell := func(ctx context.Context) {
		if _, _, err := e.alarms().notify(ctx, e.lastResort, n); err != nil {
			e.log.Error("last resort", "err", notify.Redact(err))
		}
	}
	if !e.running.Load() || ctx.Done() == nil { // of an attempt that outlives Run
		tell(ctx)
		return
	}
	e.lanes.add(ctx, &job{via: e.cfg.LastResortName, target: "alarm", run: tell})
}
