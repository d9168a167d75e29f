package crashtest_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation/escalationtest/crashtest"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

const root = "../../.."

func memory(testing.TB) store.Store { return store.NewMemory() }

// again opens a store in memory again, which is what was there.
func again(_ testing.TB, s store.Store) store.Store { return s }

// TestCrash crashes an engine on the store in memory, which the crash leaves as
// it is.
func TestCrash(t *testing.T) {
	cases, more := crashtest.Scenarios(t, root)
	if len(cases) < 20 {
		t.Errorf("only %d scenarios", len(cases))
	}
	crashtest.Suite{New: memory, Cases: cases, More: more, Points: 1500, Share: 450}.Run(t)
}

// forgetting is a store with a seeded bug: what it hands out it has forgotten,
// so that a claimant that dies takes it along.
type forgetting struct{ store.Store }

func (f forgetting) Claim(ctx context.Context, ask store.Ask) ([]store.Item, policy.Instant, error) {
	items, next, err := f.Store.Claim(ctx, ask)
	for i := range items {
		lost := store.Settlement{Lease: items[i].Lease(), NotBefore: policy.Never, Attempt: items[i].Attempt, First: items[i].First}
		if err := f.Settle(ctx, lost); err != nil {
			return nil, policy.Never, err
		}
	}
	return items, next, err
}

// lazy is a store with a seeded bug: it says that a commit is written when it is
// only about to be.
type lazy struct {
	store.Store
	pending []*store.Commit
}

func (l *lazy) Commit(ctx context.Context, batch ...*store.Commit) error {
	if err := l.flush(ctx); err != nil {
		return err
	}
	for _, k := range batch {
		// What it keeps is its own.
		twin := *k
		twin.Entries, twin.Add, twin.Seen, twin.Remove = slices.Clone(k.Entries), slices.Clone(k.Add), slices.Clone(k.Seen), slices.Clone(k.Remove)
		twin.State, twin.Subject = slices.Clone(k.State), slices.Clone(k.Subject)
		for i := range twin.Entries {
			twin.Entries[i].Body = slices.Clone(twin.Entries[i].Body)
		}
		for i := range twin.Add {
			twin.Add[i].Body = slices.Clone(twin.Add[i].Body)
		}
		l.pending = append(l.pending, &twin)
		k.Err = nil
	}
	return nil
}

func (l *lazy) flush(ctx context.Context) error {
	pending := l.pending
	l.pending = nil
	return l.Store.Commit(ctx, pending...)
}

func (l *lazy) Load(ctx context.Context, stream string, into *store.Snapshot) error {
	if err := l.flush(ctx); err != nil {
		return err
	}
	return l.Store.Load(ctx, stream, into)
}

func (l *lazy) Due(ctx context.Context, ask store.Ask, into []store.Snapshot) ([]store.Snapshot, policy.Instant, error) {
	if err := l.flush(ctx); err != nil {
		return nil, policy.Never, err
	}
	return l.Store.Due(ctx, ask, into)
}

func (l *lazy) Claim(ctx context.Context, ask store.Ask) ([]store.Item, policy.Instant, error) {
	if err := l.flush(ctx); err != nil {
		return nil, policy.Never, err
	}
	return l.Store.Claim(ctx, ask)
}

func (l *lazy) Last(ctx context.Context, key string) (store.Incarnation, error) {
	if err := l.flush(ctx); err != nil {
		return store.Incarnation{}, err
	}
	return l.Store.Last(ctx, key)
}

// TestSeededBugs holds that the harness finds stores that lose.
func TestSeededBugs(t *testing.T) {
	cases, _ := crashtest.Scenarios(t, root)
	for name, bug := range map[string]struct {
		wrap func(store.Store) store.Store
		want func(*crashtest.Counts) []string
	}{
		"an item is gone once it is handed out": {
			func(s store.Store) store.Store { return forgetting{s} },
			func(c *crashtest.Counts) []string { return c.Lost },
		},
		"a commit is not yet written when it is answered": {
			func(s store.Store) store.Store { return &lazy{Store: s} },
			func(c *crashtest.Counts) []string { return c.Lost },
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := crashtest.Suite{New: memory, Reopen: again, Cases: cases[:4], Points: 400, Wrap: bug.wrap}.Count(t)
			if found := bug.want(c); len(found) == 0 {
				t.Errorf("it is not found: %s", c)
			} else {
				t.Logf("%s\n%s", c, strings.Join(found[:1], ""))
			}
		})
	}
}
