package storetest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// seeded is a store with one fault, and the cases that must find it.
type seeded struct {
	fault  string
	open   func() store.Store
	caught []string
}

// faulty is a memory store with some of its methods replaced.
type faulty struct {
	store.Store
	commit   func(s store.Store, batch []*store.Commit) error
	load     func(s store.Store, stream string, into *store.Snapshot) error
	last     func(s store.Store, key string) (store.Incarnation, error)
	seen     func(s store.Store, stream string, id store.SeenID) (store.Seen, error)
	history  func(s store.Store, stream string, from uint64) iter.Seq2[store.Entry, error]
	streams  func(s store.Store, q store.StreamQuery) iter.Seq2[string, error]
	due      func(s store.Store, ask store.Ask, into []store.Snapshot) ([]store.Snapshot, policy.Instant, error)
	claim    func(s store.Store, ask store.Ask) ([]store.Item, policy.Instant, error)
	settle   func(s store.Store, x store.Settlement) error
	put      func(s store.Store, d policy.Digest, document []byte) error
	document func(s store.Store, d policy.Digest) ([]byte, error)
}

func (f *faulty) Commit(ctx context.Context, batch ...*store.Commit) error {
	if f.commit == nil {
		return f.Store.Commit(ctx, batch...)
	}
	return f.commit(f.Store, batch)
}

func (f *faulty) Load(ctx context.Context, stream string, into *store.Snapshot) error {
	if f.load == nil {
		return f.Store.Load(ctx, stream, into)
	}
	return f.load(f.Store, stream, into)
}

func (f *faulty) Last(ctx context.Context, key string) (store.Incarnation, error) {
	if f.last == nil {
		return f.Store.Last(ctx, key)
	}
	return f.last(f.Store, key)
}

func (f *faulty) Seen(ctx context.Context, stream string, id store.SeenID) (store.Seen, error) {
	if f.seen == nil {
		return f.Store.Seen(ctx, stream, id)
	}
	return f.seen(f.Store, stream, id)
}

func (f *faulty) History(ctx context.Context, stream string, from uint64) iter.Seq2[store.Entry, error] {
	if f.history == nil {
		return f.Store.History(ctx, stream, from)
	}
	return f.history(f.Store, stream, from)
}

func (f *faulty) Streams(ctx context.Context, q store.StreamQuery) iter.Seq2[string, error] {
	if f.streams == nil {
		return f.Store.Streams(ctx, q)
	}
	return f.streams(f.Store, q)
}

func (f *faulty) Due(ctx context.Context, ask store.Ask, into []store.Snapshot) ([]store.Snapshot, policy.Instant, error) {
	if f.due == nil {
		return f.Store.Due(ctx, ask, into)
	}
	return f.due(f.Store, ask, into)
}

func (f *faulty) Claim(ctx context.Context, ask store.Ask) ([]store.Item, policy.Instant, error) {
	if f.claim == nil {
		return f.Store.Claim(ctx, ask)
	}
	return f.claim(f.Store, ask)
}

func (f *faulty) Settle(ctx context.Context, x store.Settlement) error {
	if f.settle == nil {
		return f.Store.Settle(ctx, x)
	}
	return f.settle(f.Store, x)
}

func (f *faulty) PutDocument(ctx context.Context, d policy.Digest, document []byte) error {
	if f.put == nil {
		return f.Store.PutDocument(ctx, d, document)
	}
	return f.put(f.Store, d, document)
}

func (f *faulty) Document(ctx context.Context, d policy.Digest) ([]byte, error) {
	if f.document == nil {
		return f.Store.Document(ctx, d)
	}
	return f.document(f.Store, d)
}

// bg is the context of the faulty stores' own calls.
var bg = context.Background()

// one makes a replacement of Commit out of one of a single commit.
func one(commit func(s store.Store, k *store.Commit) error) func(store.Store, []*store.Commit) error {
	return func(s store.Store, batch []*store.Commit) error {
		var first error
		for _, k := range batch {
			if k.Err = commit(s, k); first == nil {
				first = k.Err
			}
		}
		return first
	}
}

