package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/audit"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// cursor is how far the sink has come, as the store keeps it.
type cursor struct {
	Since policy.Instant `json:"since"`
	// Down is since when the sink takes nothing, where that was told.
	Down policy.Instant `json:"down,omitempty"`
}

// readEvidence finds where the feed goes on: everything that was committed about
// when the cursor was written, or since, is fed again.
func (e *Engine) readEvidence(ctx context.Context) error {
	v := &e.evidence
	if v.sink == nil {
		return nil
	}
	snap, err := e.loadSide(ctx, evidenceStreams+e.cfg.Node)
	if err != nil {
		return err
	}
	c, err := sideState[cursor](&snap)
	if err != nil {
		c = cursor{} // all of it again rather than a gap
	}
	v.mu.Lock()
	v.since = c.Since
	if c.Down != 0 {
		v.trouble = trouble{since: c.Down, next: c.Down, alarmed: true, noted: true}
	}
	v.mu.Unlock()
	return e.lookForEvidence(ctx)
}

// lookForEvidence finds what is committed and may not have been taken: by this
// engine before it was started, and by others.
func (e *Engine) lookForEvidence(ctx context.Context) error {
	v := &e.evidence
	var snap store.Snapshot
	for stream, err := range e.store.Streams(ctx, store.StreamQuery{}) {
		if err != nil {
			return fmt.Errorf("engine: streams: %w", err)
		}
		if err := e.store.Load(ctx, stream, &snap); err != nil {
			return fmt.Errorf("engine: load %q: %w", stream, err)
		}
		v.mu.Lock()
		old := v.old(snap.At)
		v.mu.Unlock()
		if !old {
			v.note(stream, snap.Seq, snap.At)
		}
	}
	v.mu.Lock()
	v.looked = e.now()
	v.mu.Unlock()
	return nil
}

// feedEvidence gives the sink what it has not, and lets go what waited for that.
// What cannot be fed, whosever fault it is, is tried again later: it must not keep
// a page back.
func (e *Engine) feedEvidence(ctx context.Context, c caller) {
	v := &e.evidence
	now := e.now()
	if v.waiting() > now {
		return
	}
	v.feeding.Lock()
	defer v.feeding.Unlock()
	err := e.feedOnce(ctx, c)
	if err == nil {
		err = e.evidenceTaken(ctx, now)
		v.mu.Lock()
		v.unsettled = err != nil
		v.mu.Unlock()
	}
	if err != nil && ctx.Err() == nil {
		err = e.evidenceRefused(ctx, c, now, err)
	}
	if err != nil && ctx.Err() == nil {
		e.log.Error("evidence", "err", notify.Redact(err))
	}
}

// feedOnce gives the sink all that is pending.
func (e *Engine) feedOnce(ctx context.Context, c caller) error {
	v := &e.evidence
	var batch []audit.Entry
	var refused error
	flush := func() {
		if len(batch) == 0 || refused != nil {
			return
		}
		if !v.calling.CompareAndSwap(false, true) {
			refused = errSinkHangs
			return
		}
		given := batch
		refused = c.ask(ctx, "evidence sink", e.cfg.AttemptTimeout, func(ctx context.Context) error {
			defer v.calling.Store(false)
			return v.sink.Append(ctx, given)
		})
		if refused == nil {
			v.took(batch)
		}
		batch = nil // the sink may keep it
	}
	for _, stream := range v.work() {
		err := e.evidenceOf(ctx, stream, func(x audit.Entry) bool {
			if batch = append(batch, x); len(batch) == evidenceBatch {
				flush()
			}
			return refused == nil
		})
		if err != nil {
			return err
		}
		if refused != nil {
			break
		}
	}
	flush()
	return refused
}

var errSinkHangs = errors.New("a call of it has not returned yet; no other is begun meanwhile")

// evidenceOf yields a stream's entries that the sink has not.
func (e *Engine) evidenceOf(ctx context.Context, stream string, yield func(audit.Entry) bool) error {
	v := &e.evidence
	last := v.from(stream)
	before, any := store.Genesis(stream).Hash, false
	seq := uint64(0)
	for x, err := range e.store.History(ctx, stream, last) {
		if err != nil {
			return fmt.Errorf("engine: history of %q: %w", stream, err)
		}
		seq = x.Seq
		v.mu.Lock()
		skip := x.Seq <= last || v.old(x.At)
		v.mu.Unlock()
		if !skip {
			any = true
			if !yield(audit.EntryOf(stream, before, &x)) {
				return nil
			}
		}
		before = x.Hash
	}
	if !any {
		v.drop(stream, seq)
	}
	return nil
}

