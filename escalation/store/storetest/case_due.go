package storetest

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// dueCases are about what is due.
func dueCases() []testCase {
	return []testCase{
		{
			"DueOrder",
			"what is due comes by rank, then due instant, then name; what is due at the instant of asking is due",
			checkDueOrder,
		},
		{
			"DueNext",
			"next is the earliest instant at which there is more than this answer: an engine sleeps until then",
			func(c *checker) {
				for i, at := range []policy.Instant{30, 10, 20, 40} {
					c.newStream(fmt.Sprint(i), "").commit(due(at), rank(uint8(i)))
				}
				for _, tt := range []struct {
					by    policy.Instant
					limit int
					want  string
					next  policy.Instant
				}{
					{9, 9, "[]", 10},
					{10, 9, "[1]", 20},
					{25, 9, "[1 2]", 30},
					{25, 1, "[1]", 20},
					{40, 9, "[0 1 2 3]", policy.Never},
					{40, 3, "[0 1 2]", 40},
					{40, 2, "[0 1]", 20},
					{40, 0, "[]", 10},
					{40, -1, "[]", 10},
				} {
					got, next := c.due(store.Ask{By: tt.by, Limit: tt.limit})
					if fmt.Sprint(got) != tt.want || next != tt.next {
						c.errorf("by %d, limit %d: %v, next %d; want %s, next %d", tt.by, tt.limit, got, next, tt.want, tt.next)
					}
				}
			},
		},
		{
			"DueMoves",
			"a commit moves its stream's due instant and rank, or takes it out; a closed stream can be due",
			func(c *checker) {
				s := c.newStream("s", "")
				for _, step := range []struct {
					at   policy.Instant
					r    uint8
					open bool
				}{{10, 0, true}, {5, 0, true}, {5, 3, true}, {policy.Never, 3, true}, {-7, 7, true}, {20, 7, false}, {policy.Never, 0, false}} {
					s.commit(due(step.at), rank(step.r), func(k *store.Commit) { k.Open = step.open })
					if step.at == policy.Never {
						if got, next := c.due(all(policy.Never - 1)); len(got) > 0 || next != policy.Never {
							c.errorf("never due, yet Due has %q, next %d", got, next)
						}
						continue
					}
					if got, next := c.due(all(step.at - 1)); len(got) > 0 || next != step.at {
						c.errorf("due at %d, rank %d: before it Due has %q, next %d", step.at, step.r, got, next)
					}
					if got, _ := c.due(all(step.at)); len(got) != 1 {
						c.errorf("due at %d, rank %d: at it Due has %q", step.at, step.r, got)
					}
				}
			},
		},
		{
			"DueSnapshots",
			"what Due hands out are whole snapshots, in the memory of the slice that it was given",
			checkDueSnapshots,
		},
		{
			"DueOwners",
			"what one owner has taken is passed over by others until its claim ends or the stream is committed to, and found " +
				"again by itself: a node that dies leaves nothing behind, and an engine that asks twice loses nothing",
			checkDueOwners,
		},
	}
}

func checkDueOrder(c *checker) {
	type stream struct {
		name string
		rank uint8
		at   policy.Instant
	}
	var want []stream
	for i := range 60 {
		// Few instants, so that names decide, and names that do not sort as numbers.
		s := stream{fmt.Sprintf("s%d", i*7%60), uint8(i % 3), policy.Instant(100 + i*11%5)}
		want = append(want, s)
		c.newStream(s.name, "").commit(due(s.at), rank(s.rank))
	}
	slices.SortFunc(want, func(a, b stream) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.at, b.at), cmp.Compare(a.name, b.name))
	})
	for _, by := range []policy.Instant{99, 100, 102, 103, 104, 1000} {
		var names []string
		for _, s := range want {
			if s.at <= by {
				names = append(names, s.name)
			}
		}
		for _, limit := range []int{1, 7, 60, 100} {
			got, _ := c.due(store.Ask{By: by, Limit: limit})
			if w := names[:min(limit, len(names))]; !slices.Equal(got, w) {
				c.errorf("by %d, at most %d:\n got %v\nwant %v", by, limit, got, w)
			}
		}
	}
}

func checkDueSnapshots(c *checker) {
	for i := range 5 {
		s := c.alert(fmt.Sprint(i), 1, due(policy.Instant(i)), func(k *store.Commit) {
			k.Subject, k.Document = []byte{byte(i)}, policy.Digest{byte(i)}
		})
		s.commit(due(policy.Instant(i)), rank(uint8(i%2)))
	}
	into := make([]store.Snapshot, 3, 5)
	for i := range into[:5] {
		into[:5][i].State = []byte("a state that was there before, of some length")
	}
	for range 2 {
		got, _, err := c.store.Due(c.ctx, store.Ask{By: 10, Limit: 4}, into)
		c.must("due", err)
		if len(got) != 4 || &got[0] != &into[0] {
			c.fatalf("Due handed out %d snapshots, want 4 in the slice's own memory", len(got))
		}
		for _, s := range got {
			if d := snapshotDiff(s, c.load(s.Stream)); d != "" {
				c.errorf("Due and Load differ on %q: %s", s.Stream, d)
			}
		}
		into = got
	}
}

func checkDueOwners(c *checker) {
	for i := range 4 {
		c.newStream(fmt.Sprint(i), "").commit(due(policy.Instant(10 * i)))
	}
	ask := func(what, owner string, by, until policy.Instant, limit int, want string, next policy.Instant) {
		got, n := c.due(store.Ask{By: by, Limit: limit, Owner: owner, Until: until})
		if fmt.Sprint(got) != want || n != next {
			c.errorf("%s: %v, next %d; want %s, next %d", what, got, n, want, next)
		}
	}
	ask("one takes two", "one", 50, 100, 2, "[0 1]", 20)
	ask("two takes one of the rest", "two", 50, 80, 1, "[2]", 30)
	ask("nobody sees what is left", "", 50, 0, 9, "[3]", 80)
	ask("nobody takes nothing", "", 50, 0, 9, "[3]", 80)
	ask("one finds its own again, and the last", "one", 50, 100, 9, "[0 1 3]", 80)
	ask("two finds only its own", "two", 50, 80, 9, "[2]", 100)
	ask("three finds nothing", "three", 79, 200, 9, "[]", 80)
	ask("three takes what two let go", "three", 80, 200, 9, "[2]", 100)
	ask("two finds nothing now", "two", 99, 100, 9, "[]", 100)

	// A commit frees the stream, though its due instant be the same.
	s := c.newStream("1", "")
	s.at = c.load("1").Position
	s.commit(due(10))
	ask("two finds what was committed to", "two", 99, 300, 9, "[1]", 100)
	ask("one prolongs what is left", "one", 99, 400, 9, "[0 3]", 200)
	ask("four comes late", "four", 350, 500, 9, "[1 2]", 400)
}
