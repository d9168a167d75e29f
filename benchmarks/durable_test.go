package benchmarks

import (
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/pgstore"
	"github.com/belfry-go/belfry/escalation/store/sqlitestore"
	"github.com/belfry-go/belfry/escalation/store/sqlstore"
)

// Benchmarks whose names begin with Durable write to a disk, or to the server
// that BELFRY_PG names; without a server those are left out that need one.

// place is where a benchmark's stores are: one memory, one file, one schema.
type place struct {
	name string
	open func(testing.TB) store.Store // another user of the same place
}

func memory() place {
	kept := store.NewMemory()
	return place{"memory", func(testing.TB) store.Store { return kept }}
}

func file(b *testing.B) place {
	path := filepath.Join(b.TempDir(), "belfry.db")
	return place{"sqlite", func(tb testing.TB) store.Store {
		st := must[*sqlstore.Store](tb)(sqlitestore.Open(tb.Context(), path))
		tb.Cleanup(func() { _ = st.Close() })
		return st
	}}
}

// shared is a schema, which many nodes may open. There is a server.
func shared(b *testing.B) place {
	url, ok := schema(b)
	if !ok {
		b.Skip("this is measured on PostgreSQL")
	}
	return place{"postgres", func(tb testing.TB) store.Store { return openPostgres(tb, url) }}
}

func openPostgres(tb testing.TB, url string) store.Store {
	st := must[*pgstore.Store](tb)(pgstore.Open(tb.Context(), url))
	tb.Cleanup(func() { _ = st.Close() })
	return st
}

// server is the URL of the PostgreSQL to be measured.
func server(tb testing.TB) (url string, ok bool) {
	url = os.Getenv("BELFRY_PG")
	if url == "" {
		url = "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable"
	}
	conn, err := pgx.Connect(tb.Context(), url)
	if err != nil {
		tb.Logf("no PostgreSQL, whose rows are left out: %v", err)
		return "", false
	}
	_ = conn.Close(tb.Context())
	return url, true
}

// schema makes a schema of its own for a benchmark, and returns the URL that
// leads into it. What is dropped afterwards is flushed, too, so that it does not
// weigh on what comes next.
func schema(tb testing.TB) (url string, ok bool) {
	tb.Helper()
	url, ok = server(tb)
	if !ok {
		return "", false
	}
	name := "belfry_bench_" + strings.ToLower(rand.Text())
	execute(tb, url, "CREATE SCHEMA "+name)
	tb.Cleanup(func() { execute(tb, url, "DROP SCHEMA "+name+" CASCADE", "CHECKPOINT") })
	separator := "?"
	if strings.Contains(url, "?") {
		separator = "&"
	}
	return url + separator + "search_path=" + name, true
}

func execute(tb testing.TB, url string, statements ...string) {
	tb.Helper()
	ctx := context.WithoutCancel(tb.Context())
	conn := must[*pgx.Conn](tb)(pgx.Connect(ctx, url))
	defer conn.Close(ctx)
	for _, s := range statements {
		if _, err := conn.Exec(ctx, s); err != nil {
			tb.Fatal(err)
		}
	}
}

// each calls f for 0 to n-1 from so many goroutines at once.
func each(callers, n int, f func(i int) error) error {
	errs := make(chan error, callers)
	for c := range callers {
		go func() {
			for i := c; i < n; i += callers {
				if err := f(i); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	var failed error
	for range callers {
		if err := <-errs; err != nil {
			failed = err
		}
	}
	return failed
}

// rate reports how many were done a second.
func rate(b *testing.B, n int) {
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}