// evidenceTaken goes on after the sink took all that was pending: it ends a
// trouble, writes the cursor, and lets go what waited.
func (e *Engine) evidenceTaken(ctx context.Context, now policy.Instant) error {
	v := &e.evidence
	v.mu.Lock()
	was := v.trouble
	v.trouble = trouble{since: policy.Never, next: policy.Never}
	v.since = max(v.since, now)
	switched := v.switched
	v.switched = false
	keep := was.noted || !v.kept.Known() || now.Sub(v.kept) >= evidenceKept
	if keep {
		v.kept = now
		for stream, r := range v.taken {
			if v.old(r.at) {
				delete(v.taken, stream)
			}
		}
	}
	v.mu.Unlock()
	if was.noted {
		e.log.Info("the evidence sink takes again", "since", was.since)
	}
	if keep {
		text := ""
		if was.noted {
			text = "the evidence sink takes again; it took nothing since " + was.since.String()
		}
		if err := e.keepCursor(ctx, cursor{Since: now}, text); err != nil {
			return err
		}
	}
	if err := e.board.Recheck(ctx); err != nil {
		return err
	}
	if !switched {
		return nil
	}
	return e.release(ctx)
}

// evidenceRefused notes that the sink did not take something, and when it is
// tried again. Past the patience, the last resort is told, once, and the history.
func (e *Engine) evidenceRefused(ctx context.Context, c caller, now policy.Instant, cause error) error {
	v := &e.evidence
	v.mu.Lock()
	t := &v.trouble
	if !t.since.Known() {
		t.since = now
	}
	t.tries++
	t.next = now.Add(notify.Backoff(t.tries))
	tell := now.Sub(t.since) >= e.cfg.EvidencePatience
	was := *t
	since := v.since
	v.mu.Unlock()
	e.log.Warn("the evidence sink takes nothing", "since", was.since, "err", notify.Redact(cause))
	if !tell {
		return nil
	}
	if !was.alarmed && e.tellUnavailable(ctx, c, was.since, now, cause) {
		v.mu.Lock()
		v.trouble.alarmed = true
		v.mu.Unlock()
	}
	if was.noted {
		return nil
	}
	text := policy.ReasonEvidenceUnavailable.String() + ": the sink takes nothing since " + was.since.String() + ": " + notify.Redact(cause)
	if err := e.keepCursor(ctx, cursor{Since: since, Down: was.since}, text); err != nil {
		return err
	}
	v.mu.Lock()
	v.trouble.noted = true
	v.mu.Unlock()
	return nil
}

// tellUnavailable tells the last resort, and reports whether that took it.
func (e *Engine) tellUnavailable(ctx context.Context, c caller, since, now policy.Instant, cause error) bool {
	key := "belfry/" + e.cfg.Node
	text := "the evidence sink takes nothing since " + since.String() + ": " + notify.Redact(cause) +
		". Pages and protective actions go on; gates stay shut and nothing is given back until it does."
	n := notify.Notification{
		ID: e.namespace + ":evidence/" + e.cfg.Node + "/" + since.String(), Kind: notify.KindLastResort, To: e.lastResortTarget(), Via: viaDefault,
		At: now, Attempt: 1,
		Alerts: []notify.Item{{ID: "evidence:" + key, Key: key, Reason: policy.ReasonEvidenceUnavailable, Priority: policy.P1, Text: text}},
	}
	if _, _, err := c.notify(ctx, e.lastResort, n); err != nil {
		e.log.Error("last resort", "err", notify.Redact(err))
		return false
	}
	return true
}

// keepCursor commits the cursor, with what is to be said of the sink.
func (e *Engine) keepCursor(ctx context.Context, c cursor, text string) error {
	_, err := e.sideways(ctx, evidenceStreams+e.cfg.Node, func(_ *store.Snapshot, now policy.Instant) (*sideStep, error) {
		state, err := json.Marshal(c)
		if err != nil {
			return nil, fmt.Errorf("engine: cursor: %w", err)
		}
		return &sideStep{
			event:   escalation.Event{Kind: escalation.EventNote, At: now, By: self(), ClaimedAt: policy.Never, Name: "evidence", Text: text},
			verdict: applied(), state: state, due: policy.Never, open: true,
		}, nil
	})
	return err
}

// feedInRun feeds the sink beside Run, so that one that hangs delays nothing,
// until ctx ends.
func (e *Engine) feedInRun(ctx context.Context) {
	v := &e.evidence
	for {
		if err := e.lookAgainForEvidence(ctx); err != nil && ctx.Err() == nil {
			e.log.Error("evidence", "err", notify.Redact(err))
		}
		e.feedEvidence(ctx, apart{e})
		again := time.NewTimer(min(afterFault, e.cfg.LookAgain))
		select {
		case <-ctx.Done():
			again.Stop()
			return
		case <-v.woken:
		case <-again.C:
		}
		again.Stop()
	}
}

// lookAgainForEvidence looks for what others committed, every now and then.
func (e *Engine) lookAgainForEvidence(ctx context.Context) error {
	v := &e.evidence
	v.mu.Lock()
	due := e.owner != "" && e.now().Sub(v.looked) >= evidenceLook
	v.mu.Unlock()
	if !due {
		return nil
	}
	return e.lookForEvidence(ctx)
}
