package sqlitestore_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/sqlitestore"
	"github.com/belfry-go/belfry/escalation/store/sqlstore"
	"github.com/belfry-go/belfry/policy"
)

// writer appends to one stream.
type writer struct {
	name string
	at   store.Position
}

func newWriter(name string) *writer { return &writer{name, store.Genesis(name)} }

// commit makes the next commit, with a state of so many bytes.
func (w *writer) commit(size int) *store.Commit {
	k := &store.Commit{
		Stream: w.name, After: w.at, Open: true, Due: policy.Never,
		Entries: []store.Entry{{Body: []byte("body")}}, State: make([]byte, size),
	}
	at := w.at
	at.Link(&k.Entries[0], nil)
	return k
}

// raw opens the file beside the store.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// wantAdvice holds an error to its class, and to saying what to do.
func wantAdvice(t *testing.T, err, class error, advice string) {
	t.Helper()
	var e *sqlstore.Error
	if !errors.Is(err, class) || !errors.As(err, &e) || !strings.Contains(err.Error(), advice) {
		t.Errorf("got error %v, want an *Error that is %q and says %q", err, class, advice)
	}
	if store.Refused(err) {
		t.Errorf("%v says for certain that nothing was written", err)
	}
}

func TestNewerSchemaIsNotTouched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "belfry.db")
	st, err := sqlitestore.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	db := raw(t, path)
	if _, err := db.Exec("UPDATE belfry_schema SET version = 99"); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = sqlitestore.Open(t.Context(), path)
	wantAdvice(t, err, sqlstore.ErrSchema, "run the version of Belfry that wrote them, or a later one")
	var newer *sqlstore.SchemaError
	if !errors.As(err, &newer) || newer.Found != 99 {
		t.Errorf("got error %v, want a *SchemaError with version 99", err)
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("the file was changed, or cannot be read: %v", err)
	}
}

func TestManyOpenAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "belfry.db")
	const users = 8
	names, errs := make([]string, users), make([]error, users)
	var wg sync.WaitGroup
	for u := range users {
		wg.Go(func() {
			st, err := sqlitestore.Open(t.Context(), path)
			if err != nil {
				errs[u] = err
				return
			}
			names[u], errs[u] = st.Namespace(t.Context())
			errs[u] = errors.Join(errs[u], st.Close())
		})
	}
	wg.Wait()
	for u := range users {
		if errs[u] != nil || names[u] != names[0] || names[u] == "" {
			t.Errorf("user %d opened namespace %q, %v; want %q", u, names[u], errs[u], names[0])
		}
	}
}

// TestFullDisk limits the file to a few pages, at which SQLite says what it says
// of a disk that is full.
func TestFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "belfry.db")
	st, err := sqlstore.Open(t.Context(), raw(t, "file:"+path+"?_pragma=max_page_count(60)"), sqlstore.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	w := newWriter("s")
	k := w.commit(1 << 20)
	wantAdvice(t, st.Commit(t.Context(), k), sqlstore.ErrFull, "free space")
	if err := store.Resolve(t.Context(), st, k); !errors.Is(err, store.ErrConflict) {
		t.Errorf("resolve says %v, want that it is not written", err)
	}
	if err := st.Commit(t.Context(), w.commit(10)); err != nil {
		t.Errorf("a commit for which there is room: %v", err)
	}
}

func TestReadOnlyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "belfry.db")
	w := newWriter("s")
	if err := open(t, path).Commit(t.Context(), w.commit(10)); err != nil {
		t.Fatal(err)
	}
	db := raw(t, "file:"+path+"?mode=ro")
	st, err := sqlstore.Open(t.Context(), db, sqlstore.SQLite)
	if err == nil {
		defer st.Close()
		w.at = w.commit(10).Position()
		err = st.Commit(t.Context(), w.commit(10))
	}
	wantAdvice(t, err, sqlstore.ErrReadOnly, "writable")
}

func TestDamagedFile(t *testing.T) {
	for name, damage := range map[string]func([]byte) []byte{
		"not a database": func([]byte) []byte { return []byte(strings.Repeat("this is no database. ", 1000)) },
		"a page of noise": func(b []byte) []byte {
			for i := 4096; i < len(b); i++ {
				b[i] = byte(i*7 + i>>8)
			}
			return b
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "belfry.db")
			st, err := sqlitestore.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			for i := range 50 {
				if err := st.Commit(t.Context(), newWriter(fmt.Sprint("s", i)).commit(500)); err != nil {
					t.Fatal(err)
				}
			}
			if err := st.Close(); err != nil { // the log goes into the file
				t.Fatal(err)
			}
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, damage(b), 0o600); err != nil {
				t.Fatal(err)
			}
			st, err = sqlitestore.Open(t.Context(), path)
			if err == nil {
				defer st.Close()
				err = st.Load(t.Context(), "s1", new(store.Snapshot))
			}
			wantAdvice(t, err, sqlstore.ErrCorrupt, "restore a backup")
		})
	}
}

