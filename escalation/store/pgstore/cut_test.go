package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/pgstore"
	"github.com/belfry-go/belfry/escalation/store/sqlstore"
	"github.com/belfry-go/belfry/policy"
)

// impatient is what a URL says for a store that soon takes silence for an end.
const impatient = "&statement_timeout=300ms"

// fates are all that may befall a statement on its way.
var fates = []fate{cutBefore, cutAfter, hangBefore, hangAfter}

// TestCutInCommit breaks the connection in the middle of COMMIT: the error says
// what to do, and Resolve finds out what became of it.
func TestCutInCommit(t *testing.T) {
	for _, f := range fates {
		t.Run(f.String(), func(t *testing.T) {
			p, url := newProxy(t, schema(t)+impatient)
			st := open(t, url)
			at := store.Genesis("s")
			for round := range 3 { // new statements, and prepared ones
				k := commitTo("s", at)
				p.arm(f, happened, false)
				err := st.Commit(t.Context(), k)
				want := sqlstore.ErrLost
				if f == hangBefore || f == hangAfter {
					want = sqlstore.ErrTimeout
				}
				wantAdvice(t, err, want, "store.Resolve finds out")
				if p.times() != 1 {
					t.Fatalf("round %d: the commit was met %d times by the proxy", round, p.times())
				}
				p.heal()
				found := resolve(t, st, k)
				if written := found == nil; written != f.reached() {
					t.Errorf("round %d: Resolve says %v of a commit that %s", round, found, f)
				}
				if found != nil {
					if err := commitAgain(t, st, k); err != nil {
						t.Fatalf("round %d: committed again: %v", round, err)
					}
				}
				at = k.Position()
			}
			if end, err := store.Verify(store.Genesis("s"), st.History(t.Context(), "s", 0)); err != nil || end != at {
				t.Errorf("the history ends at %d, %v; want %d", end.Seq, err, at.Seq)
			}
		})
	}
}

// resolve asks what became of a commit, on connections some of which are cut.
func resolve(t *testing.T, st store.Store, k *store.Commit) (err error) {
	t.Helper()
	for range 20 {
		if err = store.Resolve(t.Context(), st, k); err == nil || store.Refused(err) {
			return err
		}
	}
	t.Fatalf("nobody finds out what became of a commit: %v", err)
	return nil
}

func commitAgain(t *testing.T, st store.Store, k *store.Commit) (err error) {
	t.Helper()
	for range 20 {
		if err = st.Commit(t.Context(), k); err == nil || store.Refused(err) {
			return err
		}
	}
	return err
}

