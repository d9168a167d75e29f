package kvstore_test

import (
	"sync"
	"testing"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/kvstore"
	"github.com/belfry-go/belfry/escalation/store/storetest"
)

func open(t testing.TB, kv kvstore.Storage, opts ...kvstore.Option) *kvstore.Store {
	t.Helper()
	st, err := kvstore.Open(t.Context(), kv, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// contract runs the contract on stores in the storages that newStorage makes.
func contract(t *testing.T, newStorage func() kvstore.Storage, opts ...kvstore.Option) {
	var storages sync.Map // by store
	at := func(t *testing.T, kv kvstore.Storage) store.Store {
		st := open(t, kv, opts...)
		storages.Store(st, kv)
		return st
	}
	storetest.Suite{
		New: func(t *testing.T) store.Store { return at(t, newStorage()) },
		Reopen: func(t *testing.T, s store.Store) store.Store {
			kv, _ := storages.Load(s)
			return at(t, kv.(kvstore.Storage))
		},
	}.Run(t)
}

func TestContract(t *testing.T) {
	t.Run("plain", func(t *testing.T) { contract(t, func() kvstore.Storage { return newPlain() }) })
	t.Run("transactions", func(t *testing.T) { contract(t, func() kvstore.Storage { return newTransacting() }) })
	// Everything in parts, and chunks of a few lines.
	t.Run("small values", func(t *testing.T) {
		contract(t, func() kvstore.Storage { return newPlain() }, kvstore.MaxValue(2<<10))
	})
}
