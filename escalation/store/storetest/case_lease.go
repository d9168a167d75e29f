package storetest

import (
	"fmt"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// leaseCases are about what a claimant does with an item.
func leaseCases() []testCase {
	return []testCase{
		{
			"Remove",
			"a commit takes out the items that it removes, those and no others",
			func(c *checker) {
				s := c.alert("k", 1, item(0, 0, 0), item(1, 0, 0), item(2, 0, 0))
				other := c.alert("other", 1, item(0, 0, 0))
				items, _, _ := c.claim(store.Ask{By: 0, Limit: 9, Until: 10})
				if len(items) != 4 {
					c.fatalf("claimed %d items, want 4", len(items))
				}
				s.commit(remove(items[0].Lease()), remove(items[2].Lease()), item(0, 0, 0))
				if _, got, _ := c.claim(store.Ask{By: 10, Limit: 9, Until: 20}); fmt.Sprint(got) != "[alert/k#1 2.0 alert/k#1 1.1 alert/other#1 1.0]" {
					c.errorf("after the removal %v are left", got)
				}
				c.refused(s, s.make(remove(items[0].Lease())), store.ErrLease)
				c.untouched("a removal from the other stream", other)
			},
		},
		{
			"Fencing",
			"who claimed an item last may end it, and nobody who claimed it before: two workers of one item are told apart by " +
				"the token, whatever their clocks say",
			checkFencing,
		},
		{
			"Settle",
			"Settle moves an item and keeps the claimant's counts; it gives the item back, or prolongs the lease",
			checkSettle,
		},
	}
}

func checkFencing(c *checker) {
	s := c.alert("k", 1, item(0, 0, 0), item(1, 500, 0))
	claim := func(by, until policy.Instant) store.Item {
		items, _, _ := c.claim(store.Ask{By: by, Limit: 1, Until: until})
		if len(items) != 1 {
			c.fatalf("claimed %d items by %d, want 1", len(items), by)
		}
		return items[0]
	}
	paused := claim(0, 10)
	awake := claim(10, 20)
	settle := func(l store.Lease) error {
		return c.store.Settle(c.ctx, store.Settlement{Lease: l, NotBefore: 15, Attempt: 9})
	}
	c.wantErr("settle under the former token", settle(paused.Lease()), store.ErrLease)
	c.refused(s, s.make(remove(paused.Lease())), store.ErrLease)
	for what, l := range map[string]store.Lease{
		"a token to come": {Stream: s.name, ID: awake.ID, Token: 3},
		"no token":        {Stream: s.name, ID: awake.ID},
	} {
		c.wantErr("settle under "+what, settle(l), store.ErrLease)
		c.refused(s, s.make(remove(l)), store.ErrLease)
	}
	c.wantErr("settle in a stream that is not there", settle(store.Lease{Stream: "k", ID: awake.ID, Token: 2}), store.ErrLease)
	if items, _, _ := c.claim(store.Ask{By: 19, Limit: 1, Until: 99}); len(items) > 0 {
		c.errorf("a refused settlement moved the item: %+v", items)
	}
	// The lease has ended, but nobody else has claimed: the work was done.
	s.commit(remove(awake.Lease()))
	c.refused(s, s.make(remove(awake.Lease())), store.ErrLease)
	c.wantErr("settle what is gone", settle(awake.Lease()), store.ErrLease)

	// An item that nobody has claimed has the token 0.
	s.commit(remove(store.Lease{Stream: s.name, ID: escalation.EffectID{Seq: 1, I: 1}}))
	if _, names, _ := c.claim(all(1 << 40)); len(names) > 0 {
		c.errorf("%q are left, want nothing", names)
	}
}

func checkSettle(c *checker) {
	c.alert("k", 1, item(0, 0, 3))
	items, _, _ := c.claim(store.Ask{By: 0, Limit: 1, Until: 100})
	if len(items) != 1 {
		c.fatalf("claimed %d items, want 1", len(items))
	}
	it := items[0]
	settle := func(at policy.Instant, attempt int, first policy.Instant) {
		c.must("settle", c.store.Settle(c.ctx, store.Settlement{Lease: it.Lease(), NotBefore: at, Attempt: attempt, First: first}))
	}
	claim := func(what string, by, until policy.Instant, there bool, next policy.Instant) {
		items, _, n := c.claim(store.Ask{By: by, Limit: 1, Until: until})
		if there != (len(items) == 1) || n != next {
			c.fatalf("%s: %d items, next %d; want %t, next %d", what, len(items), n, there, next)
		}
		if there {
			it = items[0]
		}
	}
	settle(150, 0, policy.Never)
	claim("prolonged", 149, 300, false, 150)
	settle(40, 1, 7)
	claim("given back", 39, 300, false, 40)
	claim("given back", 40, 300, true, 300)
	want := store.Item{Stream: "alert/k#1", ID: it.ID, Rank: 3, NotBefore: 300, Target: "user:0", Attempt: 1, First: 7, Token: 2}
	body := it.Body
	it.Body = nil
	if fmt.Sprint(it) != fmt.Sprint(want) || string(body) != "payload 1.0 of alert/k#1" {
		c.errorf("after a settlement claimed %+v with %q, want %+v and its payload", it, body, want)
	}
	// The token holds until the next claim, so a claimant may settle twice.
	settle(50, 2, 8)
	settle(60, 3, 9)
	claim("settled twice", 59, 70, false, 60)
	claim("settled twice", 60, 70, true, 70)
	if it.Attempt != 3 || it.First != 9 || it.Token != 3 {
		c.errorf("after two settlements: %+v, want attempt 3, first 9, token 3", it)
	}
	settle(-5, 0, policy.Never)
	claim("given back to the past", -5, 80, true, 80)
}
