package kvstore_test

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/kvstore"
)

// A store in the storage of a Vault or OpenBao plugin.
func Example_vault() {
	ctx := context.Background()
	storage := inmem{} // what the plugin's Initialize is handed: req.Storage

	st, err := kvstore.Open(ctx, adapter{storage})
	if err != nil {
		fmt.Println(err)
		return
	}
	// eng, err := engine.New(engine.Config{Store: st, Policies: doc, …}), and
	// eng.Tick in the plugin's PeriodicFunc.
	at := store.Genesis("alert/db/main#1")
	c := next("alert/db/main#1", at, 10)
	fmt.Println("written:", st.Commit(ctx, c) == nil)

	again, err := kvstore.Open(ctx, adapter{storage})
	if err != nil {
		fmt.Println(err)
		return
	}
	var snap store.Snapshot
	err = again.Load(ctx, "alert/db/main#1", &snap)
	fmt.Println("after a restart:", snap.Seq, "entry,", err)
	fmt.Println("the former:", st.Commit(ctx, next("alert/db/main#1", c.Position(), 10)))
	// Output:
	// written: true
	// after a restart: 1 entry, <nil>
	// the former: kvstore: write "meta/writer": another has opened the storage since: close this one; let one process at a time have the storage, such as the active node
}

// inmem lists one level, as plugins' storages do, in no order.
type inmem map[string][]byte

func (m inmem) Get(_ context.Context, key string) (*storageEntry, error) {
	value, ok := m[key]
	if !ok {
		return nil, nil //nolint:nilnil // so it is in the SDK
	}
	return &storageEntry{Key: key, Value: slices.Clone(value)}, nil
}

func (m inmem) Put(_ context.Context, entry *storageEntry) error {
	m[entry.Key] = slices.Clone(entry.Value)
	return nil
}

func (m inmem) Delete(_ context.Context, key string) error {
	delete(m, key)
	return nil
}

func (m inmem) List(_ context.Context, prefix string) ([]string, error) {
	var names []string
	for key := range m {
		name, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		if dir, _, deep := strings.Cut(name, "/"); deep {
			name = dir + "/"
		}
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names, nil
}
