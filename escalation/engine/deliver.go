package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

const (
	// claimBatch is how many items are claimed at once, and maxClaim how many
	// before any is carried out: all messages of one instant to one person are
	// to be seen together.
	claimBatch = 1024
	maxClaim   = 1 << 16
	// maxRounds bounds how often one call of Deliver or Settle goes round: at
	// one instant there is only so much that can follow from itself.
	maxRounds = 10_000
)

// Deliver carries out what may leave the outbox at Clock.Now, on the caller's
// goroutine, submits what became of it, and goes on until nothing is claimable
// at that instant. It returns how many attempts it made. The context is handed
// to Notifier and Actions; an attempt that ignores it holds up the caller.
//
// After an error, what was not carried out is claimable when its lease ends.
func (e *Engine) Deliver(ctx context.Context) (n int, err error) {
	if err := e.start(ctx); err != nil {
		return 0, err
	}
	if e.running.Load() || !e.pump.TryLock() {
		return 0, ErrBusy
	}
	defer e.pump.Unlock()
	e.feedEvidence(ctx, direct{e})
	n, err = e.deliver(ctx)
	if err != nil {
		err = e.weather(ctx, err)
	}
	return n, err
}

// Settle ticks and delivers until nothing is due and nothing is claimable at
// Clock.Now, and every attempt whose outcome is known by then was reported. What
// became of an attempt goes before what is due at the same instant, as all that
// comes from outside; what leaves for the first time goes after, since pages of
// one instant to one person are one message, whatever caused them.
func (e *Engine) Settle(ctx context.Context) error {
	if err := e.start(ctx); err != nil {
		return err
	}
	if e.running.Load() || !e.pump.TryLock() {
		return ErrBusy
	}
	defer e.pump.Unlock()
	return e.weather(ctx, e.settleAll(ctx))
}

// settleAll is Settle under the pump's lock.
func (e *Engine) settleAll(ctx context.Context) error {
	for range maxRounds {
		e.feedEvidence(ctx, direct{e})
		if err := e.again(ctx); err != nil {
			return err
		}
		// One alert that cannot go on must not keep the others' pages back.
		err := e.tick(ctx, nil)
		if _, failed := e.deliver(ctx); failed != nil || err != nil {
			return errors.Join(err, failed)
		}
		now := e.now()
		if e.flights.next() > now && policy.Instant(e.nextDue.Load()) > now && policy.Instant(e.nextOut.Load()) > now && e.evidence.waiting() > now {
			return nil
		}
	}
	return fmt.Errorf("engine: nothing settles at %s after %d rounds", e.now(), maxRounds)
}

// again carries out what is tried again, and the alerts that are to be opened.
// The rest goes back for the deliver that follows.
func (e *Engine) again(ctx context.Context) error {
	now := e.now()
	if _, err := e.land(ctx, now); err != nil {
		return err
	}
	if policy.Instant(e.nextOut.Load()) > now {
		return nil
	}
	out, err := e.claim(ctx, now, maxClaim)
	if err != nil {
		return err
	}
	tried := e.pump.tried[:0]
	for i := range out {
		o := &out[i]
		if o.effect.Kind == escalation.EffectNotify && o.item.Attempt > 0 || o.effect.Kind != escalation.EffectNotify && !acts(o) {
			tried = append(tried, *o)
			continue
		}
		if err := e.putBack(ctx, &o.item, now, o.item.Attempt, o.item.First); err != nil {
			return err
		}
		e.untried(o)
	}
	e.pump.tried = tried
	_, err = e.carryOut(ctx, now, tried)
	return err
}

// deliver is Deliver under the pump's lock.
func (e *Engine) deliver(ctx context.Context) (int, error) {
	now := e.now()
	total, err := e.land(ctx, now)
	if err != nil {
		return total, err
	}
	e.leavesBy(now) // others may have written to the store: look at least once
	for range maxRounds {
		out, err := e.claim(ctx, now, maxClaim)
		if err != nil || len(out) == 0 {
			return total, err
		}
		n, err := e.carryOut(ctx, now, out)
		total += n
		e.leavesBy(now) // what followed from it, and when the rest may leave
		if err != nil {
			return total, err
		}
	}
	return total, fmt.Errorf("engine: the outbox does not empty at %s after %d rounds", now, maxRounds)
}

// claim leases what may leave at now, and reads it. What cannot be read is
// logged, told, and tried again when its lease ends.
func (e *Engine) claim(ctx context.Context, now policy.Instant, limit int) ([]outgoing, error) {
	p := &e.pump
	p.out = p.out[:0]
	for len(p.out) < limit && policy.Instant(e.nextOut.Load()) <= now {
		e.nextOut.Store(int64(policy.Never))
		bounded, cancel := context.WithTimeout(ctx, storePatience)
		items, next, err := e.store.Claim(bounded, e.asking(now, min(claimBatch, limit-len(p.out))))
		cancel()
		if err != nil {
			e.leavesBy(now)
			return nil, fmt.Errorf("engine: claim: %w", err)
		}
		e.leavesBy(next)
		for _, it := range items {
			ef, err := e.decodeEffect(it.ID, it.Body)
			if err != nil {
				e.log.Error("unreadable item", "stream", it.Stream, "seq", it.ID.Seq, "i", it.ID.I, "err", err)
				if it.Token == 1 {
					e.alarm(ctx, it.Stream, now, "an effect of "+it.Stream+" cannot be read: "+err.Error())
				}
				continue
			}
			o := outgoing{item: it, effect: ef}
			o.doubt = e.doubtful(&o)
			p.out = append(p.out, o)
		}
		if len(items) == 0 {
			break
		}
	}
	return p.out, nil
}

