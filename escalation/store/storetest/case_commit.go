package storetest

import (
	"strings"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// commitCases are about one commit after another to one stream.
func commitCases() []testCase {
	return []testCase{
		{
			"StateReplaced",
			"each commit replaces state, document, rank, due instant and openness, and the subject where it has one; the key " +
				"is that of the first commit",
			checkStateReplaced,
		},
		{
			"ConflictStale",
			"of two commits that follow on from one position one is written; the other is ErrConflict and leaves no trace",
			func(c *checker) {
				s := c.alert("k", 1)
				first, second := s.make(), s.make()
				c.must("the first", c.store.Commit(c.ctx, first))
				s.wrote(first)
				c.refused(s, second, store.ErrConflict)
				s.commit()
				s.commit()
				c.refused(s, second, store.ErrConflict)
			},
		},
		{
			"ConflictAhead",
			"a commit that follows on from an entry that the store has not is ErrConflict: the store has lost it",
			func(c *checker) {
				s := c.alert("k", 1)
				ahead := *s
				ahead.wrote(ahead.make())
				c.refused(s, ahead.make(), store.ErrConflict)
			},
		},
		{
			"ConflictFork",
			"a position is compared by its hash, too: the same number with another hash is another history",
			func(c *checker) {
				s := c.alert("k", 1)
				fork := c.newStream(s.name, s.key)
				fork.wrote(fork.make(func(k *store.Commit) { k.Entries[0].Body = []byte("another history") }))
				c.refused(s, fork.make(), store.ErrConflict)
			},
		},
		{
			"ConflictNew",
			"a stream begins at its own Genesis, once",
			func(c *checker) {
				s := c.alert("k", 1)
				c.refused(s, c.newStream(s.name, s.key).make(), store.ErrConflict)

				other := c.newStream("other", "")
				other.at = store.Genesis("yet another")
				c.wantErr("beginning at another stream's genesis", c.store.Commit(c.ctx, other.make()), store.ErrConflict)
				other.at = s.at
				c.wantErr("beginning at another stream's position", c.store.Commit(c.ctx, other.make()), store.ErrConflict)
				if got := c.names(store.StreamQuery{}); len(got) != 1 {
					c.errorf("streams %q are there after refused beginnings, want only %q", got, s.name)
				}
			},
		},
		{
			"Invalid",
			"a commit that is not in form is ErrInvalid and leaves no trace",
			checkInvalid,
		},
		{
			"Large",
			"the contract sets no limit to a state, a body, a payload, or to how many entries and items a commit has",
			func(c *checker) {
				big := []byte(strings.Repeat("0123456789abcdef", 1<<16))
				s := c.newStream("big", "")
				k := s.commit(s.more(300), func(k *store.Commit) {
					k.State, k.Subject, k.Entries[7].Body = big, big, big
					for i := range uint16(300) {
						item(i, 0, 0)(k)
					}
					k.Add[3].Body = big
				})
				got := c.load(s.name)
				if string(got.State) != string(big) || string(got.Subject) != string(big) {
					c.errorf("a state and a subject of %d bytes come back as %d and %d", len(big), len(got.State), len(got.Subject))
				}
				c.wantEntries("history", c.history(s.name, 1), s.entries)
				items, _, _ := c.claim(all(0))
				if len(items) != len(k.Add) || string(items[3].Body) != string(big) {
					c.errorf("claimed %d items of %d, or the large one differs", len(items), len(k.Add))
				}
			},
		},
	}
}

func checkStateReplaced(c *checker) {
	s := c.alert("k", 1, func(k *store.Commit) {
		k.Subject, k.Document, k.Due, k.Rank = []byte("first subject"), policy.Digest{1}, 10, 1
		k.State = []byte("a first state, which is longer than those after it")
	})
	steps := []struct {
		what string
		mod  func(*store.Commit)
		want store.Snapshot
	}{
		{
			"a shorter state, no subject", func(k *store.Commit) { k.State, k.Due, k.Rank = []byte("short"), 5, 0 },
			store.Snapshot{Open: true, Due: 5, State: []byte("short"), Subject: []byte("first subject"), SubjectSeq: 1},
		},
		{
			"another subject and document", func(k *store.Commit) { k.Subject, k.Document = []byte("second"), policy.Digest{2} },
			store.Snapshot{Open: true, Due: policy.Never, Document: policy.Digest{2}, State: []byte("state 3 of alert/k#1"), Subject: []byte("second"), SubjectSeq: 3},
		},
		{
			"an empty state, an empty subject", func(k *store.Commit) { k.State, k.Subject = nil, []byte{} },
			store.Snapshot{Open: true, Due: policy.Never, SubjectSeq: 4},
		},
		{
			"closed, still due", func(k *store.Commit) { k.Open, k.Due, k.Rank, k.Key = false, 99, 7, "another key" },
			store.Snapshot{Due: 99, Rank: 7, State: []byte("state 5 of alert/k#1"), SubjectSeq: 4},
		},
		{
			"and once more", closed,
			store.Snapshot{Due: policy.Never, State: []byte("state 6 of alert/k#1"), SubjectSeq: 4},
		},
	}
	for _, step := range steps {
		s.commit(step.mod)
		step.want.Stream, step.want.Key, step.want.Position = s.name, "k", s.at
		if d := snapshotDiff(c.load(s.name), step.want); d != "" {
			c.errorf("after a commit of %s: %s", step.what, d)
		}
	}
	if _, err := c.store.Last(c.ctx, "another key"); err == nil {
		c.errorf("the key of a later commit was taken")
	}
	c.wantEntries("history", c.history(s.name, 0), s.entries)
}

func checkInvalid(c *checker) {
	s := c.alert("k", 1, item(0, 0, 0))
	tests := []struct {
		what string
		mod  func(*store.Commit)
	}{
		{"no stream", func(k *store.Commit) { k.Stream = "" }},
		{"too long a name", func(k *store.Commit) { k.Stream = strings.Repeat("x", store.MaxName+1) }},
		{"too long a key", func(k *store.Commit) { k.Key = strings.Repeat("x", store.MaxName+1) }},
		{"no entry", func(k *store.Commit) { k.Entries = nil }},
		{"a number left out", func(k *store.Commit) { k.Entries[0].Seq++ }},
		{"a number twice", func(k *store.Commit) { k.Entries = append(k.Entries, k.Entries[0]) }},
		{"time going back", func(k *store.Commit) { k.Entries[0].At = s.at.At - 1 }},
		{"an erased entry", func(k *store.Commit) { k.Entries[0].Erased = true }},
		{"rank too high", func(k *store.Commit) { k.Rank = store.MaxRank + 1 }},
		{"an item's rank too high", item(0, 0, store.MaxRank+1)},
		{"an item of an earlier entry", func(k *store.Commit) { k.Add = []store.Item{{ID: escalation.EffectID{Seq: 1, I: 9}}} }},
		{"an item of a later entry", func(k *store.Commit) { k.Add = []store.Item{{ID: escalation.EffectID{Seq: 3}}} }},
		{"an item twice", func(k *store.Commit) { item(1, 0, 0)(k); item(1, 0, 0)(k) }},
		{"items out of order", func(k *store.Commit) { item(2, 0, 0)(k); item(1, 0, 0)(k) }},
		{"an event id of an earlier entry", func(k *store.Commit) { k.Seen = []store.Seen{{SeenID: store.SeenID{ID: "x"}, Seq: 1}} }},
		{"an event id without an id", func(k *store.Commit) { k.Seen = []store.Seen{{Seq: 2}} }},
		{"removing another stream's item", remove(store.Lease{Stream: "another", ID: escalation.EffectID{Seq: 1}})},
		{"removing an item twice", func(k *store.Commit) {
			l := store.Lease{Stream: s.name, ID: escalation.EffectID{Seq: 1}}
			k.Remove = []store.Lease{l, l}
		}},
	}
	for _, tt := range tests {
		k := s.make()
		tt.mod(k)
		c.wantErr(tt.what, c.store.Commit(c.ctx, k), store.ErrInvalid)
		c.wantErr(tt.what+": Err", k.Err, store.ErrInvalid)
		c.untouched(tt.what, s)
	}
	if got := c.names(store.StreamQuery{}); len(got) != 1 {
		c.errorf("streams %.60q are there, want only %q", got, s.name)
	}
	if _, names, _ := c.claim(all(1 << 40)); len(names) != 1 {
		c.errorf("items %q are there, want only that of the first commit", names)
	}
}

// refused commits k to s, wants the error, and that nothing of s has changed.
func (c *checker) refused(s *stream, k *store.Commit, want error) {
	before := c.load(s.name)
	c.wantErr("commit", c.store.Commit(c.ctx, k), want)
	c.wantErr("its Err", k.Err, want)
	if d := snapshotDiff(c.load(s.name), before); d != "" {
		c.errorf("a refused commit changed the stream: %s", d)
	}
	c.untouched("a refused commit", s)
}

// untouched holds a stream to what was written through s.
func (c *checker) untouched(after string, s *stream) {
	if got := c.load(s.name).Position; got != s.at {
		c.errorf("after %s the stream stands at %d (%s), want %d (%s)", after, got.Seq, got.Hash, s.at.Seq, s.at.Hash)
	}
	c.wantEntries("history after "+after, c.history(s.name, 0), s.entries)
}
