package pgstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/pgstore"
	"github.com/belfry-go/belfry/escalation/store/sqlstore"
	"github.com/belfry-go/belfry/policy"
)

// happened is what the entries of commitTo say.
const happened = "what happened"

func commitTo(name string, at store.Position) *store.Commit {
	k := &store.Commit{
		Stream: name, After: at, Open: true, Due: policy.Never,
		Entries: []store.Entry{{Body: []byte(happened)}}, State: []byte("state"),
	}
	at.Link(&k.Entries[0], nil)
	return k
}

func TestNewerSchemaIsNotTouched(t *testing.T) {
	url := schema(t)
	open(t, url)
	exec(t, url, "UPDATE belfry_schema SET version = 99")
	exec(t, url, "DROP TABLE belfry_taken") // which an older program must not make again
	_, err := pgstore.Open(t.Context(), url)
	var newer *sqlstore.SchemaError
	if !errors.Is(err, sqlstore.ErrSchema) || !errors.As(err, &newer) || newer.Found != 99 {
		t.Errorf("got error %v, want ErrSchema and version 99", err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	var there bool
	if err := conn.QueryRow(t.Context(), "SELECT to_regclass('belfry_taken') IS NOT NULL").Scan(&there); err != nil || there {
		t.Errorf("tables of a newer version were changed (%v)", err)
	}
}

func TestManyOpenAtOnce(t *testing.T) {
	url := schema(t)
	const users = 6
	names, errs := make([]string, users), make([]error, users)
	var wg sync.WaitGroup
	for u := range users {
		wg.Go(func() {
			st, err := pgstore.Open(t.Context(), url)
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
			t.Errorf("node %d opened namespace %q, %v; want %q", u, names[u], errs[u], names[0])
		}
	}
}

// TestLostConnection cuts the store's connections while it commits: whatever a
// commit says, the history says which were written, and the store goes on.
func TestLostConnection(t *testing.T) {
	base := schema(t)
	st := open(t, base+"&application_name=belfry_cut")
	at := store.Genesis("s")
	lost, written := 0, 0
	for round := range 40 {
		k := commitTo("s", at)
		done := make(chan struct{})
		go func() {
			defer close(done)
			if round%2 == 0 {
				exec(t, base, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'belfry_cut'")
			}
		}()
		err := st.Commit(t.Context(), k)
		<-done
		if err != nil {
			lost++
			if store.Refused(err) {
				t.Fatalf("round %d: a lost connection is told as a refusal: %v", round, err)
			}
			if !errors.Is(err, sqlstore.ErrLost) {
				t.Errorf("round %d: got error %v, want ErrLost", round, err)
			}
		}
		var found error
		for range 5 { // connections that were cut fail once each
			if found = store.Resolve(t.Context(), st, k); found == nil || store.Refused(found) {
				break
			}
		}
		switch {
		case found == nil:
			written++
			at = k.Position()
		case err == nil || !errors.Is(found, store.ErrConflict):
			t.Fatalf("round %d: Commit said %v, Resolve %v", round, err, found)
		}
	}
	t.Logf("%d of 40 commits lost their connection, %d were written", lost, written)
	if end, err := store.Verify(store.Genesis("s"), st.History(t.Context(), "s", 0)); err != nil || end != at {
		t.Errorf("the history ends at %d, %v; want %d", end.Seq, err, at.Seq)
	}
}

func TestNoServer(t *testing.T) {
	_, err := pgstore.Open(t.Context(), "postgres://nobody:secret@127.0.0.1:1/none?sslmode=disable&connect_timeout=2")
	if !errors.Is(err, sqlstore.ErrLost) {
		t.Errorf("got error %v, want ErrLost", err)
	}
	if text := fmt.Sprint(err); strings.Contains(text, "secret") {
		t.Errorf("the error tells the password: %s", text)
	}
}

// TestBrokenMigration has a migration fail in its last statement: nothing of it
// is there, so that the next attempt begins anew.
func TestBrokenMigration(t *testing.T) {
	url := schema(t)
	exec(t, url, "CREATE TABLE belfry_document (something text)")
	if _, err := pgstore.Open(t.Context(), url); err == nil || !strings.Contains(err.Error(), "belfry_document") {
		t.Fatalf("got error %v, want that the table is in the way", err)
	}
	var tables int
	err := begin(t, url).QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()").Scan(&tables)
	if err != nil || tables != 1 {
		t.Errorf("%d tables are there, %v; want the one that was in the way", tables, err)
	}
	exec(t, url, "DROP TABLE belfry_document")
	if err := open(t, url).Commit(t.Context(), commitTo("s", store.Genesis("s"))); err != nil {
		t.Error(err)
	}
}
