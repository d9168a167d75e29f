package kvstore

import (
	"context"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// Due implements [store.Store]. Who takes what is remembered and not written: a
// process that ends holds nothing.
func (s *Store) Due(ctx context.Context, ask store.Ask, into []store.Snapshot) ([]store.Snapshot, policy.Instant, error) {
	if err := s.enter(ctx); err != nil {
		return into[:0], policy.Never, err
	}
	defer s.leave()
	taken, next := s.index.dueBy(&ask)
	due := into[:0]
	for _, k := range taken {
		r, err := s.load(ctx, s.kv, k.name)
		if err == nil && r == nil {
			err = corrupt(streamKind+streamID(k.name), "it is missing")
		}
		if err != nil {
			return into[:0], policy.Never, err
		}
		due = extend(due)
		r.snapshot(&due[len(due)-1])
	}
	if ask.Owner != "" {
		for _, k := range taken {
			k.owner, k.until = ask.Owner, ask.Until
		}
	}
	return due, next, nil
}

// dueBy returns the streams that are due and free, and when there are more.
func (x *index) dueBy(ask *store.Ask) ([]*known, policy.Instant) {
	var due []*known
	next := policy.Never
	for r := range x.due {
		for k := range x.due[r].all() {
			if k.due >= next {
				break
			}
			if free := k.free(ask.Owner); free > ask.By || len(due) >= ask.Limit {
				next = min(next, free)
				continue
			}
			due = append(due, k)
		}
	}
	return due, next
}

// extend lengthens s by one snapshot, with the slices that it had before.
func extend(s []store.Snapshot) []store.Snapshot {
	if len(s) < cap(s) {
		return s[:len(s)+1]
	}
	return append(s, store.Snapshot{})
}

// Claim implements [store.Store]. Without transactions it is one put a stream,
// and of a claim that fails in the middle what was written is handed out.
func (s *Store) Claim(ctx context.Context, ask store.Ask) ([]store.Item, policy.Instant, error) {
	if err := s.enter(ctx); err != nil {
		return nil, policy.Never, err
	}
	defer s.leave()
	slots, next := s.index.claimable(&ask)
	if len(slots) == 0 {
		return nil, next, nil
	}
	var items []store.Item
	err := s.write(ctx, func(kv Storage) (err error) {
		items, err = s.claim(ctx, kv, slots, ask.Until)
		return err
	})
	if err != nil && (s.tx != nil || len(items) == 0) {
		return nil, policy.Never, err
	}
	if len(items) < len(slots) {
		return items, min(next, ask.By), nil
	}
	return items, min(next, ask.Until), nil
}

// claimable returns the items that may leave, and when there are more.
func (x *index) claimable(ask *store.Ask) ([]slot, policy.Instant) {
	var slots []slot
	next := policy.Never
	for r := range x.items {
		for i := range x.items[r].all() {
			if i.at > ask.By || len(slots) >= ask.Limit {
				next = min(next, i.at)
				break
			}
			slots = append(slots, i)
		}
	}
	return slots, next
}

// claim leases items, those of one stream together, and returns them in their
// order: all, or beside an error those that are leased.
func (s *Store) claim(ctx context.Context, kv Storage, slots []slot, until policy.Instant) ([]store.Item, error) {
	leased := make([]store.Item, len(slots)) // the zero item: not yet
	byStream := map[string][]int{}
	var names []string
	for i := range slots {
		name := slots[i].stream.name
		if byStream[name] == nil {
			names = append(names, name)
		}
		byStream[name] = append(byStream[name], i)
	}
	var err error
	for _, name := range names {
		if err = s.claimOf(ctx, kv, name, slots, byStream[name], until, leased); err != nil {
			break
		}
	}
	items := make([]store.Item, 0, len(leased))
	for i := range leased {
		if leased[i].Token != 0 {
			items = append(items, leased[i])
		}
	}
	return items, err
}

// claimOf leases the numbered items, which are of one stream.
func (s *Store) claimOf(ctx context.Context, kv Storage, name string, slots []slot, numbers []int, until policy.Instant, leased []store.Item) error {
	r, err := s.load(ctx, kv, name)
	if err != nil {
		return err
	}
	if r == nil {
		return corrupt(streamKind+streamID(name), "it is missing")
	}
	claimed := make(map[int]store.Item, len(numbers))
	for _, n := range numbers {
		i := r.item(store.Lease{ID: slots[n].id})
		if i < 0 {
			continue // somebody else has written, and s.save makes it known
		}
		it := &r.items[i]
		it.Token++
		it.NotBefore = until
		claimed[n] = *it
	}
	if err := s.save(ctx, kv, r); err != nil {
		return err
	}
	for n, it := range claimed {
		leased[n] = it
	}
	return nil
}

// Settle implements [store.Store].
func (s *Store) Settle(ctx context.Context, st store.Settlement) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	return s.write(ctx, func(kv Storage) error {
		r, err := s.load(ctx, kv, st.Stream)
		if err != nil {
			return err
		}
		if r == nil {
			r = newRecord(st.Stream, "")
		}
		i, err := r.held(st.Lease)
		if err != nil {
			return err
		}
		it := &r.items[i]
		it.NotBefore, it.Attempt, it.First = st.NotBefore, st.Attempt, st.First
		return s.save(ctx, kv, r)
	})
}
