package storetest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// checker is what a case works with: the store, and short forms of what cases
// do over and over.
type checker struct {
	ctx context.Context
	host
	reporter
	store store.Store
	salt  uint64
}

// errorf notes a failure.
func (c *checker) errorf(format string, args ...any) { c.fail(fmt.Sprintf(format, args...)) }

// fatalf notes a failure and ends the case.
func (c *checker) fatalf(format string, args ...any) {
	c.errorf(format, args...)
	panic(stop{})
}

// must ends the case on an error of what should have worked.
func (c *checker) must(what string, err error) {
	if err != nil {
		c.fatalf("%s: %v", what, err)
	}
}

// wantErr notes an error of another class than want.
func (c *checker) wantErr(what string, err, want error) {
	if !errors.Is(err, want) {
		c.errorf("%s: got error %v, want %v", what, err, want)
	}
}

// stream writes to one stream, and remembers where it stands and what was
// written.
type stream struct {
	c       *checker
	name    string
	key     string
	at      store.Position
	entries []store.Entry
}

// newStream returns a stream that has nothing yet.
func (c *checker) newStream(name, key string) *stream {
	return &stream{c: c, name: name, key: key, at: store.Genesis(name)}
}

// alert opens an incarnation with a first commit.
func (c *checker) alert(key string, n int, mods ...func(*store.Commit)) *stream {
	s := c.newStream(fmt.Sprintf("alert/%s#%d", key, n), key)
	s.commit(mods...)
	return s
}

// make returns the stream's next commit: one entry, a state that names it, an
// open stream that is never due, and what the mods make of it. Entries that
// they add or change are linked anew.
func (s *stream) make(mods ...func(*store.Commit)) *store.Commit {
	seq := s.at.Seq + 1
	k := &store.Commit{
		Stream: s.name, Key: s.key, After: s.at, Open: true, Due: policy.Never,
		Entries: []store.Entry{s.entry(seq)},
		State:   fmt.Appendf(nil, "state %d of %s", seq, s.name),
	}
	for _, mod := range mods {
		mod(k)
	}
	link(k)
	return k
}

// entry is the stream's entry seq, as yet unlinked.
func (s *stream) entry(seq uint64) store.Entry {
	s.c.salt++
	e := store.Entry{
		At: policy.Instant(1000 + seq), Kind: escalation.EventNote,
		Body: fmt.Appendf(nil, "body %d of %s", seq, s.name),
	}
	binary.BigEndian.PutUint64(e.Salt[:], s.c.salt)
	return e
}

// link links the entries of k.
func link(k *store.Commit) {
	at := k.After
	for i := range k.Entries {
		at.Link(&k.Entries[i], nil)
	}
}

// commit makes and writes the next commit, which must succeed.
func (s *stream) commit(mods ...func(*store.Commit)) *store.Commit {
	k := s.make(mods...)
	s.c.must(fmt.Sprintf("commit %d to %q", k.Entries[0].Seq, s.name), s.c.store.Commit(s.c.ctx, k))
	s.wrote(k)
	return k
}

// wrote notes that k is written.
func (s *stream) wrote(k *store.Commit) {
	s.at = k.Position()
	s.entries = append(s.entries, k.Entries...)
}

// Mods of commits.

func due(at policy.Instant) func(*store.Commit) { return func(k *store.Commit) { k.Due = at } }
func rank(r uint8) func(*store.Commit)          { return func(k *store.Commit) { k.Rank = r } }
func closed(k *store.Commit)                    { k.Open = false }

// entries gives the commit n entries in all.
func (s *stream) more(n int) func(*store.Commit) {
	return func(k *store.Commit) {
		for len(k.Entries) < n {
			k.Entries = append(k.Entries, s.entry(k.After.Seq+uint64(len(k.Entries))+1))
		}
	}
}

// item adds an item of the commit's first entry.
func item(i uint16, notBefore policy.Instant, r uint8) func(*store.Commit) {
	return func(k *store.Commit) {
		id := escalation.EffectID{Seq: k.After.Seq + 1, I: i}
		k.Add = append(k.Add, store.Item{
			ID: id, Rank: r, NotBefore: notBefore, Target: fmt.Sprintf("user:%d", i),
			Body: fmt.Appendf(nil, "payload %d.%d of %s", id.Seq, id.I, k.Stream),
		})
	}
}

