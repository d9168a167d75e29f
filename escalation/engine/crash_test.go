package engine

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

var errCrash = errors.New("the store is gone")

// crashing is a store of which one operation fails, and all after it until it
// is mended: as a crash of the process looks from outside.
type crashing struct {
	store.Store
	mu    sync.Mutex
	n     int  // operations so far
	at    int  // the one that fails; 0: none
	after bool // it is carried out, and fails then
	once  bool // the next one works again: a fault and no crash
	down  bool
	blind bool // no history can be read
}

// step counts an operation. do says whether to carry it out, fail what to
// answer then.
func (c *crashing) step() (do bool, fail error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		return false, errCrash
	}
	if c.n++; c.n != c.at {
		return true, nil
	}
	c.down = !c.once
	return c.after, errCrash
}

// set takes the store down, or mends it.
func (c *crashing) set(down bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = down
}

func (c *crashing) Namespace(ctx context.Context) (string, error) {
	if _, err := c.step(); err != nil {
		return "", err
	}
	return c.Store.Namespace(ctx)
}

func (c *crashing) Load(ctx context.Context, stream string, into *store.Snapshot) error {
	if _, err := c.step(); err != nil {
		return err
	}
	return c.Store.Load(ctx, stream, into)
}

func (c *crashing) Last(ctx context.Context, key string) (store.Incarnation, error) {
	if _, err := c.step(); err != nil {
		return store.Incarnation{}, err
	}
	return c.Store.Last(ctx, key)
}

func (c *crashing) Seen(ctx context.Context, stream string, id store.SeenID) (store.Seen, error) {
	if _, err := c.step(); err != nil {
		return store.Seen{}, err
	}
	return c.Store.Seen(ctx, stream, id)
}

func (c *crashing) Commit(ctx context.Context, batch ...*store.Commit) error {
	do, fail := c.step()
	var err error
	if do {
		err = c.Store.Commit(ctx, batch...)
	}
	if fail != nil {
		for _, k := range batch {
			k.Err = fail
		}
		return fail
	}
	return err
}

func (c *crashing) History(ctx context.Context, stream string, from uint64) iter.Seq2[store.Entry, error] {
	_, err := c.step()
	if c.blind {
		err = errCrash
	}
	if err != nil {
		return func(yield func(store.Entry, error) bool) { yield(store.Entry{}, err) }
	}
	return c.Store.History(ctx, stream, from)
}

func (c *crashing) Streams(ctx context.Context, q store.StreamQuery) iter.Seq2[string, error] {
	if _, err := c.step(); err != nil {
		return func(yield func(string, error) bool) { yield("", err) }
	}
	return c.Store.Streams(ctx, q)
}

func (c *crashing) Due(ctx context.Context, ask store.Ask, into []store.Snapshot) ([]store.Snapshot, policy.Instant, error) {
	do, fail := c.step()
	if !do {
		return nil, policy.Never, fail
	}
	due, next, err := c.Store.Due(ctx, ask, into)
	return due, next, errors.Join(err, fail)
}

func (c *crashing) Claim(ctx context.Context, ask store.Ask) ([]store.Item, policy.Instant, error) {
	do, fail := c.step()
	if !do {
		return nil, policy.Never, fail
	}
	items, next, err := c.Store.Claim(ctx, ask)
	return items, next, errors.Join(err, fail)
}

func (c *crashing) Settle(ctx context.Context, s store.Settlement) error {
	do, fail := c.step()
	if !do {
		return fail
	}
	return errors.Join(c.Store.Settle(ctx, s), fail)
}

func (c *crashing) PutDocument(ctx context.Context, d policy.Digest, text []byte) error {
	do, fail := c.step()
	if !do {
		return fail
	}
	return errors.Join(c.Store.PutDocument(ctx, d, text), fail)
}

// story is a small life: an expectation is missed, an alert climbs, a page fails
// and is tried again, somebody silences, acknowledges, resolves.
type story struct {
	t     *testing.T
	store *crashing
	clock *hopping
	out   *scripted
	last  *scripted
	runs  map[string]bool // actions, by id
	e     *Engine
	doc   *policy.Document
	boots int

	change func(*Config) // of each engine, unless nil
	made   func(*Engine)
}

