package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

const breakerStreams = "breaker/"

// moveBreaker steps the breaker of a kind of action; it writes nothing when
// nothing changes. in may be nil: then the step may come again.
func (e *Engine) moveBreaker(ctx context.Context, run, text string, in *Input, move func(b breaker, at policy.Instant) breaker) error {
	stream := breakerStreams + run
	_, err := e.sideways(ctx, stream, func(snap *store.Snapshot, now policy.Instant) (*sideStep, error) {
		was, err := sideState[breaker](snap)
		if err != nil {
			return nil, err
		}
		if in != nil {
			first, _, err := e.seen(ctx, stream, in)
			if err != nil {
				return nil, err
			}
			if first != nil {
				return nil, errNothing // it was counted before
			}
		}
		b := move(was, now)
		before, err := json.Marshal(was)
		if err != nil {
			return nil, fmt.Errorf("engine: breaker of %q: %w", run, err)
		}
		state, err := json.Marshal(b)
		if err != nil {
			return nil, fmt.Errorf("engine: breaker of %q: %w", run, err)
		}
		if string(before) == string(state) {
			return nil, errNothing
		}
		st := &sideStep{
			event:   escalation.Event{Kind: escalation.EventNote, At: now, By: self(), ClaimedAt: policy.Never, Text: text},
			verdict: applied(), state: state, due: b.due(now), open: b.Open,
		}
		if in != nil {
			st.event.ID, st.seen = in.ID, in.seenAs()
		}
		return st, nil
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// brokenNow reports whether the breaker of x's kind holds it, without a trace.
func (e *Engine) brokenNow(ctx context.Context, x *execution, now policy.Instant) (bool, error) {
	snap, err := e.loadSide(ctx, breakerStreams+x.req.Run)
	if err != nil {
		return false, err
	}
	b, err := sideState[breaker](&snap)
	return !b.admits(x.req.ID, now), err
}

// admitted lets x begin, or has the breaker hold it.
func (e *Engine) admitted(ctx context.Context, x *execution) (bool, error) {
	ok := true
	run := x.o.held()
	err := e.moveBreaker(ctx, x.req.Run, "asked by "+x.req.ID, nil, func(b breaker, at policy.Instant) breaker {
		if ok = b.admits(x.req.ID, at); ok {
			return b.begin(x.req.ID, at)
		}
		return b.hold(run)
	})
	return ok, err
}

// judge tells the breaker of a kind of action how an execution ended.
func (e *Engine) judge(ctx context.Context, run, id string, r escalation.Result) error {
	in := Input{ID: id, Event: escalation.Event{Kind: escalation.EventNote, By: self(), Action: run}}
	return e.moveBreaker(ctx, run, r.String()+": "+id, &in, func(b breaker, at policy.Instant) breaker {
		switch r {
		case escalation.ResultDone:
			return b.succeeded(id)
		case escalation.ResultFailed, escalation.ResultUnverified:
			return b.failed(id, at)
		default: // nothing follows from it
			return b.ended(id)
		}
	})
}

// tickBreaker lets those go on whom a breaker holds no longer.
func (e *Engine) tickBreaker(ctx context.Context, snap *store.Snapshot, now policy.Instant) error {
	b, err := sideState[breaker](snap)
	if err != nil {
		return err
	}
	freed := b.next(now)
	for _, run := range freed {
		if err := e.resume(ctx, run, "the breaker lets it go on"); err != nil {
			return err
		}
	}
	return e.moveBreaker(ctx, strings.TrimPrefix(snap.Stream, breakerStreams), "let go on", nil, func(b breaker, at policy.Instant) breaker {
		return b.free(freed, at)
	})
}
