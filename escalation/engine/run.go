package engine

import (
	"context"
	"sync"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/internal/timekeeper"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

const (
	// afterFault is how long Run waits before it asks a store that failed
	// again, and heldBack how long what a full channel cannot take stays in
	// the outbox.
	afterFault = time.Second
	heldBack   = time.Second
	// storeAlarm is how long a store may fail before the last resort is told,
	// and alarmEvery how often it is told again.
	storeAlarm = 30 * time.Second
	alarmEvery = 5 * time.Minute
)

// Run drives everything until ctx ends or Close is called, and returns when its
// goroutines have ended: nil, for either is how it is meant to end. It arms one
// timer on the clock for the earliest deadline, and calls notifiers and actions
// from a bounded number of goroutines: one that is slow, panics or never returns
// delays no other.
//
// When ctx ends, the attempts under way are cut short; Close lets them end.
// Meanwhile Tick, Deliver and Settle answer [ErrBusy].
func (e *Engine) Run(ctx context.Context) error {
	if err := e.begin(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	e.runMu.Lock()
	e.cut = cancel
	e.runMu.Unlock()
	defer e.end()

	var hint <-chan struct{}
	if w, ok := e.store.(store.Watcher); ok {
		hint = w.Watch(ctx)
	}
	if e.evidence.sink != nil {
		var feeding sync.WaitGroup
		feeding.Go(func() { e.feedInRun(ctx) })
		defer feeding.Wait()
		defer cancel()
	}
	var fault fault
	for {
		err := e.weather(ctx, e.round(ctx))
		if ctx.Err() != nil || e.closed.Load() {
			break
		}
		e.faulty(ctx, &fault, err)
		if !e.wait(ctx, hint, err) {
			break
		}
	}
	e.giveBack(ctx, e.lanes.drop())
	e.lanes.waiting.Wait()
	e.shadow.ground()
	return nil
}

// giveBack returns what was claimed and has not begun, so that whoever goes on
// need not wait for the leases to end. It is a courtesy, and has its limit.
func (e *Engine) giveBack(ctx context.Context, jobs []*job) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abandonAfter)
	defer cancel()
	now := e.now()
	for _, j := range jobs {
		if err := e.hold(ctx, j.out, now); err != nil {
			e.log.Warn("what was claimed is free when its lease ends", "err", notify.Redact(err))
			return
		}
	}
}

// begin makes the engine running.
func (e *Engine) begin(ctx context.Context) error {
	if err := e.start(ctx); err != nil {
		return err
	}
	e.runMu.Lock()
	defer e.runMu.Unlock()
	if e.closed.Load() {
		return ErrClosed
	}
	if !e.pump.TryLock() {
		return ErrBusy
	}
	e.ended = make(chan struct{})
	e.feeds.mu.Lock()
	defer e.feeds.mu.Unlock()
	e.running.Store(true)
	for _, f := range e.feeds.list {
		e.startFeed(f)
	}
	return nil
}

// end undoes begin.
func (e *Engine) end() {
	e.running.Store(false)
	e.stopFeeds()
	e.pump.Unlock()
	close(e.ended)
}

// round looks once: what is due is applied, what may leave is handed out.
func (e *Engine) round(ctx context.Context) error {
	if e.owner != "" {
		if err := e.readSilences(ctx); err != nil {
			return err
		}
	}
	if e.owner != "" && e.current.Load().rings {
		if err := e.readTurns(ctx); err != nil {
			return err
		}
	}
	// One alert that cannot go on must not keep the others' pages back.
	return graver(e.tick(ctx, e.dispatch), e.dispatch(ctx))
}

// wait waits until there is something to do. It returns false when Run is to
// end.
func (e *Engine) wait(ctx context.Context, hint <-chan struct{}, err error) bool {
	look := time.NewTimer(e.cfg.LookAgain)
	defer look.Stop()
	var due <-chan time.Time
	if err != nil {
		look.Reset(min(afterFault, e.cfg.LookAgain)) // a time.Timer, which may be reset
	} else {
		next, now := e.nextRound(), e.now()
		if next <= now {
			return true
		}
		if next.Known() {
			// Afresh each time: a Timer of the clock is never reset, and what it
			// sends means no more than "look again".
			t := e.clock.Timer(next.Sub(now))
			defer t.Stop()
			if e.now() >= next {
				return true // the clock moved between Now and Timer
			}
			due = t.C
		}
	}
	select {
	case <-ctx.Done():
		return false
	case <-e.halt:
		return false
	case <-due:
	case <-look.C:
	case <-e.woken:
	case <-hint:
	}
	return true
}

// nextRound is nextWork, but for the outbox when there is no room for more: the end
// of an attempt wakes Run.
func (e *Engine) nextRound() policy.Instant {
	if e.lanes.room() > 0 {
		return e.nextWork()
	}
	next := policy.Instant(e.nextDue.Load())
	if e.keeper.Doubts() {
		next = min(next, e.now().Add(timekeeper.SecondLook))
	}
	return next
}

