package kvstore_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/kvstore"
	"github.com/belfry-go/belfry/policy"
)

var errFault = errors.New("the storage failed")

// failing is a storage of which one operation fails, and all after it when it
// is a crash.
type failing struct {
	kvstore.Storage
	at    int // which one; 0: none
	after bool
	crash bool
	n     int
	down  bool
}

// run counts an operation, and makes it fail.
func (f *failing) run(op func() error) error {
	if f.down {
		return errFault
	}
	f.n++
	if f.n != f.at {
		return op()
	}
	f.down = f.crash
	if f.after {
		if err := op(); err != nil {
			return err
		}
	}
	return errFault
}

func (f *failing) Get(ctx context.Context, key string) (value []byte, err error) {
	err = f.run(func() (err error) { value, err = f.Storage.Get(ctx, key); return err })
	return value, err
}

func (f *failing) Put(ctx context.Context, key string, value []byte) error {
	return f.run(func() error { return f.Storage.Put(ctx, key, value) })
}

func (f *failing) Delete(ctx context.Context, key string) error {
	return f.run(func() error { return f.Storage.Delete(ctx, key) })
}

func (f *failing) List(ctx context.Context, prefix, after string) (names []string, err error) {
	err = f.run(func() (err error) { names, err = f.Storage.List(ctx, prefix, after); return err })
	return names, err
}

// failingTx is one with transactions, which fail as one operation and at each
// operation inside.
type failingTx struct {
	failing
	tx kvstore.Transactor
}

func (f *failingTx) Transact(ctx context.Context, do func(kvstore.Storage) error) error {
	return f.run(func() error {
		return f.tx.Transact(ctx, func(kv kvstore.Storage) error {
			inside := &failing{Storage: kv, at: f.at, after: f.after, crash: f.crash, n: f.n, down: f.down}
			err := do(inside)
			f.n, f.down = inside.n, inside.down
			return err
		})
	})
}

// story is a life of a few streams on a storage that fails. Each step is tried
// until it is done, by a store that is opened again after a crash.
type story struct {
	t    *testing.T
	kv   *failing // whose Storage outlives it
	open func() (*kvstore.Store, error)
	st   *kvstore.Store
	at   map[string]store.Position
	now  policy.Instant
	salt uint64
}

// small makes parts and chunks common.
const small = 1 << 10

// do tries until it works, for ever but for a limit that no fault reaches.
func (s *story) do(what string, f func() error) {
	s.t.Helper()
	var err error
	for range 5 {
		if s.kv.down {
			s.kv.down, s.st = false, nil
		}
		if s.st == nil {
			if s.st, err = s.open(); err != nil {
				continue
			}
		}
		if err = f(); err == nil {
			return
		}
		if !errors.Is(err, errFault) {
			s.t.Fatalf("operation %d: %s: %v", s.kv.at, what, err)
		}
	}
	s.t.Fatalf("operation %d: %s never works: %v", s.kv.at, what, err)
}

// commit writes a batch of one commit a stream, and believes only what it can
// read again.
func (s *story) commit(entries int, mod func(*store.Commit), streams ...string) {
	s.t.Helper()
	var batch []*store.Commit
	for _, name := range streams {
		at, ok := s.at[name]
		if !ok {
			at = store.Genesis(name)
		}
		c := &store.Commit{Stream: name, Key: strings.Split(name, "#")[0], After: at, Open: true, Due: s.now + 5, State: make([]byte, 40)}
		for range entries {
			s.salt++
			e := store.Entry{At: s.now, Kind: escalation.EventNote, Body: make([]byte, 200)}
			binary.BigEndian.PutUint64(e.Salt[:], s.salt)
			c.Entries = append(c.Entries, e)
		}
		if mod != nil {
			mod(c)
		}
		for i := range c.Entries {
			at.Link(&c.Entries[i], nil)
		}
		batch = append(batch, c)
		s.at[name] = at
	}
	for _, c := range batch {
		done := false
		s.do("commit to "+c.Stream, func() error {
			if !done {
				done = true
				_ = s.st.Commit(s.t.Context(), batch...) // see each
			} else if err := s.st.Commit(s.t.Context(), c); err != nil && !errors.Is(err, store.ErrConflict) {
				return err
			}
			if err := store.Resolve(s.t.Context(), s.st, c); err != nil {
				if errors.Is(err, store.ErrConflict) {
					return errFault // it is not written; again
				}
				return err
			}
			return nil
		})
		batch = []*store.Commit{c}
	}
}

