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

// caller is how what the host plugged in is called: directly, on the goroutine
// that pumps, or by Run, apart and watched.
type caller interface {
	notify(ctx context.Context, to notify.Notifier, n notify.Notification) (r notify.Receipt, after time.Duration, err error)
	act(ctx context.Context, a Action, req ActionRequest, limit time.Duration) (res ActionResult, after time.Duration, err error)
	// ask calls what else an action may do; what is for the log.
	ask(ctx context.Context, what string, limit time.Duration, fn func(context.Context) error) error
}

// tellGroup makes one attempt at the messages to one recipient by one channel:
// all that is new at this instant goes out together, as far as the channel's
// bundle and limits let it; what is tried again goes as it went before.
func (e *Engine) tellGroup(ctx context.Context, now policy.Instant, group []outgoing) (int, error) {
	p := &e.pump
	var err error
	p.wanted, p.items, err = e.wanted(ctx, now, group, p.wanted[:0], p.items[:0])
	if err == nil {
		p.wanted, p.items, err = e.admit(ctx, now, p.wanted, p.items)
	}
	if err != nil || len(p.wanted) == 0 {
		return 0, err
	}
	first := &p.wanted[0]
	ch := e.channel(&first.effect)
	if len(p.wanted) == 1 && (first.item.Attempt > 0 || !e.sent.holds(ch)) {
		return 1, e.tell(ctx, direct{e}, now, p.wanted, p.items)
	}
	told := 0
	for _, m := range e.messages(now, ch, address{first.effect.To, first.effect.Via}, p.wanted, p.items) {
		if m.held {
			if err := e.hold(ctx, m.out, m.until); err != nil {
				return told, err
			}
			continue
		}
		if err := e.tell(ctx, direct{e}, now, m.out, m.items); err != nil {
			return told, err
		}
		told++
	}
	return told, nil
}

// wanted appends those of group that are still to be told to out, and what the
// recipient reads of each to items. The others are reported: withdrawn, or given
// up.
func (e *Engine) wanted(ctx context.Context, now policy.Instant, group []outgoing, out []outgoing, items []notify.Item) ([]outgoing, []notify.Item, error) {
	for i := range group {
		o := &group[i]
		h, err := e.findSince(ctx, o)
		if errors.Is(err, store.ErrNotFound) {
			if err = e.orphan(ctx, o, now); err == nil {
				continue
			}
		}
		if errors.Is(err, errStuck) {
			if err = e.setAside(ctx, o, now, err); err == nil {
				continue
			}
		}
		if err != nil {
			return out, items, err
		}
		want := escalation.Wanted(h.doc.Document, &h.state, &o.effect.Effect)
		over := want && e.givenUp(o, now)
		if want && !over {
			o.opened = h.state.Opened
			out, items = append(out, *o), append(items, notify.Item{})
			e.item(h, o, &items[len(items)-1])
		}
		e.cache.put(h, true)
		switch {
		case !want:
			err = e.report(ctx, o, escalation.Report{Attempt: o.item.Attempt, Result: escalation.ResultWithdrawn}, true)
		case over:
			err = e.report(ctx, o, escalation.Report{Attempt: o.item.Attempt, Result: escalation.ResultUndeliverable, Detail: "given up"}, true)
		}
		if err != nil {
			return out, items, err
		}
	}
	return out, items, nil
}

// item fills in what a recipient reads of one alert.
func (e *Engine) item(h *held, o *outgoing, it *notify.Item) {
	s := &h.state
	ef := escalation.Renumbered(h.doc.Document, s, &o.effect.Effect)
	*it = notify.Item{
		ID: e.effectID(h.stream, o.item.ID), Key: s.Key, Incarnation: s.Incarnation,
		Policy: h.doc.Policies[s.Policy].Name, Target: ef.Target, Reason: ef.Reason,
		Priority: policy.PriorityAt(o.effect.priority), Status: o.effect.status.String(), Text: ef.Text, Alert: s.Alert,
	}
	if ef.Track >= 0 && int(ef.Track) < len(s.Tracks) {
		t := &s.Tracks[ef.Track]
		it.Track, it.Pass = escalation.TrackName(h.doc.Document, s, int(ef.Track)), int(ef.Pass)
		p := h.doc.Policies[t.Policy]
		it.Policy = p.Name
		switch tiers := p.Tracks[t.Index].Tiers; {
		case ef.Tier == escalation.TierExhausted:
			it.Tier = "exhausted"
		case ef.Tier >= 0 && int(ef.Tier) < len(tiers):
			it.Tier = tiers[ef.Tier].Name
		}
	}
}

