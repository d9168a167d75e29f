package pgstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/pgstore"
)

// awaitHint waits for a hint, however long a loaded machine takes.
func awaitHint(t *testing.T, hints <-chan struct{}) {
	t.Helper()
	select {
	case <-hints:
	case <-time.After(30 * time.Second):
		t.Fatal("no hint in half a minute")
	}
}

// TestHintsOutliveTheirConnection cuts the connection that listens: a hint comes
// when it is back, and commits are hinted at again.
func TestHintsOutliveTheirConnection(t *testing.T) {
	url := schema(t)
	one, two := open(t, url), open(t, url+"&application_name=belfry_hears")
	hints := two.Watch(t.Context())
	awaitHint(t, hints) // it listens
	at := store.Genesis("s")
	for round := range 3 {
		k := commitTo("s", at)
		if err := one.Commit(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		at = k.Position()
		awaitHint(t, hints)
		exec(t, url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'belfry_hears' AND query LIKE 'LISTEN%'")
		awaitHint(t, hints)
		if err := two.Load(t.Context(), "s", new(store.Snapshot)); err != nil {
			t.Errorf("round %d: with the listener cut, the store says: %v", round, err)
		}
	}
}

// TestNoHintOfOnesOwn holds that a node is not woken by what it commits itself,
// though others are.
func TestNoHintOfOnesOwn(t *testing.T) {
	url := schema(t)
	one, two := open(t, url), open(t, url)
	own, others := one.Watch(t.Context()), two.Watch(t.Context())
	awaitHint(t, own)
	awaitHint(t, others)
	for n := range 10 {
		name := fmt.Sprint("s", n)
		if err := one.Commit(t.Context(), commitTo(name, store.Genesis(name))); err != nil {
			t.Fatal(err)
		}
		awaitHint(t, others)
		if err := one.Load(t.Context(), name, new(store.Snapshot)); err != nil {
			t.Fatal(err)
		}
		select {
		case <-own:
			t.Fatal("a node is hinted at what it has committed itself")
		default:
		}
	}
}

// TestHintsEndWithTheStore holds that Close waits for those who listen, and that
// to watch and to hint are harmless after it.
func TestHintsEndWithTheStore(t *testing.T) {
	url := schema(t)
	st, err := pgstore.Open(t.Context(), url+"&application_name=belfry_ends")
	if err != nil {
		t.Fatal(err)
	}
	awaitHint(t, st.Watch(context.Background())) // which never ends
	if err := st.Close(); err != nil {
		t.Error(err)
	}
	st.Watch(t.Context())
	if err := st.Commit(t.Context(), commitTo("s", store.Genesis("s"))); err == nil {
		t.Error("a closed store commits")
	}
	if err := st.Close(); err != nil {
		t.Errorf("closed again: %v", err)
	}
}

// TestNoHintsBehindAPooler holds that a store goes on without hints where a
// connection cannot listen.
func TestNoHintsBehindAPooler(t *testing.T) {
	st := open(t, schema(t)+"&default_query_exec_mode=exec")
	hints := st.Watch(t.Context())
	if err := st.Commit(t.Context(), commitTo("s", store.Genesis("s"))); err != nil {
		t.Fatal(err)
	}
	select {
	case <-hints:
		t.Error("there is a hint")
	default:
	}
}
