package storetest

import (
	"errors"
	"fmt"
	"strings"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// readCases are about what is read back.
func readCases() []testCase {
	return []testCase{
		{
			"Namespace",
			"a store's namespace is random at its creation and the same ever after: ids on the wire begin with it, and a " +
				"vendor that has seen an id drops the next message that carries it",
			func(c *checker) {
				one, err := c.store.Namespace(c.ctx)
				c.must("namespace", err)
				if one == "" {
					c.errorf("the namespace is empty")
				}
				again, err := c.store.Namespace(c.ctx)
				c.must("namespace", err)
				if again != one {
					c.errorf("the namespace was %q and is now %q", one, again)
				}
				if peer, err := c.peer(c.store).Namespace(c.ctx); err != nil || peer != one {
					c.errorf("the namespace is %q, and %q for another user (%v)", one, peer, err)
				}
				if other, err := c.open().Namespace(c.ctx); err != nil || other == one {
					c.errorf("two new stores have the namespace %q (%v)", other, err)
				}
			},
		},
		{
			"NothingThere",
			"what was never written is ErrNotFound, or an empty iteration, and nothing is due",
			checkNothingThere,
		},
		{
			"FirstCommit",
			"what a commit holds is read back whole",
			checkFirstCommit,
		},
		{
			"LoadOverwrites",
			"Load reuses a snapshot's memory and leaves nothing of what the snapshot held",
			func(c *checker) {
				full := c.alert("full", 1, func(k *store.Commit) {
					k.Subject, k.Document, k.Rank, k.Due = []byte("subject"), policy.Digest{1}, 3, 77
					k.State = []byte(strings.Repeat("long ", 100))
				})
				bare := c.newStream("bare", "")
				bare.commit(func(k *store.Commit) { k.State, k.Open = nil, false })
				want := c.load(bare.name)

				var s store.Snapshot
				c.must("load", c.store.Load(c.ctx, full.name, &s))
				c.must("load", c.store.Load(c.ctx, bare.name, &s))
				if d := snapshotDiff(s, want); d != "" {
					c.errorf("loaded over a fuller snapshot: %s", d)
				}
			},
		},
		{
			"AnyBytes",
			"names, keys and ids are bytes: no normalising, no folding of case, no characters with a meaning",
			checkAnyBytes,
		},
	}
}

func checkNothingThere(c *checker) {
	var s store.Snapshot
	c.wantErr("load", c.store.Load(c.ctx, "nothing", &s), store.ErrNotFound)
	_, err := c.store.Last(c.ctx, "nothing")
	c.wantErr("last", err, store.ErrNotFound)
	_, err = c.store.Last(c.ctx, "")
	c.wantErr("last of the empty key", err, store.ErrNotFound)
	_, err = c.store.Seen(c.ctx, "nothing", store.SeenID{ID: "id"})
	c.wantErr("seen", err, store.ErrNotFound)
	_, err = c.store.Document(c.ctx, policy.Digest{1})
	c.wantErr("document", err, store.ErrNotFound)
	c.wantErr("settle", c.store.Settle(c.ctx, store.Settlement{Lease: store.Lease{Stream: "nothing"}}), store.ErrLease)
	if got := c.history("nothing", 0); len(got) > 0 {
		c.errorf("an unknown stream has %d entries", len(got))
	}
	if got := c.names(store.StreamQuery{}); len(got) > 0 {
		c.errorf("a new store has streams %q", got)
	}
	if got, next := c.due(all(policy.Never - 1)); len(got) > 0 || next != policy.Never {
		c.errorf("in a new store %q is due, next %s", got, next)
	}
	if _, got, next := c.claim(all(1 << 40)); len(got) > 0 || next != policy.Never {
		c.errorf("in a new store %q leaves, next %s", got, next)
	}
	// A stream without a key is no stream of the empty key.
	c.newStream("keyless", "").commit()
	_, err = c.store.Last(c.ctx, "")
	c.wantErr("last of the empty key, with a stream without a key", err, store.ErrNotFound)
}

func checkFirstCommit(c *checker) {
	id := store.SeenID{Author: "user:alice", Kind: 3, ID: "id-1"}
	s := c.newStream("alert/prod/db#1", "prod/db")
	k := s.commit(s.more(3), due(5000), rank(2), item(0, 100, 1), seen(id, 9), func(k *store.Commit) {
		k.Subject, k.Document = []byte("what it is about"), policy.Digest{0xab, 0xcd}
	})
	want := store.Snapshot{
		Stream: s.name, Key: "prod/db", Position: s.at, Open: true, Rank: 2, Due: 5000, Document: k.Document,
		State: k.State, Subject: k.Subject, SubjectSeq: 3,
	}
	if d := snapshotDiff(c.load(s.name), want); d != "" {
		c.errorf("loaded: %s", d)
	}
	c.wantEntries("history", c.history(s.name, 0), s.entries)
	if last, err := c.store.Last(c.ctx, s.key); err != nil || last != (store.Incarnation{Stream: s.name, Open: true}) {
		c.errorf("last = %+v, %v", last, err)
	}
	if got, err := c.store.Seen(c.ctx, s.name, id); err != nil || got != k.Seen[0] {
		c.errorf("seen = %+v, %v; want %+v", got, err, k.Seen[0])
	}
	items, _, _ := c.claim(all(100))
	if len(items) != 1 {
		c.fatalf("claimed %d items, want 1", len(items))
	}
	got, added := items[0], k.Add[0]
	if got.Stream != s.name || got.ID != added.ID || got.Rank != added.Rank || got.Target != added.Target ||
		string(got.Body) != string(added.Body) || got.Attempt != 0 || got.First != policy.Never || got.Token != 1 {
		c.errorf("claimed %+v, want %+v of stream %q, untried, with token 1", got, added, s.name)
	}
}

func checkAnyBytes(c *checker) {
	names := []string{
		"a", "A", "a ", " a", "a#1", "a#1#1", "a%", "a_", "a\\", "a'b", `a"b`, "a\x00b", "\xff\xfe", "é", "e\u0301",
		"a/b", "a//b", "../a", "line\nbreak", "\u202e", strings.Repeat("n", store.MaxName),
	}
	streams := make([]*stream, len(names))
	for i, name := range names {
		key := "key of " + name
		streams[i] = c.newStream(name, key[:min(len(key), store.MaxName)])
		streams[i].commit(seen(store.SeenID{Author: name, ID: name}, byte(i)))
	}
	for i, s := range streams {
		got := c.load(s.name)
		if got.Stream != s.name || got.Key != s.key || got.Position != s.at {
			c.errorf("stream %.20q with key %.20q loads as %.20q with key %.20q at %d", s.name, s.key, got.Stream, got.Key, got.Seq)
		}
		if last, err := c.store.Last(c.ctx, s.key); err != nil || last.Stream != s.name {
			c.errorf("last of %.20q = %.20q, %v; want %.20q", s.key, last.Stream, err, s.name)
		}
		id := store.SeenID{Author: s.name, ID: s.name}
		if got, err := c.store.Seen(c.ctx, s.name, id); err != nil || got.SeenID != id || got.Content != (store.Hash{byte(i)}) {
			c.errorf("seen %.20q = %.40q, %v", s.name, fmt.Sprint(got.SeenID), err)
		}
		other := streams[(i+1)%len(streams)]
		if _, err := c.store.Seen(c.ctx, s.name, store.SeenID{Author: other.name, ID: other.name}); !errors.Is(err, store.ErrNotFound) {
			c.errorf("stream %.20q has seen the id of %.20q: %v", s.name, other.name, err)
		}
	}
}