// message is what goes out as one, or is held.
type message struct {
	out   []outgoing
	items []notify.Item
	held  bool
	until policy.Instant
}

// messages puts together what goes out as one.
func (e *Engine) messages(now policy.Instant, ch notify.Channel, to address, out []outgoing, items []notify.Item) []message {
	var list []message
	var fresh []int // positions
	type tried struct {
		kind    escalation.MessageKind
		first   policy.Instant
		attempt int
	}
	again := map[tried]int{}
	for i := range out {
		it := &out[i].item
		if it.Attempt == 0 {
			fresh = append(fresh, i)
			continue
		}
		k := tried{out[i].effect.Message, it.First, it.Attempt}
		m, ok := again[k]
		if !ok {
			m = len(list)
			list, again[k] = append(list, message{}), m
		}
		list[m].out, list[m].items = append(list[m].out, out[i]), append(list[m].items, items[i])
	}
	if len(fresh) == 0 {
		return list
	}
	pending := make([]notify.Pending, len(fresh))
	for i, f := range fresh {
		pending[i] = notify.Pending{Kind: notify.Kind(out[f].effect.Message), Due: out[f].effect.At, Item: items[f]}
	}
	plan := ch.PlanAt(now, e.sent.of(to), pending)
	for _, m := range plan.Now {
		var msg message
		for _, i := range m.Items {
			msg.out, msg.items = append(msg.out, out[fresh[i]]), append(msg.items, items[fresh[i]])
		}
		list = append(list, msg)
	}
	if len(plan.Held) > 0 {
		msg := message{held: true, until: plan.Next}
		for _, i := range plan.Held {
			msg.out = append(msg.out, out[fresh[i]])
		}
		list = append(list, msg)
	}
	return list
}

// hold gives items back until an instant; that is no attempt.
func (e *Engine) hold(ctx context.Context, out []outgoing, until policy.Instant) error {
	for i := range out {
		it := &out[i].item
		if err := e.putBack(ctx, it, until, it.Attempt, it.First); err != nil {
			return err
		}
		e.untried(&out[i])
	}
	return nil
}

// putBack moves a claimed item to an instant.
func (e *Engine) putBack(ctx context.Context, it *store.Item, at policy.Instant, attempt int, first policy.Instant) error {
	err := e.store.Settle(ctx, store.Settlement{Lease: it.Lease(), NotBefore: at, Attempt: attempt, First: first})
	switch {
	case errors.Is(err, store.ErrLease): // somebody else's by now
		return nil
	case err != nil:
		return fmt.Errorf("engine: put back: %w", err)
	}
	e.leavesBy(at)
	return nil
}

// tell makes one attempt at one message, and reports what became of it.
func (e *Engine) tell(ctx context.Context, c caller, now policy.Instant, out []outgoing, items []notify.Item) error {
	n, to := e.notification(ctx, out, items)
	if n.Attempt == 1 {
		e.sent.add(e.channel(&out[0].effect), address{n.To, n.Via}, now)
	}
	f := flight{out: out, kind: n.Kind, via: n.Via, to: n.To, attempt: n.Attempt, first: min(out[0].item.First, now), late: now.Sub(n.At)}
	e.lateness.add(f.late)
	e.counts.attempts.Add(1)
	var after time.Duration
	f.receipt, after, f.err = c.notify(ctx, to, n)
	if after > 0 {
		f.at = now.Add(after)
		for i := range out {
			if err := e.putBack(ctx, &out[i].item, f.at.Add(e.cfg.Lease), n.Attempt, f.first); err != nil {
				return err
			}
		}
		e.flights.add(f)
		return nil
	}
	return e.landed(lasting(ctx), max(now, e.now()), &f)
}