// dispatch claims what may leave and puts it in the lanes.
func (e *Engine) dispatch(ctx context.Context) error {
	now := e.now()
	e.leavesBy(now) // others may have written to the store
	for room := e.lanes.room(); room > 0; room = e.lanes.room() {
		out, err := e.claim(ctx, now, room)
		if err != nil || len(out) == 0 {
			return err
		}
		for _, group := range e.groups(out) {
			if err := e.enqueueGroup(ctx, now, group); err != nil {
				return err
			}
		}
		for i := range out {
			if o := out[i]; o.effect.Kind != escalation.EffectNotify {
				e.enqueue(ctx, now, []outgoing{o}, func(ctx context.Context) error {
					return e.carry(ctx, apart{e}, e.now(), &o)
				})
			}
		}
	}
	return nil
}

// enqueueGroup puts the messages to one recipient by one channel in their lane.
func (e *Engine) enqueueGroup(ctx context.Context, now policy.Instant, group []outgoing) error {
	if e.lanes.full(group[0].effect.Via) {
		return e.hold(ctx, group, now.Add(heldBack))
	}
	wanted, items, err := e.wanted(ctx, now, group, nil, nil)
	if err != nil || len(wanted) == 0 {
		return err
	}
	to := address{wanted[0].effect.To, wanted[0].effect.Via}
	for _, m := range e.messages(now, e.channel(&wanted[0].effect), to, wanted, items) {
		if m.held {
			if err := e.hold(ctx, m.out, m.until); err != nil {
				return err
			}
			continue
		}
		e.enqueue(ctx, now, m.out, func(ctx context.Context) error {
			// It waited: what was acknowledged meanwhile is not told.
			out, items, err := e.wanted(lasting(ctx), e.now(), m.out, nil, nil)
			if err == nil {
				out, items, err = e.admit(ctx, e.now(), out, items)
			}
			if err != nil || len(out) == 0 {
				return err
			}
			return e.tell(ctx, apart{e}, e.now(), out, items)
		})
	}
	return nil
}

// enqueue puts a job in its lane.
func (e *Engine) enqueue(ctx context.Context, now policy.Instant, out []outgoing, run func(context.Context) error) {
	j := &job{via: out[0].effect.Via, target: out[0].item.Target, lease: now.Add(e.cfg.Lease), out: out}
	if out[0].effect.Kind != escalation.EffectNotify {
		j.via, j.target = out[0].effect.Kind.String(), out[0].effect.Kind.String()+" "+out[0].item.Stream
	}
	if isLastResort(&out[0].effect.Effect) {
		j.via = e.cfg.LastResortName
	}
	for i := range out {
		j.streams = append(j.streams, out[i].item.Stream)
	}
	j.run = func(ctx context.Context) {
		defer e.wake()
		defer func() {
			if v := recover(); v != nil { // the host's code is called apart, so this is a bug of ours
				e.log.Error("attempt panicked", "target", j.target, "panic", v)
			}
		}()
		if ctx.Err() != nil || e.now().Add(e.cfg.AttemptTimeout+abandonAfter) >= j.lease {
			for i := range out {
				e.untried(&out[i])
			}
			return // it waited so long that another may have it
		}
		if err := run(ctx); err != nil {
			e.log.Error("attempt", "target", j.target, "err", notify.Redact(err))
		}
	}
	e.lanes.add(ctx, j)
}

// fault is how long Run has met errors.
type fault struct {
	since, told policy.Instant
	met         bool
}

// faulty logs what a round came to, and tells the last resort of a store that
// goes on failing: while nothing can be recorded, nobody else is told of anything.
func (e *Engine) faulty(ctx context.Context, f *fault, err error) {
	if err == nil {
		*f = fault{}
		return
	}
	now := e.now()
	if !f.met {
		*f = fault{since: now, told: now.Add(storeAlarm - alarmEvery), met: true}
	}
	e.log.Error("round", "err", notify.Redact(err))
	if now.Sub(f.told) >= alarmEvery {
		f.told = now
		e.alarm(ctx, "belfry/"+e.cfg.Node, now, "nothing can be recorded, and only the last resort be told, since "+f.since.String()+": "+notify.Redact(err))
	}
}

// Close ends the engine: nothing more is accepted, nothing more begun. It lets
// the attempts under way end until ctx does, then cuts them short and returns
// its error; what of them never returns cannot be ended. What was claimed and not
// begun goes back to the outbox; what was cut short is claimable when its lease
// ends. Close may be called more than once, and before Run.
func (e *Engine) Close(ctx context.Context) error {
	e.runMu.Lock()
	if !e.closed.Swap(true) {
		close(e.halt)
	}
	ended, cut := e.ended, e.cut
	e.runMu.Unlock()
	if ended == nil {
		return nil
	}
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		if cut != nil {
			cut()
		}
		return context.Cause(ctx)
	}
}
