package storetest

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// claimCases are about items and who gets them.
func claimCases() []testCase {
	return []testCase{
		{
			"ClaimOrder",
			"items come by rank, then instant, then stream, then id; what may leave at the instant of asking comes",
			checkClaimOrder,
		},
		{
			"ClaimOnce",
			"an item that is claimed is handed to nobody, its claimant included, until the lease ends",
			func(c *checker) {
				c.alert("k", 1, item(0, 10, 0), item(1, 20, 0), item(2, 30, 0))
				for _, tt := range []struct {
					ask  store.Ask
					want string
					next policy.Instant
				}{
					{store.Ask{By: 9, Limit: 9, Until: 100}, "[]", 10},
					{store.Ask{By: 25, Limit: 0, Until: 100}, "[]", 10},
					{store.Ask{By: 25, Limit: 1, Owner: "one", Until: 100}, "[alert/k#1 1.0]", 20},
					{store.Ask{By: 25, Limit: 9, Owner: "two", Until: 60}, "[alert/k#1 1.1]", 30},
					{store.Ask{By: 25, Limit: 9, Owner: "one", Until: 100}, "[]", 30},
					{store.Ask{By: 59, Limit: 9, Owner: "one", Until: 200}, "[alert/k#1 1.2]", 60},
					{store.Ask{By: 60, Limit: 9, Owner: "one", Until: 210}, "[alert/k#1 1.1]", 100},
					{store.Ask{By: 99, Limit: 9, Owner: "two", Until: 300}, "[]", 100},
					{store.Ask{By: 500, Limit: 2, Owner: "two", Until: 600}, "[alert/k#1 1.0 alert/k#1 1.2]", 210},
				} {
					_, got, next := c.claim(tt.ask)
					if fmt.Sprint(got) != tt.want || next != tt.next {
						c.errorf("claim by %d, at most %d: %v, next %d; want %s, next %d", tt.ask.By, tt.ask.Limit, got, next, tt.want, tt.next)
					}
				}
			},
		},
		{
			"ClaimToken",
			"each claim of an item has a token one higher than the one before, so that the last claimant is known by it",
			func(c *checker) {
				c.alert("k", 1, item(0, 0, 0))
				for n := range policy.Instant(5) {
					items, _, _ := c.claim(store.Ask{By: n * 10, Limit: 1, Until: n*10 + 10})
					if len(items) != 1 || items[0].Token != uint64(n+1) || items[0].NotBefore != n*10+10 {
						c.errorf("claim %d: %+v, want token %d and the lease's end %d", n+1, items, n+1, n*10+10)
					}
				}
			},
		},
		{
			"ItemsStay",
			"an item leaves the store by a commit that removes it and in no other way: not with its stream's end, not with age",
			func(c *checker) {
				s := c.alert("k", 1, item(0, 0, 0), item(1, policy.Never-1, 7))
				for range 20 {
					s.commit()
				}
				s.commit(closed)
				c.alert("k", 2)
				if _, got, _ := c.claim(all(policy.Never - 2_000_000)); fmt.Sprint(got) != "[alert/k#1 1.0]" {
					c.errorf("long after, %v may leave, want the first", got)
				}
				if _, got, _ := c.claim(store.Ask{By: policy.Never - 1, Limit: 9, Until: policy.Never}); len(got) != 2 {
					c.errorf("at the end of time, %v may leave, want both", got)
				}
			},
		},
		{
			"Parked",
			"an item that may never leave waits for Settle",
			func(c *checker) {
				c.alert("k", 1, item(0, 0, 0))
				items, _, _ := c.claim(all(0))
				if len(items) != 1 {
					c.fatalf("claimed %d items, want 1", len(items))
				}
				c.must("settle", c.store.Settle(c.ctx, store.Settlement{Lease: items[0].Lease(), NotBefore: policy.Never}))
				if _, got, next := c.claim(all(1 << 50)); len(got) > 0 || next != policy.Never {
					c.errorf("claimed %v, next %d; want nothing, never", got, next)
				}
				c.must("settle", c.store.Settle(c.ctx, store.Settlement{Lease: items[0].Lease(), NotBefore: 5}))
				if _, got, _ := c.claim(all(5)); len(got) != 1 {
					c.errorf("claimed %v, want the item", got)
				}
			},
		},
	}
}

func checkClaimOrder(c *checker) {
	type key struct {
		stream string
		seq    uint64
		i      uint16
		rank   uint8
		at     policy.Instant
	}
	var want []key
	for n := range 12 {
		s := c.newStream(fmt.Sprintf("s%d", n), "")
		for seq := range uint64(12) {
			var mods []func(*store.Commit)
			for i := range uint16(2) {
				k := key{s.name, seq + 1, i, uint8(n+int(i)) % 3, policy.Instant(n * 7 % 3)}
				want = append(want, k)
				mods = append(mods, item(i, k.at, k.rank))
			}
			s.commit(mods...)
		}
	}
	slices.SortFunc(want, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.at, b.at), cmp.Compare(a.stream, b.stream),
			cmp.Compare(a.seq, b.seq), cmp.Compare(a.i, b.i))
	})
	var names []string
	for _, k := range want {
		names = append(names, fmt.Sprintf("%s %d.%d", k.stream, k.seq, k.i))
	}
	for limit := 1; len(names) > 0; limit *= 3 {
		limit := min(limit, len(names))
		_, got, _ := c.claim(store.Ask{By: 5, Limit: limit, Until: 100})
		if !slices.Equal(got, names[:limit]) {
			c.errorf("claimed %d:\n got %v\nwant %v", limit, got, names[:limit])
			return
		}
		names = names[limit:]
	}
}
