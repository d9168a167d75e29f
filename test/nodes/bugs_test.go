//go:build unix

package nodes

import (
	"context"
	"errors"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/pgstore"
)

// The bugs that a store can be given.
const (
	noBug      = "none"
	lostUpdate = "lost-update" // who loses a race is told that it won
	noMemory   = "no-memory"   // event ids are not remembered
	noNews     = "no-news"     // what other nodes commit is not told
)

// withBug returns the store with a bug in it.
func withBug(st *pgstore.Store, bug string) store.Store {
	switch bug {
	case lostUpdate:
		return losing{st}
	case noMemory:
		return forgetful{st}
	case noNews:
		return deaf{st}
	}
	return st
}

// losing has no compare-and-set that anybody would hear of.
type losing struct{ store.Store }

func (s losing) Commit(ctx context.Context, batch ...*store.Commit) error {
	_ = s.Store.Commit(ctx, batch...) // each commit has its own
	var errs []error
	for _, c := range batch {
		if errors.Is(c.Err, store.ErrConflict) {
			c.Err = nil
		}
		errs = append(errs, c.Err)
	}
	return errors.Join(errs...)
}

// forgetful has never seen an event.
type forgetful struct{ store.Store }

func (forgetful) Seen(context.Context, string, store.SeenID) (store.Seen, error) {
	return store.Seen{}, store.ErrNotFound
}

// deaf says that nothing has changed.
type deaf struct{ *pgstore.Store }

func (deaf) Changes(_ context.Context, since uint64) ([]store.Change, uint64, error) {
	return nil, since, nil
}