// position is where a stream stands.
func position(s store.Store, stream string) store.Position {
	var snap store.Snapshot
	if s.Load(bg, stream, &snap) != nil {
		return store.Genesis(stream)
	}
	return snap.Position
}

// TestGallery shows each seeded fault to the contract. That the memory store
// passes shows that the contract is no fault of its own.
func TestGallery(t *testing.T) {
	if failed := failures(func() store.Store { return store.NewMemory() }); len(failed) > 0 {
		t.Fatalf("a store without a fault fails %v", failed)
	}
	gallery := slices.Concat(commitFaults(), readFaults(), workFaults())
	told, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var list strings.Builder
	for _, f := range gallery {
		fmt.Fprintf(&list, "//   - %s: %s\n", f.fault, strings.Join(f.caught, ", "))
	}
	if !strings.Contains(string(told), list.String()) {
		t.Errorf("the package comment does not list the faults and what finds them:\n%s", list.String())
	}
	for _, f := range gallery {
		t.Run(strings.ReplaceAll(f.fault, " ", "_"), func(t *testing.T) {
			failed := failures(f.open)
			for _, name := range f.caught {
				if _, ok := failed[name]; !ok {
					t.Errorf("case %s does not find that %s; found by %v", name, f.fault, slices.Sorted(keys(failed)))
				}
			}
			for name, what := range failed {
				if what == "" {
					t.Errorf("case %s fails without a word", name)
				}
			}
		})
	}
}

