package storetest

import (
	"fmt"
	"slices"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// pruneCases are about what a store forgets when it is asked to.
func pruneCases() []testCase {
	return []testCase{
		{
			"Prune",
			"what is pruned has ended: a stream that is open, due, has an item or is young stays whole; of one that has ended the " +
				"history goes, and where it stands stays, until another of its key comes after it",
			checkPrune,
		},
		{
			"PruneLimit",
			"Prune does at most what it is asked for, says how much, and comes to an end",
			func(c *checker) {
				p := c.pruner()
				for i := range 7 {
					c.alert(fmt.Sprint("k", i), 1, closed)
				}
				for _, want := range []int{0, 3, 3, 1, 0} {
					limit := min(want, 3)
					if n, err := p.Prune(c.ctx, policy.Never, max(limit, want)); err != nil || n != want {
						c.errorf("pruned %d, %v; want %d", n, err, want)
					}
				}
				if n, err := p.Prune(c.ctx, policy.Never, 3); err != nil || n != 0 {
					c.errorf("pruned %d more, %v", n, err)
				}
			},
		},
		{
			"PruneModel",
			"what stays is as it was",
			func(c *checker) {
				p := c.pruner()
				live := c.alert("live", 1, due(5), rank(3), item(0, 0, 1), seen(store.SeenID{ID: "1"}, 1), func(k *store.Commit) {
					k.Subject, k.Document = []byte("subject"), policy.Digest{7}
				})
				live.commit(live.more(100), due(5), rank(3))
				want := c.load(live.name)
				for i := range 20 {
					c.alert(fmt.Sprint("gone", i), 1, closed)
					c.alert(fmt.Sprint("gone", i), 2, closed)
				}
				c.due(store.Ask{By: 5, Limit: 1, Owner: "one", Until: 50})
				held, _, _ := c.claim(store.Ask{By: 0, Limit: 1, Until: 50})
				n := 0
				for e, err := range c.store.History(c.ctx, live.name, 0) {
					c.must("history", err)
					if n++; n == 50 {
						if pruned, err := p.Prune(c.ctx, policy.Never, 100); err != nil || pruned != 40 {
							c.errorf("pruned %d, %v; want 40", pruned, err)
						}
					}
					if e.Seq != uint64(n) {
						c.fatalf("entry %d comes where %d should", e.Seq, n)
					}
				}
				if n != len(live.entries) {
					c.errorf("an iteration that began before has %d entries, want %d", n, len(live.entries))
				}
				c.untouched("pruning others", live)
				if d := snapshotDiff(c.load(live.name), want); d != "" {
					c.errorf("pruning others changed it: %s", d)
				}
				c.wantSeen(live.name, store.Seen{SeenID: store.SeenID{ID: "1"}, Content: store.Hash{1}, Seq: 1, Verdict: 2, Reason: 2})
				if got, next := c.due(store.Ask{By: 5, Limit: 1, Owner: "two", Until: 50}); len(got) > 0 || next != 50 {
					c.errorf("who has taken a stream was forgotten: %q, next %d", got, next)
				}
				if _, names, next := c.claim(store.Ask{By: 49, Limit: 9, Until: 60}); len(names) > 0 || next != 50 {
					c.errorf("a lease was forgotten: %q, next %d", names, next)
				}
				live.commit(remove(held[0].Lease()), closed)
				if got := c.names(store.StreamQuery{}); len(got) != 21 || slices.Contains(got, "alert/gone3#1") {
					c.errorf("%d streams are left: %q", len(got), got)
				}
			},
		},
	}
}

// pruner is the store, if it prunes.
func (c *checker) pruner() store.Pruner {
	p, ok := c.store.(store.Pruner)
	if !ok {
		c.skip("the store does not prune")
		panic(stop{})
	}
	return p
}

func checkPrune(c *checker) {
	p := c.pruner()
	id := store.SeenID{ID: "1"}
	first := c.alert("k", 1, closed, seen(id, 1), func(k *store.Commit) { k.Subject = []byte("first") })
	first.commit(first.more(60), closed)
	second := c.alert("k", 2, closed, seen(id, 1), func(k *store.Commit) { k.Subject = []byte("second") })
	second.commit(second.more(60), closed)
	kept := c.load(second.name)
	posted := c.alert("posted", 1, closed, func(k *store.Commit) { k.Posted = true })
	c.alert("posted", 2)
	spared := []*stream{
		c.alert("open", 1), c.alert("due", 1, closed, due(9)), c.alert("item", 1, closed, item(0, policy.Never-1, 0)),
	}
	young := c.newStream("alert/young#1", "young")
	young.commit(closed, func(k *store.Commit) { k.Entries[0].At = 5000 })
	spared = append(spared, young)
	keyless := c.newStream("silence/x", "")
	keyless.commit(closed)

	if _, err := p.Base(c.ctx, "nothing"); err == nil {
		c.errorf("the base of a stream that is not there is no error")
	}
	if n, err := p.Prune(c.ctx, 5000, 100); err != nil || n != 4 {
		c.errorf("pruned %d, %v; want the two that have ended, the posted one, and the one without a key", n, err)
	}
	if n, err := p.Prune(c.ctx, 5000, 100); err != nil || n != 0 {
		c.errorf("pruned %d once more, %v; want none", n, err)
	}
	for _, s := range spared {
		c.untouched("pruning what has ended", s)
	}
	if reopened := c.reopen(c.store); reopened != nil {
		c.store = reopened
		p = c.pruner()
	}
	var snap store.Snapshot
	c.wantErr("the first of two, pruned", c.store.Load(c.ctx, first.name, &snap), store.ErrNotFound)
	if d := snapshotDiff(c.load(second.name), kept); d != "" {
		c.errorf("the last of its key was changed: %s", d)
	}
	for _, s := range []*stream{second, posted, keyless} {
		if got := c.history(s.name, 0); len(got) > 0 || c.load(s.name).Position != s.at {
			c.errorf("%q has %d entries, want none, and to stand where it stood", s.name, len(got))
		}
		if base, err := p.Base(c.ctx, s.name); err != nil || base != s.at {
			c.errorf("the base of %q is %d, %v; want %d", s.name, base.Seq, err, s.at.Seq)
		}
	}
	if base, err := p.Base(c.ctx, young.name); err != nil || base != store.Genesis(young.name) {
		c.errorf("the base of what was not pruned is %d, %v", base.Seq, err)
	}
	_, err := c.store.Seen(c.ctx, second.name, id)
	c.wantErr("an event id that was pruned", err, store.ErrNotFound)
	c.wantLast("k", second.name, false)
	// It goes on, and so does its key.
	late := second.commit(closed, second.more(3), seen(id, 2))
	c.wantEntries("what came since", c.history(second.name, 0), late.Entries)
	c.wantEntries("the end of what came since", c.history(second.name, late.After.Seq+2), late.Entries[1:])
	if end, err := store.Verify(late.After, c.store.History(c.ctx, second.name, 0)); err != nil || end != second.at {
		c.errorf("verified from the base, it ends at %d, %v", end.Seq, err)
	}
	c.alert("k", 3)
	c.wantLast("k", "alert/k#3", true)
}
