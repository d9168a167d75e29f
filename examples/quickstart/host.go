package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/policyfile"
)

// host is what a program around the engine has: the engine, its clock, and what
// it plugs in.
type host struct {
	eng   *engine.Engine
	clock *clock.Mock
	out   *printer
	pace  func(context.Context, time.Duration) error
	lines timelines
}

// newHost makes the engine. The day begins at start.
func newHost(start time.Time, out *printer, lastResort io.Writer, pace func(context.Context, time.Duration) error) (*host, error) {
	src, err := files.ReadFile("policies.yaml")
	if err != nil {
		return nil, err
	}
	doc, err := policyfile.Parse("policies.yaml", src)
	if err != nil {
		return nil, err
	}
	h := &host{clock: clock.NewMock(), out: out, pace: pace}
	h.clock.Set(start)
	run := engine.ActionFunc(h.act)
	h.eng, err = engine.New(engine.Config{
		Policies:   doc,
		Notifier:   notify.NotifierFunc(h.tell),
		LastResort: notify.Writer(lastResort),
		Actions: map[string]engine.Action{
			"restrict-log-access": run, "disable-identity": run, "enable-identity": run,
		},
		Clock:     h.clock,
		Subscribe: h.lines.add,
	})
	return h, err
}

// run plays the steps, each at its time, and prints the timelines.
func (h *host) run(ctx context.Context, steps []step) error {
	for _, s := range steps {
		if err := h.until(ctx, s.at); err != nil {
			return err
		}
		if err := s.do(ctx, h); err != nil {
			return fmt.Errorf("%s: %w", s.at.Format(time.TimeOnly), err)
		}
		if err := h.settle(ctx); err != nil {
			return err
		}
	}
	h.lines.print(h.out)
	return h.out.err
}

// until lets time pass up to t, from one deadline to the next. What is due at t
// itself is left: what people do at that instant goes first.
func (h *host) until(ctx context.Context, t time.Time) error {
	for {
		next := t
		if due := h.eng.Next(); due < policy.InstantOf(t) {
			next = due.Time()
		}
		if gap := next.Sub(h.clock.Now()); gap > 0 {
			if err := h.pace(ctx, gap); err != nil {
				return err
			}
			h.clock.Set(next)
		}
		if next.Equal(t) {
			return nil
		}
		if err := h.settle(ctx); err != nil {
			return err
		}
	}
}

// settle lets the engine do all that is due now, and shows it.
func (h *host) settle(ctx context.Context) error {
	err := h.eng.Settle(ctx)
	h.out.flush()
	return err
}

// tell is the example's pager: it prints.
func (h *host) tell(_ context.Context, n notify.Notification) (notify.Receipt, error) {
	for _, it := range n.Alerts {
		h.out.print(entry{
			At: h.clock.Now(), Type: "notify", Key: it.Name(), To: n.To.String(), Via: n.Via, Kind: n.Kind.String(),
			Track: it.Track, Tier: it.Tier, Reason: it.Reason.String(), Text: it.Text,
		})
	}
	return notify.Receipt{}, nil
}

// act is the example's only action: it prints what it was asked to do.
func (h *host) act(_ context.Context, req engine.ActionRequest) (engine.ActionResult, error) {
	h.out.print(entry{At: h.clock.Now(), Type: "run", Key: alertName(req.Key, req.Incarnation), Run: req.Run, Subject: req.Subject.ID})
	return engine.ActionResult{}, nil
}

// receive passes an event on to the engine.
func (h *host) receive(ctx context.Context, s incoming) error {
	by := escalation.Author{Principal: s.By}
	var r engine.Result
	var err error
	switch {
	case s.Alert != nil:
		r, err = h.eng.Trigger(ctx, *s.Alert, by, engine.ClaimedAt(s.At))
	case s.Closes:
		r, err = h.eng.Resolve(ctx, s.Key, by, s.Outcome, engine.ClaimedAt(s.At))
	default:
		r, err = h.eng.Succeeded(ctx, s.Key, by, s.Outcome, engine.ClaimedAt(s.At))
	}
	if err != nil {
		return err
	}
	h.answered(s.What, s.By, &r)
	return nil
}

// answered prints an event, and what the engine answered.
func (h *host) answered(what string, by policy.Target, r *engine.Result) {
	e := entry{At: h.clock.Now(), Type: "event", Text: what, By: by.String(), Verdict: r.Verdict.String()}
	if s := r.State; s != nil {
		e.Key, e.Status = alertName(s.Key, s.Incarnation), s.Status.String()
	}
	h.out.print(e)
}

// alertName is how people refer to an alert.
func alertName(key string, incarnation uint64) string {
	return key + "#" + strconv.FormatUint(incarnation, 10)
}
