package kvstore

import (
	"context"
	"slices"
)

// Storage is what a key-value storage must be able to do.
//
// Keys are of at most 128 bytes, of the shape kind/name: letters, digits, dots
// and one slash. Values are never empty, and never longer than [MaxValue] says.
//
// A Put replaces the whole value or leaves the former; it tears none. A Put
// that returned nil is durable, and every later Get and List sees it. One that
// returned an error may have been done, or may be done yet; but never after a
// Put of the same key that was begun later.
//
// The storage belongs to the store alone: hand in one that adds a prefix to
// every key where it is shared.
type Storage interface {
	// Get returns the value, which is the caller's from then on; nil without an
	// error when there is none.
	Get(ctx context.Context, key string) ([]byte, error)
	// Put sets the value. The slice may be kept: it is not written to again.
	Put(ctx context.Context, key string, value []byte) error
	// Delete removes the value, if there is one.
	Delete(ctx context.Context, key string) error
	// List returns, in ascending order, what follows the prefix in the keys
	// that begin with it, as far as that is greater than after: all, or the
	// first of them. None: there are no more. [Behind] makes such a list of one
	// that is whole or in no order. The prefix is a kind and its slash.
	List(ctx context.Context, prefix, after string) ([]string, error)
}

// Transactor is a storage that may do more than is asked: several operations in
// one piece. With it a batch of commits costs one write, a claim of many items
// too, and whether this store is still the one that writes is looked up in the
// same piece.
type Transactor interface {
	Storage
	// Transact calls do with a view of the storage. When it returns nil, all
	// that do has written is durable; when do returns an error, nothing of it
	// is written, and Transact returns that error. do may be called several
	// times, one after the other; the last counts. No other transaction's
	// writes come between do's reads and its writes.
	Transact(ctx context.Context, do func(Storage) error) error
}

// Behind sorts names and returns those that are greater than after, for
// storages that list all names at once.
func Behind(names []string, after string) []string {
	slices.Sort(names)
	i, found := slices.BinarySearch(names, after)
	if found {
		i++
	}
	return names[i:]
}
