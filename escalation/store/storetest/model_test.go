package storetest

import (
	"context"
	"iter"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// locked makes the model a store for many users: a second implementation, which
// has nothing in common with the memory store, and neither erases nor watches.
type locked struct {
	mu        sync.Mutex
	m         *model
	namespace string
}

func (l *locked) Namespace(context.Context) (string, error) { return l.namespace, nil }

func (l *locked) Load(ctx context.Context, stream string, into *store.Snapshot) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.m.Load(ctx, stream, into)
}

func (l *locked) Last(ctx context.Context, key string) (store.Incarnation, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.m.Last(ctx, key)
}

func (l *locked) Seen(ctx context.Context, stream string, id store.SeenID) (store.Seen, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.m.Seen(ctx, stream, id)
}

func (l *locked) Commit(ctx context.Context, batch ...*store.Commit) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.m.Commit(ctx, batch...)
}

func (l *locked) History(ctx context.Context, stream string, from uint64) iter.Seq2[store.Entry, error] {
	return collected(&l.mu, l.m.History(ctx, stream, from))
}

func (l *locked) Streams(ctx context.Context, q store.StreamQuery) iter.Seq2[string, error] {
	return collected(&l.mu, l.m.Streams(ctx, q))
}

// collected yields what seq yields at the beginning of the loop.
func collected[T any](mu *sync.Mutex, seq iter.Seq2[T, error]) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		mu.Lock()
		var all []T
		for v := range seq {
			all = append(all, v)
		}
		mu.Unlock()
		for v := range slices.Values(all) {
			if !yield(v, nil) {
				return
			}
		}
	}
}

func (l *locked) Due(ctx context.Context, ask store.Ask, into []store.Snapshot) ([]store.Snapshot, policy.Instant, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	due, next, err := l.m.Due(ctx, ask, nil)
	return append(into[:0], due...), next, err
}

func (l *locked) Claim(ctx context.Context, ask store.Ask) ([]store.Item, policy.Instant, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.m.Claim(ctx, ask)
}

func (l *locked) Settle(ctx context.Context, s store.Settlement) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.m.Settle(ctx, s)
}

func (l *locked) PutDocument(ctx context.Context, d policy.Digest, document []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.m.PutDocument(ctx, d, document)
}

func (l *locked) Document(ctx context.Context, d policy.Digest) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.m.Document(ctx, d)
}

// TestSuite runs the contract, with all that a suite may have, on the model: a
// case that only the memory store could pass would fail here.
func TestSuite(t *testing.T) {
	var n atomic.Int64
	Suite{
		New: func(*testing.T) store.Store {
			return &locked{m: newModel(), namespace: strconv.FormatInt(n.Add(1), 10)}
		},
		Reopen: func(_ *testing.T, s store.Store) store.Store { return s },
		Peer:   func(_ *testing.T, s store.Store) store.Store { return s },
	}.Run(t)
}
