package engine

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

const (
	// looking is how long after a due instant the engine may look and still
	// count as having run.
	looking = time.Minute
	// maxConflicts bounds how often a race for a stream is run again. It is
	// lost so often only by a fault.
	maxConflicts = 1000
)

// Submit applies one event: the one door through which everything comes in from
// outside. The engine gives it its instant, puts before it what was due before,
// and commits it; when Submit returns without an error, the event and what
// follows from it are durable. What leaves, leaves by the outbox.
//
// An event that was refused or had no effect is no error: the verdict says so,
// and it is recorded. An error means that nothing is known to be committed:
// [ErrInvalid] that nothing was, [ErrUnknownOutcome] that it is open.
//
// An event about a key that never had an alert is answered ignored(unknown),
// which for a success is the usual case. All other events are for the key's
// open alert, else for its last one, whose gates and reviews outlive it.
//
// Submit may be called from many goroutines, and from inside a Notifier or an
// Action.
func (e *Engine) Submit(ctx context.Context, in Input) (Result, error) {
	if err := in.check(); err != nil {
		return Result{}, err
	}
	if err := e.start(ctx); err != nil {
		return Result{}, err
	}
	switch in.Event.Kind {
	case escalation.EventSilence:
		return e.silence(ctx, &in)
	case escalation.EventUnsilence:
		return e.unsilence(ctx, &in)
	case escalation.EventSucceeded:
		return e.succeeded(ctx, &in)
	}
	return e.submit(ctx, &in)
}

// submit applies an event to the alert that it is about.
func (e *Engine) submit(ctx context.Context, in *Input) (Result, error) {
	for range maxConflicts {
		stream, exists, err := e.route(ctx, in)
		if err != nil {
			return Result{}, err
		}
		var r Result
		switch {
		case exists:
			r, err = e.apply(ctx, stream, in)
		case in.Event.Kind == escalation.EventTrigger:
			r, err = e.open(ctx, stream, in)
		default:
			return e.aside(ctx, in, ignored(escalation.UnknownThing))
		}
		if errors.Is(err, errAgain) || errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrKeyOpen) {
			continue
		}
		return r, err
	}
	return Result{}, fmt.Errorf("engine: %q: %w, %d times in a row", in.Key, store.ErrConflict, maxConflicts)
}

// errAgain says that the stream was not the right one any more.
var errAgain = errors.New("engine: route again")

// route finds the stream that an event is for. For a trigger without an open
// alert it is the name of the incarnation to be opened, which does not exist.
func (e *Engine) route(ctx context.Context, in *Input) (stream string, exists bool, err error) {
	last, err := e.store.Last(ctx, in.Key)
	if errors.Is(err, store.ErrNotFound) {
		return alertStream(in.Key, 1), false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("engine: last of %q: %w", in.Key, err)
	}
	n := incarnationOf(last.Stream)
	if in.Event.Kind == escalation.EventTrigger {
		if last.Open {
			return last.Stream, true, nil
		}
		return alertStream(in.Key, n+1), false, nil
	}
	if want := in.Event.Incarnation; want != 0 && want < n && outlives(in.Event.Kind) {
		return alertStream(in.Key, want), true, nil
	}
	return last.Stream, true, nil
}

// outlives reports whether events of a kind still mean something to an alert
// that is resolved and was followed by another.
func outlives(k escalation.EventKind) bool {
	switch k {
	case escalation.EventRequest, escalation.EventVote, escalation.EventUse, escalation.EventBreakGlass, escalation.EventNote:
		return true
	}
	return false
}

// apply applies an event to a stream that exists. store.ErrConflict: the stream
// moved on.
func (e *Engine) apply(ctx context.Context, stream string, in *Input) (Result, error) {
	h, err := e.find(ctx, stream)
	if err != nil {
		return Result{}, err
	}
	w := e.newWork(h)
	r, err := e.applyTo(ctx, w, in)
	e.done(w, err == nil)
	return r, err
}

