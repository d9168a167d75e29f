package engine

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

const (
	// shadowed is how many alerts the engine can go on with while its store
	// answers nothing. Each takes about a kilobyte.
	shadowed = 1 << 14
	// foreseen and horizon bound what is read from the store for it, beside what
	// this engine commits: after a restart, and of what other nodes committed.
	foreseen = 1 << 12
	horizon  = time.Hour
)

// shade is what the engine knows of an alert without asking the store.
type shade struct {
	stream, key string
	doc         *document
	alert       *policy.Alert
	seq         uint64 // as committed last
	rank        uint8
	due         policy.Instant
	state       []byte     // encoded; never written to
	out         []outgoing // messages that were committed, and not yet reported

	// told: what was due until then has been told unjournaled. It outlives the
	// commits that follow: a page that was committed when the store came back
	// for a moment is not told again.
	told policy.Instant
	// astray is where the alert would stand had the store taken what fell due
	// since it failed; nil: where it was committed.
	astray *escalation.State
}

// next is when the alert has something to tell.
func (s *shade) next() policy.Instant {
	at := s.due
	if s.astray != nil {
		at = s.astray.Due
	}
	for i := range s.out {
		at = min(at, s.out[i].effect.At)
	}
	return at
}

// shadow is a bounded copy of what is due soonest, of the gravest first, for a
// store that disappears. With a store in this process's memory there is none.
type shadow struct {
	on       bool
	mu       sync.Mutex
	byStream map[string]*shade
	outage   outage
	read     policy.Instant // when the store was last read for it
}

func (s *shadow) init(st store.Store) {
	_, inMemory := st.(*store.Memory)
	s.on = !inMemory
	s.byStream = map[string]*shade{}
	s.outage.since, s.read = policy.Never, policy.Never
}

// tells reports whether a message is one that somebody must not go without.
func tells(ef *escalation.Effect) bool {
	if ef.Kind != escalation.EffectNotify {
		return false
	}
	return ef.Message != escalation.MessageOver && ef.Message != escalation.MessageUpdate
}

// follow notes a written work, whose held has moved on already.
func (s *shadow) follow(w *work) {
	if !s.on {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	h := w.held
	sh := s.byStream[h.stream]
	if sh == nil {
		sh = &shade{stream: h.stream, key: h.key, told: math.MinInt64}
	}
	sh.doc, sh.alert, sh.seq, sh.rank, sh.due = h.doc, h.state.Alert, h.pos.Seq, w.commit.Rank, w.commit.Due
	sh.state, sh.astray = slices.Clone(w.commit.State), nil
	for i := range w.commit.Remove {
		sh.drop(w.commit.Remove[i].ID)
	}
	for i := range w.effects {
		if ef := &w.effects[i]; tells(ef) {
			sh.out = append(slices.Clip(sh.out), outgoing{
				item:   store.Item{Stream: h.stream, ID: ef.ID},
				effect: effect{Effect: *ef, status: h.state.Status, priority: h.state.Priority},
			})
		}
	}
	s.keep(sh)
}

// keep holds on to a shade while it has something to tell.
func (s *shadow) keep(sh *shade) {
	if sh.next() == policy.Never {
		delete(s.byStream, sh.stream)
		return
	}
	s.byStream[sh.stream] = sh
	if len(s.byStream) > shadowed {
		s.prune(shadowed * 3 / 4)
	}
}

// prune keeps n: the gravest, and of these what is due soonest.
func (s *shadow) prune(n int) {
	for _, sh := range s.ordered(policy.Never)[n:] {
		delete(s.byStream, sh.stream)
	}
}

// ordered returns the shades that have something to tell by an instant, by rank,
// instant, name.
func (s *shadow) ordered(by policy.Instant) []*shade {
	var list []*shade
	for _, sh := range s.byStream {
		if sh.next() <= by {
			list = append(list, sh)
		}
	}
	slices.SortFunc(list, func(a, b *shade) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.next(), b.next()), cmp.Compare(a.stream, b.stream))
	})
	return list
}

// drop forgets a message that was reported.
func (s *shade) drop(id escalation.EffectID) {
	for i := range s.out {
		if s.out[i].item.ID == id {
			s.out = append(slices.Clone(s.out[:i]), s.out[i+1:]...)
			return
		}
	}
}

// taken notes that a message was accepted, also where that cannot be recorded.
func (s *shadow) taken(o *outgoing) {
	if !s.on {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if sh := s.byStream[o.item.Stream]; sh != nil {
		sh.drop(o.item.ID)
		s.keep(sh)
	}
}

// foresee reads what falls due within the horizon, unless it was read lately:
// what was there before this engine started, and what other nodes commit.
func (e *Engine) foresee(ctx context.Context, now policy.Instant) error {
	s := &e.shadow
	if !s.on || s.read.Known() && now.Sub(s.read) < looking {
		return nil
	}
	snaps, _, err := e.store.Due(ctx, store.Ask{By: now.Add(horizon), Limit: foreseen}, nil)
	if err != nil {
		return err
	}
	if e.owner != "" {
		s.forget(now.Add(-looking))
	}
	for i := range snaps {
		snap := &snaps[i]
		if !isAlert(snap.Stream) {
			continue
		}
		doc, err := e.pinned(ctx, snap.Document)
		if errors.Is(err, errStuck) {
			continue // told of when it is due
		}
		if err != nil {
			return err
		}
		s.see(snap, doc)
	}
	s.read = now
	return nil
}

// forget drops the messages that were due before an instant: while the store
// works, another node has carried them out, or this one will learn of them when
// it claims them.
func (s *shadow) forget(before policy.Instant) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, sh := range s.byStream {
		sh.out = slices.DeleteFunc(slices.Clone(sh.out), func(o outgoing) bool { return o.effect.At < before })
		s.keep(sh)
	}
}

// see notes what was read of an alert, unless it is known already.
func (s *shadow) see(snap *store.Snapshot, doc *document) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sh := s.byStream[snap.Stream]
	if sh != nil && sh.seq >= snap.Seq {
		return
	}
	alert, err := escalation.DecodeAlert(snap.Subject)
	if err != nil {
		return // told of when it is due
	}
	if sh == nil {
		sh = &shade{stream: snap.Stream, key: snap.Key, told: math.MinInt64}
	}
	sh.doc, sh.alert, sh.seq, sh.rank, sh.due = doc, alert, snap.Seq, snap.Rank, snap.Due
	sh.state, sh.astray = snap.State, nil // the snapshot is no more read into
	s.keep(sh)
}
