package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// held is an alert's stream as it stands, decoded. Whoever took it from the
// cache is the only one to touch it; that it is stale is found out by the
// store, which refuses what does not follow on.
type held struct {
	stream     string
	key        string
	pos        store.Position
	state      escalation.State // with its alert
	doc        *document
	subjectSeq uint64
	opened     bool // the stream is open

	taken bool // by somebody; guarded by the cache
	slot  int  // in the cache; -1 outside
}

// cache holds the alerts last worked on. It is bounded; it forgets the one not
// used since the hand last passed.
type cache struct {
	mu     sync.Mutex
	max    int
	byName map[string]*held
	slots  []*held
	used   []bool
	hand   int
	free   []*held // for reuse
}

func newCache(limit int) *cache { return &cache{max: limit, byName: map[string]*held{}} }

// take returns what is held of a stream, for the caller alone; nil when nothing
// is, or somebody else has it.
func (c *cache) take(stream string) *held {
	c.mu.Lock()
	defer c.mu.Unlock()
	h := c.byName[stream]
	if h == nil || h.taken {
		return nil
	}
	h.taken, c.used[h.slot] = true, true
	return h
}

// blank returns a held without content, for a stream that is not in the cache.
func (c *cache) blank(stream string) *held {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.free); n > 0 {
		h := c.free[n-1]
		c.free = c.free[:n-1]
		h.stream, h.key, h.doc, h.subjectSeq = stream, "", nil, 0
		return h
	}
	return &held{stream: stream, slot: -1}
}

// put gives back what take or blank returned. good is false when its content is
// not to be relied on.
func (c *cache) put(h *held, good bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	h.taken = false
	switch {
	case h.slot >= 0 && good:
		return
	case h.slot >= 0:
		delete(c.byName, h.stream)
		c.slots[h.slot] = nil
		h.slot = -1
	case good && c.byName[h.stream] == nil:
		if c.place(h) {
			return
		}
	}
	if len(c.free) < 64 {
		c.free = append(c.free, h)
	}
}

// place finds a slot for h.
func (c *cache) place(h *held) bool {
	if len(c.slots) < c.max {
		c.slots = append(c.slots, h)
		c.used = append(c.used, true)
		h.slot = len(c.slots) - 1
		c.byName[h.stream] = h
		return true
	}
	for range 2 * len(c.slots) {
		c.hand = (c.hand + 1) % len(c.slots)
		old := c.slots[c.hand]
		if old != nil && old.taken {
			continue
		}
		if old != nil && c.used[c.hand] {
			c.used[c.hand] = false
			continue
		}
		if old != nil {
			delete(c.byName, old.stream)
			old.slot = -1
			if len(c.free) < 64 {
				c.free = append(c.free, old)
			}
		}
		c.slots[c.hand], c.used[c.hand] = h, true
		h.slot = c.hand
		c.byName[h.stream] = h
		return true
	}
	return false
}

// errStuck says that a stream cannot go on: what the store holds of it cannot be
// read, or a step of it comes to no end.
var errStuck = errors.New("engine: stuck")

// find returns where a stream stands. store.ErrNotFound: nowhere. What is held
// of it is taken for true only if nobody else writes to the store: what is read
// of a state is often not committed (whether a page is still wanted), so that no
// conflict would show that it was out of date.
func (e *Engine) find(ctx context.Context, stream string) (*held, error) {
	if e.owner == "" {
		if h := e.cache.take(stream); h != nil {
			return h, nil
		}
	}
	return e.read(ctx, stream)
}

// findSince is find for a stream that stands at least at a record, for which an
// item of that record is the proof.
func (e *Engine) findSince(ctx context.Context, o *outgoing) (*held, error) {
	h, err := e.find(ctx, o.item.Stream)
	if err != nil || h.pos.Seq >= o.item.ID.Seq {
		return h, err
	}
	e.cache.put(h, false)
	return e.read(ctx, o.item.Stream)
}

// read reads one stream from the store, and decodes it unless it is held so.
func (e *Engine) read(ctx context.Context, stream string) (*held, error) {
	snap := e.snaps.Get().(*store.Snapshot)
	defer e.snaps.Put(snap)
	if err := e.store.Load(ctx, stream, snap); err != nil {
		if errors.Is(err, store.ErrNotFound) {
			return nil, err
		}
		return nil, fmt.Errorf("engine: load %q: %w", stream, err)
	}
	return e.findAt(ctx, snap)
}

// findAt is find for a stream whose snapshot is at hand.
func (e *Engine) findAt(ctx context.Context, snap *store.Snapshot) (*held, error) {
	h := e.cache.take(snap.Stream)
	if h != nil && h.pos == snap.Position {
		return h, nil
	}
	if h == nil {
		h = e.cache.blank(snap.Stream)
	}
	if err := e.decode(ctx, snap, h); err != nil {
		e.cache.put(h, false)
		return nil, err
	}
	return h, nil
}

// decode makes h what snap says.
func (e *Engine) decode(ctx context.Context, snap *store.Snapshot, h *held) error {
	alert := h.state.Alert
	if h.subjectSeq == 0 || h.subjectSeq != snap.SubjectSeq {
		var err error
		if alert, err = escalation.DecodeAlert(snap.Subject); err != nil {
			return fmt.Errorf("%w: alert of %q: %w", errStuck, snap.Stream, err)
		}
	}
	if err := escalation.DecodeState(snap.State, &h.state); err != nil {
		return fmt.Errorf("%w: state of %q: %w", errStuck, snap.Stream, err)
	}
	doc, err := e.pinned(ctx, snap.Document)
	if err != nil {
		return err
	}
	if h.state.Policy < 0 || h.state.Policy >= len(doc.Policies) {
		return fmt.Errorf("%w: %q is under policy %d of a document that has %d", errStuck, snap.Stream, h.state.Policy, len(doc.Policies))
	}
	h.state.Alert, h.doc = alert, doc
	h.stream, h.key, h.pos, h.subjectSeq, h.opened = snap.Stream, snap.Key, snap.Position, snap.SubjectSeq, snap.Open
	return nil
}

// unopened is a held for a stream that is yet to open.
func (e *Engine) unopened(key string, n uint64, doc *document) *held {
	h := e.cache.blank(alertStream(key, n))
	h.key, h.doc = key, doc
	h.pos, h.opened = store.Genesis(h.stream), false
	h.state = escalation.State{Key: key, Incarnation: n, Due: policy.Never, Resolved: policy.Never, Grace: policy.Never, GraceAt: policy.Never, LastResort: policy.Never, At: math.MinInt64}
	return h
}
