package storetest

import (
	"errors"
	"fmt"

	"github.com/belfry-go/belfry/escalation/store"
)

// batchCases are about atomicity and batches.
func batchCases() []testCase {
	return []testCase{
		{
			"AllOrNothing",
			"a commit is written in one piece: a refused one leaves no entry, state, due instant, event id or item, and drops " +
				"no item",
			checkAllOrNothing,
		},
		{
			"RefusalOrder",
			"of several reasons to refuse, the first counts: not in form, conflict, key, lease",
			func(c *checker) {
				c.alert("k", 1)
				bad := remove(store.Lease{Stream: "alert/k#2", Token: 7})
				second := c.newStream("alert/k#2", "k")
				c.wantErr("key and lease", c.store.Commit(c.ctx, second.make(bad)), store.ErrKeyOpen)
				second.at = store.Genesis("another")
				c.wantErr("conflict, key and lease", c.store.Commit(c.ctx, second.make(bad)), store.ErrConflict)
				c.wantErr("all", c.store.Commit(c.ctx, second.make(bad, rank(99))), store.ErrInvalid)
			},
		},
		{
			"BatchApart",
			"the commits of a batch stand or fall each by itself, and each has its own Err; Commit returns the first",
			checkBatchApart,
		},
		{
			"BatchOrder",
			"the commits of a batch are applied in their order, also those of one stream",
			func(c *checker) {
				s := c.newStream("alert/k#1", "k")
				ahead := *s
				var batch []*store.Commit
				for n := range 4 {
					k := ahead.make(item(0, 0, 0))
					if n == 3 {
						closed(k)
					}
					ahead.wrote(k)
					batch = append(batch, k)
				}
				next := c.newStream("alert/k#2", "k")
				batch = append(batch, next.make())
				c.must("the batch", c.store.Commit(c.ctx, batch...))
				for i, k := range batch {
					c.must(fmt.Sprint("Err ", i), k.Err)
				}
				c.untouched("the batch", &ahead)
				c.wantLast("k", next.name, true)
				if _, names, _ := c.claim(all(0)); len(names) != 4 {
					c.errorf("items %q, want 4", names)
				}
			},
		},
		{
			"BatchEmpty",
			"a batch of nothing does nothing",
			func(c *checker) { c.must("commit of nothing", c.store.Commit(c.ctx)) },
		},
		{
			"Resolve",
			"a commit whose outcome is unknown is found by its hash: written, or a conflict",
			func(c *checker) {
				s := c.alert("k", 1)
				written, not := s.make(s.more(2)), s.make(s.more(2))
				if err := store.Resolve(c.ctx, c.store, written); !errors.Is(err, store.ErrConflict) {
					c.errorf("resolve before: %v, want a conflict", err)
				}
				c.must("commit", c.store.Commit(c.ctx, written))
				s.wrote(written)
				s.commit()
				c.must("resolve the written", store.Resolve(c.ctx, c.store, written))
				if err := store.Resolve(c.ctx, c.store, not); !errors.Is(err, store.ErrConflict) {
					c.errorf("resolve the other: %v, want a conflict", err)
				}
			},
		},
	}
}

func checkAllOrNothing(c *checker) {
	id := store.SeenID{Author: "user:alice", ID: "1"}
	s := c.alert("k", 1, due(500), item(0, 0, 0), item(1, 0, 0))
	held, _, _ := c.claim(store.Ask{By: 0, Limit: 2, Until: 1000})
	if len(held) != 2 {
		c.fatalf("claimed %d items, want 2", len(held))
	}
	whole := []func(*store.Commit){
		s.more(3), due(10), item(0, 0, 0), seen(id, 1), remove(held[0].Lease()),
		func(k *store.Commit) { k.Subject, k.Open = []byte("subject"), false },
	}
	stale := held[1].Lease()
	stale.Token--
	gone := held[1].Lease()
	gone.ID.I = 9
	conflicting := s.make(whole...)
	s.commit(due(500))

	for what, tt := range map[string]struct {
		k    *store.Commit
		want error
	}{
		"a conflict":     {conflicting, store.ErrConflict},
		"a stale token":  {s.make(append(whole, remove(stale))...), store.ErrLease},
		"an item gone":   {s.make(append(whole, remove(gone))...), store.ErrLease},
		"a rank too big": {s.make(append(whole, rank(99))...), store.ErrInvalid},
	} {
		c.refused(s, tt.k, tt.want)
		if got, _ := c.due(all(499)); len(got) > 0 {
			c.errorf("%s left a due instant: %q", what, got)
		}
		if _, err := c.store.Seen(c.ctx, s.name, id); err == nil {
			c.errorf("%s left an event id", what)
		}
		if _, names, _ := c.claim(store.Ask{By: 999, Limit: 9, Until: 1000}); len(names) > 0 {
			c.errorf("%s left items %q", what, names)
		}
	}
	if _, names, _ := c.claim(store.Ask{By: 1000, Limit: 9, Until: 2000}); len(names) != 2 {
		c.errorf("items %q are left, want the two that were there", names)
	}
}

func checkBatchApart(c *checker) {
	a, b, d := c.alert("a", 1), c.alert("b", 1), c.alert("d", 1)
	stale := b.make(item(0, 0, 0))
	b.commit()
	batch := []*store.Commit{
		a.make(), stale, c.newStream("alert/a#2", "a").make(), d.make(rank(99)), d.make(item(0, 0, 0)),
	}
	for _, k := range batch {
		k.Err = errors.New("an old error")
	}
	c.wantErr("the batch", c.store.Commit(c.ctx, batch...), store.ErrConflict)
	for i, want := range []error{nil, store.ErrConflict, store.ErrKeyOpen, store.ErrInvalid, nil} {
		if want == nil && batch[i].Err != nil {
			c.errorf("Err %d: %v, want none: another's refusal is no reason", i, batch[i].Err)
		} else if want != nil {
			c.wantErr(fmt.Sprint("Err ", i), batch[i].Err, want)
		}
	}
	a.wrote(batch[0])
	d.wrote(batch[4])
	for _, s := range []*stream{a, b, d} {
		c.untouched("the batch", s)
	}
	if _, names, _ := c.claim(all(0)); len(names) != 1 || names[0] != "alert/d#1 2.0" {
		c.errorf("items %q, want only that of the last commit", names)
	}
}
