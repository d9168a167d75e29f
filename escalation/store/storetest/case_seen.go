package storetest

import (
	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
)

// seenCases are about event ids.
func seenCases() []testCase {
	return []testCase{
		{
			"SeenKept",
			"an event id is remembered with its first verdict, entry and content, for as long as its stream",
			func(c *checker) {
				id := store.SeenID{Author: "user:alice", Kind: escalation.EventAcknowledge, ID: "1"}
				s := c.alert("k", 1)
				s.commit(seen(id, 1))
				want := store.Seen{
					SeenID: id, Content: store.Hash{1}, Seq: 2, Verdict: escalation.Ignored, Reason: escalation.Stale,
				}
				c.wantSeen(s.name, want)
				s.commit(seen(id, 2))
				c.wantSeen(s.name, want)
				for range 50 {
					s.commit()
				}
				s.commit(closed)
				c.wantSeen(s.name, want)

				both := store.SeenID{ID: "both in one commit"}
				s.commit(closed, seen(both, 3), seen(both, 4))
				want.SeenID, want.Content, want.Seq = both, store.Hash{3}, s.at.Seq
				c.wantSeen(s.name, want)
			},
		},
		{
			"SeenApart",
			"an event id is one only together with its stream, author and kind: what one sender has sent must not silence another",
			func(c *checker) {
				base := store.SeenID{Author: "user:alice", Kind: escalation.EventAcknowledge, ID: "1"}
				s := c.alert("k", 1, seen(base, 1))
				other := c.alert("other", 1)
				for what, id := range map[string]store.SeenID{
					"another author":   {Author: "user:bob", Kind: base.Kind, ID: base.ID},
					"no author":        {Kind: base.Kind, ID: base.ID},
					"another kind":     {Author: base.Author, Kind: escalation.EventResolve, ID: base.ID},
					"another id":       {Author: base.Author, Kind: base.Kind, ID: "2"},
					"a shifted border": {Author: "user:alic", Kind: base.Kind, ID: "e1"},
				} {
					_, err := c.store.Seen(c.ctx, s.name, id)
					c.wantErr(what, err, store.ErrNotFound)
				}
				_, err := c.store.Seen(c.ctx, other.name, base)
				c.wantErr("another stream", err, store.ErrNotFound)
			},
		},
		{
			"SeenOnlyWritten",
			"an event id is seen only when its commit is written",
			func(c *checker) {
				id := store.SeenID{Author: "user:alice", ID: "1"}
				s := c.alert("k", 1)
				lost := s.make(seen(id, 1))
				s.commit()
				c.refused(s, lost, store.ErrConflict)
				_, err := c.store.Seen(c.ctx, s.name, id)
				c.wantErr("an id of a refused commit", err, store.ErrNotFound)
			},
		},
	}
}

func (c *checker) wantSeen(stream string, want store.Seen) {
	if got, err := c.store.Seen(c.ctx, stream, want.SeenID); err != nil || got != want {
		c.errorf("seen %q = %+v, %v; want %+v", want.ID, got, err, want)
	}
}