func (e *Engine) applyTo(ctx context.Context, w *work, in *Input) (Result, error) {
	seen, reused, err := e.seenLately(ctx, w.held.stream, in)
	if err != nil {
		return Result{}, err
	}
	if seen != nil && !reused {
		state := w.held.state.Clone()
		return e.duplicate(ctx, in, &state)
	}
	ev := in.Event
	if err := e.advance(ctx, w, &ev); err != nil {
		return Result{}, err
	}
	if ev.Kind == escalation.EventTrigger && w.held.state.Resolved.Known() {
		return Result{}, errAgain // resolved meanwhile: the next incarnation's
	}
	ev.Silences = in.silences
	if ev.Kind == escalation.EventTrigger {
		if ev.Silences, err = e.silencedBy(ctx, ev.At, ev.Alert, w.held.doc); err != nil {
			return Result{}, err
		}
	}
	if ev.Undo != "" {
		own := &w.held.state.Alert.Identity
		if ev.Leaked, err = e.leaked(ctx, own.ID, own.CredentialVersion); err != nil {
			return Result{}, err
		}
	}
	if ev.Kind == escalation.EventRebase {
		if err := e.bind(ctx, w, &ev); err != nil {
			return Result{}, err
		}
	}
	w.event(&ev)
	if err := e.commitOne(ctx, w, cause{seen: in.seenAs()}); err != nil {
		return Result{}, err
	}
	return e.result(ctx, w, in, reused)
}

// bind gives a rebase the document to which it moves the alert: the one that its
// mapping was planned for, else the one loaded last.
func (e *Engine) bind(ctx context.Context, w *work, ev *escalation.Event) error {
	var m escalation.Mapping
	if ev.Mapping != nil {
		m = *ev.Mapping
	}
	w.onto = e.current.Load()
	if m.Document != (policy.Digest{}) {
		doc, err := e.pinned(ctx, m.Document)
		if err != nil && !errors.Is(err, errStuck) {
			return err
		}
		if err == nil {
			w.onto = doc
		}
	}
	ev.Mapping = m.Bound(w.onto.Document)
	return nil
}

// advance gives ev its instant and applies what was due in the stream before.
// After a gap what waited goes first: ev then says so.
func (e *Engine) advance(ctx context.Context, w *work, ev *escalation.Event) error {
	h := w.held
	ev.At = max(e.now(), h.state.At)
	for h.state.Due < ev.At {
		if ev.At.Sub(h.state.Due) > looking {
			ev.Down = e.gap(h.state.Due, ev.At)
			return nil
		}
		w.event(&escalation.Event{Kind: escalation.EventTick, At: h.state.Due, ClaimedAt: policy.Never, By: self()})
		if err := e.commitOne(ctx, w, cause{}); err != nil {
			return err
		}
	}
	return nil
}

// gap is the span in which the engine did not run, as seen from a stream that
// was due at due.
func (e *Engine) gap(due, now policy.Instant) *escalation.Span {
	from := due
	if look := policy.Instant(e.lookedAt.Load()); look != 0 && look < due {
		from = look
	}
	return &escalation.Span{From: from, To: now}
}

// open opens the next incarnation of a key.
func (e *Engine) open(ctx context.Context, stream string, in *Input) (Result, error) {
	n := incarnationOf(stream)
	ev := in.Event
	reused := false
	if n > 1 {
		before := alertStream(in.Key, n-1)
		prior, state, err := e.prior(ctx, before)
		if err != nil {
			return Result{}, err
		}
		ev.Prior = prior
		var seen *store.Seen
		if seen, reused, err = e.seen(ctx, before, in); err != nil {
			return Result{}, err
		}
		if seen != nil && !reused {
			return e.duplicate(ctx, in, state)
		}
	}
	doc := e.current.Load()
	w := e.newWork(e.unopened(in.Key, n, doc))
	ev.At = e.now()
	var err error
	if ev.Silences, err = e.silencedBy(ctx, ev.At, ev.Alert, doc); err == nil {
		w.event(&ev)
		err = e.commitOne(ctx, w, cause{seen: in.seenAs()})
	}
	var r Result
	if err == nil {
		e.counts.opened.Add(1)
		r, err = e.result(ctx, w, in, reused)
	}
	e.done(w, err == nil)
	return r, err
}

