package storetest

import (
	"fmt"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
)

// historyCases are about entries and their chain.
func historyCases() []testCase {
	return []testCase{
		{
			"HistoryOrder",
			"the history of a stream is all its entries, each once, in the order of their numbers, from the one asked for",
			checkHistoryOrder,
		},
		{
			"HistoryKeepsAll",
			"no entry is changed or dropped by what comes after it",
			func(c *checker) {
				s := c.alert("k", 1)
				var at []store.Entry
				for range 20 {
					s.commit(s.more(5))
					at = append(at, c.history(s.name, s.at.Seq)...)
				}
				s.commit(closed)
				all := c.history(s.name, 0)
				c.wantEntries("history", all, s.entries)
				for _, e := range at {
					if int(e.Seq) > len(all) || !entryEqual(e, all[e.Seq-1]) {
						c.errorf("entry %d is not what it was when it was written", e.Seq)
					}
				}
			},
		},
		{
			"HistoryLoop",
			"the body of a loop over a history may call the store, and break",
			func(c *checker) {
				s := c.alert("k", 1)
				s.commit(s.more(200))
				n := 0
				for e, err := range c.store.History(c.ctx, s.name, 1) {
					c.must("history", err)
					n++
					if e.Seq%50 == 0 {
						s.commit()
						if got := c.load(s.name).Position; got != s.at {
							c.errorf("inside the loop the stream stands at %d, want %d", got.Seq, s.at.Seq)
						}
					}
					if n == 190 {
						break
					}
				}
				if n != 190 {
					c.errorf("the loop went %d times, want 190", n)
				}
				c.untouched("a loop that wrote", s)
			},
		},
		{
			"HistoryGrows",
			"an iteration yields at least what was there when it began, without gaps, though the stream grows meanwhile",
			func(c *checker) {
				s := c.alert("k", 1)
				s.commit(s.more(150))
				there := s.at.Seq
				want := uint64(1)
				for e, err := range c.store.History(c.ctx, s.name, 0) {
					c.must("history", err)
					if e.Seq != want {
						c.fatalf("entry %d comes where %d should", e.Seq, want)
					}
					if want++; want <= 2*there {
						s.commit() // and not for ever: the iteration may follow
					}
				}
				if want <= there {
					c.errorf("the iteration ended at %d, though the stream stood at %d when it began", want-1, there)
				}
			},
		},
		{
			"Chain",
			"the entries verify, and end where the stream stands",
			func(c *checker) {
				a, b := c.alert("a", 1), c.alert("b", 1)
				for i := range 50 {
					a.commit(a.more(i%3 + 1))
					b.commit(func(k *store.Commit) { k.Entries[0].Body, k.Entries[0].Kind = nil, escalation.EventTick })
				}
				for _, s := range []*stream{a, b} {
					end, err := store.Verify(store.Genesis(s.name), c.store.History(c.ctx, s.name, 0))
					c.must(fmt.Sprintf("verify %q", s.name), err)
					if at := c.load(s.name).Position; end != at {
						c.errorf("the chain of %q ends at %d (%s), the stream stands at %d (%s)", s.name, end.Seq, end.Hash, at.Seq, at.Hash)
					}
				}
			},
		},
	}
}

func checkHistoryOrder(c *checker) {
	a, b := c.alert("a", 1), c.alert("b", 1)
	for i := range 100 {
		a.commit(a.more(i%4 + 1))
		b.commit()
	}
	for _, s := range []*stream{a, b} {
		n := uint64(len(s.entries))
		for _, from := range []uint64{0, 1, 2, 63, 64, 65, n - 1, n} {
			want := s.entries
			if from > 0 {
				want = want[from-1:]
			}
			c.wantEntries(fmt.Sprintf("%q from %d", s.name, from), c.history(s.name, from), want)
		}
		for _, from := range []uint64{n + 1, 1 << 40, 1<<64 - 1} {
			if got := c.history(s.name, from); len(got) > 0 {
				c.errorf("from %d, behind the end, come %d entries", from, len(got))
			}
		}
	}
}