// carryOut makes one attempt at each claimed item. Messages go first, so that
// an action never delays a page; then alerts are opened, then actions run.
func (e *Engine) carryOut(ctx context.Context, now policy.Instant, out []outgoing) (int, error) {
	total := 0
	for _, group := range e.groups(out) {
		n, err := e.tellGroup(ctx, now, group)
		total += n
		if err != nil {
			return total, err
		}
	}
	for _, runs := range [...]bool{false, true} {
		for i := range out {
			o := &out[i]
			if o.effect.Kind == escalation.EffectNotify || runs != acts(o) {
				continue
			}
			err := e.carry(ctx, direct{e}, now, o)
			if errors.Is(err, errStuck) {
				err = e.setAside(ctx, o, now, err)
			}
			if err != nil {
				return total, err
			}
			total++
		}
	}
	return total, nil
}

// acts reports whether o is an action, or takes one back.
func acts(o *outgoing) bool {
	return o.effect.Kind == escalation.EffectRun || o.effect.Kind == escalation.EffectUndo
}

// carry carries out an item that is no message.
func (e *Engine) carry(ctx context.Context, c caller, now policy.Instant, o *outgoing) error {
	switch {
	case acts(o):
		return e.act(ctx, c, now, o)
	case o.effect.Kind == tellSilence:
		return e.tellSilenced(ctx, o)
	case o.effect.Kind == escalation.EffectOpen:
		return e.openFor(ctx, o)
	}
	return fmt.Errorf("engine: item %d.%d of %q asks for %s, which does not leave", o.item.ID.Seq, o.item.ID.I, o.item.Stream, o.effect.Kind)
}

// groups splits messages by where they go, in the order in which the first of
// each was claimed.
func (e *Engine) groups(out []outgoing) [][]outgoing {
	p := &e.pump
	if len(out) == 1 {
		if out[0].effect.Kind != escalation.EffectNotify {
			return nil
		}
		p.one[0] = out
		return p.one[:]
	}
	if p.groups == nil {
		p.groups = map[string]int{}
	}
	clear(p.groups)
	var groups [][]outgoing
	for _, o := range out {
		if o.effect.Kind != escalation.EffectNotify {
			continue
		}
		g, ok := p.groups[o.item.Target]
		if !ok {
			g = len(groups)
			groups = append(groups, nil)
			p.groups[o.item.Target] = g
		}
		groups[g] = append(groups[g], o)
	}
	return groups
}

// viaDefault is the contact channel of whom the directory gives none.
const viaDefault = "default"

// channel is what the directory says of an effect's channel.
func (e *Engine) channel(ef *effect) notify.Channel {
	s, ok := e.current.Load().Directory.Channels[ef.Via]
	if !ok {
		return notify.Channel{}
	}
	return notify.ChannelOf(s)
}

// givenUp reports whether tries at an item have ended for good: the channel's
// give_up is over since the first, which may be between two tries.
func (e *Engine) givenUp(o *outgoing, now policy.Instant) bool {
	if !o.item.First.Known() || isLastResort(&o.effect.Effect) {
		return false
	}
	return o.item.First.Add(e.giveUp(&o.effect)) <= now
}

// giveUp is how long after its first attempt a message may be tried again.
func (e *Engine) giveUp(ef *effect) time.Duration {
	if d := e.channel(ef).GiveUp; d > 0 {
		return d
	}
	return notify.DefaultGiveUp
}

// report commits what became of an item's effect. final also takes the item
// from the outbox. An item that is somebody else's by now is left to them.
func (e *Engine) report(ctx context.Context, o *outgoing, r escalation.Report, final bool) error {
	r.Effect = o.item.ID
	var c cause
	if final {
		lease := o.item.Lease()
		c.lease = &lease
	}
	if r.RetryAt == 0 {
		r.RetryAt = policy.Never
	}
	for range maxConflicts {
		err := e.reportOnce(ctx, o.item.Stream, &r, c)
		switch {
		case errors.Is(err, store.ErrConflict):
			continue
		case errors.Is(err, store.ErrLease):
			return nil
		}
		return err
	}
	return fmt.Errorf("engine: report to %q: %w, %d times in a row", o.item.Stream, store.ErrConflict, maxConflicts)
}

func (e *Engine) reportOnce(ctx context.Context, stream string, r *escalation.Report, c cause) error {
	h, err := e.find(ctx, stream)
	if err != nil {
		return err
	}
	w := e.newWork(h)
	ev := escalation.Event{Kind: escalation.EventReport, By: self(), ClaimedAt: policy.Never, Report: *r}
	if err = e.advance(ctx, w, &ev); err == nil {
		w.event(&ev)
		err = e.commitOne(ctx, w, c)
	}
	e.done(w, err == nil)
	if err != nil && !store.Refused(err) {
		return fmt.Errorf("engine: report of %d.%d: %w", r.Effect.Seq, r.Effect.I, err)
	}
	return err
}