func TestOneConnectionIsTooFew(t *testing.T) {
	db := raw(t, filepath.Join(t.TempDir(), "belfry.db"))
	db.SetMaxOpenConns(1)
	if _, err := sqlstore.Open(t.Context(), db, sqlstore.SQLite); err == nil || !strings.Contains(err.Error(), "SetMaxOpenConns") {
		t.Errorf("got error %v, want what to call", err)
	}
	if _, err := sqlitestore.Open(t.Context(), ":memory:"); err == nil {
		t.Error("a store in memory was opened as a durable one")
	}
}

// TestGroup commits from many callers at once, some of whom give up: each has
// its own outcome, and what it says is so.
func TestGroup(t *testing.T) {
	st := open(t, filepath.Join(t.TempDir(), "belfry.db"))
	const callers, each = 32, 20
	var wg sync.WaitGroup
	for u := range callers {
		wg.Go(func() {
			w := newWriter(fmt.Sprint("s", u))
			for i := range each {
				ctx, cancel := context.WithCancel(t.Context())
				stop := func() bool { return false }
				if (u+i)%5 == 0 {
					stop = context.AfterFunc(t.Context(), cancel)
					go cancel()
				}
				good, bad := w.commit(10), w.commit(10)
				bad.After.Hash[0]++
				err := st.Commit(ctx, good, bad)
				if good.Err != nil && !errors.Is(good.Err, context.Canceled) || err == nil || bad.Err == nil {
					t.Errorf("caller %d: %v and %v, Commit said %v", u, good.Err, bad.Err, err)
				}
				if store.Resolve(t.Context(), st, good) == nil {
					w.at = good.Position()
				} else if good.Err == nil {
					t.Errorf("caller %d: a commit that was written is not there", u)
				}
				stop()
				cancel()
			}
		})
	}
	wg.Wait()
}

func TestLockedFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "belfry.db")
	st, err := sqlstore.Open(t.Context(), raw(t, "file:"+path), sqlstore.SQLite, sqlstore.Timeout(100*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	other, err := raw(t, path).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if _, err := other.ExecContext(t.Context(), "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	w := newWriter("s")
	k := w.commit(10)
	for range 3 {
		// Which of the two limits is met first is the machine's choice.
		if err := st.Commit(t.Context(), k); errors.Is(err, sqlstore.ErrTimeout) {
			wantAdvice(t, err, sqlstore.ErrTimeout, "what else loads it")
		} else {
			wantAdvice(t, err, sqlstore.ErrBusy, "which other process")
		}
	}
	if err := st.Load(t.Context(), "s", new(store.Snapshot)); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("while another writes, a read says %v", err)
	}
	if _, err := other.ExecContext(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if err := st.Commit(t.Context(), k); err != nil {
		t.Errorf("when the other has ended: %v", err)
	}
}

func TestWrongSchema(t *testing.T) {
	for name, change := range map[string]string{
		"no table":  "DROP TABLE belfry_seen",
		"no column": "ALTER TABLE belfry_entry DROP COLUMN salt",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "belfry.db")
			st := open(t, path)
			if _, err := raw(t, path).Exec(change); err != nil {
				t.Fatal(err)
			}
			k := newWriter("s").commit(10)
			k.Seen = []store.Seen{{SeenID: store.SeenID{Author: "a", ID: "i"}, Seq: 1}}
			wantAdvice(t, st.Commit(t.Context(), k), sqlstore.ErrSchema, "run the version of Belfry")
		})
	}
}

// TestBrokenMigration has a migration fail in its last statement: nothing of it
// is there, so that the next attempt begins anew.
func TestBrokenMigration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "belfry.db")
	db := raw(t, path)
	if _, err := db.Exec("CREATE TABLE belfry_document (something TEXT)"); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlitestore.Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), "belfry_document") {
		t.Fatalf("got error %v, want that the table is in the way", err)
	}
	var tables int
	if err := db.QueryRow("SELECT count(*) FROM sqlite_master WHERE name LIKE 'belfry%'").Scan(&tables); err != nil || tables != 1 {
		t.Errorf("%d tables are there, %v; want the one that was in the way", tables, err)
	}
	if _, err := db.Exec("DROP TABLE belfry_document"); err != nil {
		t.Fatal(err)
	}
	if err := open(t, path).Commit(t.Context(), newWriter("s").commit(10)); err != nil {
		t.Error(err)
	}
}
