package kvstore_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/belfry-go/belfry/escalation/store/kvstore"
)

// plain is a storage in memory that can do no more than it must.
type plain struct {
	mu     sync.Mutex
	values map[string][]byte
}

func newPlain() *plain { return &plain{values: map[string][]byte{}} }

func (p *plain) Get(ctx context.Context, key string) ([]byte, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.values[key]), ctx.Err()
}

func (p *plain) Put(ctx context.Context, key string, value []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	p.values[key] = value
	return nil
}

func (p *plain) Delete(ctx context.Context, key string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.values, key)
	return ctx.Err()
}

// listPage is how many names a List returns, few, so that there are pages.
const listPage = 3

func (p *plain) List(ctx context.Context, prefix, after string) ([]string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var names []string
	for key := range p.values {
		if name, ok := strings.CutPrefix(key, prefix); ok && name > after {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names[:min(len(names), listPage)], ctx.Err()
}

// copy returns a storage with the same values.
func (p *plain) copy() *plain {
	p.mu.Lock()
	defer p.mu.Unlock()
	return &plain{values: maps.Clone(p.values)}
}

// transacting is a storage in memory with transactions, which it sometimes does
// twice.
type transacting struct {
	plain
	n int
}

func newTransacting() *transacting { return &transacting{plain: *newPlain()} }

func (s *transacting) Transact(ctx context.Context, do func(kvstore.Storage) error) error {
	if s.n++; s.n%3 == 0 {
		if err := do(s.copy()); err != nil {
			return err
		}
	}
	view := s.copy()
	if err := do(view); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.values = view.values
	return ctx.Err()
}