// lasting is ctx, or where it has ended one that has not: what became of an
// attempt is recorded all the same.
func lasting(ctx context.Context) context.Context {
	if ctx.Err() == nil {
		return ctx
	}
	return context.WithoutCancel(ctx)
}

// notification is the message that tells of items, and by whom it is told.
func (e *Engine) notification(ctx context.Context, out []outgoing, items []notify.Item) (notify.Notification, notify.Notifier) {
	o := &out[0]
	n := notify.Notification{
		ID: items[0].ID, Kind: notify.Kind(o.effect.Message), To: o.effect.To, Via: o.effect.Via,
		At: o.effect.At, Attempt: o.item.Attempt + 1, Alerts: items,
	}
	for i := range out {
		n.At = min(n.At, out[i].effect.At)
	}
	if isLastResort(&o.effect.Effect) {
		n.Kind, n.To, n.Via = notify.KindLastResort, e.lastResortTarget(), viaDefault
		return n, e.lastResort
	}
	n.Prior = e.lastReceipt(ctx, o, address{n.To, n.Via})
	return n, e.notifier
}

// land reports the attempts whose outcome is known at now.
func (e *Engine) land(ctx context.Context, now policy.Instant) (int, error) {
	n := 0
	for {
		f, ok := e.flights.due(now)
		if !ok {
			return n, nil
		}
		n++
		var err error
		if f.run != nil {
			err = e.acted(ctx, direct{e}, &f)
		} else {
			err = e.landed(ctx, f.at, &f)
		}
		if err != nil {
			return n, err
		}
	}
}

// landed reports what became of a message that was known at an instant.
func (e *Engine) landed(ctx context.Context, at policy.Instant, f *flight) error {
	class, wish := notify.Classify(f.err)
	e.observe(f, at, class, wish)
	detail := ""
	if class != notify.ClassOK {
		e.counts.failures.Add(1)
		detail = notify.Redact(f.err)
	}
	var failed error
	for i := range f.out {
		var err error
		if o := &f.out[i]; class == notify.ClassOK {
			err = e.delivered(ctx, f, o)
		} else {
			err = e.failed(ctx, at, f, o, class, wish, detail)
		}
		failed = graver(failed, err)
		if err != nil && !errors.Is(err, errStuck) && !errors.Is(err, errUnwritten) {
			break // the store's fault, and not one alert's; else the others of the message are reported
		}
	}
	return failed
}

// delivered reports an attempt that was accepted.
func (e *Engine) delivered(ctx context.Context, f *flight, o *outgoing) error {
	e.shadow.taken(o)
	if !f.receipt.IsZero() {
		e.receipts.any.Store(true)
	}
	return e.report(ctx, o, escalation.Report{
		Attempt: f.attempt, Result: escalation.ResultDelivered, Late: f.late, Detail: deliveryText(f.receipt, o.doubt),
	}, true)
}

// failed reports an attempt that failed, and puts its item back for the next.
func (e *Engine) failed(ctx context.Context, at policy.Instant, f *flight, o *outgoing, class notify.Class, wish time.Duration, detail string) error {
	var next policy.Instant
	again := true
	if isLastResort(&o.effect.Effect) {
		next = notify.RetryLastResort(at, f.attempt, wish)
	} else {
		next, again = e.channel(&o.effect).Retry(f.first, at, f.attempt, class, wish)
	}
	if o.doubt {
		detail = claimedBefore + "; " + detail
	}
	r := escalation.Report{Attempt: f.attempt, Result: escalation.ResultTemporary, Detail: detail, Late: f.late, RetryAt: next}
	if class == notify.ClassUnknown {
		r.Result = escalation.ResultUnknown
	}
	if !again {
		if next <= at {
			r.Result, r.RetryAt = escalation.ResultUndeliverable, policy.Never
			return e.report(ctx, o, r, true)
		}
		r.RetryAt = policy.Never // no further try: given up then
	}
	if err := e.report(ctx, o, r, false); err != nil {
		return err
	}
	return e.putBack(ctx, &o.item, next, f.attempt, f.first)
}
