package storetest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// workFaults are faults of what is due and what leaves.
func workFaults() []seeded {
	return []seeded{
		{"what is due comes out of order", func() store.Store {
			return dueFault(func(due []store.Snapshot, next policy.Instant, _ store.Ask) ([]store.Snapshot, policy.Instant) {
				slices.SortFunc(due, func(a, b store.Snapshot) int { return cmp.Compare(a.Stream, b.Stream) })
				return due, next
			})
		}, []string{"DueOrder"}},
		{"rank does not count", func() store.Store {
			return dueFault(func(due []store.Snapshot, next policy.Instant, _ store.Ask) ([]store.Snapshot, policy.Instant) {
				slices.SortFunc(due, func(a, b store.Snapshot) int {
					return cmp.Or(cmp.Compare(a.Due, b.Due), cmp.Compare(a.Stream, b.Stream))
				})
				return due, next
			})
		}, []string{"DueOrder"}},
		{"what is due at the very instant is not", func() store.Store {
			return &faulty{Store: store.NewMemory(), due: func(s store.Store, ask store.Ask, into []store.Snapshot) ([]store.Snapshot, policy.Instant, error) {
				ask.By--
				return s.Due(bg, ask, into)
			}}
		}, []string{"DueOrder", "DueNext"}},
		{"next is when something is due, not when more is", func() store.Store {
			return &faulty{Store: store.NewMemory(), due: func(s store.Store, ask store.Ask, into []store.Snapshot) ([]store.Snapshot, policy.Instant, error) {
				due, next, err := s.Due(bg, ask, into)
				if len(due) > 0 {
					next = min(next, due[0].Due)
				}
				return due, next, err
			}}
		}, []string{"DueNext"}},
		{"next never comes", func() store.Store {
			return dueFault(func(due []store.Snapshot, _ policy.Instant, _ store.Ask) ([]store.Snapshot, policy.Instant) {
				return due, policy.Never
			})
		}, []string{"DueNext", "DueOwners"}},
		{"claims on what is due are not kept", func() store.Store {
			return &faulty{Store: store.NewMemory(), due: func(s store.Store, ask store.Ask, into []store.Snapshot) ([]store.Snapshot, policy.Instant, error) {
				ask.Owner = ""
				return s.Due(bg, ask, into)
			}}
		}, []string{"DueOwners", "RaceDue", "Peer"}},
		{"an owner does not find its own again", func() store.Store {
			var n atomic.Int32
			return &faulty{Store: store.NewMemory(), due: func(s store.Store, ask store.Ask, into []store.Snapshot) ([]store.Snapshot, policy.Instant, error) {
				if n := n.Add(1); ask.Owner != "" {
					ask.Owner += string('a' + n)
				}
				return s.Due(bg, ask, into)
			}}
		}, []string{"DueOwners"}},
		{"Due hands out half a snapshot", func() store.Store {
			return dueFault(func(due []store.Snapshot, next policy.Instant, _ store.Ask) ([]store.Snapshot, policy.Instant) {
				for i := range due {
					due[i].Subject, due[i].SubjectSeq = nil, 0
				}
				return due, next
			})
		}, []string{"DueSnapshots"}},
		{"an item is claimed twice", func() store.Store {
			var mu sync.Mutex
			var before []store.Item
			return claimFault(func(items []store.Item, ask store.Ask) []store.Item {
				mu.Lock()
				defer mu.Unlock()
				if len(items) == 0 && len(before) > 0 && ask.Limit > 0 {
					items, before = before, nil
					return items
				}
				before = slices.Clone(items)
				return items
			})
		}, []string{"ClaimOnce", "RaceClaim"}},
		{"a lease does not end", func() store.Store {
			return &faulty{Store: store.NewMemory(), claim: func(s store.Store, ask store.Ask) ([]store.Item, policy.Instant, error) {
				ask.Until += 1 << 30
				return s.Claim(bg, ask)
			}}
		}, []string{"ClaimOnce", "ClaimToken"}},
		{"a lease is not kept", func() store.Store {
			return &faulty{Store: store.NewMemory(), claim: func(s store.Store, ask store.Ask) ([]store.Item, policy.Instant, error) {
				ask.Until = ask.By
				return s.Claim(bg, ask)
			}}
		}, []string{"ClaimOnce", "RaceClaim"}},
		{"the token is always the first", func() store.Store {
			return claimFault(func(items []store.Item, _ store.Ask) []store.Item {
				for i := range items {
					items[i].Token = 1
				}
				return items
			})
		}, []string{"ClaimToken"}},
		{"the limit is one too many", func() store.Store {
			return &faulty{Store: store.NewMemory(), claim: func(s store.Store, ask store.Ask) ([]store.Item, policy.Instant, error) {
				ask.Limit++
				return s.Claim(bg, ask)
			}}
		}, []string{"ClaimOnce", "ClaimOrder"}},
		{"any token settles and removes", func() store.Store {
			var mu sync.Mutex
			tokens := map[store.Lease]uint64{}
			current := func(l *store.Lease) {
				mu.Lock()
				defer mu.Unlock()
				if n, ok := tokens[store.Lease{Stream: l.Stream, ID: l.ID}]; ok {
					l.Token = n
				}
			}
			return &faulty{
				Store: store.NewMemory(),
				claim: func(s store.Store, ask store.Ask) ([]store.Item, policy.Instant, error) {
					items, next, err := s.Claim(bg, ask)
					mu.Lock()
					defer mu.Unlock()
					for _, it := range items {
						tokens[store.Lease{Stream: it.Stream, ID: it.ID}] = it.Token
					}
					return items, next, err
				},
				commit: one(func(s store.Store, k *store.Commit) error {
					for i := range k.Remove {
						current(&k.Remove[i])
					}
					return s.Commit(bg, k)
				}),
				settle: func(s store.Store, x store.Settlement) error {
					current(&x.Lease)
					return s.Settle(bg, x)
				},
			}
		}, []string{"Fencing", "AllOrNothing"}},
		{"removing what is gone is no error", func() store.Store {
			return &faulty{Store: store.NewMemory(), commit: one(func(s store.Store, k *store.Commit) error {
				err := s.Commit(bg, k)
				for errors.Is(err, store.ErrLease) && len(k.Remove) > 0 {
					k.Remove = k.Remove[:len(k.Remove)-1]
					err = s.Commit(bg, k)
				}
				return err
			})}
		}, []string{"Remove", "Fencing"}},
		{"an item goes with its stream's end", func() store.Store {
			m := store.NewMemory()
			return &faulty{Store: m, claim: func(s store.Store, ask store.Ask) ([]store.Item, policy.Instant, error) {
				items, next, err := s.Claim(bg, ask)
				return slices.DeleteFunc(items, func(it store.Item) bool {
					var snap store.Snapshot
					return s.Load(bg, it.Stream, &snap) == nil && !snap.Open
				}), next, err
			}}
		}, []string{"ItemsStay"}},
		{"an old item is dropped", func() store.Store {
			return claimFault(func(items []store.Item, ask store.Ask) []store.Item {
				return slices.DeleteFunc(items, func(it store.Item) bool { return it.Token == 1 && ask.By > 1<<40 })
			})
		}, []string{"ItemsStay"}},
		{"Settle forgets the counts", func() store.Store {
			return &faulty{Store: store.NewMemory(), settle: func(s store.Store, x store.Settlement) error {
				x.Attempt, x.First = 0, policy.Never
				return s.Settle(bg, x)
			}}
		}, []string{"Settle", "Model"}},
		{"erasing erases nothing", func() store.Store { return eraser{store.NewMemory(), false} }, []string{"Erase"}},
		{"erasing goes one too far", func() store.Store { return eraser{store.NewMemory(), true} }, []string{"Erase"}},
		{"what is young is pruned, too", func() store.Store {
			return pruner{Memory: store.NewMemory(), prune: func(m *store.Memory, _ policy.Instant, limit int) (int, error) {
				return m.Prune(bg, policy.Never, limit)
			}}
		}, []string{"Prune"}},
		{"pruning knows no limit", func() store.Store {
			return pruner{Memory: store.NewMemory(), prune: func(m *store.Memory, before policy.Instant, _ int) (int, error) {
				return m.Prune(bg, before, 1000)
			}}
		}, []string{"PruneLimit"}},
		{"what is pruned is counted and kept", func() store.Store {
			return pruner{Memory: store.NewMemory(), prune: func(*store.Memory, policy.Instant, int) (int, error) { return 4, nil }}
		}, []string{"Prune", "PruneLimit"}},
		{"Changes tells of nothing", func() store.Store { return changer{store.NewMemory(), changesNothing} }, []string{"Changes", "RaceChanges"}},
		{"Changes forgets the last", func() store.Store { return changer{store.NewMemory(), changesCut} }, []string{"Changes"}},
		{"the mark is one ahead", func() store.Store { return changer{store.NewMemory(), changesAhead} }, []string{"Changes"}},
	}
}

