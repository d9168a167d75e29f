package kvstore

import (
	"context"
	"fmt"
	"slices"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// Commit implements [store.Store]. A batch is one transaction where the storage
// has them, else one put a commit.
func (s *Store) Commit(ctx context.Context, batch ...*store.Commit) error {
	var good []*store.Commit
	for _, c := range batch {
		if c.Err = c.Check(); c.Err == nil {
			good = append(good, c)
		}
	}
	if len(good) > 0 {
		if err := s.commitAll(ctx, good); err != nil {
			for _, c := range good {
				c.Err = err
			}
		}
	}
	for _, c := range batch {
		if c.Err != nil {
			return c.Err
		}
	}
	return nil
}

// commitAll writes commits that are in form and sets each Err. The error is
// that of all.
func (s *Store) commitAll(ctx context.Context, batch []*store.Commit) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	return s.write(ctx, func(kv Storage) error {
		for _, c := range batch {
			if c.Err = s.commit(ctx, kv, c); c.Err != nil && !store.Refused(c.Err) && s.tx != nil {
				return c.Err // nothing of the transaction will be there
			}
		}
		return nil
	})
}

// commit refuses c, or writes it.
func (s *Store) commit(ctx context.Context, kv Storage, c *store.Commit) error {
	if s.tx == nil {
		// The outcome of the commit before may be in doubt.
		if err := s.clear(ctx); err != nil {
			return err
		}
	}
	r, err := s.load(ctx, kv, c.Stream)
	if err != nil {
		return err
	}
	there := r != nil
	if !there {
		r = newRecord(c.Stream, c.Key)
	}
	if err := s.admit(c, r, there); err != nil {
		return err
	}
	if err := s.sealTail(ctx, kv, r); err != nil {
		return err
	}
	r.apply(c)
	if r.change > 0 || c.Posted {
		r.change = s.index.change + 1
	}
	return s.save(ctx, kv, r)
}

// admit answers whether stream, key and items are as the commit takes them to
// be. It numbers a new stream.
func (s *Store) admit(c *store.Commit, r *record, there bool) error {
	if r.Position != c.After {
		return fmt.Errorf("%w: %q stands at %d (%.8s), not at %d (%.8s)",
			store.ErrConflict, c.Stream, r.Seq, r.Hash, c.After.Seq, c.After.Hash)
	}
	if there && r.Key != "" && c.Open && !r.Open {
		return fmt.Errorf("%w: %q was closed", store.ErrKeyOpen, c.Stream)
	}
	if !there && c.Key != "" {
		r.ordinal = 1
		if last, ok := s.index.last[c.Key]; ok {
			if last.open {
				return fmt.Errorf("%w: %q is open in %q", store.ErrKeyOpen, c.Key, last.name)
			}
			r.ordinal = last.ordinal + 1
		}
	}
	for _, l := range c.Remove {
		if _, err := r.held(l); err != nil {
			return err
		}
	}
	return nil
}

// item returns the number of an item; -1: it is not there.
func (r *record) item(l store.Lease) int {
	return slices.IndexFunc(r.items, func(it store.Item) bool { return it.ID == l.ID })
}

// held returns the number of the item of a lease that is still the last.
func (r *record) held(l store.Lease) (int, error) {
	i := r.item(l)
	if i < 0 {
		return 0, fmt.Errorf("%w: item %d.%d of %q is gone", store.ErrLease, l.ID.Seq, l.ID.I, l.Stream)
	}
	if has := r.items[i].Token; has != l.Token {
		return 0, fmt.Errorf("%w: item %d.%d of %q has token %d, not %d", store.ErrLease, l.ID.Seq, l.ID.I, l.Stream, has, l.Token)
	}
	return i, nil
}

// apply makes the record what it is after a commit that was admitted.
func (r *record) apply(c *store.Commit) {
	for i := range c.Entries {
		r.tail = appendLine(r.tail, &c.Entries[i], c.Seen)
	}
	r.Position = c.Position()
	r.Open, r.Rank, r.Due, r.Document, r.State = c.Open, c.Rank, c.Due, c.Document, c.State
	if c.Subject != nil {
		r.Subject, r.SubjectSeq = c.Subject, r.Seq
	}
	for _, l := range c.Remove {
		i := r.item(l)
		r.items = slices.Delete(r.items, i, i+1)
	}
	for _, it := range c.Add {
		it.Stream, it.Attempt, it.First, it.Token = r.Stream, 0, policy.Never, 0
		r.items = append(r.items, it)
	}
}