// TestHungServer holds that a server which answers nothing any more hangs none
// of the store's methods, and that the store goes on when it answers again.
func TestHungServer(t *testing.T) {
	p, url := newProxy(t, schema(t)+impatient)
	st := open(t, url)
	k := commitTo("s", store.Genesis("s"))
	if err := st.Commit(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	ask := store.Ask{By: 1, Limit: 1, Owner: "o", Until: 2}
	calls := map[string]func(context.Context) error{
		"load":   func(ctx context.Context) error { return st.Load(ctx, "s", new(store.Snapshot)) },
		"last":   func(ctx context.Context) error { _, err := st.Last(ctx, "k"); return err },
		"seen":   func(ctx context.Context) error { _, err := st.Seen(ctx, "s", store.SeenID{ID: "i"}); return err },
		"commit": func(ctx context.Context) error { return st.Commit(ctx, commitTo("s", k.Position())) },
		"due":    func(ctx context.Context) error { _, _, err := st.Due(ctx, ask, nil); return err },
		"claim":  func(ctx context.Context) error { _, _, err := st.Claim(ctx, ask); return err },
		"settle": func(ctx context.Context) error {
			return st.Settle(ctx, store.Settlement{Lease: store.Lease{Stream: "s"}})
		},
		"put":      func(ctx context.Context) error { return st.PutDocument(ctx, policy.Digest{1}, []byte("d")) },
		"document": func(ctx context.Context) error { _, err := st.Document(ctx, policy.Digest{1}); return err },
		"changes":  func(ctx context.Context) error { _, _, err := st.Changes(ctx, 0); return err },
		"erase":    func(ctx context.Context) error { return st.Erase(ctx, "s", 1) },
		"history": func(ctx context.Context) error {
			for _, err := range st.History(ctx, "s", 0) {
				return err
			}
			return nil
		},
		"streams": func(ctx context.Context) error {
			for _, err := range st.Streams(ctx, store.StreamQuery{}) {
				return err
			}
			return nil
		},
	}
	p.hang()
	var all sync.WaitGroup
	for name, call := range calls {
		all.Go(func() {
			if err := call(t.Context()); !errors.Is(err, sqlstore.ErrTimeout) {
				t.Errorf("%s of a server that hangs: got error %v, want ErrTimeout", name, err)
			}
		})
	}
	all.Wait()
	p.heal()
	if err := resolve(t, st, k); err != nil {
		t.Errorf("a commit from before is not there: %v", err)
	}
}

// TestLockedTable holds that a statement which waits for another's lock ends
// with its deadline, on the server too.
func TestLockedTable(t *testing.T) {
	url := schema(t)
	st := open(t, url+impatient+"&application_name=belfry_waits")
	tx := begin(t, url)
	if _, err := tx.Exec(t.Context(), "LOCK TABLE belfry_stream IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	k := commitTo("s", store.Genesis("s"))
	wantAdvice(t, st.Commit(t.Context(), k), sqlstore.ErrTimeout, "store.Resolve finds out")
	// The server ends it at about the same time. If it did not, the statement
	// would wait until the lock is given up, which is below.
	awaitNone(t, url, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'belfry_waits' AND state = 'active'")
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := resolve(t, st, k); !errors.Is(err, store.ErrConflict) {
		t.Errorf("Resolve says %v, want that it is not written", err)
	}
}

// awaitNone asks until there are none.
func awaitNone(t *testing.T, url, count string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	n := 0
	for began := time.Now(); time.Since(began) < 30*time.Second; {
		if err := conn.QueryRow(t.Context(), count).Scan(&n); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
	t.Errorf("there are still %d: %s", n, count)
}

func TestDeadlineInTheURL(t *testing.T) {
	for _, text := range []string{"soon", "0", "-1"} {
		_, err := pgstore.Open(t.Context(), "postgres://127.0.0.1:1/none?statement_timeout="+text)
		if err == nil || errors.Is(err, sqlstore.ErrLost) {
			t.Errorf("statement_timeout=%s: got error %v, want what to write", text, err)
		}
	}
}

// TestServerSays has the server itself report what can hardly be brought about
// in a test, and holds each to its class and its advice.
func TestServerSays(t *testing.T) {
	for _, tt := range []struct {
		code   string
		is     error
		advice string
	}{
		{"53100", sqlstore.ErrFull, "free space"},
		{"XX001", sqlstore.ErrCorrupt, "restore a backup"},
		{"58030", sqlstore.ErrIO, "log for the disk"},
	} {
		t.Run(tt.code, func(t *testing.T) {
			url := schema(t)
			st := open(t, url)
			exec(t, url, fmt.Sprintf(`CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'as you wish' USING ERRCODE = '%s'; END $$`, tt.code))
			exec(t, url, `CREATE CONSTRAINT TRIGGER fail AFTER INSERT ON belfry_entry DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION fail()`) // in COMMIT
			k := commitTo("s", store.Genesis("s"))
			wantAdvice(t, st.Commit(t.Context(), k), tt.is, tt.advice)
			if err := store.Resolve(t.Context(), st, k); !errors.Is(err, store.ErrConflict) {
				t.Errorf("Resolve says %v, want that it is not written", err)
			}
			exec(t, url, "DROP TRIGGER fail ON belfry_entry")
			if err := st.Commit(t.Context(), k); err != nil {
				t.Errorf("when it is over: %v", err)
			}
		})
	}
}

func TestReadOnlyServer(t *testing.T) {
	url := schema(t)
	open(t, url)
	st, err := pgstore.Open(t.Context(), url+"&default_transaction_read_only=on")
	if err == nil { // its tables are there
		defer st.Close()
		err = st.Commit(t.Context(), commitTo("s", store.Genesis("s")))
	}
	wantAdvice(t, err, sqlstore.ErrReadOnly, "writable")
	_, err = pgstore.Open(t.Context(), schema(t)+"&default_transaction_read_only=on")
	wantAdvice(t, err, sqlstore.ErrReadOnly, "writable")
}

func TestWrongSchema(t *testing.T) {
	for name, change := range map[string]string{
		"no table":  "DROP TABLE belfry_seen",
		"no column": "ALTER TABLE belfry_stream DROP COLUMN state",
	} {
		t.Run(name, func(t *testing.T) {
			url := schema(t)
			st := open(t, url)
			exec(t, url, change)
			k := commitTo("s", store.Genesis("s"))
			k.Seen = []store.Seen{{SeenID: store.SeenID{Author: "a", Kind: escalation.EventTrigger, ID: "i"}, Seq: 1}}
			wantAdvice(t, st.Commit(t.Context(), k), sqlstore.ErrSchema, "run the version of Belfry")
		})
	}
}
