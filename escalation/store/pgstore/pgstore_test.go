package pgstore_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/pgstore"
	"github.com/belfry-go/belfry/escalation/store/sqlstore"
	"github.com/belfry-go/belfry/escalation/store/storetest"
)

// server is where the tests' PostgreSQL is: what BELFRY_PG says, or this machine.
func server(t testing.TB) string {
	t.Helper()
	url := os.Getenv("BELFRY_PG")
	if url == "" {
		url = "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable"
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err == nil {
		_ = conn.Close(t.Context())
		return url
	}
	const how = "no PostgreSQL: set BELFRY_PG to the URL of one in which schemas may be made, or start one on 127.0.0.1:5432 that trusts user postgres"
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s: %v", how, err)
	}
	t.Skipf("%s: %v", how, err)
	return ""
}

// schema makes a schema for the length of a test, and returns the URL that
// leads into it.
func schema(t testing.TB) string {
	t.Helper()
	url := server(t)
	name := "belfry_test_" + strings.ToLower(rand.Text())
	exec(t, url, "CREATE SCHEMA "+name)
	t.Cleanup(func() { exec(t, url, "DROP SCHEMA "+name+" CASCADE") })
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	return url + separator + "search_path=" + name
}

func exec(t testing.TB, url, statement string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, statement); err != nil {
		t.Fatal(err)
	}
}

// begin opens a transaction beside the store.
func begin(t *testing.T, url string) pgx.Tx {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	tx, err := conn.Begin(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return tx
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

func open(t testing.TB, url string) *pgstore.Store {
	t.Helper()
	st, err := pgstore.Open(t.Context(), url)
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
	server(t)
	users := users{at: map[store.Store]*place{}}
	storetest.Suite{
		New: func(t *testing.T) store.Store { return users.open(t, &place{url: schema(t)}) },
		// Nothing is closed: what a crashed process had open is of no use to the
		// one that comes after it.
		Reopen: func(t *testing.T, s store.Store) store.Store { return users.open(t, users.at[s]) },
		Peer:   users.peer,
	}.Run(t)
}

// users remembers where stores are.
type users struct{ at map[store.Store]*place }

// place is a schema, and the stores that others have opened in it.
type place struct {
	url   string
	peers []store.Store
	next  int
}

// mostPeers is how many others there are at most: as many as one test has at
// once, for a server has few connections.
const mostPeers = 8

func (u users) open(t *testing.T, p *place) store.Store {
	st := open(t, p.url)
	u.at[st] = p
	return st
}

func (u users) peer(t *testing.T, s store.Store) store.Store {
	p := u.at[s]
	if len(p.peers) < mostPeers {
		p.peers = append(p.peers, u.open(t, p))
		return p.peers[len(p.peers)-1]
	}
	p.next++
	return p.peers[p.next%mostPeers]
}
