package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/belfry-go/belfry/notify"
)

// direct calls on the caller's goroutine, and looks for what takes virtual time.
type direct struct{ e *Engine }

// notify makes one call of a notifier. A panic is a failure for good: the same
// message would meet the same bug again, and the next contact rule may not.
func (d direct) notify(ctx context.Context, to notify.Notifier, n notify.Notification) (r notify.Receipt, after time.Duration, err error) {
	defer func() {
		if v := recover(); v != nil {
			r, after, err = notify.Receipt{}, 0, notify.Permanent(&notify.PanicError{Value: v})
			d.e.log.Error("notifier panicked", "to", n.To.String(), "via", n.Via)
		}
	}()
	if t, ok := to.(TimedNotifier); ok {
		return t.NotifyTimed(ctx, n)
	}
	r, err = to.Notify(ctx, n)
	return r, 0, err
}

// act makes one call of an action, within its time-out.
func (d direct) act(ctx context.Context, a Action, req ActionRequest, limit time.Duration) (res ActionResult, after time.Duration, err error) {
	err = d.ask(ctx, "action "+req.Run, limit, func(ctx context.Context) error {
		if t, ok := a.(TimedAction); ok {
			var err error
			res, after, err = t.ActTimed(ctx, req)
			if limit > 0 && after > limit {
				res, after, err = ActionResult{}, limit, Unknown(errHangs)
			}
			return err
		}
		var err error
		res, err = attempt(ctx, a, req)
		return err
	})
	return res, after, err
}

// attempt acts, or takes back.
func attempt(ctx context.Context, a Action, req ActionRequest) (ActionResult, error) {
	if !req.Undo {
		return a.Act(ctx, req)
	}
	u, ok := a.(Undoer)
	if !ok {
		return ActionResult{}, Refused(errNoUndo)
	}
	return u.Undo(ctx, req)
}

var errNoUndo = errors.New("it does not know how to take back")

// ask calls fn within a time-out. Nobody knows what one that panicked did.
func (d direct) ask(ctx context.Context, what string, limit time.Duration, fn func(context.Context) error) (err error) {
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	defer func() {
		if v := recover(); v != nil {
			err = Unknown(&notify.PanicError{Value: v})
			d.e.log.Error("the host's code panicked", "in", what)
		}
	}()
	return fn(ctx)
}

// maxAbandoned is how many calls may hang for good before no further is begun
// until some return: a leak must have an end.
const maxAbandoned = 256

var (
	errHangs  = errors.New("it did not return in time, and was left behind")
	errGoexit = errors.New("it ended its goroutine")
	errCrowd  = fmt.Errorf("%d calls hang; no further is begun until some return", maxAbandoned)
)

// apart calls on a goroutine of its own, which is left behind when it does not
// return a second after its time-out.
type apart struct{ e *Engine }

// call runs fn within limit. err is errHangs when fn was left behind.
func (p apart) call(ctx context.Context, limit time.Duration, fn func(context.Context)) error {
	e := p.e
	if e.lanes.hanging() >= maxAbandoned {
		return errCrowd
	}
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	done := make(chan bool, 1)
	go func() {
		returned := false
		defer func() { done <- returned }()
		fn(ctx)
		returned = true
	}()
	answer := func(returned bool) error {
		if !returned {
			return errGoexit
		}
		return nil
	}
	select {
	case returned := <-done:
		return answer(returned)
	case <-ctx.Done():
	}
	grace := time.NewTimer(abandonAfter)
	defer grace.Stop()
	select {
	case returned := <-done:
		return answer(returned)
	case <-grace.C:
	}
	e.counts.abandoned.Add(1)
	e.lanes.hang(1)
	go func() {
		<-done
		e.lanes.hang(-1)
		e.wake()
	}()
	return errHangs
}

func (p apart) notify(ctx context.Context, to notify.Notifier, n notify.Notification) (notify.Receipt, time.Duration, error) {
	type answer struct {
		r   notify.Receipt
		err error
	}
	got := make(chan answer, 1)
	err := p.call(ctx, p.e.cfg.AttemptTimeout, func(ctx context.Context) {
		r, _, err := direct(p).notify(ctx, untimed{to}, n)
		got <- answer{r, err}
	})
	switch {
	case errors.Is(err, errCrowd):
		return notify.Receipt{}, 0, notify.Temporary(err)
	case errors.Is(err, errGoexit):
		return notify.Receipt{}, 0, notify.Permanent(err)
	case err != nil:
		p.e.log.Warn("notifier hangs", "to", n.To.String(), "via", n.Via)
		return notify.Receipt{}, 0, notify.Unknown(err)
	}
	a := <-got
	return a.r, 0, a.err
}

func (p apart) act(ctx context.Context, a Action, req ActionRequest, limit time.Duration) (ActionResult, time.Duration, error) {
	got := make(chan ActionResult, 1)
	err := p.ask(ctx, "action "+req.Run, limit, func(ctx context.Context) error {
		res, err := attempt(ctx, a, req)
		got <- res
		return err
	})
	select {
	case res := <-got:
		return res, 0, err
	default: // left behind, or never begun
		return ActionResult{}, 0, err
	}
}

func (p apart) ask(ctx context.Context, what string, limit time.Duration, fn func(context.Context) error) error {
	answer := make(chan error, 1)
	err := p.call(ctx, limit, func(ctx context.Context) { answer <- direct(p).ask(ctx, what, 0, fn) })
	switch {
	case errors.Is(err, errCrowd):
		return Refused(err)
	case err != nil:
		p.e.log.Warn("the host's code hangs", "in", what)
		return Unknown(err)
	}
	return <-answer
}

// untimed hides that a notifier takes virtual time.
type untimed struct{ notify.Notifier }

// alarms is how the last resort is called beside the outbox.
func (e *Engine) alarms() caller {
	if e.running.Load() {
		return apart{e}
	}
	return direct{e}
}
