package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// document is a policy document as the engine works with it.
type document struct {
	*policy.Document
	builtin escalation.Directory // of the document's own directory
	asks    asker                // what steps under this document ask
	// rings: some tier has `pick: next`, so that who was told is to be noted.
	rings bool
}

func (e *Engine) newDocument(doc *policy.Document) *document {
	d := &document{Document: doc, builtin: escalation.NewDirectory(doc)}
	d.asks = asker{e: e, doc: d}
	for _, p := range doc.Policies {
		for i := range p.Tracks {
			for j := range p.Tracks[i].Tiers {
				d.rings = d.rings || p.Tracks[i].Tiers[j].PickNext
			}
		}
	}
	return d
}

// documents are those that some alert may be pinned to.
type documents struct {
	mu   sync.RWMutex
	held map[policy.Digest]*document
}

// add keeps d, in the place of an equal one: its directory may be another.
func (ds *documents) add(d *document) {
	ds.mu.Lock()
	defer ds.mu.Unlock()
	if ds.held == nil {
		ds.held = map[policy.Digest]*document{}
	}
	ds.held[d.Digest] = d
}

func (ds *documents) find(digest policy.Digest) *document {
	ds.mu.RLock()
	defer ds.mu.RUnlock()
	return ds.held[digest]
}

// pinned returns the document of a digest, from the store if need be: an alert
// goes on under the one it opened under, also after a restart under a new one.
func (e *Engine) pinned(ctx context.Context, digest policy.Digest) (*document, error) {
	if d := e.current.Load(); d.Digest == digest {
		return d, nil
	}
	if d := e.docs.find(digest); d != nil {
		return d, nil
	}
	return e.fetch(ctx, digest)
}

// fetch reads a document from the store.
func (e *Engine) fetch(ctx context.Context, digest policy.Digest) (*document, error) {
	text, err := e.store.Document(ctx, digest)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("%w: document %x is not in the store", errStuck, digest[:8])
	}
	if err != nil {
		return nil, fmt.Errorf("engine: document %x: %w", digest[:8], err)
	}
	doc, err := policy.Parse(fmt.Sprintf("%x.json", digest[:8]), text)
	if err != nil {
		return nil, fmt.Errorf("%w: document %x: %w", errStuck, digest[:8], err)
	}
	d := e.newDocument(doc)
	e.docs.add(d)
	return d, nil
}

// Load makes doc the document that governs what opens from now on, and its
// directory the one that is asked. Alerts that are open go on under the document
// under which they opened. Expectations are kept by name: one that doc changes
// goes on from where it stood, one that it adds begins now, one that it leaves
// out ends.
func (e *Engine) Load(ctx context.Context, doc *policy.Document) error {
	if doc == nil {
		return invalid("Load of no document")
	}
	if err := e.start(ctx); err != nil {
		return err
	}
	return e.load(ctx, e.newDocument(doc))
}

func (e *Engine) load(ctx context.Context, d *document) error {
	if err := e.store.PutDocument(ctx, d.Digest, d.Canonical()); err != nil {
		return fmt.Errorf("engine: put document: %w", err)
	}
	e.docs.add(d)
	e.current.Store(d)
	e.board.Load(d.Document)
	return e.expectAll(ctx, d)
}
