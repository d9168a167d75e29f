package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

const (
	// auditPause is from the beginning of one round of the auditor to that of
	// the next, unless the round takes longer.
	auditPause = time.Minute
	// auditSlice is how many streams are looked at at once, and auditStep how
	// long before the next slice: a million alerts cost no more than a few.
	auditSlice = 128
	auditStep  = time.Second
	// auditNames is how many streams a report names.
	auditNames = 8
)

// auditor derives the timers of all streams from their states, slice by slice,
// round after round. The due column is an index, and an index can be wrong: what
// it does not find is never told. The auditor is for the pump's holder.
type auditor struct {
	cursor string         // the last stream of the slice before; "": a round begins
	began  policy.Instant // the round
	looked policy.Instant // the slice before
	begun  bool
}

// turn reports whether a slice is to be looked at.
func (a *auditor) turn(now policy.Instant) bool {
	switch {
	case !a.begun:
		return true
	case a.cursor == "":
		return now.Sub(a.began) >= auditPause
	}
	return now.Sub(a.looked) >= auditStep
}

// audit looks at a slice of the streams, when it is time. What is due has been
// applied just now: what is overdue still was not found.
func (e *Engine) audit(ctx context.Context, now policy.Instant) error {
	a := &e.auditor
	if !a.turn(now) || !e.shadow.on && !e.running.Load() {
		return nil // nobody gets behind a store in the host's memory but by a bug, which Run looks for
	}
	if a.cursor == "" {
		a.began = now
	}
	a.begun, a.looked = true, now
	var slice []string
	for stream, err := range e.store.Streams(ctx, store.StreamQuery{After: a.cursor}) {
		if err != nil {
			return fmt.Errorf("engine: streams: %w", err)
		}
		if slice = append(slice, stream); len(slice) == auditSlice {
			break
		}
	}
	var repaired []string
	snap := e.snaps.Get().(*store.Snapshot)
	defer e.snaps.Put(snap)
	for _, stream := range slice {
		done, err := e.auditStream(ctx, stream, snap, now)
		if err != nil {
			return err
		}
		if done != "" {
			repaired = append(repaired, done)
		}
	}
	a.cursor = ""
	if len(slice) == auditSlice {
		a.cursor = slice[len(slice)-1]
	}
	if len(repaired) == 0 {
		return nil
	}
	e.counts.repaired.Add(uint64(len(repaired)))
	text := fmt.Sprintf("auditor: repaired %d streams: %s", len(repaired), strings.Join(repaired[:min(len(repaired), auditNames)], "; "))
	if n := len(repaired) - auditNames; n > 0 {
		text += fmt.Sprintf("; and %d more", n)
	}
	e.log.Error("auditor", "repaired", len(repaired), "first", repaired[0])
	return e.remark(ctx, "", text)
}

// auditStream looks at one stream, and says what it repaired; "": nothing. What
// cannot be read is left to whoever finds it due, and tells.
func (e *Engine) auditStream(ctx context.Context, stream string, snap *store.Snapshot, now policy.Instant) (string, error) {
	err := e.store.Load(ctx, stream, snap)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil // gone since it was listed
	}
	if err != nil {
		return "", fmt.Errorf("engine: load %q: %w", stream, err)
	}
	derived, right, err := e.derive(ctx, snap)
	if errors.Is(err, errStuck) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var fault string
	switch {
	case !right:
		fault = fmt.Sprintf("%s was noted as due %s instead of %s", stream, dueText(snap.Due), dueText(derived))
	case derived <= now.Add(-e.overlooked()) && e.stuck.until(stream) <= now:
		fault = fmt.Sprintf("%s is due since %s and was not found", stream, derived)
	default:
		return "", nil
	}
	return fault, e.mend(ctx, snap, "auditor: "+fault)
}

// orphanAgain is how often the last resort is told of an item without a stream.
const orphanAgain = 24 * time.Hour

// orphan tells the last resort of an item whose stream the store does not have:
// nobody can say whether it is still wanted, and no commit can take it away.
func (e *Engine) orphan(ctx context.Context, o *outgoing, now policy.Instant) error {
	e.counts.repaired.Add(1)
	text := fmt.Sprintf("auditor: the outbox has a %s for %s via %s of %s, which the store does not have", o.effect.Kind, o.effect.To, o.effect.Via, o.item.Stream)
	e.log.Error("auditor", "orphan", o.item.Stream)
	e.alarm(ctx, o.item.Stream, now, text)
	if err := e.remark(ctx, "", text); err != nil {
		return err
	}
	return e.putBack(ctx, &o.item, now.Add(orphanAgain), o.item.Attempt, o.item.First)
}

// overlooked is for how long something is overdue before it counts as not found:
// another engine may have taken it, for as long as a lease.
func (e *Engine) overlooked() time.Duration {
	if e.owner != "" {
		return looking + e.cfg.Lease
	}
	return looking
}

// derive derives when a stream is due, and says whether what is noted of it is
// right.
func (e *Engine) derive(ctx context.Context, snap *store.Snapshot) (due policy.Instant, right bool, err error) {
	switch {
	case isAlert(snap.Stream):
		h := &held{slot: -1}
		if err := e.decode(ctx, snap, h); err != nil {
			return 0, false, err
		}
		due = escalation.Deadline(h.doc.Document, &h.state)
		return due, h.state.Punctual(snap.Due, due) && snap.Due == h.state.Due, nil
	case strings.HasPrefix(snap.Stream, expectationStreams):
		x, err := readExpectation(snap)
		if err != nil {
			return 0, false, fmt.Errorf("%w: %w", errStuck, err)
		}
		due = x.Due
	case strings.HasPrefix(snap.Stream, silenceStreams):
		q, err := readSilence(snap)
		if err != nil {
			return 0, false, fmt.Errorf("%w: %w", errStuck, err)
		}
		due = q.due()
	case strings.HasPrefix(snap.Stream, breakerStreams):
		b, err := sideState[breaker](snap)
		if err != nil {
			return 0, false, err
		}
		due = b.due(snap.At)
	default:
		return snap.Due, true, nil // of no kind that has timers
	}
	return due, snap.Due == due, nil
}

// mend commits to a stream what is derived from its state, with a note that says
// why: the commit sets the due instant anew.
func (e *Engine) mend(ctx context.Context, snap *store.Snapshot, text string) error {
	ev := escalation.Event{Kind: escalation.EventNote, By: self(), ClaimedAt: policy.Never, Text: text}
	if isAlert(snap.Stream) {
		for range maxConflicts {
			_, err := e.apply(ctx, snap.Stream, &Input{Key: snap.Key, Event: ev})
			if !errors.Is(err, store.ErrConflict) {
				return err
			}
		}
		return fmt.Errorf("engine: %q: %w, %d times in a row", snap.Stream, store.ErrConflict, maxConflicts)
	}
	_, err := e.sideways(ctx, snap.Stream, func(snap *store.Snapshot, now policy.Instant) (*sideStep, error) {
		due, _, err := e.derive(ctx, snap)
		if err != nil {
			return nil, err
		}
		ev.At = now
		return &sideStep{event: ev, verdict: applied(), due: due, open: snap.Open, digest: snap.Document}, nil
	})
	return err
}

func dueText(at policy.Instant) string {
	if !at.Known() {
		return "never"
	}
	return at.String()
}
