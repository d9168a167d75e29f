package kvstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/kvstore"
	"github.com/belfry-go/belfry/policy"
)

// next is the next commit of a stream, with a body of so many bytes.
func next(name string, at store.Position, size int) *store.Commit {
	c := &store.Commit{
		Stream: name, After: at, Open: true, Due: 5, State: []byte("state"),
		Entries: []store.Entry{{Kind: escalation.EventNote, Body: []byte(strings.Repeat("x", size))}},
		Add:     []store.Item{{ID: escalation.EffectID{Seq: at.Seq + 1}}},
	}
	at.Link(&c.Entries[0], nil)
	return c
}

// wantError holds an error to its class, and to naming the key and what to do.
func wantError(t *testing.T, err, class error, key, advice string) {
	t.Helper()
	var e *kvstore.Error
	if !errors.Is(err, class) || !errors.As(err, &e) || !strings.HasPrefix(e.Key, key) || !strings.Contains(err.Error(), advice) {
		t.Errorf("got error %v, want an *Error that is %q, names %s and says %q", err, class, key, advice)
	}
	if store.Refused(err) {
		t.Errorf("%v says that the commit was refused, and the caller would try again", err)
	}
}

// TestSecondWriter opens a storage twice: the first store writes no more, and
// says why, and the second has what it wrote.
func TestSecondWriter(t *testing.T) {
	for name, newStorage := range map[string]func() kvstore.Storage{
		"plain":        func() kvstore.Storage { return newPlain() },
		"transactions": func() kvstore.Storage { return newTransacting() },
	} {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			kv := newStorage()
			one := open(t, kv)
			c := next("s", store.Genesis("s"), 10)
			if err := one.Commit(ctx, c); err != nil {
				t.Fatal(err)
			}
			two := open(t, kv)
			late := next("s", c.Position(), 10)
			wantError(t, one.Commit(ctx, late), kvstore.ErrWriter, "meta/writer", "one process at a time")
			wantError(t, one.Load(ctx, "s", new(store.Snapshot)), kvstore.ErrWriter, "meta/writer", "close this one")
			_, _, err := one.Claim(ctx, store.Ask{By: 9, Limit: 9, Until: 10})
			wantError(t, err, kvstore.ErrWriter, "meta/writer", "close this one")
			if err := store.Resolve(ctx, two, late); !errors.Is(err, store.ErrConflict) {
				t.Errorf("the late commit: %v, want that it is not written", err)
			}
			items, _, err := two.Claim(ctx, store.Ask{By: 9, Limit: 9, Until: 10})
			if err != nil || len(items) != 1 {
				t.Errorf("the second store claims %d items, %v; want 1", len(items), err)
			}
		})
	}
}

// TestWriteThatSlipsIn is what a storage without transactions cannot rule out:
// the second store finds it when it reads the stream, and what is due with it.
func TestWriteThatSlipsIn(t *testing.T) {
	ctx := t.Context()
	kv := newPlain()
	one := open(t, kv)
	c := next("s", store.Genesis("s"), 10)
	if err := one.Commit(ctx, c); err != nil {
		t.Fatal(err)
	}
	before := kv.copy()
	two := open(t, kv)
	other := open(t, before) // as the first, which has looked who writes before the second was opened
	if err := other.Commit(ctx, next("s", c.Position(), 10)); err != nil {
		t.Fatal(err)
	}
	for key, value := range before.values {
		if strings.HasPrefix(key, "stream/") {
			kv.values[key] = value
		}
	}
	var snap store.Snapshot
	if err := two.Load(ctx, "s", &snap); err != nil || snap.Seq != 2 {
		t.Errorf("the stream stands at %d, %v; want 2", snap.Seq, err)
	}
	if items, _, err := two.Claim(ctx, store.Ask{By: 9, Limit: 9, Until: 10}); err != nil || len(items) != 2 {
		t.Errorf("claimed %d items, %v; want 2", len(items), err)
	}
}

func TestNewerFormatIsNotTouched(t *testing.T) {
	kv := newPlain()
	open(t, kv)
	// Version 9, with the checksum of a newer program: what is known of any is
	// that it is told apart by its first number.
	newer := kvstore.Seal([]byte{9, 1, 'n'})
	kv.values["meta/store"] = newer
	before := fmt.Sprint(kv.values)
	_, err := kvstore.Open(t.Context(), kv)
	wantError(t, err, kvstore.ErrFormat, "meta/store", "run the version of Belfry that wrote it")
	if fmt.Sprint(kv.values) != before {
		t.Error("the storage was changed")
	}
}

