package sqlitestore_test

import (
	"path/filepath"
	"sync"
	"testing"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/sqlitestore"
	"github.com/belfry-go/belfry/escalation/store/sqlstore"
	"github.com/belfry-go/belfry/escalation/store/storetest"
)

// open opens a file for the length of a test.
func open(t testing.TB, path string) *sqlstore.Store {
	t.Helper()
	st, err := sqlitestore.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

func TestContract(t *testing.T) {
	var paths sync.Map // by store
	at := func(t *testing.T, path string) store.Store {
		st := open(t, path)
		paths.Store(st, path)
		return st
	}
	again := func(t *testing.T, s store.Store) store.Store {
		path, _ := paths.Load(s)
		return at(t, path.(string))
	}
	storetest.Suite{
		New: func(t *testing.T) store.Store { return at(t, filepath.Join(t.TempDir(), "a b#?%.db")) },
		// Nothing is flushed or closed: what a crashed process had open is of no
		// use to the one that comes after it.
		Reopen: again,
		Peer:   again,
	}.Run(t)
}
