package engine

import (
	"context"
	"sync"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

const (
	// breakFor is how long a breaker opens for the first time; each time that
	// its probe fails it opens for twice as long, up to breakMost.
	breakFor  = 15 * time.Second
	breakMost = 5 * time.Minute
	// breakTargets is how many recipients must be among those whose messages
	// failed: what one alone does not take is that one's, and backs off anyway.
	breakTargets = 2
	// probing is how often what waits for a probe looks at what became of it.
	probing = time.Second
)

// channelBreaker is the circuit breaker of one contact channel: a value; its methods
// are pure. Closed, it lets all attempts through. Open, it lets none through
// until an instant; then, half open, a single one, the probe, whose outcome
// closes it or opens it for longer.
type channelBreaker struct {
	failures int             // in a row
	targets  []policy.Target // to whom; at most breakTargets
	opened   int             // how often in a row
	until    policy.Instant  // of an open one
	probe    policy.Instant  // the end of the probe under way; 0: there is none
}

// open reports whether attempts are held back.
func (b *channelBreaker) open() bool { return b.opened > 0 }

// admits reports whether an attempt may be made at now; where not, until says
// when to ask again. limit bounds the wait for a probe that nobody reports.
func (b channelBreaker) admits(now policy.Instant, limit time.Duration) (next channelBreaker, ok bool, until policy.Instant) {
	switch {
	case !b.open():
		return b, true, now
	case now < b.until:
		return b, false, b.until
	case now < b.probe:
		return b, false, now.Add(probing)
	}
	b.probe = now.Add(limit)
	return b, true, now
}

// taken is the breaker after a message was accepted.
func (b channelBreaker) taken() channelBreaker { return channelBreaker{} }

// failed is the breaker after an attempt failed at an instant, for a recipient,
// where the vendor wishes that nothing comes for a while. limit is how many
// failures in a row open it.
func (b channelBreaker) failed(at policy.Instant, to policy.Target, wish time.Duration, limit int) channelBreaker {
	b.failures++
	if known := len(b.targets) > 0 && b.targets[0] == to; !known && len(b.targets) < breakTargets {
		b.targets = append(append([]policy.Target(nil), b.targets...), to)
	}
	switch {
	case b.open() && at < b.until && b.probe == 0:
		return b // one that began before it opened, or must not wait
	case !b.open() && (b.failures < limit || len(b.targets) < breakTargets):
		return b
	}
	b.opened++
	b.probe = 0
	b.until = at.Add(min(max(breakFor<<min(b.opened-1, 8), wish), breakMost))
	return b
}

// channelBreakers are those of all channels.
type channelBreakers struct {
	mu    sync.Mutex
	byVia map[string]channelBreaker
}

// admits asks the breaker of a channel.
func (bs *channelBreakers) admits(via string, now policy.Instant, limit time.Duration) (bool, policy.Instant) {
	bs.mu.Lock()
	defer bs.mu.Unlock()
	b, known := bs.byVia[via]
	if !known {
		return true, now
	}
	b, ok, until := b.admits(now, limit)
	bs.byVia[via] = b
	return ok, until
}

// note takes down what an attempt came to, and reports whether a breaker opened.
func (bs *channelBreakers) note(a address, at policy.Instant, class notify.Class, wish time.Duration, limit int) (opened bool) {
	bs.mu.Lock()
	defer bs.mu.Unlock()
	b, known := bs.byVia[a.via]
	if !class.Retry() { // also where it failed for good: somebody answered
		if known {
			delete(bs.byVia, a.via)
		}
		return false
	}
	if bs.byVia == nil || !known && len(bs.byVia) >= maxNames {
		bs.byVia = map[string]channelBreaker{}
	}
	was := b.opened
	b = b.failed(at, a.to, wish, limit)
	bs.byVia[a.via] = b
	return b.opened > was
}

// observe lets the breaker of a channel know what an attempt came to.
func (e *Engine) observe(f *flight, at policy.Instant, class notify.Class, wish time.Duration) {
	if e.cfg.BreakAfter < 0 || f.kind == notify.KindLastResort {
		return
	}
	if e.breakers.note(address{f.to, f.via}, at, class, wish, e.cfg.BreakAfter) {
		e.log.Warn("channel fails for all, and is held back", "via", f.via)
	}
}

// broken is how many channels are held back.
func (bs *channelBreakers) broken() int {
	bs.mu.Lock()
	defer bs.mu.Unlock()
	n := 0
	for _, b := range bs.byVia {
		if b.open() {
			n++
		}
	}
	return n
}

// admit removes from what is to be told what the channel's breaker holds back:
// it waits, at most until it is to be given up, or counts as failed at once
// where its recipient has another contact rule. What is urgent, and the last
// resort, never waits.
func (e *Engine) admit(ctx context.Context, now policy.Instant, out []outgoing, items []notify.Item) ([]outgoing, []notify.Item, error) {
	if e.cfg.BreakAfter < 0 || len(out) == 0 || isLastResort(&out[0].effect.Effect) {
		return out, items, nil
	}
	ok, until := e.breakers.admits(out[0].effect.Via, now, e.cfg.AttemptTimeout+abandonAfter)
	if ok {
		return out, items, nil
	}
	kept, read := out[:0], items[:0]
	for i := range out {
		if notify.Urgent(items[i]) {
			kept, read = append(kept, out[i]), append(read, items[i])
			continue
		}
		if err := e.deflect(ctx, now, &out[i], until); err != nil {
			return kept, read, err
		}
	}
	return kept, read, nil
}

// deflect holds back one message whose channel fails, or has the machine take the
// next contact rule in its place.
func (e *Engine) deflect(ctx context.Context, now policy.Instant, o *outgoing, until policy.Instant) error {
	h, err := e.findSince(ctx, o)
	if err != nil {
		return err
	}
	other := escalation.Alternative(h.doc.Document, &h.state, &o.effect.Effect)
	e.cache.put(h, true)
	if other {
		return e.report(ctx, o, escalation.Report{
			Attempt: o.item.Attempt, Result: escalation.ResultUndeliverable, Detail: "channel " + o.effect.Via + " fails for all: the next contact rule at once",
		}, true)
	}
	e.untried(o)
	first := min(o.item.First, now) // from which give_up counts
	return e.putBack(ctx, &o.item, min(until, first.Add(e.giveUp(&o.effect))), o.item.Attempt, first)
}