// TestDamage cuts, changes and removes each value in turn: what is wrong is an
// error that names the key, and never something else than was committed.
func TestDamage(t *testing.T) {
	ctx := t.Context()
	kv := newPlain()
	st := open(t, kv, kvstore.MaxValue(512))
	at := store.Genesis("s")
	for range 12 {
		c := next("s", at, 100)
		if err := st.Commit(ctx, c); err != nil {
			t.Fatal(err)
		}
		at = c.Position()
	}
	if err := st.PutDocument(ctx, policy.Digest{1}, make([]byte, 2000)); err != nil {
		t.Fatal(err)
	}
	// read reads everything, and returns the first error.
	read := func(kv kvstore.Storage) error {
		st, err := kvstore.Open(ctx, kv, kvstore.MaxValue(512))
		if err != nil {
			return err
		}
		end, err := store.Verify(store.Genesis("s"), st.History(ctx, "s", 0))
		if err != nil {
			return err
		}
		if end != at {
			t.Errorf("the history ends at %d without an error", end.Seq)
		}
		if _, err := st.Seen(ctx, "s", store.SeenID{ID: "1"}); !errors.Is(err, store.ErrNotFound) {
			return err
		}
		_, err = st.Document(ctx, policy.Digest{1})
		return err
	}
	if err := read(kv.copy()); err != nil {
		t.Fatal(err)
	}
	for key := range kv.values {
		for what, damage := range map[string]func([]byte) []byte{
			"cut":     func(b []byte) []byte { return b[:len(b)/2] },
			"changed": func(b []byte) []byte { c := []byte(string(b)); c[len(c)/3] ^= 1; return c },
			"short":   func(b []byte) []byte { return b[:2] },
		} {
			bad := kv.copy()
			bad.values[key] = damage(bad.values[key])
			err := read(bad)
			if key == "meta/writer" && err == nil {
				continue // it is written anew
			}
			if !errors.Is(err, kvstore.ErrCorrupt) {
				t.Errorf("%s %s: %v", what, key, err)
				continue
			}
			wantError(t, err, kvstore.ErrCorrupt, "", "restore a backup")
		}
		if kind := strings.Split(key, "/")[0]; kind == "history" || kind == "part" {
			bad := kv.copy()
			delete(bad.values, key)
			wantError(t, read(bad), kvstore.ErrCorrupt, "", "restore a backup")
		}
	}
}

// TestSizes holds every key and value to what the storage was told.
func TestSizes(t *testing.T) {
	ctx := t.Context()
	kv := newPlain()
	st := open(t, kv, kvstore.MaxValue(4<<10))
	name := strings.Repeat("a long name with / and \x00 ", 30)
	at := store.Genesis(name)
	var longest int
	for i := range 60 {
		c := next(name, at, 300*i)
		if err := st.Commit(ctx, c); err != nil {
			t.Fatal(err)
		}
		at = c.Position()
		for key, value := range kv.values {
			if len(value) > 4<<10 || len(key) > 128 || strings.Trim(key, "abcdefghijklmnopqrstuvwxyz0123456789./") != "" || strings.Count(key, "/") != 1 {
				t.Fatalf("value %q has %d bytes", key, len(value))
			}
			longest = max(longest, len(value))
		}
	}
	if end, err := store.Verify(store.Genesis(name), st.History(ctx, name, 0)); err != nil || end != at || longest < 4000 {
		t.Errorf("the history ends at %d, %v; want %d. The longest value has %d bytes", end.Seq, err, at.Seq, longest)
	}
	for from := range at.Seq + 2 {
		n := uint64(0)
		for e, err := range st.History(ctx, name, from) {
			if n++; err != nil || e.Seq != max(from, 1)+n-1 {
				t.Fatalf("from %d: entry %d is number %d, %v", from, n, e.Seq, err)
			}
		}
		if n != at.Seq+1-min(max(from, 1), at.Seq+1) {
			t.Errorf("from %d: %d entries", from, n)
		}
	}
}

// TestWaitsEndWithTheContext holds that nobody waits for a storage that hangs
// longer than he wants to.
func TestWaitsEndWithTheContext(t *testing.T) {
	kv := &hanging{plain: newPlain(), entered: make(chan struct{})}
	st := open(t, kv)
	kv.hang = true
	first, cancelFirst := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- st.Commit(first, next("s", store.Genesis("s"), 1)) }()
	<-kv.entered
	second, cancelSecond := context.WithCancel(t.Context())
	go func() { done <- st.Load(second, "s", new(store.Snapshot)) }()
	cancelSecond()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("who waits gets %v, want the context's error", err)
	}
	cancelFirst()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("who hangs gets %v, want the context's error", err)
	}
	kv.hang = false
	if err := st.Load(t.Context(), "s", new(store.Snapshot)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("after it: %v, want that nothing was written", err)
	}
}

// hanging is a storage whose Get waits for the end of the context.
type hanging struct {
	*plain
	hang    bool
	entered chan struct{}
}

func (h *hanging) Get(ctx context.Context, key string) ([]byte, error) {
	if h.hang {
		close(h.entered)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return h.plain.Get(ctx, key)
}

// TestChanges holds what a projection follows, and that marks outlive the
// process.
func TestChanges(t *testing.T) {
	ctx := t.Context()
	kv := newPlain()
	st := open(t, kv)
	at := map[string]store.Position{}
	commit := func(name string, posted bool) {
		t.Helper()
		if _, ok := at[name]; !ok {
			at[name] = store.Genesis(name)
		}
		c := next(name, at[name], 1)
		c.Posted = posted
		if err := st.Commit(ctx, c); err != nil {
			t.Fatal(err)
		}
		at[name] = c.Position()
	}
	changes := func(since uint64, want string) uint64 {
		t.Helper()
		list, mark, err := st.Changes(ctx, since)
		if got := fmt.Sprint(list); err != nil || got != want {
			t.Errorf("changed since %d: %s, %v; want %s", since, got, err, want)
		}
		return mark
	}
	changes(0, "[]")
	commit("a", true)
	commit("b", false)
	commit("c", true)
	first := changes(0, "[{a 1} {c 1}]")
	changes(first, "[]")
	commit("a", false) // it stays posted
	commit("b", false)
	second := changes(first, "[{a 2}]")
	changes(0, "[{c 1} {a 2}]")
	st = open(t, kv)
	changes(second, "[]")
	commit("c", false)
	changes(first, "[{a 2} {c 2}]")
	changes(second, "[{c 2}]")
}
