package kvstore_test

import (
	"testing"

	"github.com/belfry-go/belfry/escalation/escalationtest/crashtest"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/kvstore"
)

// TestCrash crashes an engine on a storage without transactions, which is opened
// again after each crash. What becomes of the store's own operations in the
// storage is for TestEveryOperationFails.
func TestCrash(t *testing.T) {
	cases, more := crashtest.Scenarios(t, "../../..")
	storages := map[store.Store]kvstore.Storage{}
	at := func(t testing.TB, kv kvstore.Storage) store.Store {
		clear(storages) // one at a time
		st := open(t, kv, kvstore.MaxValue(4<<10))
		storages[st] = kv
		return st
	}
	crashtest.Suite{
		New:    func(t testing.TB) store.Store { return at(t, newPlain()) },
		Reopen: func(t testing.TB, s store.Store) store.Store { return at(t, storages[s]) },
		Cases:  cases, More: more, Points: 700, Share: 450,
	}.Run(t)
}
