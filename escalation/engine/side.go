package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// sideStep is one step of a stream that is no alert's: an expectation, a
// silence, the engine itself. Such streams move rarely; their state is JSON.
type sideStep struct {
	event   escalation.Event
	verdict escalation.Verdict
	effects []escalation.Effect // ids are filled in
	state   []byte
	due     policy.Instant
	open    bool
	key     string // for subscribers; such streams have no part in keys
	seen    *store.Seen
	lease   *store.Lease
	digest  policy.Digest
}

// errNothing says that there is nothing to commit.
var errNothing = errors.New("engine: nothing to do")

// sideways steps a stream: step is given where it stands (State is empty for
// one that is new) and the instant, and is called again when the stream moved
// on meanwhile. It returns the number of the record.
func (e *Engine) sideways(ctx context.Context, stream string, step func(snap *store.Snapshot, now policy.Instant) (*sideStep, error)) (uint64, error) {
	for range maxConflicts {
		snap, err := e.loadSide(ctx, stream)
		if err != nil {
			return 0, err
		}
		st, err := step(&snap, max(e.now(), snap.At))
		if err != nil {
			return 0, err
		}
		seq, err := e.commitSide(ctx, &snap, st)
		if !errors.Is(err, store.ErrConflict) {
			return seq, err
		}
	}
	return 0, fmt.Errorf("engine: %q: %w, %d times in a row", stream, store.ErrConflict, maxConflicts)
}

// loadSide reads where a stream stands; one that is new stands at its genesis,
// without a state.
func (e *Engine) loadSide(ctx context.Context, stream string) (store.Snapshot, error) {
	var snap store.Snapshot
	err := e.store.Load(ctx, stream, &snap)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return store.Snapshot{Stream: stream, Position: store.Genesis(stream), Due: policy.Never}, nil
	case err != nil:
		return snap, fmt.Errorf("engine: load %q: %w", stream, err)
	}
	return snap, nil
}

// sideState decodes a stream's state; that of a new one is the zero value. A
// state that cannot be read is errStuck.
func sideState[T any](snap *store.Snapshot) (T, error) {
	var state T
	if len(snap.State) == 0 {
		return state, nil
	}
	if err := json.Unmarshal(snap.State, &state); err != nil {
		return state, fmt.Errorf("%w: state of %q: %w", errStuck, snap.Stream, err)
	}
	return state, nil
}

func (e *Engine) commitSide(ctx context.Context, snap *store.Snapshot, st *sideStep) (uint64, error) {
	r := escalation.Record{Seq: snap.Seq + 1, Event: st.event, Verdict: st.verdict, Effects: st.effects, Policy: st.digest}
	c := store.Commit{Stream: snap.Stream, After: snap.Position, State: st.state, Open: st.open, Due: st.due}
	if c.State == nil {
		c.State = snap.State
	}
	for i := range r.Effects {
		ef := &r.Effects[i]
		ef.ID = escalation.EffectID{Seq: r.Seq, I: uint16(i)}
		if ef.Kind.Leaves() || ef.Kind == tellSilence {
			c.Add = append(c.Add, store.Item{
				ID: ef.ID, NotBefore: st.event.At, First: policy.Never, Target: e.names.target(ef),
				Body: appendEffect(nil, ef, &escalation.State{}),
			})
		}
	}
	entry := store.Entry{At: max(st.event.At, snap.At), Kind: st.event.Kind, Salt: e.salt(), Body: escalation.AppendRecord(nil, &r)}
	pos := snap.Position
	pos.Link(&entry, nil)
	c.Entries = []store.Entry{entry}
	if st.seen != nil {
		s := *st.seen
		s.Seq, s.Verdict, s.Reason = r.Seq, st.verdict.Kind, st.verdict.Reason
		c.Seen = []store.Seen{s}
	}
	if st.lease != nil {
		c.Remove = []store.Lease{*st.lease}
	}
	if err := e.write(ctx, &c); err != nil {
		return 0, err
	}
	e.evidence.note(snap.Stream, r.Seq, entry.At)
	e.counts.records.Add(1)
	e.counts.outbox.Add(int64(len(c.Add) - len(c.Remove)))
	e.dueBy(c.Due)
	if len(c.Add) > 0 {
		e.leavesBy(st.event.At)
	}
	if e.subscribed() {
		e.publish(Record{
			ID: e.recordID(snap.Stream, r.Seq), Stream: snap.Stream, Key: st.key,
			Document: e.current.Load().Document, Record: cloneRecord(&r),
		})
	}
	return r.Seq, nil
}

// aside records an event that no alert takes, in the engine's own stream: one
// that came twice, or is about nothing there is. What an alert's history says
// happened to it stays all that did.
func (e *Engine) aside(ctx context.Context, in *Input, v escalation.Verdict) (Result, error) {
	stream := engineStreams + e.cfg.Node
	seq, err := e.sideways(ctx, stream, func(snap *store.Snapshot, now policy.Instant) (*sideStep, error) {
		ev := in.Event
		ev.At = now
		return &sideStep{event: ev, verdict: v, due: policy.Never, open: true, key: in.Key}, nil
	})
	if err != nil {
		return Result{}, err
	}
	return Result{ID: e.recordID(stream, seq), Verdict: v}, nil
}

// noteReused records that an event's id had been used before for something
// else.
func (e *Engine) noteReused(ctx context.Context, in *Input, id string) error {
	note := Input{Key: in.Key, Event: escalation.Event{
		Kind: escalation.EventNote, By: in.Event.By, ID: in.ID, ClaimedAt: policy.Never, Text: "id_reused: " + id,
	}}
	_, err := e.aside(ctx, &note, applied())
	return err
}

// finish takes a carried-out item of any stream from the outbox.
func (e *Engine) finish(ctx context.Context, o *outgoing) error {
	r := escalation.Report{Effect: o.item.ID, Attempt: o.item.Attempt + 1, Result: escalation.ResultDone, RetryAt: policy.Never}
	if isAlert(o.item.Stream) {
		return e.report(ctx, o, r, true)
	}
	lease := o.item.Lease()
	_, err := e.sideways(ctx, o.item.Stream, func(snap *store.Snapshot, now policy.Instant) (*sideStep, error) {
		return &sideStep{
			event:   escalation.Event{Kind: escalation.EventReport, At: now, By: self(), ClaimedAt: policy.Never, Report: r},
			verdict: applied(), due: snap.Due, open: snap.Open, lease: &lease,
		}, nil
	})
	if errors.Is(err, store.ErrLease) {
		return nil // somebody else's by now
	}
	return err
}
