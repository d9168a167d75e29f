package engine

import (
	"context"
	"iter"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// forgetful is an engine's store that hides what was committed: to the engine it
// is as if a step of it did not look, or did not write.
type forgetful struct {
	store.Store
	hide    func(stream string) bool // Load finds nothing new of it
	settle  func(*store.Settlement)
	commit  func(*store.Commit)
	claim   func([]store.Item) []store.Item
	streams func(store.StreamQuery) bool // nobody is found
}

func (f *forgetful) Load(ctx context.Context, stream string, into *store.Snapshot) error {
	err := f.Store.Load(ctx, stream, into)
	if err == nil && f.hide != nil && f.hide(stream) {
		into.State = nil // it stands there, and nothing is known of it
	}
	return err
}

func (f *forgetful) Settle(ctx context.Context, s store.Settlement) error {
	if f.settle != nil {
		f.settle(&s)
	}
	return f.Store.Settle(ctx, s)
}

func (f *forgetful) Commit(ctx context.Context, batch ...*store.Commit) error {
	if f.commit != nil {
		for _, c := range batch {
			f.commit(c)
		}
	}
	return f.Store.Commit(ctx, batch...)
}

func (f *forgetful) Claim(ctx context.Context, ask store.Ask) ([]store.Item, policy.Instant, error) {
	items, next, err := f.Store.Claim(ctx, ask)
	if f.claim != nil {
		items = f.claim(items)
	}
	return items, next, err
}

func (f *forgetful) Streams(ctx context.Context, q store.StreamQuery) iter.Seq2[string, error] {
	if f.streams != nil && f.streams(q) {
		return func(func(string, error) bool) {}
	}
	return f.Store.Streams(ctx, q)
}

func hiding(prefix string) seedling {
	return seedling{store: func(_ *history, s store.Store) store.Store {
		return &forgetful{Store: s, hide: func(stream string) bool { return strings.HasPrefix(stream, prefix) }}
	}}
}

// careless is an action's upgrades with one of them at fault.
type careless struct {
	*judged
	act    func(*ActionRequest)
	verify func(Standing, error) (Standing, error)
}

func (c *careless) Act(ctx context.Context, req ActionRequest) (ActionResult, error) {
	if c.act != nil {
		c.act(&req)
	}
	return c.judged.Act(ctx, req)
}

func (c *careless) Verify(ctx context.Context, req ActionRequest) (Standing, error) {
	st, err := c.judged.Verify(ctx, req)
	if c.verify != nil {
		st, err = c.verify(st, err)
	}
	return st, err
}

func withAction(spoil func(*history, *careless)) seedling {
	return seedling{action: func(h *history, a Action) Action {
		c := &careless{judged: a.(*judged)}
		spoil(h, c)
		return c
	}}
}

// yes is a directory to which everybody is a member of everything.
type yes struct{ escalation.Directory }

func (y *yes) Resolve(ctx context.Context, qs []escalation.Question) ([]escalation.Answer, error) {
	as, err := y.Directory.Resolve(ctx, qs)
	for i := range as {
		if as[i].Question.Kind == escalation.QuestionMember {
			as[i].Yes = true
		}
	}
	return as, err
}

// Each of these is a bug, and who must find it.
var seededHistories = []struct {
	name      string
	invariant string
	seed      seedling
}{
	{"what was captured is replaced by what is planned later", targetBinding, withAction(func(h *history, c *careless) {
		c.act = func(req *ActionRequest) {
			fresh, _ := h.w.Plan(context.Background(), *req)
			req.Subjects = fresh // resolved once more, at execution
			for i := range req.Subjects {
				req.Subjects[i].CredentialVersion += "'"
			}
		}
	})},
	{"that it was begun is not noted", noBlindRepeat, seedling{store: func(_ *history, s store.Store) store.Store {
		return &forgetful{Store: s, settle: func(st *store.Settlement) { st.First = policy.Never }}
	}}},
	{"what is read back is always: not done", noBlindRepeat, withAction(func(_ *history, c *careless) {
		c.verify = func(Standing, error) (Standing, error) { return Standing{}, nil }
	})},
	{"a fingerprint that never changes", undoRestores, withAction(func(_ *history, c *careless) {
		c.verify = func(st Standing, err error) (Standing, error) { st.Fingerprint, st.Done = "same", true; return st, err }
	})},
	{"what was spent is not kept", blastRadius, hiding(budgetStreams)},
	{"the protected list is not asked", protectedSet, seedling{protected: func(Subject) bool { return false }}},
	{"everybody may vote", quorum, seedling{directory: func(_ *history, d escalation.Directory) escalation.Directory { return &yes{d} }}},
	{"the kill switch is not read", killSwitched, hiding(switchStream)},
	{"the breaker is not read", breakerHolds, hiding(breakerStreams)},
	{"what is captured is not written", journaled, seedling{store: func(_ *history, s store.Store) store.Store {
		return &forgetful{Store: s, commit: func(c *store.Commit) {
			if strings.HasPrefix(c.Stream, deedStreams) {
				c.State = []byte("{}")
			}
		}}
	}}},
	{"actions leave before pages", pageFirst, seedling{store: func(_ *history, s store.Store) store.Store {
		return &forgetful{Store: s, claim: func(items []store.Item) []store.Item {
			var runs []store.Item
			for _, it := range items {
				if it.Target == escalation.EffectRun.String() {
					runs = append(runs, it)
				}
			}
			if len(runs) > 0 {
				return runs // the pages wait for the end of their lease
			}
			return items
		}}
	}}},
	{"nobody looks for leaks", neverRevives, seedling{store: func(_ *history, s store.Store) store.Store {
		return &forgetful{Store: s, streams: func(q store.StreamQuery) bool { return q.Open && q.Prefix == alertStreams }}
	}}},
	{"what the breaker holds is forgotten", progress, seedling{store: func(_ *history, s store.Store) store.Store {
		return &forgetful{Store: s, settle: func(st *store.Settlement) {
			if st.First.Known() {
				st.NotBefore = st.NotBefore.Add(1000 * 24 * 60 * m) // a lease that never ends
			}
		}}
	}}},
}

func TestActionInvariantsFindSeededBugs(t *testing.T) {
	for _, tt := range seededHistories {
		t.Run(tt.name, func(t *testing.T) {
			for n := range uint64(600) {
				h := newHistory(t, n, tt.seed)
				h.live(60)
				if what, found := h.violation[tt.invariant]; found {
					t.Logf("history %d: %s", n, what)
					return
				}
			}
			t.Errorf("nobody found it; wanted: %s", tt.invariant)
		})
	}
}
