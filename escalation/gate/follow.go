package gate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// alertStreams is how the names of alerts' streams begin.
const alertStreams = "alert/"

// Run looks at the store until ctx ends, and returns nil then: every LookAgain,
// and at once when the store hints that something was committed. A look that
// fails is logged and tried again; meanwhile the board grows stale.
func (b *Board) Run(ctx context.Context) error {
	var hint <-chan struct{}
	if w, ok := b.store.(store.Watcher); ok {
		hint = w.Watch(ctx)
	}
	for ctx.Err() == nil {
		wait, wake := b.lookAgain, hint
		if err := b.Follow(ctx); err != nil && ctx.Err() == nil {
			b.log.Error("the board of gates is not up to date", "err", err)
			wait, wake = min(wait, time.Second), nil // not again and again
		}
		again := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-again.C:
		case <-wake:
		}
		again.Stop()
	}
	return nil
}

// Refresh looks at the store once: when it returns nil, the board has all that
// was committed before it was called. An error is the store's; the board stands
// as it stood.
func (b *Board) Refresh(ctx context.Context) error {
	b.looking.Lock()
	defer b.looking.Unlock()
	began := b.now()
	since, err := b.follow(ctx)
	if err != nil {
		return err
	}
	b.since = since
	b.mu.Lock()
	defer b.mu.Unlock()
	b.loaded = true
	b.publish()
	b.looked.Store(max(b.looked.Load(), int64(began)))
	return nil
}

// Follow is Refresh for those who look often: a store that cannot say what has
// changed (store.Changer), and is read as a whole, is read each LookAgain and no
// more.
func (b *Board) Follow(ctx context.Context) error {
	_, cheap := b.store.(store.Changer)
	if looked := policy.Instant(b.looked.Load()); !cheap && looked != 0 && b.now().Sub(looked) < b.lookAgain {
		return nil
	}
	return b.Refresh(ctx)
}

// follow reads what has changed since the last look, and returns from where the
// next one goes on.
func (b *Board) follow(ctx context.Context) (since uint64, err error) {
	var snap store.Snapshot
	changer, ok := b.store.(store.Changer)
	if !ok {
		return 0, b.readAll(ctx, &snap)
	}
	changes, since, err := changer.Changes(ctx, b.since)
	if err != nil {
		return 0, fmt.Errorf("gate: changes: %w", err)
	}
	for _, c := range changes {
		if b.knows(c.Stream, c.Seq) {
			continue
		}
		if err := b.read(ctx, c.Stream, &snap); err != nil {
			return 0, err
		}
	}
	for _, stream := range b.unreadable() {
		if err := b.read(ctx, stream, &snap); err != nil {
			return 0, err
		}
	}
	return since, nil
}

// readAll reads every alert: of a store that cannot say what has changed.
func (b *Board) readAll(ctx context.Context, snap *store.Snapshot) error {
	for stream, err := range b.store.Streams(ctx, store.StreamQuery{Prefix: alertStreams}) {
		if err != nil {
			return fmt.Errorf("gate: streams: %w", err)
		}
		if err := b.read(ctx, stream, snap); err != nil {
			return err
		}
	}
	return nil
}

// knows reports whether nothing about a stream is new to the board.
func (b *Board) knows(stream string, seq uint64) bool {
	name, ok := strings.CutPrefix(stream, alertStreams)
	if !ok {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.alerts[name]
	return a != nil && a.seq >= seq
}

func (b *Board) unreadable() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var streams []string
	for stream := range b.blind {
		streams = append(streams, stream)
	}
	return streams
}

// read reads one alert. One that cannot be read puts everything in doubt, for
// nobody knows whom it is about; an error is the store's.
func (b *Board) read(ctx context.Context, stream string, snap *store.Snapshot) error {
	if err := b.store.Load(ctx, stream, snap); err != nil {
		return fmt.Errorf("gate: load %q: %w", stream, err)
	}
	if b.knows(stream, snap.Seq) {
		return nil
	}
	doc, err := b.docs.find(ctx, b.store, snap.Document)
	if err == nil && !doc.gated {
		b.ungated(stream, snap.Seq)
		return nil
	}
	var s *escalation.State
	if err == nil {
		s, err = decode(snap, doc.Document)
	}
	var bad *unreadableError
	switch {
	case errors.As(err, &bad):
		b.log.Error("what the gates of an alert say cannot be read, so that everything is denied", "stream", stream, "err", err)
		b.mu.Lock()
		defer b.mu.Unlock()
		b.blind[stream] = true
		b.publish()
		return nil
	case err != nil:
		return err
	}
	b.Update(doc.Document, s, snap.Seq)
	return nil
}

// ungated takes an alert off the board that is under a document without gates.
func (b *Board) ungated(stream string, seq uint64) {
	name := strings.TrimPrefix(stream, alertStreams)
	b.mu.Lock()
	defer b.mu.Unlock()
	if a := b.alerts[name]; a != nil && b.update(name, a.subject, seq, nil) {
		b.publish()
	}
	if b.blind[stream] {
		delete(b.blind, stream)
		b.publish()
	}
}

// unreadableError says that no look at the store will make an alert readable.
type unreadableError struct{ err error }

func (e *unreadableError) Error() string { return e.err.Error() }
func (e *unreadableError) Unwrap() error { return e.err }

// decode makes a state of what a snapshot says.
func decode(snap *store.Snapshot, doc *policy.Document) (*escalation.State, error) {
	var s escalation.State
	if err := escalation.DecodeState(snap.State, &s); err != nil {
		return nil, &unreadableError{fmt.Errorf("gate: state of %q: %w", snap.Stream, err)}
	}
	if s.Policy < 0 || s.Policy >= len(doc.Policies) {
		return nil, &unreadableError{fmt.Errorf("gate: %q is under policy %d of a document that has %d", snap.Stream, s.Policy, len(doc.Policies))}
	}
	var err error
	if s.Alert, err = escalation.DecodeAlert(snap.Subject); err != nil {
		return nil, &unreadableError{fmt.Errorf("gate: alert of %q: %w", snap.Stream, err)}
	}
	return &s, nil
}

// documents are those that alerts are pinned to.
type documents struct {
	mu   sync.Mutex
	held map[policy.Digest]*document
}

type document struct {
	*policy.Document
	gated bool // some policy has gates
}

func (ds *documents) add(doc *policy.Document) *document {
	d := &document{Document: doc}
	for _, p := range doc.Policies {
		d.gated = d.gated || len(p.Gates) > 0
	}
	ds.mu.Lock()
	defer ds.mu.Unlock()
	if ds.held == nil {
		ds.held = map[policy.Digest]*document{}
	}
	ds.held[doc.Digest] = d
	return d
}

// find returns the document of a digest, from the store if need be.
func (ds *documents) find(ctx context.Context, st store.Store, digest policy.Digest) (*document, error) {
	ds.mu.Lock()
	d := ds.held[digest]
	ds.mu.Unlock()
	if d != nil {
		return d, nil
	}
	text, err := st.Document(ctx, digest)
	if errors.Is(err, store.ErrNotFound) {
		return nil, &unreadableError{fmt.Errorf("gate: document %x is not in the store", digest[:8])}
	}
	if err != nil {
		return nil, fmt.Errorf("gate: document %x: %w", digest[:8], err)
	}
	doc, err := policy.Parse(fmt.Sprintf("%x.json", digest[:8]), text)
	if err != nil {
		return nil, &unreadableError{fmt.Errorf("gate: document %x: %w", digest[:8], err)}
	}
	return ds.add(doc), nil
}
