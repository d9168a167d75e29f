package store_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// record writes one record to a stream, which stands at the given position.
func record(ctx context.Context, s store.Store, at store.Position, stream, body string) (store.Position, error) {
	e := store.Entry{At: at.At + 1, Kind: escalation.EventNote, Body: []byte(body)}
	if at.Seq == 0 {
		e.At = 0
	}
	// A host takes salts from crypto/rand; these are equal so that the output is.
	after := at
	at.Link(&e, nil)
	err := s.Commit(ctx, &store.Commit{
		Stream: stream, After: after, Entries: []store.Entry{e}, State: []byte(body), Due: policy.Never,
	})
	return at, err
}

// Two writers follow on from one position: the second loads and goes on from
// where the first has left the stream.
func ExampleStore_compareAndSet() {
	ctx := context.Background()
	var s store.Store = store.NewMemory()
	at := store.Genesis("notes")
	if _, err := record(ctx, s, at, "notes", "the first writer's"); err != nil {
		fmt.Println(err)
	}
	_, err := record(ctx, s, at, "notes", "the second writer's")
	fmt.Println("conflict:", errors.Is(err, store.ErrConflict))

	var snap store.Snapshot
	if err := s.Load(ctx, "notes", &snap); err != nil {
		fmt.Println(err)
	}
	if _, err := record(ctx, s, snap.Position, "notes", "the second writer's, again"); err != nil {
		fmt.Println(err)
	}
	for e, err := range s.History(ctx, "notes", 1) {
		fmt.Printf("%d %s %v\n", e.Seq, e.Body, err)
	}
	// Output:
	// conflict: true
	// 1 the first writer's <nil>
	// 2 the second writer's, again <nil>
}

// An item is leased, given back after a failure, leased again, and ends with
// the commit that records what became of it.
func ExampleStore_outbox() {
	ctx := context.Background()
	s := store.NewMemory()
	entry := store.Entry{Kind: escalation.EventTrigger}
	at := store.Genesis("alert/db#1")
	after := at
	at.Link(&entry, nil)
	err := s.Commit(ctx, &store.Commit{
		Stream: "alert/db#1", Key: "db", Open: true, Due: policy.Never, After: after, Entries: []store.Entry{entry},
		Add: []store.Item{{ID: escalation.EffectID{Seq: 1}, Target: "user:alice", Body: []byte("page")}},
	})
	if err != nil {
		fmt.Println(err)
	}
	claim := func(now policy.Instant) store.Item {
		items, next, err := s.Claim(ctx, store.Ask{By: now, Limit: 10, Until: now + 60})
		if err != nil || len(items) == 0 {
			fmt.Println("at", int64(now), "nothing; more at", int64(next))
			return store.Item{}
		}
		fmt.Printf("at %d %s to %s, attempt %d, token %d\n", now, items[0].Body, items[0].Target, items[0].Attempt+1, items[0].Token)
		return items[0]
	}
	first := claim(0)
	claim(59)
	err = s.Settle(ctx, store.Settlement{Lease: first.Lease(), NotBefore: 5, Attempt: 1, First: 0})
	if err != nil {
		fmt.Println(err)
	}
	second := claim(5)

	report := store.Entry{At: 6, Kind: escalation.EventReport}
	after = at
	at.Link(&report, nil)
	c := store.Commit{Stream: "alert/db#1", Due: policy.Never, After: after, Entries: []store.Entry{report}}
	c.Remove = []store.Lease{first.Lease()}
	fmt.Println("removed by the first claim:", !errors.Is(s.Commit(ctx, &c), store.ErrLease))
	c.Remove = []store.Lease{second.Lease()}
	fmt.Println("removed by the second:", s.Commit(ctx, &c) == nil)
	claim(1000)
	// Output:
	// at 0 page to user:alice, attempt 1, token 1
	// at 59 nothing; more at 60
	// at 5 page to user:alice, attempt 2, token 2
	// removed by the first claim: false
	// removed by the second: true
	// at 1000 nothing; more at 9223372036854775807
}

// A history is verified without the store that held it.
func ExampleVerify() {
	ctx := context.Background()
	s := store.NewMemory()
	at := store.Genesis("notes")
	for _, body := range []string{"one", "two", "three"} {
		var err error
		if at, err = record(ctx, s, at, "notes", body); err != nil {
			fmt.Println(err)
		}
	}
	end, err := store.Verify(store.Genesis("notes"), s.History(ctx, "notes", 1))
	fmt.Println(end.Seq, end == at, err)

	forged := func(yield func(store.Entry, error) bool) {
		for e, err := range s.History(ctx, "notes", 1) {
			if e.Seq == 2 {
				e.Body = []byte("another")
			}
			if !yield(e, err) {
				return
			}
		}
	}
	_, err = store.Verify(store.Genesis("notes"), forged)
	fmt.Println(err)
	// Output:
	// 3 true <nil>
	// store: entry 2 breaks the chain: its hash is not that of its content and its predecessor
}

// Personal data in a body can be erased, and the chain still holds.
func ExampleEraser() {
	ctx := context.Background()
	s := store.NewMemory()
	at := store.Genesis("notes")
	for _, body := range []string{"alice has called", "solved"} {
		var err error
		if at, err = record(ctx, s, at, "notes", body); err != nil {
			fmt.Println(err)
		}
	}
	if err := s.Erase(ctx, "notes", 1); err != nil {
		fmt.Println(err)
	}
	for e := range s.History(ctx, "notes", 1) {
		fmt.Printf("%d erased %t %q\n", e.Seq, e.Erased, e.Body)
	}
	end, err := store.Verify(store.Genesis("notes"), s.History(ctx, "notes", 1))
	fmt.Println(end == at, err)
	// Output:
	// 1 erased true ""
	// 2 erased false "solved"
	// true <nil>
}

// A host whose histories are exported calls this once a day.
func ExampleMemory_Prune() {
	ctx, st := context.Background(), store.NewMemory()
	now := time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC)

	year := policy.InstantOf(now.AddDate(-1, 0, 0))
	n, err := st.Prune(ctx, year, 100_000)
	fmt.Println(n, "streams are pruned,", err)
	// Output: 0 streams are pruned, <nil>
}
