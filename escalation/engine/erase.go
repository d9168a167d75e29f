package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// ErrNotOver is wrapped by the error of an Erase of an alert of which something
// is still to come. Nothing was erased.
var ErrNotOver = errors.New("engine: the alert is not over")

// Erase forgets, for good, what one alert's history says: the bodies and salts of
// its entries, and the people and words in its state. Their sums stay, so that the
// chain holds and a verifier counts them as erased; so do the alert's key, when
// each entry was made and of what kind it was. incarnation 0 is the key's last.
//
// It takes a person of the directory who is no party of the alert, and a reason; both are recorded in the
// engine's own stream, with the head of what was erased, before anything is. Only
// an alert that is over is erased, else the error wraps [ErrNotOver]: nothing of
// it is due, no gate of it is shut, no review pending, no message under way. Who
// was refused is recorded, too. After an error that says no such thing, the
// outcome is open: call it again.
//
// The store must be a [store.Eraser]; those of this module are. It does not
// forget event ids, with who sent them, nor what was told or sent elsewhere (a
// [Config.Evidence] sink, exports, messages).
func (e *Engine) Erase(ctx context.Context, key string, incarnation uint64, by escalation.Author, reason string) (Result, error) {
	eraser, ok := e.store.(store.Eraser)
	if !ok {
		return Result{}, invalid("the store cannot erase: it is no store.Eraser")
	}
	in := Input{Key: key, Event: escalation.Event{Kind: escalation.EventNote, By: by, Name: "erase", Reason: reason, Incarnation: incarnation}}
	if err := in.check(); err != nil {
		return Result{}, err
	}
	if err := e.start(ctx); err != nil {
		return Result{}, err
	}
	verdict, err := e.mayErase(ctx, by, reason)
	if err != nil {
		return Result{}, err
	}
	if verdict.Kind != escalation.Applied {
		return e.aside(ctx, &in, verdict)
	}
	stream, err := e.erasable(ctx, in.Key, incarnation)
	if errors.Is(err, store.ErrNotFound) {
		return e.aside(ctx, &in, ignored(escalation.UnknownThing))
	}
	if err != nil {
		return Result{}, err
	}
	return e.erase(ctx, eraser, stream, &in)
}

// mayErase judges the author of an erasure: a person, with a reason.
func (e *Engine) mayErase(ctx context.Context, by escalation.Author, reason string) (escalation.Verdict, error) {
	switch {
	case by.Principal.Kind != policy.TargetUser:
		return rejected(escalation.NotAPerson), nil
	case reason == "":
		return rejected(escalation.NoReason), nil
	}
	return e.may(ctx, []policy.Principal{{Class: "people"}}, by, true)
}

// erasable finds the stream of a key's incarnation.
func (e *Engine) erasable(ctx context.Context, key string, incarnation uint64) (string, error) {
	last, err := e.store.Last(ctx, key)
	if err != nil {
		if errors.Is(err, store.ErrNotFound) {
			return "", err
		}
		return "", fmt.Errorf("engine: last of %q: %w", key, err)
	}
	n := incarnationOf(last.Stream)
	switch {
	case incarnation == 0 || incarnation == n:
		return last.Stream, nil
	case incarnation > n:
		return "", store.ErrNotFound
	}
	return alertStream(key, incarnation), nil
}

// erase forgets a stream: first it says so in the engine's stream, then the state
// is made bare, then the store erases all that came before.
func (e *Engine) erase(ctx context.Context, eraser store.Eraser, stream string, in *Input) (Result, error) {
	for range maxConflicts {
		h, err := e.read(ctx, stream)
		if err != nil {
			return Result{}, err
		}
		if partyOf(h, in.Event.By.Principal) {
			e.cache.put(h, true)
			return e.aside(ctx, in, rejected(escalation.IsParty))
		}
		bare, why := escalation.Forgotten(h.doc.Document, &h.state)
		if why != "" {
			e.cache.put(h, true)
			return Result{}, fmt.Errorf("%w: %s: %s", ErrNotOver, stream, why)
		}
		in.Event.Text = fmt.Sprintf("erase %s to entry %d, %s", stream, h.pos.Seq, h.pos.Hash)
		r, err := e.aside(ctx, in, applied())
		if err == nil {
			err = e.commitBare(ctx, h, &bare, in)
		}
		upto := h.pos.Seq
		e.cache.put(h, false)
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err != nil {
			return Result{}, err
		}
		if err := eraser.Erase(ctx, stream, upto); err != nil {
			return Result{}, fmt.Errorf("engine: erase %q: %w", stream, err)
		}
		return r, e.eraseDeeds(ctx, eraser, stream)
	}
	return Result{}, fmt.Errorf("engine: %q: %w, %d times in a row", stream, store.ErrConflict, maxConflicts)
}

// partyOf reports whether who is part of an alert's problem, or its subject: what is
// known of that is not theirs to erase.
func partyOf(h *held, who policy.Target) bool {
	return slices.Contains(h.state.Alert.Parties, who) || slices.Contains(h.doc.Policies[h.state.Policy].Parties, who) ||
		who.ID == h.state.Alert.Identity.ID
}

// eraseDeeds forgets what the histories of an alert's actions say. Where each
// stands, with the ids of its subjects, stays: it is what may still be taken back.
func (e *Engine) eraseDeeds(ctx context.Context, eraser store.Eraser, stream string) error {
	for deeds, err := range e.store.Streams(ctx, store.StreamQuery{Prefix: deedStream(stream, "")}) {
		if err == nil {
			err = eraser.Erase(ctx, deeds, math.MaxInt64)
		}
		if err != nil {
			return fmt.Errorf("engine: erase the actions of %q: %w", stream, err)
		}
	}
	return nil
}

// commitBare replaces an alert's state by one that has forgotten. Its record
// stays: who had it erased, and why.
func (e *Engine) commitBare(ctx context.Context, h *held, bare *escalation.State, in *Input) error {
	rec := escalation.Record{Seq: h.pos.Seq + 1, Event: in.Event, Verdict: applied(), Policy: h.doc.Policies[bare.Policy].Digest}
	rec.Event.At = max(e.now(), h.pos.At)
	bare.Seq, bare.At = rec.Seq, max(rec.Event.At, bare.At)
	entry := store.Entry{At: rec.Event.At, Kind: rec.Event.Kind, Salt: e.salt(), Body: escalation.AppendRecord(nil, &rec)}
	pos := h.pos
	pos.Link(&entry, nil)
	c := store.Commit{
		Stream: h.stream, After: h.pos, Entries: []store.Entry{entry},
		State: escalation.AppendState(nil, bare), Subject: escalation.AppendAlert(nil, bare.Alert), Document: h.doc.Digest,
		Due: bare.Due, Rank: rankOf(bare), Key: h.key, Posted: len(bare.Gates) > 0,
	}
	if err := e.write(ctx, &c); err != nil {
		return err
	}
	e.evidence.note(h.stream, pos.Seq, pos.At)
	e.counts.records.Add(1)
	if e.subscribed() {
		e.publish(Record{
			ID: e.recordID(h.stream, rec.Seq), Stream: h.stream, Key: h.key, Incarnation: bare.Incarnation,
			Document: h.doc.Document, Record: rec, State: *bare,
		})
	}
	return nil
}
