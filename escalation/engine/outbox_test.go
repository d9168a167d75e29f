package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// Each way in which an attempt can end: what of it is recorded, and when the
// item is tried again. None ends in silence.
func TestWhatBecomesOfAnItem(t *testing.T) {
	why := errors.New("why")
	for _, x := range []struct {
		name   string
		answer outcome
		cause  func(b *bench) // before the attempt
		want   escalation.Result
		again  time.Duration // 0: the item has ended
	}{
		{name: "taken", want: escalation.ResultDelivered},
		{name: "temporary", answer: outcome{err: why}, want: escalation.ResultTemporary, again: time.Second},
		{name: "the vendor's wish", answer: outcome{err: notify.RetryAfter(why, 9*time.Second)}, want: escalation.ResultTemporary, again: 9 * time.Second},
		{name: "rate limited", answer: outcome{err: notify.RateLimited(why, 20*time.Second)}, want: escalation.ResultTemporary, again: 20 * time.Second},
		{name: "a wish beyond give_up", answer: outcome{err: notify.RetryAfter(why, h)}, want: escalation.ResultTemporary, again: 2 * time.Minute},
		{name: "unknown", answer: outcome{err: notify.Unknown(why)}, want: escalation.ResultUnknown, again: time.Second},
		{name: "a deadline", answer: outcome{err: context.DeadlineExceeded}, want: escalation.ResultUnknown, again: time.Second},
		{name: "permanent", answer: outcome{err: notify.Permanent(why)}, want: escalation.ResultUndeliverable},
		{name: "no recipient", answer: outcome{err: notify.NoRecipient(why)}, want: escalation.ResultUndeliverable},
		{name: "acknowledged before", cause: func(b *bench) {
			r, err := b.e.Acknowledge(t.Context(), "db", bob)
			b.must("applied")(r, err)
		}, want: escalation.ResultWithdrawn},
		{name: "resolved before", cause: func(b *bench) {
			r, err := b.e.Resolve(t.Context(), "db", bob, "fixed")
			b.must("applied")(r, err)
		}, want: escalation.ResultWithdrawn},
	} {
		t.Run(x.name, func(t *testing.T) {
			kept := store.NewMemory()
			b := newBench(t, `{"version": 1, "directory": {"channels": {"default": {"give_up": "2m"}}}, "policies": [{"name": "p", "priority": "P3", "tiers": [
				{"name": "one", "notify": ["user:alice"], "wait": "1h"}]}]}`, func(c *Config) { c.Store = kept })
			b.out.answer = func(n notify.Notification) outcome { return when(n.To == policy.User("alice"), x.answer) }
			b.trigger(alertOf("db"))
			if x.cause != nil {
				x.cause(b)
			}
			if _, err := b.e.Deliver(t.Context()); err != nil {
				t.Fatal(err)
			}
			id := escalation.EffectID{}
			for _, r := range b.recs {
				for _, ef := range r.Record.Effects {
					if ef.Kind == escalation.EffectNotify && ef.Message == escalation.MessagePage && id.IsZero() {
						id = ef.ID
					}
				}
			}
			var results []escalation.Result
			for _, r := range b.recs {
				if ev := r.Record.Event; ev.Kind == escalation.EventReport && ev.Report.Effect == id {
					results = append(results, ev.Report.Result)
				}
			}
			if len(results) != 1 || results[0] != x.want {
				t.Errorf("recorded %v; want %v", results, x.want)
			}
			if before := itemAt(t, kept, id, x.again-time.Microsecond); before != nil {
				t.Errorf("claimable before %v: %+v", x.again, before)
			}
			end := x.again
			if end == 0 {
				end = 24 * h // it has ended for good
			}
			again := itemAt(t, kept, id, end)
			if (again != nil) != (x.again > 0) {
				t.Fatalf("in the outbox after %v: %+v", x.again, again)
			}
			if again != nil && (again.Attempt != 1 || again.First != policy.InstantOf(epoch)) {
				t.Errorf("item %+v; want one attempt, at first", again)
			}
		})
	}
}

// itemAt claims an item so long after the epoch; nil: it is not to be had.
func itemAt(t *testing.T, s store.Store, id escalation.EffectID, after time.Duration) *store.Item {
	t.Helper()
	by := policy.InstantOf(epoch.Add(after))
	items, _, err := s.Claim(t.Context(), store.Ask{By: by, Limit: 10, Until: by.Add(time.Microsecond)})
	if err != nil {
		t.Fatal(err)
	}
	for i := range items {
		if items[i].ID == id {
			return &items[i]
		}
	}
	return nil
}

