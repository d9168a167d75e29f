package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// warped is a store that something gets behind: it forgets what streams are due.
type warped struct {
	store.Store
	lost map[string]bool // not found by Due
	gone string          // a stream that is not to be found
}

func (w *warped) Load(ctx context.Context, stream string, into *store.Snapshot) error {
	if stream == w.gone {
		return store.ErrNotFound
	}
	return w.Store.Load(ctx, stream, into)
}

func (w *warped) Due(ctx context.Context, ask store.Ask, into []store.Snapshot) ([]store.Snapshot, policy.Instant, error) {
	due, next, err := w.Store.Due(ctx, ask, into)
	kept := due[:0]
	for _, snap := range due {
		if !w.lost[snap.Stream] {
			kept = append(kept, snap)
		}
	}
	return kept, next, err
}

func (w *warped) Commit(ctx context.Context, batch ...*store.Commit) error {
	for _, c := range batch {
		delete(w.lost, c.Stream) // a commit indexes anew
	}
	return w.Store.Commit(ctx, batch...)
}

// noteDue has a stream noted as due at another instant than its state says.
func (w *warped) noteDue(t *testing.T, stream string, due policy.Instant) {
	t.Helper()
	var snap store.Snapshot
	if err := w.Load(t.Context(), stream, &snap); err != nil {
		t.Fatal(err)
	}
	r := escalation.Record{Seq: snap.Seq + 1, Event: escalation.Event{Kind: escalation.EventNote, At: snap.At, By: self(), ClaimedAt: policy.Never}}
	state := snap.State
	if isAlert(stream) {
		var s escalation.State
		if err := escalation.DecodeState(state, &s); err != nil {
			t.Fatal(err)
		}
		s.Seq++
		state = escalation.AppendState(nil, &s)
	}
	entry := store.Entry{At: snap.At, Kind: escalation.EventNote, Body: escalation.AppendRecord(nil, &r)}
	at := snap.Position
	at.Link(&entry, nil)
	c := store.Commit{
		Stream: stream, After: snap.Position, Entries: []store.Entry{entry}, State: state, Document: snap.Document,
		Open: snap.Open, Rank: snap.Rank, Due: due, Key: snap.Key,
	}
	if err := w.Store.Commit(t.Context(), &c); err != nil {
		t.Fatal(err)
	}
}

// nightly is a policy beside an expectation.
const nightly = `{"version": 1, "expectations": [{"name": "nightly", "key": "job", "every": "1h", "grace": "5m", "alert": {"kind": "rotation_failed"}}],
	"policies": [{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice"], "wait": "5m"}, {"name": "two", "notify": ["user:bob"], "wait": "1h"}]}]}`

// What is noted of a stream is held to its state: a wrong instant is put right
// before it is missed, and told, in the stream and in the engine's own.
func TestAuditorRepairs(t *testing.T) {
	for _, stream := range []string{"alert/db#1", "expect/nightly", "silence/q"} {
		for _, due := range []policy.Instant{policy.Never, policy.InstantOf(epoch.Add(30 * 24 * h))} {
			t.Run(fmt.Sprintf("%s %s", stream, dueText(due)), func(t *testing.T) {
				kept := &warped{Store: store.NewMemory()}
				b := newBench(t, nightly, func(c *Config) { c.Store = kept })
				b.trigger(alertOf("db"))
				r, err := b.e.Silence(t.Context(), SilenceRequest{Name: "q", Key: "other", For: 2 * h, Reason: "drill"}, bob)
				b.must("applied")(r, err)
				b.look(0)
				kept.noteDue(t, stream, due)
				b.e, _ = New(b.e.cfg) // a cache is no help
				b.recs = nil
				b.look(m)
				b.look(2 * m)
				if n := b.e.Stats().Repaired; n != 1 {
					t.Errorf("%d repaired; want one", n)
				}
				if got := b.notes(stream); len(got) != 1 || !strings.HasPrefix(got[0], "auditor: "+stream+" was noted as due "+dueText(due)) {
					t.Errorf("notes of the stream %q", got)
				}
				if got := b.notes("engine/"); len(got) != 1 || !strings.Contains(got[0], "auditor: repaired 1 streams: "+stream) {
					t.Errorf("notes of the engine %q", got)
				}
				b.out.take()
				b.to(3 * h)
				got := strings.Join(b.out.take(), "\n")
				if !strings.Contains(got, "+5m0s page user:bob via default db#1") || !strings.Contains(got, "+1h5m0s page user:alice via default job#1") {
					t.Errorf("sent %q; want the ladder and the expectation in time", got)
				}
			})
		}
	}
}

