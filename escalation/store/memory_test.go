package store

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// put commits one entry to a stream that stands at the position, and moves it.
func put(tb testing.TB, m *Memory, at *Position, c Commit) {
	tb.Helper()
	c.After = *at
	c.Entries = []Entry{{Kind: escalation.EventNote}}
	at.Link(&c.Entries[0], nil)
	if err := m.Commit(context.Background(), &c); err != nil {
		tb.Fatal(err)
	}
}

// TestMemoryGivesBackWhatEnds works on a few streams for long, and holds what
// must not grow with the work: everything but histories and event ids.
func TestMemoryGivesBackWhatEnds(t *testing.T) {
	m := NewNamedMemory("test")
	ctx := context.Background()
	const streams = 5
	var at [streams]Position
	for i := range at {
		at[i] = Genesis(fmt.Sprint(i))
	}
	for round := range policy.Instant(400) {
		for i := range at {
			name := fmt.Sprint(i)
			state := []byte(strings.Repeat("s", int(round)*37%900))
			put(t, m, &at[i], Commit{
				Stream: name, Due: round, State: state, Subject: state, Document: policy.Digest{byte(round % 3)},
				Add: []Item{{ID: escalation.EffectID{Seq: at[i].Seq + 1}, NotBefore: round}},
			})
		}
		if due, _, err := m.Due(ctx, Ask{By: round, Limit: streams, Owner: "one", Until: round + 9}, nil); err != nil || len(due) != streams {
			t.Fatalf("%d are due, %v; want %d", len(due), err, streams)
		}
		items, _, err := m.Claim(ctx, Ask{By: round, Limit: streams, Until: round + 9})
		if err != nil || len(items) != streams {
			t.Fatalf("%d items, %v; want %d", len(items), err, streams)
		}
		for _, it := range items {
			i := it.Stream[0] - '0'
			put(t, m, &at[i], Commit{Stream: it.Stream, Due: policy.Never, Remove: []Lease{it.Lease()}})
		}
	}
	for _, n := range []struct {
		what string
		is   int
		most int
	}{
		{"items", int(m.outbox.items.n), streams},
		{"items by id", m.outbox.byID.n, 0},
		{"items that wait", m.outbox.queue[0].n, 0},
		{"streams that are due", m.due[0].n, 0},
		{"claims", int(m.claims.n), 2 * streams},
		{"subjects", int(m.subjects.n), streams},
		{"pinned documents", len(m.pins), 4},
		{"long states", int(m.states.large.n), streams},
		{"streams", int(m.streams.n), streams},
	} {
		if n.is > n.most {
			t.Errorf("%d %s, want at most %d", n.is, n.what, n.most)
		}
	}
	for class := range m.states.classes {
		if n := m.states.classes[class].n; n > streams {
			t.Errorf("%d blocks of class %d, want at most %d", n, class, streams)
		}
	}
}

// TestMemoryAllocations holds the paths that each event takes.
func TestMemoryAllocations(t *testing.T) {
	m := NewNamedMemory("test")
	ctx := context.Background()
	at := Genesis("s")
	put(t, m, &at, Commit{Stream: "s", State: make([]byte, 100), Due: 1})
	var snap Snapshot
	snaps := make([]Snapshot, 1)
	load := func() {
		if err := m.Load(ctx, "s", &snap); err != nil {
			t.Fatal(err)
		}
	}
	due := func() {
		var err error
		if snaps, _, err = m.Due(ctx, Ask{By: 1, Limit: 1, Owner: "one", Until: 2}, snaps); err != nil || len(snaps) != 1 {
			t.Fatal(len(snaps), err)
		}
	}
	c := Commit{Stream: "s", Entries: make([]Entry, 1), State: make([]byte, 100)}
	batch := []*Commit{&c}
	var scratch []byte
	body := []byte("body")
	commit := func() {
		c.After, c.Due = at, policy.Instant(at.Seq%7)
		c.Entries[0] = Entry{Body: body}
		scratch = at.Link(&c.Entries[0], scratch)
		if err := m.Commit(ctx, batch...); err != nil {
			t.Fatal(err)
		}
	}
	commit()
	for _, op := range []struct {
		name string
		run  func()
	}{{"Load", load}, {"Due", due}, {"Commit", commit}} {
		op.run()
		// A commit appends to chunks, one allocation in hundreds of commits.
		if n := testing.AllocsPerRun(200, op.run); n >= 1 {
			t.Errorf("%s allocates %v times", op.name, n)
		}
	}
}

// TestWatchEnds holds that a watcher is forgotten with its context, and that one
// who does not listen holds nobody up.
func TestWatchEnds(t *testing.T) {
	m := NewNamedMemory("test")
	deaf, cancelDeaf := context.WithCancel(t.Context())
	m.Watch(deaf)
	ctx, cancel := context.WithCancel(t.Context())
	hints := m.Watch(ctx)
	at := Genesis("s")
	for range 5 {
		put(t, m, &at, Commit{Stream: "s", Due: policy.Never})
	}
	select {
	case <-hints:
	default:
		t.Error("no hint after five commits")
	}
	cancel()
	cancelDeaf()
	m.watch.wait(0)
	put(t, m, &at, Commit{Stream: "s", Due: policy.Never})
	select {
	case <-hints:
		t.Error("a hint after the end of the context")
	default:
	}
}