// claim takes the items of both streams. A claim whose outcome is unknown may
// have been done, or half of it, and then leaves nothing to a second one until
// its lease ends.
func (s *story) claim() map[string]store.Lease {
	s.t.Helper()
	held := map[string]store.Lease{}
	for len(held) < 2 {
		s.do("claim", func() error {
			s.now += 100
			items, _, err := s.st.Claim(s.t.Context(), store.Ask{By: s.now, Limit: 100, Until: s.now + 100})
			for _, it := range items {
				held[it.Stream] = it.Lease()
			}
			return err
		})
	}
	return held
}

func (s *story) tell() {
	t := s.t
	ctx := t.Context()
	item := func(c *store.Commit) {
		c.Add = []store.Item{{ID: escalation.EffectID{Seq: c.After.Seq + 1}, NotBefore: s.now, Body: make([]byte, 300)}}
		c.Seen = []store.Seen{{SeenID: store.SeenID{ID: fmt.Sprint(c.After.Seq)}, Seq: c.After.Seq + 1}}
	}
	s.do("document", func() error { return s.st.PutDocument(ctx, policy.Digest{1}, make([]byte, 3*small)) })
	s.commit(1, item, "a#1", "b#1")
	for range 3 {
		s.commit(3, nil, "a#1")
	}
	held := s.claim()
	for _, name := range []string{"a#1", "b#1"} {
		s.do("settle", func() error {
			return s.st.Settle(ctx, store.Settlement{Lease: held[name], NotBefore: s.now + 50, Attempt: 1})
		})
	}
	held = s.claim()
	for _, name := range []string{"a#1", "b#1"} {
		s.commit(1, func(c *store.Commit) { c.Remove, c.Open, c.Due = []store.Lease{held[name]}, false, policy.Never }, name)
	}
	s.commit(1, func(c *store.Commit) { c.State = make([]byte, 3*small) }, "a#2")
	s.commit(2, nil, "a#2", "c#1")
	s.do("erase", func() error { return s.st.Erase(ctx, "a#1", 8) })
}

// prune forgets what has ended.
func (s *story) prune() {
	s.do("prune", func() error {
		_, err := s.st.Prune(s.t.Context(), s.now+1000, 100)
		return err
	})
}

// checkPruned holds what must be there after it.
func (s *story) checkPruned() {
	t := s.t
	t.Helper()
	ctx := t.Context()
	var snap store.Snapshot
	if err := s.st.Load(ctx, "a#1", &snap); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("operation %d: a#1 is there still: %v", s.kv.at, err)
	}
	for name, whole := range map[string]bool{"a#2": true, "b#1": false, "c#1": true} {
		want := store.Genesis(name)
		if !whole {
			want = s.at[name]
		}
		if base, err := s.st.Base(ctx, name); err != nil || base != want {
			t.Errorf("operation %d: %s begins at %d, %v; want %d", s.kv.at, name, base.Seq, err, want.Seq)
		}
		if end, err := store.Verify(want, s.st.History(ctx, name, 0)); err != nil || end != s.at[name] {
			t.Errorf("operation %d: %s ends at %d, %v; want %d", s.kv.at, name, end.Seq, err, s.at[name].Seq)
		}
	}
	if last, err := s.st.Last(ctx, "b"); err != nil || last != (store.Incarnation{Stream: "b#1"}) {
		t.Errorf("operation %d: the last of b is %+v, %v", s.kv.at, last, err)
	}
}