// unaccounted returns the messages that were asked for in records, of which no
// last word was said, and that are not in the outbox.
func unaccounted(t *testing.T, s store.Store, recs []Record) []string {
	t.Helper()
	open := map[string]bool{}
	for _, r := range recs {
		for _, ef := range r.Record.Effects {
			if ef.Kind == escalation.EffectNotify {
				open[fmt.Sprint(r.Stream, ef.ID)] = true
			}
		}
		if ev := r.Record.Event; ev.Kind == escalation.EventReport {
			switch ev.Report.Result {
			case escalation.ResultDelivered, escalation.ResultUndeliverable, escalation.ResultWithdrawn:
				delete(open, fmt.Sprint(r.Stream, ev.Report.Effect))
			}
		}
	}
	far := policy.InstantOf(epoch.Add(1000 * 24 * h))
	items, _, err := s.Claim(t.Context(), store.Ask{By: far, Limit: 1 << 16, Until: far.Add(h)})
	if err != nil {
		t.Fatal(err)
	}
	for _, it := range items {
		delete(open, fmt.Sprint(it.Stream, it.ID))
	}
	var left []string
	for k := range open {
		left = append(left, k)
	}
	return left
}

// eating is a store that loses what is put back: a seeded fault.
type eating struct {
	store.Store
	on    bool
	eaten map[string]bool
}

func (s *eating) Settle(ctx context.Context, x store.Settlement) error {
	if s.on && x.Attempt > 0 {
		s.eaten[fmt.Sprint(x.Stream, x.ID)] = true
	}
	return s.Store.Settle(ctx, x)
}

func (s *eating) Claim(ctx context.Context, ask store.Ask) ([]store.Item, policy.Instant, error) {
	items, next, err := s.Store.Claim(ctx, ask)
	kept := items[:0]
	for _, it := range items {
		if !s.eaten[fmt.Sprint(it.Stream, it.ID)] {
			kept = append(kept, it)
		}
	}
	return kept, next, err
}

// Whatever notifiers answer and people do, each message has a last word or is
// still in the outbox. The check sees a store that loses one.
func TestNoMessageIsDropped(t *testing.T) {
	random := func(seed uint64, faulty bool) []string {
		r := rand.New(rand.NewPCG(seed, 7))
		kept := &eating{Store: store.NewMemory(), on: faulty, eaten: map[string]bool{}}
		b := newBench(t, storm, func(c *Config) { c.Store = kept; c.BreakAfter = 2 + int(seed%5) })
		why := errors.New("why")
		b.out.answer = func(notify.Notification) outcome {
			return []outcome{
				{},
				{err: why},
				{err: notify.Unknown(why)},
				{err: notify.Permanent(why)},
				{err: notify.RateLimited(why, 40*time.Second)},
				{after: 3 * time.Second},
				{err: why, after: 2 * time.Second},
			}[r.IntN(7)]
		}
		b.last.answer = func(notify.Notification) outcome { return when(r.IntN(2) == 0, outcome{err: why}) }
		at := time.Duration(0)
		for i := range 25 {
			at += time.Duration(r.IntN(90)) * time.Second
			b.to(at)
			key := fmt.Sprint("k", r.IntN(6))
			switch r.IntN(5) {
			case 0:
				_, _ = b.e.Acknowledge(t.Context(), key, bob)
			case 1:
				_, _ = b.e.Resolve(t.Context(), key, bob, "fixed")
			default:
				a := forWhom(key, []string{"u0", "u1", "carl"}[r.IntN(3)])
				if i%9 == 0 {
					a.Severity = policy.SeverityCritical
				}
				b.trigger(a)
			}
		}
		b.to(at + time.Duration(r.IntN(300))*time.Second)
		return unaccounted(t, kept, b.recs)
	}
	caught := 0
	for seed := range uint64(40) {
		if left := random(seed, false); len(left) > 0 {
			t.Fatalf("seed %d: no word of %v", seed, left)
		}
		if len(random(seed, true)) > 0 {
			caught++
		}
	}
	if caught < 20 {
		t.Errorf("the seeded fault was seen in %d of 40 runs; want it in most", caught)
	}
}
