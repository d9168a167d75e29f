package bboltstore_test

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/bboltstore"
	"github.com/belfry-go/belfry/escalation/store/kvstore"
	"github.com/belfry-go/belfry/escalation/store/storetest"
)

func TestContract(t *testing.T) {
	var paths sync.Map // by store
	at := func(t *testing.T, path string) store.Store {
		st, err := bboltstore.Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := st.Close(); err != nil {
				t.Error(err)
			}
		})
		paths.Store(st, path)
		return st
	}
	storetest.Suite{
		New: func(t *testing.T) store.Store { return at(t, filepath.Join(t.TempDir(), "belfry.bolt")) },
		// Another process cannot have the file while this one has, so it is closed:
		// nothing is written by that.
		Reopen: func(t *testing.T, s store.Store) store.Store {
			if err := s.(*bboltstore.Store).Close(); err != nil {
				t.Fatal(err)
			}
			path, _ := paths.Load(s)
			return at(t, path.(string))
		},
	}.Run(t)
}

func TestSecondProcessIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "belfry.bolt")
	st, err := bboltstore.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := bboltstore.Open(t.Context(), path); !errors.Is(err, bboltstore.ErrLocked) {
		t.Errorf("got error %v, want ErrLocked", err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := bboltstore.Open(t.Context(), t.TempDir()); err == nil {
		t.Error("a directory was opened")
	}
}

// TestBucketOfTheHost puts two stores into a database that the host has open,
// beside what is its own.
func TestBucketOfTheHost(t *testing.T) {
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "host.bolt"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	open := func(name string) (*kvstore.Store, string) {
		st, err := kvstore.Open(t.Context(), bboltstore.Bucket(db, name))
		if err != nil {
			t.Fatal(err)
		}
		namespace, err := st.Namespace(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return st, namespace
	}
	one, first := open("one")
	_, second := open("two")
	if first == second {
		t.Error("two buckets are one store")
	}
	_, again := open("one")
	if again != first {
		t.Errorf("the namespace was %q and is %q", first, again)
	}
	at := store.Genesis("s")
	c := &store.Commit{Stream: "s", After: at, Entries: make([]store.Entry, 1)}
	at.Link(&c.Entries[0], nil)
	if err := one.Commit(t.Context(), c); !errors.Is(err, kvstore.ErrWriter) {
		t.Errorf("the former store of a bucket writes: %v, want ErrWriter", err)
	}
}
