package kvstore_test

import (
	"context"

	"github.com/belfry-go/belfry/escalation/store/kvstore"
)

// adapter makes a plugin's storage one that a store can use, under a prefix.
type adapter struct{ storage logicalStorage }

const under = "belfry/"

func (a adapter) Get(ctx context.Context, key string) ([]byte, error) {
	entry, err := a.storage.Get(ctx, under+key)
	if entry == nil || err != nil {
		return nil, err
	}
	return entry.Value, nil
}

func (a adapter) Put(ctx context.Context, key string, value []byte) error {
	return a.storage.Put(ctx, &storageEntry{Key: under + key, Value: value})
}

func (a adapter) Delete(ctx context.Context, key string) error {
	return a.storage.Delete(ctx, under+key)
}

func (a adapter) List(ctx context.Context, prefix, after string) ([]string, error) {
	names, err := a.storage.List(ctx, under+prefix)
	return kvstore.Behind(names, after), err
}

// What a plugin has from the SDK: logical.Storage and logical.StorageEntry.
type (
	logicalStorage interface {
		List(ctx context.Context, prefix string) ([]string, error)
		Get(ctx context.Context, key string) (*storageEntry, error)
		Put(ctx context.Context, entry *storageEntry) error
		Delete(ctx context.Context, key string) error
	}
	storageEntry struct {
		Key   string
		Value []byte
	}
)
