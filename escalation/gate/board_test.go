package gate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

func docOf(t testing.TB, text string) *policy.Document {
	t.Helper()
	doc, err := policy.Parse("test.json", []byte(`{"version": 1, `+text+`}`))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// newBoard is a board over an empty store that is its own, and was read.
func newBoard(t testing.TB, text string, change ...func(*Config)) *Board {
	t.Helper()
	cfg := Config{Store: store.NewMemory(), Policies: docOf(t, text), Exclusive: true, Now: func() policy.Instant { return 0 }}
	for _, f := range change {
		f(&cfg)
	}
	b, err := NewBoard(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

const gated = `"operations": {"read": "allow"}, "policies": [{"name": "p", "priority": "P3",
	"tiers": [{"name": "one", "notify": ["user:alice"]}], "gates": [
		{"name": "deploy", "operations": ["deploy", "use"], "close": "open"},
		{"name": "sign", "operations": ["sign"], "close": "open + 10m", "decision": "hold", "review": {"by": ["user:bob"]}}]}]`

// stateOf is an alert that is open under the first policy of a document, with
// its gates as they are given.
func stateOf(key, subject string, gates ...escalation.GateState) *escalation.State {
	return &escalation.State{
		Key: key, Incarnation: 1, Alert: &policy.Alert{Key: key, Identity: policy.Identity{ID: subject}},
		Due: policy.Never, Resolved: policy.Never, Grace: policy.Never, GraceAt: policy.Never, LastResort: policy.Never, Gates: gates,
	}
}

var (
	shut    = escalation.GateState{Closed: true, Close: policy.Never, Until: policy.Never}
	open    = escalation.GateState{Close: policy.Never, Until: policy.Never}
	granted = escalation.GateState{Closed: true, Opened: true, Close: policy.Never, Until: 100}
)

// What is known of an alert is not undone by what was known before it, in
// whatever order commits are made known.
func TestUpdateOrder(t *testing.T) {
	doc := docOf(t, gated)
	for _, seqs := range [][]uint64{{1, 2, 3}, {1, 3, 2}, {2, 1, 3}, {2, 3, 1}, {3, 1, 2}, {3, 2, 1}} {
		for last, gates := range map[string][][]escalation.GateState{
			"deny":  {{shut, open}, {open, open}, {shut, open}},
			"allow": {{shut, open}, {shut, open}, {open, open}},
		} {
			b := newBoard(t, gated)
			for _, seq := range seqs {
				b.Update(doc, stateOf("k", "svc", gates[seq-1]...), seq)
			}
			if d := b.Check("svc", "deploy"); d.Decision.String() != last {
				t.Errorf("records %v made known in this order: %s; want %s", seqs, d.Decision, last)
			}
		}
	}
}

// The strictest of all alerts is what holds, and an alert that is about another
// identity from now on is off the sheet of the first.
func TestUpdateSubjects(t *testing.T) {
	doc := docOf(t, gated)
	b := newBoard(t, gated)
	b.Update(doc, stateOf("b", "svc", shut, open), 1)
	b.Update(doc, stateOf("a", "svc", shut, open), 1)
	d := b.Check("svc", "use")
	if want := []Place{{"a", 1, "deploy", false, false}, {"b", 1, "deploy", false, false}}; d.Alert() != "a#1" || !slices.Equal(d.Places(), want) {
		t.Errorf("denied by %q, %v; want a#1, %v", d.Alert(), d.Places(), want)
	}
	b.Update(doc, stateOf("a", "other", shut, open), 2)
	b.Update(doc, stateOf("b", "svc", granted, open), 2)
	d = b.Check("svc", "use")
	if want := []Place{{"b", 1, "deploy", false, false}}; !d.Allowed() || d.Cause() != CauseOpening || !slices.Equal(d.Places(), want) {
		t.Errorf("%s for %s at %v; want allow for opening at %v", d.Decision, d.Cause(), d.Places(), want)
	}
	if d := b.Check("other", "use"); d.Allowed() {
		t.Error("the alert has moved to another identity, which it does not close")
	}
}

// A board that cannot know denies.
func TestDoubt(t *testing.T) {
	ctx := t.Context()
	var now atomic.Int64
	st := &failing{Memory: store.NewMemory()}
	b, err := NewBoard(Config{
		Store: st, Policies: docOf(t, gated), MaxStale: 10 * time.Second,
		Now: func() policy.Instant { return policy.Instant(now.Load()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	want := func(d Decision, cause Cause) {
		t.Helper()
		if d.Cause() != cause || d.Allowed() == cause.Doubt() || errors.Is(d.Err(), ErrDoubt) != cause.Doubt() {
			t.Errorf("%s for %s (%s); want %s", d.Decision, d.Cause(), d.Reason(), cause)
		}
	}
	want(b.Check("svc", "read"), CauseNotLoaded)
	st.fail.Store(true)
	if err := b.Refresh(ctx); err == nil {
		t.Error("a look at a store that fails is no error")
	}
	want(b.Check("svc", "read"), CauseNotLoaded)
	want(b.Strict(ctx, "svc", "read"), CauseStore)
	st.fail.Store(false)
	want(b.Strict(ctx, "svc", "read"), CauseNothing)
	now.Store(10_000_000)
	want(b.Check("svc", "read"), CauseNothing)
	now.Store(10_000_001)
	want(b.Check("svc", "read"), CauseStale)
	want(b.Strict(ctx, "svc", "read"), CauseNothing)
	if d := b.Check("svc", "read"); d.Looked != 10_000_001 {
		t.Errorf("it was looked at %d", d.Looked)
	}
	put(t, st.Memory, "alert/k#1", []byte("no state"))
	want(b.Strict(ctx, "svc", "read"), CauseUnreadable)
	if (Decision{}).Allowed() || (Decision{}).Err() == nil {
		t.Error("the zero decision allows")
	}
}

// failing is a store that fails when it is told to.
type failing struct {
	*store.Memory
	fail atomic.Bool
}

func (f *failing) Changes(ctx context.Context, since uint64) ([]store.Change, uint64, error) {
	if f.fail.Load() {
		return nil, 0, errors.New("the store is gone")
	}
	return f.Memory.Changes(ctx, since)
}

// put commits a state to a new stream.
func put(t *testing.T, m *store.Memory, stream string, state []byte) {
	t.Helper()
	at := store.Genesis(stream)
	c := store.Commit{Stream: stream, After: at, Entries: []store.Entry{{Kind: escalation.EventNote}}, State: state, Posted: true}
	at.Link(&c.Entries[0], nil)
	if err := m.Commit(t.Context(), &c); err != nil {
		t.Fatal(err)
	}
}

// Check allocates nothing, whatever it answers from.
func TestCheckAllocates(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	doc := docOf(t, gated)
	for _, exclusive := range []bool{true, false} {
		b := newBoard(t, gated, func(c *Config) { c.Exclusive = exclusive })
		b.Update(doc, stateOf("k", "svc", shut, escalation.GateState{Close: 50, Until: policy.Never}), 1)
		for _, ask := range [][2]string{{"svc", "deploy"}, {"svc", "sign"}, {"svc", "read"}, {"other", "deploy"}, {"other", "destroy"}} {
			if n := testing.AllocsPerRun(100, func() { _ = b.Check(ask[0], ask[1]) }); n != 0 {
				t.Errorf("exclusive %t: %v allocates %v times", exclusive, ask, n)
			}
		}
	}
}

func ExampleBoard() {
	doc, err := policy.Parse("policies.json", []byte(`{"version": 1, "operations": {"read": "allow"}, "policies": []}`))
	if err != nil {
		panic(err)
	}
	board, err := NewBoard(Config{Store: store.NewMemory(), Policies: doc})
	if err != nil {
		panic(err)
	}
	fmt.Println(board.Check("svc-db", "read").Err())
	if err := board.Refresh(context.Background()); err != nil { // or Run, in a goroutine
		panic(err)
	}
	fmt.Println(board.Check("svc-db", "read").Err())
	fmt.Println(board.Check("svc-db", "destroy").Err())
	// Output:
	// gate: not allowed: the board is not loaded
	// <nil>
	// gate: not allowed: no gate and no `operations` of the document names the operation
}
