package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// extraCases are about what not every store can do.
func extraCases() []testCase {
	return []testCase{
		{
			"Erase",
			"an erased body and its salt are gone, the chain still holds, and nothing else is changed",
			checkErase,
		},
		{
			"Watch",
			"a watcher gets a hint after a commit",
			func(c *checker) {
				w, ok := c.peer(c.store).(store.Watcher)
				if !ok {
					c.skip("the store does not watch")
					panic(stop{})
				}
				ctx, cancel := context.WithCancel(c.ctx)
				defer cancel()
				hints := w.Watch(ctx)
				s := c.newStream("s", "")
				for range 3 {
					s.commit()
					select {
					case <-hints:
					case <-time.After(10 * time.Second):
						c.fatalf("no hint in ten seconds")
					}
				}
			},
		},
		{
			"Peer",
			"what one user has written every other reads, and leases and claims hold between users",
			func(c *checker) {
				one, two := c.store, c.peer(c.store)
				s := c.alert("k", 1, due(5), item(0, 0, 0), item(1, 0, 0))
				c.must("put", one.PutDocument(c.ctx, policy.Digest{1}, []byte("document")))
				c.store = two
				if d := snapshotDiff(c.load(s.name), store.Snapshot{
					Stream: s.name, Key: "k", Position: s.at, Open: true, Due: 5, State: []byte("state 1 of alert/k#1"),
				}); d != "" {
					c.errorf("the other user loads: %s", d)
				}
				if got, err := two.Document(c.ctx, policy.Digest{1}); err != nil || string(got) != "document" {
					c.errorf("the other user reads the document %q, %v", got, err)
				}
				first, _, _ := c.claim(store.Ask{By: 0, Limit: 1, Owner: "two", Until: 50})
				c.due(store.Ask{By: 5, Limit: 1, Owner: "two", Until: 50})
				c.store = one
				if got, _, _ := c.claim(store.Ask{By: 0, Limit: 9, Owner: "one", Until: 50}); len(got) != 1 || len(first) != 1 || got[0].ID == first[0].ID {
					c.errorf("two users claimed %v and %v, want one item each", first, got)
				}
				if got, next := c.due(store.Ask{By: 5, Limit: 1, Owner: "one", Until: 50}); len(got) > 0 || next != 50 {
					c.errorf("a stream that another has taken is due: %q, next %d", got, next)
				}
			},
		},
		{
			"Reopen",
			"what a method has written outlives a crash",
			checkReopen,
		},
	}
}

func checkErase(c *checker) {
	eraser, ok := c.store.(store.Eraser)
	if !ok {
		c.skip("the store does not erase")
		panic(stop{})
	}
	s := c.alert("k", 1, item(0, 0, 0), seen(store.SeenID{ID: "1"}, 1))
	s.commit(s.more(99))
	other := c.alert("other", 1)
	before := c.load(s.name)
	c.wantErr("erase in a stream that is not there", eraser.Erase(c.ctx, "nothing", 1), store.ErrNotFound)
	for _, to := range []uint64{0, 3, 2, 70, 70} {
		c.must("erase", eraser.Erase(c.ctx, s.name, to))
		for i := range s.entries[:to] {
			e := &s.entries[i]
			e.Salt, e.Body, e.Erased = store.Salt{}, nil, true
		}
		c.untouched(fmt.Sprint("erasing to ", to), s)
		if _, err := store.Verify(store.Genesis(s.name), c.store.History(c.ctx, s.name, 0)); err != nil {
			c.errorf("erased to %d: %v", to, err)
		}
	}
	if d := snapshotDiff(c.load(s.name), before); d != "" {
		c.errorf("erasing changed the stream: %s", d)
	}
	s.commit(s.more(5))
	c.untouched("a commit to an erased stream", s)
	c.must("erase", eraser.Erase(c.ctx, s.name, 1<<40))
	if got := c.history(s.name, s.at.Seq); len(got) != 1 || !got[0].Erased || len(got[0].Body) > 0 {
		c.errorf("erased behind the end, the last entry is %+v", got)
	}
	c.untouched("erasing another stream", other)
	c.wantSeen(s.name, store.Seen{SeenID: store.SeenID{ID: "1"}, Content: store.Hash{1}, Seq: 1, Verdict: 2, Reason: 2})
}

func checkReopen(c *checker) {
	s := c.alert("k", 1, due(5), rank(2), item(0, 0, 1), item(1, 0, 0), seen(store.SeenID{ID: "1"}, 1), func(k *store.Commit) {
		k.Subject, k.Document = []byte("subject"), policy.Digest{1}
	})
	s.commit(s.more(70), due(6))
	namespace, err := c.store.Namespace(c.ctx)
	c.must("namespace", err)
	c.must("put", c.store.PutDocument(c.ctx, policy.Digest{1}, []byte("document")))
	want := c.load(s.name)
	items, _, _ := c.claim(store.Ask{By: 0, Limit: 1, Until: 50})
	if len(items) != 1 {
		c.fatalf("claimed %d items, want 1", len(items))
	}
	c.due(store.Ask{By: 6, Limit: 1, Owner: "before", Until: 50})

	if c.store = c.reopen(c.store); c.store == nil {
		c.skip("the store ends with its process")
		panic(stop{})
	}
	if got, err := c.store.Namespace(c.ctx); err != nil || got != namespace {
		c.errorf("the namespace was %q and is now %q, %v", namespace, got, err)
	}
	if d := snapshotDiff(c.load(s.name), want); d != "" {
		c.errorf("after a crash: %s", d)
	}
	c.untouched("a crash", s)
	c.wantLast("k", s.name, true)
	c.wantSeen(s.name, store.Seen{SeenID: store.SeenID{ID: "1"}, Content: store.Hash{1}, Seq: 1, Verdict: 2, Reason: 2})
	if got, err := c.store.Document(c.ctx, policy.Digest{1}); err != nil || string(got) != "document" {
		c.errorf("after a crash the document is %q, %v", got, err)
	}
	if _, names, _ := c.claim(store.Ask{By: 49, Limit: 9, Until: 60}); fmt.Sprint(names) != "[alert/k#1 1.0]" {
		c.errorf("after a crash %v may leave, want what was not leased", names)
	}
	s.commit(remove(items[0].Lease()))
}