const storyDoc = `{"version": 1, "directory": {"people": {"alice": {}, "bob": {}, "carol": {}}}, "policies": [
	{"name": "other", "match": ["key = other"], "priority": "P3", "tiers": [{"name": "one", "notify": ["user:carol"], "wait": "1d"}],
		"actions": [{"run": "fix", "at": "open + 1m", "mode": "auto"}]},
	{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice"], "wait": "5m"}, {"name": "two", "notify": ["user:bob"], "wait": "1d"}],
		"gates": [{"name": "g", "operations": ["deploy"], "close": "open"}]}],
	"expectations": [{"name": "x", "key": "job", "every": "20m", "alert": {"kind": "rotation_failed", "identity": {"id": "job", "criticality": "low"}}}]}`

// boot makes a new engine over what the store holds.
func (s *story) boot() {
	s.boots++
	cfg := Config{
		Policies: s.doc, Notifier: s.out, LastResort: s.last, Clock: s.clock, Store: s.store, Salt: rand.NewChaCha8([32]byte{byte(s.boots)}),
		Actions: map[string]Action{"fix": ActionFunc(func(_ context.Context, r ActionRequest) (ActionResult, error) {
			if s.runs[r.ID] {
				s.t.Errorf("action %s was done twice", r.ID)
			}
			s.runs[r.ID] = true
			return ActionResult{}, nil
		})},
	}
	if s.change != nil {
		s.change(&cfg)
	}
	e, err := New(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	if s.made != nil {
		s.made(e)
	}
	s.e = e
}

// do does something until it works, mending the store and starting anew after
// each failure, as a supervisor and a patient client would.
func (s *story) do(f func(ctx context.Context) error) {
	s.t.Helper()
	for range 10 {
		err := f(s.t.Context())
		if err == nil {
			return
		}
		if !errors.Is(err, errCrash) {
			s.t.Fatalf("operation %d: %v", s.store.at, err)
		}
		if s.store.down {
			s.store.down = false
			s.boot()
		}
	}
	s.t.Fatal("it never works")
}

func (s *story) to(d time.Duration) {
	s.t.Helper()
	end := policy.InstantOf(epoch.Add(d))
	for {
		s.do(func(ctx context.Context) error { return s.e.Settle(ctx) })
		next := s.e.Next()
		if next > end {
			s.clock.set(end.Time())
			return
		}
		s.clock.set(next.Time())
	}
}

func (s *story) send(id string, f func(ctx context.Context, id Detail) (Result, error)) {
	s.t.Helper()
	s.do(func(ctx context.Context) error {
		r, err := f(ctx, WithID(id))
		if err == nil && r.Verdict.Kind == escalation.Rejected {
			s.t.Errorf("%s: %s", id, r.Verdict)
		}
		return err
	})
}

func (s *story) tell() {
	svc := By(policy.Service("scanner"))
	s.send("t1", func(ctx context.Context, id Detail) (Result, error) { return s.e.Trigger(ctx, alertOf("db"), svc, id) })
	s.send("t2", func(ctx context.Context, id Detail) (Result, error) {
		return s.e.Trigger(ctx, alertOf("other"), svc, id)
	})
	s.to(10 * m)
	s.send("s1", func(ctx context.Context, id Detail) (Result, error) {
		return s.e.Silence(ctx, SilenceRequest{Name: "q", Match: []string{"key = other"}, For: h, Reason: "drill"}, bob, id)
	})
	s.send("a1", func(ctx context.Context, id Detail) (Result, error) { return s.e.Acknowledge(ctx, "db", bob, id) })
	s.to(30 * m)
	s.send("ok1", func(ctx context.Context, id Detail) (Result, error) {
		return s.e.Succeeded(ctx, "job", svc, "done", id)
	})
	s.send("r1", func(ctx context.Context, id Detail) (Result, error) {
		return s.e.Resolve(ctx, "db", bob, "fixed", id)
	})
	s.to(45 * m)
}

func newStory(t *testing.T) *story {
	c := newHopping()
	s := &story{
		t: t, clock: c, store: &crashing{Store: store.NewMemory()}, runs: map[string]bool{},
		out: &scripted{clock: c}, last: &scripted{clock: c}, doc: docOf(t, storyDoc),
	}
	s.out.answer = func(n notify.Notification) outcome {
		return when(n.Attempt == 1 && n.To == policy.User("bob"), outcome{err: errors.New("busy")})
	}
	s.boot()
	return s
}

// check holds what must be true however the store failed.
func (s *story) check(name string) {
	t := s.t
	t.Helper()
	ctx := t.Context()
	got := map[string]int{}
	ids := map[string]string{}
	for _, n := range s.out.seen {
		for _, it := range n.Alerts {
			what := fmt.Sprintf("%s %s %s", n.Kind, n.To, it.Name())
			got[what]++
			if it.Reason != policy.ReasonNone {
				what += " " + it.Tier + " " + it.Reason.String()
			}
			if ids[what] == "" {
				ids[what] = it.ID
			} else if ids[what] != it.ID {
				t.Errorf("%s: %q went out as %q and as %q", name, what, ids[what], it.ID)
			}
		}
	}
	for _, want := range []string{"page user:alice db#1", "page user:bob db#1", "page user:carol other#1", "page user:alice job#1"} {
		if got[want] == 0 {
			t.Errorf("%s: lost: %s", name, want)
		}
	}
	for what, n := range got {
		if n > 4 { // two tries and one crash, with a margin of one
			t.Errorf("%s: %s went out %d times", name, what, n)
		}
	}
	for key, status := range map[string]string{"db#1": "resolved", "other#1": "silenced", "job#1": "resolved"} {
		var snap store.Snapshot
		if err := s.store.Store.Load(ctx, alertStreams+key, &snap); err != nil {
			t.Errorf("%s: %s: %v", name, key, err)
			continue
		}
		var st escalation.State
		if err := escalation.DecodeState(snap.State, &st); err != nil || st.Status.String() != status || st.Count != 1 {
			t.Errorf("%s: %s is %s after %d triggers, %v; want %s, 1", name, key, st.Status, st.Count, err, status)
		}
	}
	for stream, err := range s.store.Store.Streams(ctx, store.StreamQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Verify(store.Genesis(stream), s.store.Store.History(ctx, stream, 0)); err != nil {
			t.Errorf("%s: %s: %v", name, stream, err)
		}
	}
	// If the process dies where the action may have begun, nobody can say, and it
	// is not repeated blindly: it counts as failed.
	var snap store.Snapshot
	var st escalation.State
	if err := errors.Join(s.store.Store.Load(ctx, alertStreams+"other#1", &snap), escalation.DecodeState(snap.State, &st)); err != nil {
		t.Fatal(err)
	}
	if phase := st.Actions[0].Phase; phase != escalation.PhaseDone && (phase != escalation.PhaseFailed || s.store.at == 0) || phase == escalation.PhaseDone && len(s.runs) != 1 {
		t.Errorf("%s: the action ran %d times and stands in phase %d", name, len(s.runs), phase)
	}
}

// Every operation of the store fails once, before it is carried out and after,
// as a fault that passes and as a crash of the process.
func TestCrashPoints(t *testing.T) {
	whole := newStory(t)
	whole.tell()
	whole.check("no fault")
	total := whole.store.n
	t.Logf("%d operations", total)
	for at := 1; at <= total; at++ {
		for _, after := range []bool{false, true} {
			for _, once := range []bool{false, true} {
				s := newStory(t)
				s.store.at, s.store.after, s.store.once = at, after, once
				s.tell()
				s.check(fmt.Sprintf("operation %d, after %v, once %v", at, after, once))
				if t.Failed() {
					t.FailNow()
				}
			}
		}
	}
}
