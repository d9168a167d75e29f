package benchmarks

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// outageLadder has critical alerts and others.
const outageLadder = `{"version": 1, "policies": [
	{"name": "critical", "match": ["severity = critical"], "priority": "P1", "tiers": [
		{"name": "one", "notify": ["user:alice"], "wait": "1h"}, {"name": "two", "notify": ["user:bob"], "wait": "9d"}]},
	{"name": "other", "priority": "P3", "tiers": [
		{"name": "one", "notify": ["user:carol"], "wait": "1h"}, {"name": "two", "notify": ["user:dan"], "wait": "9d"}]}]}`

// overdue is how many tiers are overdue at start.
const overdue = 100_000

// first is a notifier that notes when it was first called for a recipient.
type first struct {
	who policy.Target
	at  atomic.Pointer[time.Time]
}

// Notify implements [notify.Notifier].
func (f *first) Notify(_ context.Context, n notify.Notification) (notify.Receipt, error) {
	if n.To == f.who {
		now := time.Now()
		f.at.CompareAndSwap(nil, &now)
	}
	return notify.Receipt{}, nil
}

// BenchmarkOutage is P9 in memory: an engine starts, and a hundred thousand
// tiers were due while nothing ran. The time counts from New.
func BenchmarkOutage(b *testing.B) { measureOutage(b, memory) }

// BenchmarkDurableOutage is P9 in databases; on PostgreSQL two engines start.
func BenchmarkDurableOutage(b *testing.B) {
	b.Run("store=sqlite", func(b *testing.B) { measureOutage(b, func() place { return file(b) }) })
	b.Run("store=postgres", func(b *testing.B) { measureOutage(b, func() place { return shared(b) }) })
}

func measureOutage(b *testing.B, where func() place) {
	b.Run("until=page", func(b *testing.B) {
		b.StopTimer()
		for range b.N {
			o := newOutage(b, where(), overdue)
			critical := &first{who: policy.User("bob")}
			ctx, cancel := context.WithCancel(b.Context())
			start := time.Now()
			b.StartTimer()
			ended := o.run(ctx, b, critical)
			for critical.at.Load() == nil {
				time.Sleep(time.Millisecond)
			}
			b.StopTimer()
			b.ReportMetric(critical.at.Load().Sub(start).Seconds(), "s")
			cancel()
			if err := ended(); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("until=outbox", func(b *testing.B) {
		b.StopTimer()
		for range b.N {
			o := newOutage(b, where(), overdue)
			start := time.Now()
			b.StartTimer()
			o.tick(b)
			b.StopTimer()
			b.ReportMetric(time.Since(start).Seconds(), "s")
			o.check(b)
		}
	})
}

// outage is a store whose engine stopped a day ago, before any second tier.
type outage struct {
	place
	n   int
	doc *policy.Document
}

// newOutage makes n alerts in memory, which is quick, and moves them.
func newOutage(b *testing.B, at place, n int) *outage {
	o := &outage{memory(), n, must[*policy.Document](b)(policy.Parse("outage.json", []byte(outageLadder)))}
	e := o.engine(b, newHopping(policy.InstantOf(time.Now().Add(-24*time.Hour))), taker("notifier"), "")
	for i := range n {
		alert := alertNumber(i)
		if i%1000 == 999 {
			alert.Severity = policy.SeverityCritical
		}
		if _, err := e.Trigger(b.Context(), alert, engine.By(policy.Service("rotator"))); err != nil {
			b.Fatal(err)
		}
	}
	if err := e.Settle(b.Context()); err != nil {
		b.Fatal(err)
	}
	if at.name != "memory" {
		if err := move(b.Context(), o.open(b), at.open(b)); err != nil {
			b.Fatal(err)
		}
		o.place = at
	}
	return o
}

// move copies streams without an outbox from a store to another, whole.
func move(ctx context.Context, from, to store.Store) error {
	var batch []*store.Commit
	documents := map[policy.Digest]bool{}
	for name, err := range from.Streams(ctx, store.StreamQuery{}) {
		if err != nil {
			return err
		}
		var s store.Snapshot
		if err := from.Load(ctx, name, &s); err != nil {
			return err
		}
		if !documents[s.Document] {
			documents[s.Document] = true
			text, err := from.Document(ctx, s.Document)
			if err == nil {
				err = to.PutDocument(ctx, s.Document, text)
			}
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		k := &store.Commit{
			Stream: name, Key: s.Key, After: store.Genesis(name), State: s.State, Subject: s.Subject,
			Document: s.Document, Open: s.Open, Rank: s.Rank, Due: s.Due,
		}
		for entry, err := range from.History(ctx, name, 0) {
			if err != nil {
				return err
			}
			k.Entries = append(k.Entries, entry)
		}
		if batch = append(batch, k); len(batch) == 500 {
			if err := to.Commit(ctx, batch...); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return to.Commit(ctx, batch...)
}

func (o *outage) engine(b *testing.B, c clock.Clock, n notify.Notifier, node string) *engine.Engine {
	return must[*engine.Engine](b)(engine.New(engine.Config{
		Policies: o.doc, Notifier: n, LastResort: taker("last resort"), Clock: c, Store: o.open(b), Node: node,
	}))
}

// nodes are the engines that start: two where the store spans nodes.
func (o *outage) nodes(b *testing.B, n notify.Notifier) []*engine.Engine {
	if o.name != "postgres" {
		return []*engine.Engine{o.engine(b, clock.New(), n, "")}
	}
	return []*engine.Engine{o.engine(b, clock.New(), n, "one"), o.engine(b, clock.New(), n, "two")}
}

// run starts the engines and returns what waits for their end.
func (o *outage) run(ctx context.Context, b *testing.B, n notify.Notifier) (ended func() error) {
	nodes := o.nodes(b, n)
	errs := make(chan error, len(nodes))
	for _, e := range nodes {
		go func() { errs <- e.Run(ctx) }()
	}
	return func() (err error) {
		for range nodes {
			err = errors.Join(err, <-errs)
		}
		return err
	}
}

// tick has the engines apply all that is due.
func (o *outage) tick(b *testing.B) {
	nodes := o.nodes(b, taker("notifier"))
	err := each(len(nodes), len(nodes), func(i int) error {
		_, err := nodes[i].Tick(b.Context())
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
}

// check holds the outbox to one page of each alert.
func (o *outage) check(b *testing.B) {
	b.Helper()
	st, pages := o.open(b), map[string]bool{}
	now := policy.InstantOf(time.Now())
	for {
		items, _, err := st.Claim(b.Context(), store.Ask{By: now, Limit: 1024, Owner: "check", Until: now.Add(time.Hour)})
		if err != nil {
			b.Fatal(err)
		}
		if len(items) == 0 {
			break
		}
		for _, it := range items {
			if pages[it.Stream] {
				b.Fatalf("%q has two pages in the outbox", it.Stream)
			}
			pages[it.Stream] = true
		}
	}
	if len(pages) != o.n {
		b.Fatalf("%d pages are in the outbox, want one of each of %d alerts", len(pages), o.n)
	}
}
