package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/storetest"
	"github.com/belfry-go/belfry/policy"
)

// first is the first commit of a stream, with one item.
func first(stream string) *store.Commit {
	c := &store.Commit{
		Stream: stream, After: store.Genesis(stream), Due: 7,
		Entries: []store.Entry{{Kind: escalation.EventNote}},
		Add:     []store.Item{{ID: escalation.EffectID{Seq: 1}}},
	}
	at := c.After
	at.Link(&c.Entries[0], nil)
	return c
}

// operations calls each method once, in an order of its own.
var operations = []struct {
	name string
	call func(s store.Store) error
}{
	{"Commit", func(s store.Store) error { return s.Commit(context.Background(), first("a"), first("b")) }},
	{"Namespace", func(s store.Store) error { _, err := s.Namespace(context.Background()); return err }},
	{"Load", func(s store.Store) error { return s.Load(context.Background(), "a", new(store.Snapshot)) }},
	{"Last", func(s store.Store) error { _, err := s.Last(context.Background(), "a"); return err }},
	{"Seen", func(s store.Store) error { _, err := s.Seen(context.Background(), "a", store.SeenID{}); return err }},
	{"History", func(s store.Store) error { return drain(s.History(context.Background(), "a", 0)) }},
	{"Streams", func(s store.Store) error { return drain(s.Streams(context.Background(), store.StreamQuery{})) }},
	{"Due", func(s store.Store) error {
		_, _, err := s.Due(context.Background(), store.Ask{By: 9, Limit: 9}, nil)
		return err
	}},
	{"Claim", func(s store.Store) error {
		_, _, err := s.Claim(context.Background(), store.Ask{By: 9, Limit: 1, Until: 10})
		return err
	}},
	{"Settle", func(s store.Store) error {
		return s.Settle(context.Background(), store.Settlement{Lease: store.Lease{Stream: "a", ID: escalation.EffectID{Seq: 1}, Token: 1}})
	}},
	{"PutDocument", func(s store.Store) error { return s.PutDocument(context.Background(), policy.Digest{1}, nil) }},
	{"Document", func(s store.Store) error { _, err := s.Document(context.Background(), policy.Digest{1}); return err }},
}

func drain[T any](seq func(func(T, error) bool)) (last error) {
	for _, err := range seq {
		last = err
	}
	return last
}

// TestFaultsReachEachMethod makes each operation the one that fails, by each
// fault: that it fails and no other, and that a crash lasts.
func TestFaultsReachEachMethod(t *testing.T) {
	for _, fault := range storetest.AllFaults() {
		for n := range operations {
			t.Run(fmt.Sprintf("%s/%s", fault, operations[n].name), func(t *testing.T) {
				f := storetest.NewFaults(store.NewMemory(), n+1, fault)
				crash := fault >= storetest.CrashBefore
				for i, op := range operations {
					err := op.call(f)
					failed := errors.Is(err, storetest.ErrFault) || errors.Is(err, storetest.ErrCrashed)
					if want := i == n || crash && i > n; failed != want {
						t.Errorf("%s: error %v, want a fault: %t", op.name, err, want)
					}
					if f.Fired() != (i >= n) {
						t.Errorf("after %s Fired is %t", op.name, f.Fired())
					}
				}
				if f.Where() != operations[n].name || f.Ops() != len(operations) {
					t.Errorf("failed in %s after %d operations, want %s of %d", f.Where(), f.Ops(), operations[n].name, len(operations))
				}
				f.Restart()
				if _, err := f.Namespace(context.Background()); err != nil {
					t.Errorf("after a restart: %v", err)
				}
			})
		}
	}
}

// TestFaultsOnCommit holds each fault to what it says was written.
func TestFaultsOnCommit(t *testing.T) {
	for fault, want := range map[storetest.Fault]string{
		storetest.FailBefore: "[]", storetest.FailAfter: "[a b]", storetest.FailTorn: "[a]",
		storetest.CrashBefore: "[]", storetest.CrashAfter: "[a b]", storetest.CrashTorn: "[a]",
	} {
		m := store.NewMemory()
		batch := []*store.Commit{first("a"), first("b")}
		err := storetest.NewFaults(m, 1, fault).Commit(context.Background(), batch...)
		if err == nil || store.Refused(err) {
			t.Errorf("%s: error %v, want one that leaves the outcome unknown", fault, err)
		}
		for _, c := range batch {
			if !errors.Is(c.Err, err) {
				t.Errorf("%s: Err is %v, want %v", fault, c.Err, err)
			}
			if got := store.Resolve(context.Background(), m, c); (got == nil) != slices.Contains([]string{"[a b]", "[" + c.Stream + "]"}, want) {
				t.Errorf("%s: resolving %q: %v, though written is %s", fault, c.Stream, got, want)
			}
		}
		var names []string
		for name := range m.Streams(context.Background(), store.StreamQuery{}) {
			names = append(names, name)
		}
		if got := fmt.Sprint(names); got != want {
			t.Errorf("%s: written are %s, want %s", fault, got, want)
		}
	}
}

func TestFaultsTearIterations(t *testing.T) {
	m := store.NewMemory()
	for _, name := range []string{"a", "b", "c", "d"} {
		if err := m.Commit(context.Background(), first(name)); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for name, err := range storetest.NewFaults(m, 1, storetest.FailTorn).Streams(context.Background(), store.StreamQuery{}) {
		got = append(got, fmt.Sprint(name, " ", err))
	}
	if want := []string{"a <nil>", "b <nil>", " storetest: fault"}; !slices.Equal(got, want) {
		t.Errorf("a torn iteration yields %q, want %q", got, want)
	}
}

// TestFaultsWithoutFaultAreTheStore runs the contract through the wrapper.
func TestFaultsWithoutFaultAreTheStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return storetest.NewFaults(store.NewMemory(), 0, storetest.FailAfter) })
}

// appendTo writes records until the stream has n. It believes no answer but
// that of a later Load, so that an error costs it nothing.
func appendTo(s store.Store, n uint64) {
	for {
		var snap store.Snapshot
		err := s.Load(context.Background(), "s", &snap)
		at := snap.Position
		switch {
		case errors.Is(err, store.ErrNotFound):
			at = store.Genesis("s")
		case err != nil:
			continue
		case at.Seq == n:
			return
		}
		c := &store.Commit{Stream: "s", After: at, Due: policy.Never, Entries: make([]store.Entry, 1)}
		at.Link(&c.Entries[0], nil)
		_ = s.Commit(context.Background(), c) // the next Load tells
	}
}

// Every operation of a scenario fails in turn, in two ways.
func ExampleFaults() {
	points := 0
	for _, fault := range []storetest.Fault{storetest.FailBefore, storetest.FailAfter} {
		for n := 1; ; n++ {
			m := store.NewMemory()
			s := storetest.NewFaults(m, n, fault)
			appendTo(s, 1)
			appendTo(s, 2)
			if !s.Fired() {
				break
			}
			points++
			var snap store.Snapshot
			if err := m.Load(context.Background(), "s", &snap); err != nil || snap.Seq != 2 {
				fmt.Println(fault, "of", s.Where(), "leaves", snap.Seq, "records", err)
			}
		}
	}
	fmt.Println(points, "points of failure, nothing lost, nothing twice")
	// Output: 12 points of failure, nothing lost, nothing twice
}