// A commit that the store refuses as not in form is no reason to try it for ever.
func TestInvalidCommitIsSetAside(t *testing.T) {
	kept := &warped{Store: store.NewMemory()}
	b := newBench(t, ladder, func(c *Config) { c.Store = kept })
	b.trigger(alertOf("db"))
	b.look(0)
	b.e.cache.take("alert/db#1").state.Seq += 7 // as if by a bug of ours
	b.e.cache.byName["alert/db#1"].taken = false
	b.clock.set(epoch.Add(6 * m))
	if _, err := b.e.Tick(t.Context()); !errors.Is(err, errStuck) || !errors.Is(err, store.ErrInvalid) {
		t.Errorf("Tick: %v; want the stream stuck", err)
	}
	if got := b.last.take(); len(got) != 1 || !strings.Contains(got[0], "db#0") {
		t.Errorf("last resort %q; want it told, once", got)
	}
	b.look(8 * m) // what was held of it was dropped
	if got := strings.Join(b.out.take(), "\n"); !strings.Contains(got, "user:bob") {
		t.Errorf("sent %q; want bob told", got)
	}
}

// What is due and is not found is found by the auditor.
func TestAuditorFindsWhatIsNotIndexed(t *testing.T) {
	for _, node := range []string{"", "a"} {
		kept := &warped{Store: store.NewMemory(), lost: map[string]bool{}}
		b := newBench(t, ladder, func(c *Config) { c.Store, c.Node = kept, node })
		b.trigger(alertOf("db"))
		b.look(0)
		kept.lost["alert/db#1"] = true
		b.out.take()
		for d := m; d <= 10*m; d += 10 * time.Second {
			b.look(d)
		}
		if got := strings.Join(b.out.take(), "\n"); strings.Count(got, "user:bob") != 1 {
			t.Errorf("node %q: sent %q; want bob told", node, got)
		}
		if n := b.e.Stats().Repaired; n != 1 {
			t.Errorf("node %q: %d repaired; want one", node, n)
		}
	}
}

// An item of the outbox whose stream is gone is told to the last resort.
func TestOrphans(t *testing.T) {
	kept := &warped{Store: store.NewMemory()}
	b := newBench(t, ladder, func(c *Config) { c.Store = kept })
	b.trigger(alertOf("db"))
	kept.gone, kept.lost = "alert/db#1", map[string]bool{"alert/db#1": true}
	b.e.cache.put(b.e.cache.take(kept.gone), false)
	for d := time.Duration(0); d < h; d += m {
		b.look(d)
	}
	b.told()
	if got := b.last.take(); len(got) != 1 {
		t.Errorf("last resort %q; want it told once", got)
	}
	if got := b.notes("engine/"); len(got) == 0 || !strings.Contains(got[0], "the outbox has a notify for user:alice via default of alert/db#1") {
		t.Errorf("notes %q", got)
	}
}

// A round goes over all streams, a slice at a time, and finds nothing wrong with
// what the engine itself committed.
func TestAuditorGoesRound(t *testing.T) {
	kept := &warped{Store: store.NewMemory()}
	b := newBench(t, ladder, func(c *Config) { c.Store = kept })
	const alerts = 2*auditSlice + 10
	for i := range alerts {
		b.trigger(alertOf(fmt.Sprint("k", i)))
	}
	b.look(0)
	kept.noteDue(t, "alert/k99#1", policy.Never) // the last by name
	slices := 1
	for ; b.e.Stats().Repaired == 0 && slices < 10; slices++ {
		b.look(time.Duration(slices) * auditStep)
	}
	if n := b.e.Stats().Repaired; n != 1 || slices != 3 {
		t.Errorf("%d repaired after %d slices; want one after three", n, slices)
	}
}
