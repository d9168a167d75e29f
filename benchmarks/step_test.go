package benchmarks

import (
	"context"
	"io"
	"log"
	"testing"

	"github.com/looplab/fsm"
	"github.com/qmuntal/stateless"
	"go.etcd.io/raft/v3"
	"go.etcd.io/raft/v3/raftpb"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// twoTracks is a policy of two ladders that climb side by side.
const twoTracks = `{"version": 1,
	"directory": {"people": {"alice": {}, "bob": {}, "carol": {}}},
	"policies": [{"name": "p", "priority": "P2", "tracks": {
		"owner": {"tiers": [{"name": "one", "notify": ["user:alice"], "wait": "5m"}, {"name": "two", "notify": ["user:bob"], "wait": "5m"}]},
		"security": {"tiers": [{"name": "one", "notify": ["user:carol"], "wait": "30m"}, {"name": "two", "notify": ["user:bob"], "wait": "5m"}]}}}]}`

// climbing is an open alert whose first pages were accepted, and the tick, with
// its answers, at which one track enters its second tier.
type climbing struct {
	doc   *policy.Document
	state escalation.State
	tick  escalation.Event
}

func newClimbing(tb testing.TB) *climbing {
	tb.Helper()
	c := &climbing{doc: must[*policy.Document](tb)(policy.Parse("two-tracks.json", []byte(twoTracks)))}
	dir := escalation.NewDirectory(c.doc)
	drive := func(ev *escalation.Event) escalation.State {
		tb.Helper()
		var next escalation.State
		_, v, err := escalation.Drive(tb.Context(), c.doc, &next, &c.state, ev, dir, nil)
		if err != nil || v.Kind != escalation.Applied {
			tb.Fatal(ev.Kind, v, err)
		}
		return next
	}
	alert := policy.Alert{
		Key: "db/main", Kind: policy.RotationFailed, Severity: policy.SeverityHigh,
		Identity: policy.Identity{ID: "svc-db-main"},
	}
	c.state = drive(&escalation.Event{Kind: escalation.EventTrigger, At: 1e15, ClaimedAt: policy.Never, Alert: &alert})
	for _, open := range c.state.Clone().Open {
		c.state = drive(&escalation.Event{
			Kind: escalation.EventReport, At: 1e15, ClaimedAt: policy.Never,
			Report: escalation.Report{Effect: open.ID, Attempt: 1, Result: escalation.ResultDelivered, RetryAt: policy.Never},
		})
	}
	c.tick = escalation.Event{Kind: escalation.EventTick, At: c.state.Due, ClaimedAt: policy.Never}
	drive(&c.tick) // which adds the answers to it
	return c
}

// TestStepClimbs holds the measured step to what it is said to be.
func TestStepClimbs(t *testing.T) {
	c := newClimbing(t)
	next, effects, v := escalation.Step(c.doc, c.state, c.tick)
	if v.Kind != escalation.Applied || next.Tracks[0].Tier != 1 || next.Tracks[1].Tier != 0 {
		t.Fatalf("verdict %v, tiers %d and %d; want applied, 1 and 0", v, next.Tracks[0].Tier, next.Tracks[1].Tier)
	}
	pages := 0
	for i := range effects {
		if effects[i].Kind == escalation.EffectNotify {
			pages++
		}
	}
	if pages != 1 {
		t.Errorf("%d pages; want 1", pages)
	}
}

// BenchmarkStep is P1: one step into the next tier, and one that is ignored.
func BenchmarkStep(b *testing.B) {
	c := newClimbing(b)
	b.Run("who=belfry-value", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			escalation.Step(c.doc, c.state, c.tick)
		}
	})
	var next escalation.State
	buf := make([]escalation.Effect, 0, 16)
	b.Run("who=belfry-into", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			escalation.StepInto(&next, c.doc, &c.state, &c.tick, buf[:0])
		}
	})
	stale := escalation.Event{Kind: escalation.EventAcknowledge, At: c.state.At, Incarnation: 9}
	b.Run("who=belfry-ignored", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			escalation.StepInto(&next, c.doc, &c.state, &stale, buf[:0])
		}
	})
	b.Run("who=looplab", benchLooplab)
	b.Run("who=stateless", benchStateless)
	b.Run("who=raft", benchRaft)
}

// benchLooplab is a bare transition between two states without callbacks.
func benchLooplab(b *testing.B) {
	m := fsm.NewFSM("one", fsm.Events{{Name: "climb", Src: []string{"one"}, Dst: "two"}, {Name: "again", Src: []string{"two"}, Dst: "one"}}, nil)
	ctx := context.Background()
	names := [2]string{"climb", "again"}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := m.Event(ctx, names[i&1]); err != nil {
			b.Fatal(err)
		}
	}
}

// benchStateless is the same for the other library.
func benchStateless(b *testing.B) {
	m := stateless.NewStateMachine("one")
	m.Configure("one").Permit("climb", "two")
	m.Configure("two").Permit("again", "one")
	names := [2]string{"climb", "again"}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := m.Fire(names[i&1]); err != nil {
			b.Fatal(err)
		}
	}
}

// benchRaft is a pure state machine of another trade: a follower steps a
// heartbeat; its replies are taken off every 64 steps.
func benchRaft(b *testing.B) {
	storage := raft.NewMemoryStorage()
	one, two := uint64(1), uint64(2)
	start := &raftpb.Snapshot{Metadata: &raftpb.SnapshotMetadata{Index: &one, Term: &one, ConfState: &raftpb.ConfState{Voters: []uint64{one, two}}}}
	if err := storage.ApplySnapshot(start); err != nil {
		b.Fatal(err)
	}
	node := must[*raft.RawNode](b)(raft.NewRawNode(&raft.Config{
		ID: 1, ElectionTick: 10, HeartbeatTick: 1, Storage: storage, MaxSizePerMsg: 1 << 20, MaxInflightMsgs: 256,
		Logger: &raft.DefaultLogger{Logger: log.New(io.Discard, "", 0)},
	}))
	beat := &raftpb.Message{Type: raftpb.MsgHeartbeat.Enum(), From: &two, To: &one, Term: &two, Commit: &one}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := node.Step(beat); err != nil {
			b.Fatal(err)
		}
		if i%64 == 63 && node.HasReady() {
			r := node.Ready()
			if err := storage.Append(r.Entries); err != nil {
				b.Fatal(err)
			}
			node.Advance(r)
		}
	}
}
