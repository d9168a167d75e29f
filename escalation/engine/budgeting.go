package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

const (
	budgetStreams = "budget/"
	// maxBudgetSpan is how long spendings are kept at least, since policies may
	// look back on one action with spans of their own.
	maxBudgetSpan = 7 * 24 * time.Hour
)

// spend takes x out of the budget of its kind of action, and says why it is over,
// "" if it is not. The effect's id is the event's, so that an execution counts
// once however often it is tried. A dry run takes nothing.
func (e *Engine) spend(ctx context.Context, c caller, x *execution) (string, error) {
	lim, why := e.limits(ctx, c, x)
	if why != "" {
		return why, nil
	}
	in := Input{Key: x.req.Key, ID: x.req.ID, Event: escalation.Event{
		Kind: escalation.EventNote, By: self(), ID: x.req.ID, ClaimedAt: policy.Never, Action: x.req.Name,
		Text: fmt.Sprintf("%d subjects of weight %d", len(x.req.Subjects), x.weight()),
	}}
	err := e.moveBudget(ctx, x, &in, func(b budget, now policy.Instant) budget {
		b, why = b.recent(now, x.spec.Budget).take(x.spec.Budget, lim, spending{now, len(x.req.Subjects), x.weight(), x.req.ID})
		return b
	}, func() bool { return why == "" && !x.dry })
	return why, err
}

// unspend says that x is not under way any more.
func (e *Engine) unspend(ctx context.Context, x *execution) error {
	if _, ok := x.action.(Limiter); !ok {
		return nil
	}
	changed := false
	return e.moveBudget(ctx, x, nil, func(b budget, _ policy.Instant) budget {
		next := b.end(x.req.ID)
		changed = !slices.Equal(next.Spent, b.Spent)
		return next
	}, func() bool { return changed })
}

// moveBudget steps the budget of x's kind; it writes nothing unless keep says so
// afterwards, nor what in says was written before.
func (e *Engine) moveBudget(ctx context.Context, x *execution, in *Input, move func(budget, policy.Instant) budget, keep func() bool) error {
	stream := budgetStreams + x.req.Run
	_, err := e.sideways(ctx, stream, func(snap *store.Snapshot, now policy.Instant) (*sideStep, error) {
		st := &sideStep{verdict: applied(), due: policy.Never, open: true, key: x.req.Key}
		st.event = escalation.Event{Kind: escalation.EventNote, By: self(), ClaimedAt: policy.Never, Action: x.req.Name, Text: "ended: " + x.req.ID}
		if in != nil && !x.dry {
			first, _, err := e.seen(ctx, stream, in)
			if err != nil {
				return nil, err
			}
			if first != nil {
				return nil, errNothing // it was taken before
			}
			st.event, st.seen = in.Event, in.seenAs()
		}
		b, err := sideState[budget](snap)
		if err != nil {
			return nil, err
		}
		if b = move(b, now); !keep() {
			return nil, errNothing
		}
		state, err := json.Marshal(b)
		if err != nil {
			return nil, fmt.Errorf("engine: budget of %q: %w", x.req.Run, err)
		}
		st.event.At, st.state = now, state
		return st, nil
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// limits asks x's action for its bounds. Where it does not say, it is over them.
func (e *Engine) limits(ctx context.Context, c caller, x *execution) (Limits, string) {
	l, ok := x.action.(Limiter)
	if !ok {
		return Limits{}, ""
	}
	got := make(chan Limits, 1)
	err := c.ask(ctx, "limits of "+x.req.Run, x.spec.Timeout, func(ctx context.Context) error {
		lim, err := l.Limits(ctx, x.req)
		got <- lim
		return err
	})
	switch {
	case err != nil && lacks(err):
		return Limits{}, ""
	case err != nil:
		return Limits{}, "its limits are not known: " + notify.Redact(err)
	}
	return <-got, ""
}
