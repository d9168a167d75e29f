package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

const (
	budgetStreams = "budget/"
	// maxBudgetSpan is how long spendings are kept at least, since policies may
	// look back on one action with spans of their own.
	maxBudgetSpan = 7 * 24 * time.Hour
)

// spend takes an execution out of the budget of its kind of action. False: it is
// over. The effect's id is the event's, so that an execution counts once however
// often it is tried.
func (e *Engine) spend(ctx context.Context, req *ActionRequest, rule policy.Budget) (bool, error) {
	stream := budgetStreams + req.Run
	in := Input{Key: req.Key, ID: req.ID, Event: escalation.Event{
		Kind: escalation.EventNote, By: self(), ID: req.ID, ClaimedAt: policy.Never, Action: req.Name,
		Text: fmt.Sprintf("%d subjects of weight %d", len(req.Subjects), weigh(req.Subjects)),
	}}
	within := true
	_, err := e.sideways(ctx, stream, func(snap *store.Snapshot, now policy.Instant) (*sideStep, error) {
		first, _, err := e.seen(ctx, stream, &in)
		if err != nil {
			return nil, err
		}
		if within = first != nil; within {
			return nil, errNothing // it was taken before
		}
		var b budget
		if len(snap.State) > 0 {
			if err := json.Unmarshal(snap.State, &b); err != nil {
				return nil, fmt.Errorf("%w: state of %q: %w", errStuck, stream, err)
			}
		}
		b, within = b.recent(now, rule).take(rule, now, len(req.Subjects), weigh(req.Subjects))
		if !within {
			return nil, errNothing
		}
		state, err := json.Marshal(b)
		if err != nil {
			return nil, fmt.Errorf("engine: budget of %q: %w", req.Run, err)
		}
		ev := in.Event
		ev.At = now
		return &sideStep{event: ev, verdict: applied(), state: state, due: policy.Never, open: true, key: req.Key, seen: in.seenAs()}, nil
	})
	if errors.Is(err, errNothing) {
		return within, nil
	}
	return within, err
}

// approved reports whether people granted an action: then no budget holds it.
func approved(s *escalation.State, action int16) bool {
	if s.More == nil {
		return false
	}
	for i := range s.More.Reviews {
		r := &s.More.Reviews[i]
		if r.Of == escalation.ReviewAction && r.Index == action && r.Granted {
			return true
		}
	}
	return false
}
