package storetest

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// ownershipCases are about memory and contexts.
func ownershipCases() []testCase {
	return []testCase{
		{
			"CallerReuses",
			"what a caller hands in is its own again when the method returns: a store copies what it keeps",
			checkCallerReuses,
		},
		{
			"CallerWritesState",
			"the state of a snapshot is the caller's to write to",
			func(c *checker) {
				s := c.alert("k", 1, due(0))
				want := c.load(s.name)
				for range 2 {
					got := c.load(s.name)
					if d := snapshotDiff(got, want); d != "" {
						c.errorf("after a caller wrote to the state of its snapshot: %s", d)
					}
					clear(got.State)
					_ = append(got.State, "over the end"...)
					snaps, _, err := c.store.Due(c.ctx, all(0), nil)
					c.must("due", err)
					for i := range snaps {
						clear(snaps[i].State)
					}
				}
			},
		},
		{
			"HandedOutStays",
			"what a store hands out, but for the state of a snapshot, it never writes to again",
			checkHandedOutStays,
		},
		{
			"ContextEnded",
			"a method whose context has ended returns, with the context's error or having done its work, and does no half",
			checkContextEnded,
		},
	}
}

func checkCallerReuses(c *checker) {
	s := c.alert("k", 1)
	k := s.make(s.more(2), item(0, 0, 0), seen(store.SeenID{ID: "1"}, 1), func(k *store.Commit) { k.Subject = []byte("subject") })
	document := []byte("document")
	want := store.Snapshot{
		Stream: s.name, Key: "k", Position: k.Position(), Open: true, Due: policy.Never,
		State: slices.Clone(k.State), Subject: slices.Clone(k.Subject), SubjectSeq: 3,
	}
	for _, e := range k.Entries {
		e.Body = slices.Clone(e.Body)
		s.entries = append(s.entries, e)
	}
	payload := string(k.Add[0].Body)

	c.must("commit", c.store.Commit(c.ctx, k))
	c.must("put", c.store.PutDocument(c.ctx, policy.Digest{1}, document))
	clear(document)
	for _, b := range [][]byte{k.State, k.Subject, k.Entries[0].Body, k.Entries[1].Body, k.Add[0].Body} {
		clear(b)
	}
	clear(k.Entries)
	clear(k.Add)
	clear(k.Seen)
	*k = store.Commit{}

	if d := snapshotDiff(c.load(s.name), want); d != "" {
		c.errorf("after the caller reused its memory: %s", d)
	}
	c.wantEntries("history after the caller reused its memory", c.history(s.name, 0), s.entries)
	if got, err := c.store.Document(c.ctx, policy.Digest{1}); err != nil || string(got) != "document" {
		c.errorf("after the caller reused its memory the document is %q, %v", got, err)
	}
	if _, err := c.store.Seen(c.ctx, s.name, store.SeenID{ID: "1"}); err != nil {
		c.errorf("after the caller reused its memory: seen: %v", err)
	}
	items, _, _ := c.claim(all(0))
	if len(items) != 1 || string(items[0].Body) != payload || items[0].Target != "user:0" {
		c.errorf("after the caller reused its memory the items are %+v, want the payload %q", items, payload)
	}
}

func checkHandedOutStays(c *checker) {
	s := c.alert("k", 1, item(0, 0, 0), func(k *store.Commit) { k.Subject = []byte("first subject") })
	snap := c.load(s.name)
	entries := c.history(s.name, 0)
	items, _, _ := c.claim(store.Ask{By: 0, Limit: 1, Until: 1})
	if len(items) != 1 {
		c.fatalf("claimed %d items, want 1", len(items))
	}
	c.must("put", c.store.PutDocument(c.ctx, policy.Digest{1}, []byte("document")))
	document, err := c.store.Document(c.ctx, policy.Digest{1})
	c.must("document", err)

	s.commit(remove(items[0].Lease()), item(0, 0, 0), func(k *store.Commit) { k.Subject = []byte("other subject") })
	for range 100 {
		s.commit(item(0, 5, 0), func(k *store.Commit) { k.Subject = []byte("later subject") })
	}
	if e, ok := c.store.(store.Eraser); ok {
		c.must("erase", e.Erase(c.ctx, s.name, s.at.Seq))
	}
	if string(snap.Subject) != "first subject" || string(items[0].Body) != "payload 1.0 of alert/k#1" || string(document) != "document" {
		c.errorf("later commits wrote to a subject, a payload or a document in the caller's hand: %q, %q, %q",
			snap.Subject, items[0].Body, document)
	}
	c.wantEntries("entries in the caller's hand", entries, s.entries[:1])
}

func checkContextEnded(c *checker) {
	s := c.alert("k", 1, due(0), item(0, 0, 0))
	ended, cancel := context.WithCancel(c.ctx)
	cancel()
	lawful := func(what string, err error) {
		if err != nil && !errors.Is(err, context.Canceled) {
			c.errorf("%s under an ended context: %v, want none or the context's error", what, err)
		}
	}
	var snap store.Snapshot
	lawful("load", c.store.Load(ended, s.name, &snap))
	_, err := c.store.Namespace(ended)
	lawful("namespace", err)
	_, err = c.store.Last(ended, "k")
	lawful("last", err)
	if _, err = c.store.Seen(ended, s.name, store.SeenID{ID: "1"}); !errors.Is(err, store.ErrNotFound) {
		lawful("seen", err)
	}
	for _, err := range c.store.History(ended, s.name, 0) {
		lawful("history", err)
	}
	for _, err := range c.store.Streams(ended, store.StreamQuery{}) {
		lawful("streams", err)
	}
	_, _, err = c.store.Due(ended, store.Ask{By: 0, Limit: 1}, nil)
	lawful("due", err)
	_, _, err = c.store.Claim(ended, store.Ask{By: -1, Limit: 1, Until: 1})
	lawful("claim", err)
	lawful("put", c.store.PutDocument(ended, policy.Digest{1}, nil))
	if _, err = c.store.Document(ended, policy.Digest{2}); !errors.Is(err, store.ErrNotFound) {
		lawful("document", err)
	}

	batch := []*store.Commit{s.make(item(0, 0, 0)), c.newStream("alert/new#1", "new").make()}
	err = c.store.Commit(ended, batch...)
	lawful("commit", err)
	if first := cmp.Or(batch[0].Err, batch[1].Err); (first == nil) != (err == nil) {
		c.errorf("commit under an ended context: %v, but its Errs are %v and %v", err, batch[0].Err, batch[1].Err)
	}
	// Whatever it says, each is written whole or not at all.
	if batch[0].Err == nil || store.Resolve(c.ctx, c.store, batch[0]) == nil {
		s.wrote(batch[0])
	}
	c.untouched("a commit under an ended context", s)
	if _, names, _ := c.claim(all(0)); len(names) != len(s.entries) {
		c.errorf("items %q with %d entries", names, len(s.entries))
	}
}