// check holds what must be there at the end, whatever failed, and again in a
// store that is opened anew.
func (s *story) check() {
	t := s.t
	t.Helper()
	ctx := t.Context()
	for range 2 {
		for name, want := range s.at {
			var snap store.Snapshot
			if err := s.st.Load(ctx, name, &snap); err != nil || snap.Position != want {
				t.Errorf("operation %d: %s stands at %d, %v; want %d", s.kv.at, name, snap.Seq, err, want.Seq)
			}
			if end, err := store.Verify(store.Genesis(name), s.st.History(ctx, name, 0)); err != nil || end != want {
				t.Errorf("operation %d: the history of %s ends at %d, %v; want %d", s.kv.at, name, end.Seq, err, want.Seq)
			}
		}
		for e, err := range s.st.History(ctx, "a#1", 0) {
			if err != nil || e.Erased != (e.Seq <= 8) {
				t.Errorf("operation %d: entry %d, erased %t, %v", s.kv.at, e.Seq, e.Erased, err)
			}
		}
		if last, err := s.st.Last(ctx, "a"); err != nil || last != (store.Incarnation{Stream: "a#2", Open: true}) {
			t.Errorf("operation %d: last is %+v, %v", s.kv.at, last, err)
		}
		for id, stream := range map[string]string{"0": "a#1", " ": "b#1"} {
			_, err := s.st.Seen(ctx, stream, store.SeenID{ID: id})
			if want := id == "0"; want != (err == nil) || err != nil && !errors.Is(err, store.ErrNotFound) {
				t.Errorf("operation %d: event id %q of %s: %v", s.kv.at, id, stream, err)
			}
		}
		if due, _, err := s.st.Due(ctx, store.Ask{By: s.now + 100, Limit: 9}, nil); err != nil || len(due) != 2 {
			t.Errorf("operation %d: %d streams are due, %v; want 2", s.kv.at, len(due), err)
		}
		if items, next, err := s.st.Claim(ctx, store.Ask{By: s.now + 1000, Limit: 9, Until: s.now + 1001}); err != nil || len(items) > 0 || next != policy.Never {
			t.Errorf("operation %d: %d items are left, next %s, %v", s.kv.at, len(items), next, err)
		}
		if doc, err := s.st.Document(ctx, policy.Digest{1}); err != nil || len(doc) != 3*small {
			t.Errorf("operation %d: the document has %d bytes, %v", s.kv.at, len(doc), err)
		}
		s.st = open(t, s.kv.Storage, kvstore.MaxValue(small))
	}
}

// tellWith tells the story on a storage of which one operation fails, and
// returns how many there are and what is left in it.
func tellWith(t *testing.T, transactions, prune bool, at int, after, crash bool) (int, *plain) {
	f := failing{at: at, after: after, crash: crash}
	s := &story{t: t, at: map[string]store.Position{}}
	var left *plain
	var kv kvstore.Storage
	if transactions {
		mem := newTransacting()
		left = &mem.plain
		f.Storage = mem
		tx := &failingTx{failing: f, tx: mem}
		kv, s.kv = tx, &tx.failing
	} else {
		left = newPlain()
		f.Storage = left
		kv, s.kv = &f, &f
	}
	s.open = func() (*kvstore.Store, error) { return kvstore.Open(t.Context(), kv, kvstore.MaxValue(small)) }
	s.tell()
	if prune {
		s.prune()
	}
	s.do("open", func() error { return nil }) // if it crashed where nobody needed an answer
	n := s.kv.n
	if prune {
		s.checkPruned()
		s.st = open(t, s.kv.Storage, kvstore.MaxValue(small))
		s.checkPruned()
	} else {
		s.check()
	}
	return n, left
}

// TestEveryOperationFails makes each operation of the storage fail, before it is
// done and after, as a fault that passes and as a crash.
func TestEveryOperationFails(t *testing.T) {
	for _, transactions := range []bool{false, true} {
		for _, prune := range []bool{false, true} {
			t.Run(fmt.Sprintf("transactions=%t,prune=%t", transactions, prune), func(t *testing.T) {
				everyOperation(t, transactions, prune)
			})
		}
	}
}

func everyOperation(t *testing.T, transactions, prune bool) {
	total, whole := tellWith(t, transactions, prune, 0, false, false)
	points := 0
	for at := 1; at <= total && !t.Failed(); at++ {
		for _, after := range []bool{false, true} {
			for _, crash := range []bool{false, true} {
				_, left := tellWith(t, transactions, prune, at, after, crash)
				// What attempts have left is gone.
				if len(left.values) > len(whole.values) {
					t.Errorf("operation %d: %d values are left, want %d", at, len(left.values), len(whole.values))
				}
				points++
			}
		}
	}
	t.Logf("%d operations, %d points, nothing lost", total, points)
}
