package storetest

import (
	"context"
	"testing"

	"github.com/belfry-go/belfry/escalation/store"
)

// Run holds the stores that newStore makes to the contract. Each call of
// newStore must return an empty store with a namespace of its own; it registers
// what must be done to close it with t.Cleanup.
func Run(t *testing.T, newStore func(*testing.T) store.Store) {
	t.Helper()
	Suite{New: newStore}.Run(t)
}

// Suite is the contract with what else a kind of store can do. Whether it is a
// [store.Eraser] or a [store.Watcher] is seen from the store itself.
type Suite struct {
	// New is as for Run.
	New func(*testing.T) store.Store
	// Reopen closes a store as a crash would, without a word, and opens it
	// again. Nil: a store ends with its process, and what must outlive it is
	// not tested.
	Reopen func(*testing.T, store.Store) store.Store
	// Peer opens a store for a second user, as another process would. Nil: the
	// store is used by several goroutines only.
	Peer func(*testing.T, store.Store) store.Store
}

// Run runs each case as a subtest.
func (s Suite) Run(t *testing.T) {
	t.Helper()
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			c.run(t.Context(), host{
				open: func() store.Store { return s.New(t) },
				reopen: func(old store.Store) store.Store {
					if s.Reopen == nil {
						return nil
					}
					return s.Reopen(t, old)
				},
				peer: func(one store.Store) store.Store {
					if s.Peer == nil {
						return one
					}
					return s.Peer(t, one)
				},
			}, reporter{
				fail: func(what string) { t.Errorf("%s\nthe rule: %s", what, c.explanation) },
				skip: func(why string) { t.Skip(why) },
			})
		})
	}
}

// testCase is one rule, or a few that belong together.
type testCase struct {
	name        string
	explanation string
	check       func(*checker)
}

// host is how a case gets its stores.
type host struct {
	open   func() store.Store
	reopen func(store.Store) store.Store // may return nil: it cannot
	peer   func(store.Store) store.Store
}

// reporter is where a case says what it found. It stands for *testing.T, so
// that the tests of this package can watch cases fail.
type reporter struct {
	fail func(what string)
	skip func(why string)
}

// run runs the case against one new store. A fatal failure ends it.
func (tc testCase) run(ctx context.Context, h host, r reporter) {
	c := &checker{ctx: ctx, host: h, reporter: r, store: h.open()}
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(stop); !ok {
				panic(p)
			}
		}
	}()
	tc.check(c)
}

// stop ends a case that cannot go on.
type stop struct{}

// cases returns all cases in the order in which a new store is best made to
// pass them.
func cases() []testCase {
	var all []testCase
	for _, part := range [][]testCase{
		readCases(), commitCases(), keyCases(), seenCases(), batchCases(), historyCases(), streamCases(),
		dueCases(), claimCases(), leaseCases(), documentCases(), ownershipCases(), raceCases(), modelCases(),
		extraCases(), changesCases(), pruneCases(),
	} {
		all = append(all, part...)
	}
	return all
}
