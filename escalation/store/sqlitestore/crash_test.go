package sqlitestore_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/belfry-go/belfry/escalation/escalationtest/crashtest"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/sqlitestore"
	"github.com/belfry-go/belfry/escalation/store/sqlstore"
)

// TestCrash crashes an engine on a file, which is opened again after each crash
// while the former still has it open, as a process that is gone leaves it.
func TestCrash(t *testing.T) {
	cases, more := crashtest.Scenarios(t, "../../..")
	files := files{dir: quickDir(t)}
	crashtest.Suite{
		New: files.fresh, Reopen: files.again, Cases: cases, More: more, Points: 150, Share: 100,
	}.Run(t)
	files.end(t)
}

// quickDir is a directory in memory, where there is one: it is processes that are
// gone here, not power.
func quickDir(t *testing.T) string {
	const memory = "/dev/shm"
	if info, err := os.Stat(memory); err == nil && info.IsDir() {
		t.Setenv("TMPDIR", memory)
	}
	return t.TempDir()
}

// files are databases for one scenario after another.
type files struct {
	dir  string
	n    int
	path string
	open []*sqlstore.Store // of this scenario
}

// end closes and removes what the scenario had.
func (f *files) end(t testing.TB) {
	for _, st := range f.open {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	}
	f.open = f.open[:0]
	for _, end := range []string{"", "-wal", "-shm"} {
		_ = os.Remove(f.path + end) // it may be gone already
	}
}

// fresh ends the scenario before, and makes a file for the next.
func (f *files) fresh(t testing.TB) store.Store {
	f.end(t)
	f.n++
	f.path = filepath.Join(f.dir, strconv.Itoa(f.n)+".db")
	return f.again(t, nil)
}

func (f *files) again(t testing.TB, _ store.Store) store.Store {
	st, err := sqlitestore.Open(t.Context(), f.path)
	if err != nil {
		t.Fatal(err)
	}
	f.open = append(f.open, st)
	return st
}