func keys(m map[string]string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// failures runs all cases and returns what each that fails says.
func failures(open func() store.Store) map[string]string {
	failed := map[string]string{}
	h := host{
		open:   open,
		reopen: func(store.Store) store.Store { return nil },
		peer:   func(s store.Store) store.Store { return s },
	}
	for _, tc := range cases() {
		tc.run(bg, h, reporter{
			fail: func(what string) { failed[tc.name] += what + "\n" },
			skip: func(string) {},
		})
	}
	return failed
}

// commitFaults are faults of writing.
func commitFaults() []seeded {
	return []seeded{
		{"the compare-and-set is lost", func() store.Store {
			return &faulty{Store: store.NewMemory(), commit: one(func(s store.Store, k *store.Commit) error {
				k.After = position(s, k.Stream)
				link(k)
				return s.Commit(bg, k)
			})}
		}, []string{"ConflictStale", "ConflictAhead", "RaceCommit", "Model"}},
		{"the compare-and-set looks at the number alone", func() store.Store {
			return &faulty{Store: store.NewMemory(), commit: one(func(s store.Store, k *store.Commit) error {
				if at := position(s, k.Stream); at.Seq == k.After.Seq {
					k.After = at
					link(k)
				}
				return s.Commit(bg, k)
			})}
		}, []string{"ConflictFork", "ConflictNew"}},
		{"a commit is written in two pieces", func() store.Store {
			return &faulty{Store: store.NewMemory(), commit: one(func(s store.Store, k *store.Commit) error {
				err := s.Commit(bg, k)
				if errors.Is(err, store.ErrLease) { // the entries were written already
					k.Remove = nil
					_ = s.Commit(bg, k)
				}
				return err
			})}
		}, []string{"AllOrNothing", "Fencing"}},
		{"a batch stops at its first refusal", func() store.Store {
			return &faulty{Store: store.NewMemory(), commit: func(s store.Store, batch []*store.Commit) error {
				for i, k := range batch {
					if err := s.Commit(bg, k); err != nil {
						for _, rest := range batch[i:] {
							rest.Err = err
						}
						return err
					}
				}
				return nil
			}}
		}, []string{"BatchApart"}},
		{"a batch compares all positions before it writes", func() store.Store {
			return &faulty{Store: store.NewMemory(), commit: func(s store.Store, batch []*store.Commit) error {
				stale := map[*store.Commit]bool{}
				for _, k := range batch {
					stale[k] = k.Check() == nil && position(s, k.Stream) != k.After
				}
				return one(func(s store.Store, k *store.Commit) error {
					if stale[k] {
						return store.ErrConflict
					}
					return s.Commit(bg, k)
				})(s, batch)
			}}
		}, []string{"BatchOrder"}},
		{"Err is left as it was on success", func() store.Store {
			return &faulty{Store: store.NewMemory(), commit: func(s store.Store, batch []*store.Commit) error {
				var first error
				for _, k := range batch {
					old := k.Err
					if err := s.Commit(bg, k); err != nil && first == nil {
						first = err
					} else if err == nil {
						k.Err = old
					}
				}
				return first
			}}
		}, []string{"BatchApart"}},
		{"two streams of one key are open", func() store.Store {
			return &faulty{Store: store.NewMemory(), commit: one(func(s store.Store, k *store.Commit) error {
				err := s.Commit(bg, k)
				if errors.Is(err, store.ErrKeyOpen) {
					k.Key = ""
					err = s.Commit(bg, k)
				}
				return err
			})}
		}, []string{"OneOpenPerKey", "RaceOpen", "Model"}},
		{"keys are folded to lower case", func() store.Store {
			return &faulty{
				Store: store.NewMemory(),
				commit: one(func(s store.Store, k *store.Commit) error {
					k.Key = strings.ToLower(k.Key)
					return s.Commit(bg, k)
				}),
				last: func(s store.Store, key string) (store.Incarnation, error) { return s.Last(bg, strings.ToLower(key)) },
			}
		}, []string{"AnyBytes", "OneOpenPerKey"}},
		{"a shorter state keeps the end of the longer", func() store.Store {
			return &faulty{Store: store.NewMemory(), commit: one(func(s store.Store, k *store.Commit) error {
				var was store.Snapshot
				if s.Load(bg, k.Stream, &was) == nil && len(was.State) > len(k.State) {
					k.State = append(slices.Clone(k.State), was.State[len(k.State):]...)
				}
				return s.Commit(bg, k)
			})}
		}, []string{"StateReplaced", "Model"}},
		{"a commit without a subject takes the subject away", func() store.Store {
			return &faulty{Store: store.NewMemory(), commit: one(func(s store.Store, k *store.Commit) error {
				if k.Subject == nil {
					k.Subject = []byte{}
				}
				return s.Commit(bg, k)
			})}
		}, []string{"StateReplaced"}},
		{"the removed items are dropped though the commit is refused", func() store.Store {
			gone := map[store.Lease]bool{}
			return &faulty{
				Store: store.NewMemory(),
				commit: one(func(s store.Store, k *store.Commit) error {
					err := s.Commit(bg, k)
					for _, l := range k.Remove {
						gone[store.Lease{Stream: l.Stream, ID: l.ID}] = true
					}
					return err
				}),
				claim: func(s store.Store, ask store.Ask) ([]store.Item, policy.Instant, error) {
					items, next, err := s.Claim(bg, ask)
					return slices.DeleteFunc(items, func(it store.Item) bool {
						return gone[store.Lease{Stream: it.Stream, ID: it.ID}]
					}), next, err
				},
			}
		}, []string{"AllOrNothing"}},
		{"an item is added though the commit is a conflict", func() store.Store {
			return &faulty{Store: store.NewMemory(), commit: one(func(s store.Store, k *store.Commit) error {
				err := s.Commit(bg, k)
				if errors.Is(err, store.ErrConflict) && len(k.Add) > 0 {
					add(s, k)
				}
				return err
			})}
		}, []string{"AllOrNothing"}},
	}
}

// add smuggles the items of a refused commit into another stream.
func add(s store.Store, k *store.Commit) {
	smuggled := store.Commit{
		Stream: k.Stream + " smuggled", Due: policy.Never, Entries: []store.Entry{{Kind: escalation.EventNote}},
		After: store.Genesis(k.Stream + " smuggled"), Add: slices.Clone(k.Add[:1]),
	}
	smuggled.Add[0].ID = escalation.EffectID{Seq: 1}
	link(&smuggled)
	_ = s.Commit(bg, &smuggled)
}