// pruner is a store whose Prune is wrong.
type pruner struct {
	*store.Memory
	prune func(m *store.Memory, before policy.Instant, limit int) (int, error)
}

func (p pruner) Prune(_ context.Context, before policy.Instant, limit int) (int, error) {
	return p.prune(p.Memory, before, limit)
}

// eraser is a store whose Erase is wrong.
type eraser struct {
	*store.Memory
	far bool
}

func (e eraser) Erase(ctx context.Context, stream string, to uint64) error {
	if e.far {
		return e.Memory.Erase(ctx, stream, to+1)
	}
	var snap store.Snapshot
	return e.Load(ctx, stream, &snap)
}

// dueFault is a store whose answers to Due go through change.
func dueFault(change func([]store.Snapshot, policy.Instant, store.Ask) ([]store.Snapshot, policy.Instant)) store.Store {
	return &faulty{Store: store.NewMemory(), due: func(s store.Store, ask store.Ask, into []store.Snapshot) ([]store.Snapshot, policy.Instant, error) {
		due, next, err := s.Due(bg, ask, into)
		due, next = change(due, next, ask)
		return due, next, err
	}}
}

// claimFault is a store whose claimed items go through change.
func claimFault(change func([]store.Item, store.Ask) []store.Item) store.Store {
	return &faulty{Store: store.NewMemory(), claim: func(s store.Store, ask store.Ask) ([]store.Item, policy.Instant, error) {
		items, next, err := s.Claim(bg, ask)
		return change(items, ask), next, err
	}}
}

// changer is a store whose Changes is wrong.
type changer struct {
	*store.Memory
	wrong func(changed []store.Change, mark uint64) ([]store.Change, uint64)
}

func changesNothing(_ []store.Change, mark uint64) ([]store.Change, uint64) { return nil, mark }

func changesCut(changed []store.Change, mark uint64) ([]store.Change, uint64) {
	return changed[:max(len(changed)-1, 0)], mark
}

func changesAhead(changed []store.Change, mark uint64) ([]store.Change, uint64) {
	return changed, mark + 1
}

func (c changer) Changes(ctx context.Context, since uint64) ([]store.Change, uint64, error) {
	changed, mark, err := c.Memory.Changes(ctx, since)
	changed, mark = c.wrong(changed, mark)
	return changed, mark, err
}