// seen adds an event id to the commit's first entry.
func seen(id store.SeenID, content byte) func(*store.Commit) {
	return func(k *store.Commit) {
		k.Seen = append(k.Seen, store.Seen{
			SeenID: id, Content: store.Hash{content}, Seq: k.After.Seq + 1,
			Verdict: escalation.Ignored, Reason: escalation.Stale,
		})
	}
}

func remove(l store.Lease) func(*store.Commit) {
	return func(k *store.Commit) { k.Remove = append(k.Remove, l) }
}

// load reads a stream that must be there, into a new snapshot.
func (c *checker) load(name string) store.Snapshot {
	var s store.Snapshot
	c.must(fmt.Sprintf("load %q", name), c.store.Load(c.ctx, name, &s))
	return s
}

// history reads a stream's entries.
func (c *checker) history(name string, from uint64) []store.Entry {
	var all []store.Entry
	for e, err := range c.store.History(c.ctx, name, from) {
		c.must(fmt.Sprintf("history of %q from %d", name, from), err)
		all = append(all, e)
	}
	return all
}

// names reads the streams of a query.
func (c *checker) names(q store.StreamQuery) []string {
	var all []string
	for name, err := range c.store.Streams(c.ctx, q) {
		c.must("streams", err)
		all = append(all, name)
	}
	return all
}

// due asks for what is due and returns the names.
func (c *checker) due(ask store.Ask) (names []string, next policy.Instant) {
	snaps, next, err := c.store.Due(c.ctx, ask, nil)
	c.must("due", err)
	for _, s := range snaps {
		names = append(names, s.Stream)
	}
	return names, next
}

// claim claims, and names the items "stream seq.i".
func (c *checker) claim(ask store.Ask) (items []store.Item, names []string, next policy.Instant) {
	items, next, err := c.store.Claim(c.ctx, ask)
	c.must("claim", err)
	for _, it := range items {
		names = append(names, fmt.Sprintf("%s %d.%d", it.Stream, it.ID.Seq, it.ID.I))
	}
	return items, names, next
}

// all is an ask for everything at an instant, leased for long.
func all(by policy.Instant) store.Ask {
	return store.Ask{By: by, Limit: 1 << 20, Owner: "tester", Until: by + 1_000_000}
}

// entryEqual compares all that an entry promises. A sum that is not given
// follows from the rest.
func entryEqual(a, b store.Entry) bool {
	if a.Sum == (store.Hash{}) || b.Sum == (store.Hash{}) {
		a.Sum, b.Sum = store.Hash{}, store.Hash{}
	}
	return a.Position() == b.Position() && a.Kind == b.Kind && a.Salt == b.Salt && a.Erased == b.Erased &&
		a.Sum == b.Sum && bytes.Equal(a.Body, b.Body)
}

// wantEntries notes the first difference.
func (c *checker) wantEntries(what string, got, want []store.Entry) {
	for i := range min(len(got), len(want)) {
		if !entryEqual(got[i], want[i]) {
			c.errorf("%s: entry %d of %d is number %d %q at %s, want number %d %q at %s, or its salt, kind or hash differs",
				what, i, len(got), got[i].Seq, got[i].Body, got[i].At, want[i].Seq, want[i].Body, want[i].At)
			return
		}
	}
	if len(got) != len(want) {
		c.errorf("%s: %d entries, want %d", what, len(got), len(want))
	}
}

// snapshotDiff says how two snapshots differ; "" when they do not.
func snapshotDiff(got, want store.Snapshot) string {
	diff := func(what string, got, want any) string { return fmt.Sprintf("%s is %v, want %v", what, got, want) }
	switch {
	case got.Stream != want.Stream:
		return diff("stream", got.Stream, want.Stream)
	case got.Key != want.Key:
		return diff("key", got.Key, want.Key)
	case got.Position != want.Position:
		return diff("position", got.Position, want.Position)
	case got.Open != want.Open:
		return diff("open", got.Open, want.Open)
	case got.Rank != want.Rank:
		return diff("rank", got.Rank, want.Rank)
	case got.Due != want.Due:
		return diff("due", got.Due, want.Due)
	case got.Document != want.Document:
		return diff("document", got.Document, want.Document)
	case !bytes.Equal(got.State, want.State):
		return fmt.Sprintf("state is %.80q, want %.80q", got.State, want.State)
	case !bytes.Equal(got.Subject, want.Subject):
		return fmt.Sprintf("subject is %.80q, want %.80q", got.Subject, want.Subject)
	case got.SubjectSeq != want.SubjectSeq:
		return diff("subject's entry", got.SubjectSeq, want.SubjectSeq)
	}
	return ""
}