// duplicate answers an event whose id was seen.
func (e *Engine) duplicate(ctx context.Context, in *Input, state *escalation.State) (Result, error) {
	r, err := e.aside(ctx, in, ignored(escalation.Duplicate))
	r.State = state
	return r, err
}

// prior is the summary of a key's last incarnation, and its state.
func (e *Engine) prior(ctx context.Context, stream string) (*escalation.Prior, *escalation.State, error) {
	h, err := e.find(ctx, stream)
	if err != nil {
		return nil, nil, err
	}
	defer e.cache.put(h, true)
	s := &h.state
	p := &escalation.Prior{Incarnation: s.Incarnation, ResolvedAt: s.Resolved, GraceAt: s.GraceAt, Reopened: s.Reopened}
	for i := range s.Tracks {
		t := &s.Tracks[i]
		if t.Tier < 0 {
			continue
		}
		pol := h.doc.Policies[t.Policy]
		spec := &pol.Tracks[t.Index]
		p.Stood = append(p.Stood, escalation.Stand{Policy: pol.Name, Track: spec.Name, Tier: spec.Tiers[t.Tier].Name})
	}
	state := s.Clone()
	return p, &state, nil
}

// seen answers whether the event's id came before: nil, or the first one.
// reused is true when that one said something else.
func (e *Engine) seen(ctx context.Context, stream string, in *Input) (first *store.Seen, reused bool, err error) {
	if in.ID == "" {
		return nil, false, nil
	}
	s, err := e.store.Seen(ctx, stream, in.seenID())
	if errors.Is(err, store.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("engine: seen %q in %q: %w", in.ID, stream, err)
	}
	return &s, s.Content != in.content(), nil
}

// seenLately looks for the event's id in an alert's stream and in that of the key's
// alert before: an event that is sent again, because nobody heard the answer, may
// find that its alert is over and another open, which it was not about.
func (e *Engine) seenLately(ctx context.Context, stream string, in *Input) (first *store.Seen, reused bool, err error) {
	first, reused, err = e.seen(ctx, stream, in)
	n := incarnationOf(stream)
	if first != nil || err != nil || in.ID == "" || n < 2 {
		return first, reused, err
	}
	return e.seen(ctx, alertStream(in.Key, n-1), in)
}

func (in *Input) seenID() store.SeenID {
	return store.SeenID{Author: in.Event.By.Principal.String(), Kind: in.Event.Kind, ID: in.ID}
}

// seenAs is what is kept of the event's id; nil without one.
func (in *Input) seenAs() *store.Seen {
	if in.ID == "" {
		return nil
	}
	return &store.Seen{SeenID: in.seenID(), Content: in.content()}
}

// content is the sum of what the event says: all but when, and what the engine
// adds to it.
func (in *Input) content() store.Hash {
	ev := in.Event
	b := escalation.AppendRecord(nil, &escalation.Record{Event: ev})
	for _, text := range append([]string{in.Key, in.Expectation}, in.Match...) {
		b = append(append(b, 0), text...)
	}
	return sha256.Sum256(b)
}

// result is what Submit answers about a committed work.
func (e *Engine) result(ctx context.Context, w *work, in *Input, reused bool) (Result, error) {
	s := w.held.state.Clone()
	r := Result{ID: e.recordID(w.held.stream, w.held.pos.Seq), Verdict: w.verdict, State: &s, Reused: reused}
	if m := w.record.Event.Mapping; m != nil && m.Tracks != nil {
		r.Mapping = m
	}
	e.wake()
	if reused {
		return r, e.noteReused(ctx, in, r.ID)
	}
	return r, nil
}
