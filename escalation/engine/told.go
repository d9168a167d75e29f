package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// told remembers, for each tier with `pick: next`, in which order its targets
// were told, over all alerts. What one commit tells is noted at once; that it
// outlives the engine, and reaches the others, is seen to at the next look, in
// streams of their own: a turn that a crash forgets is a turn taken twice.
type told struct {
	mu    sync.Mutex
	turn  uint64
	last  map[seat]uint64
	dirty map[string]bool // policies whose turns are not saved
}

// seat is one target of one tier. The policy is known by its name, so that the
// turns go on when a document is replaced.
type seat struct {
	policy      string
	track, tier int
	target      policy.Target
}

// note takes down the tellings among a record's effects.
func (t *told) note(doc *document, s *escalation.State, effects []escalation.Effect) {
	if !doc.rings {
		return
	}
	for i := range effects {
		ef := &effects[i]
		if ef.Kind != escalation.EffectNotify || ef.Message != escalation.MessagePage || ef.Track < 0 || ef.Tier < 0 || int(ef.Track) >= len(s.Tracks) {
			continue
		}
		tr := &s.Tracks[ef.Track]
		p := doc.Policies[tr.Policy]
		if p.Tracks[tr.Index].Tiers[ef.Tier].PickNext {
			t.tell(seat{p.Name, int(tr.Index), int(ef.Tier), ef.Target}, ef.At)
		}
	}
}

// tell notes a telling. Turns grow with the instants, so that those of several
// engines can be compared.
func (t *told) tell(s seat, at policy.Instant) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.turn = max(t.turn+1, uint64(max(at, 0)))
	t.set(s, t.turn)
	if t.dirty == nil {
		t.dirty = map[string]bool{}
	}
	t.dirty[s.policy] = true
}

// set notes a turn, unless a later one is known.
func (t *told) set(s seat, turn uint64) {
	if t.last == nil {
		t.last = map[seat]uint64{}
	}
	t.last[s] = max(t.last[s], turn)
	t.turn = max(t.turn, turn)
}

// turn is a seat's last turn, as it is saved.
type turn struct {
	Track  int           `json:"track"`
	Tier   int           `json:"tier"`
	Target policy.Target `json:"target"`
	Turn   uint64        `json:"turn"`
}

// merge adds what another engine saved of a policy, and returns all that is
// known of it, in order.
func (t *told) merge(name string, saved []turn) []turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, x := range saved {
		t.set(seat{name, x.Track, x.Tier, x.Target}, x.Turn)
	}
	var all []turn
	for s, n := range t.last {
		if s.policy == name {
			all = append(all, turn{s.track, s.tier, s.target, n})
		}
	}
	slices.SortFunc(all, func(a, b turn) int {
		return cmp.Or(cmp.Compare(a.Track, b.Track), cmp.Compare(a.Tier, b.Tier), cmp.Compare(a.Target.String(), b.Target.String()))
	})
	return all
}

// unsaved returns the policies whose turns are to be saved, in order.
func (t *told) unsaved() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.dirty) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(t.dirty))
}

func (t *told) saved(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.dirty, name)
}

// readTurns makes known what was told before this engine began, and by others.
func (e *Engine) readTurns(ctx context.Context) error {
	var snap store.Snapshot
	for stream, err := range e.store.Streams(ctx, store.StreamQuery{Prefix: turnStreams}) {
		if err == nil {
			err = e.store.Load(ctx, stream, &snap)
		}
		if err != nil {
			return fmt.Errorf("engine: turns: %w", err)
		}
		var saved []turn
		if err := json.Unmarshal(snap.State, &saved); err != nil {
			// No page is held up by whose turn it is.
			e.log.Error("turns", "stream", stream, "err", err)
			continue
		}
		e.told.merge(strings.TrimPrefix(stream, turnStreams), saved)
	}
	return nil
}

// saveTurns saves what was told since the last look.
func (e *Engine) saveTurns(ctx context.Context) error {
	for _, name := range e.told.unsaved() {
		e.told.saved(name) // what is told meanwhile is saved at the next look
		_, err := e.sideways(ctx, turnStreams+name, func(snap *store.Snapshot, now policy.Instant) (*sideStep, error) {
			var saved []turn
			if len(snap.State) > 0 {
				if err := json.Unmarshal(snap.State, &saved); err != nil {
					e.log.Error("turns", "stream", snap.Stream, "err", err) // begun anew
				}
			}
			state, err := json.Marshal(e.told.merge(name, saved))
			if err != nil {
				return nil, fmt.Errorf("engine: turns of %q: %w", name, err)
			}
			return &sideStep{
				event:   escalation.Event{Kind: escalation.EventNote, At: now, By: self(), ClaimedAt: policy.Never, Text: "turns"},
				verdict: applied(), state: state, due: policy.Never, open: true,
			}, nil
		})
		if err != nil {
			e.told.mu.Lock()
			e.told.dirty[name] = true
			e.told.mu.Unlock()
			return err
		}
	}
	return nil
}

// order answers which target of the tier is tried first: the one told longest
// ago, those never told before all, in the tier's order.
func (t *told) order(doc *document, q escalation.Question) []int {
	p := doc.PolicyNamed(q.Name)
	if p == nil || q.Track < 0 || q.Track >= len(p.Tracks) || q.Tier < 0 || q.Tier >= len(p.Tracks[q.Track].Tiers) {
		return nil
	}
	list := p.Tracks[q.Track].Tiers[q.Tier].Notify
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	at := func(i int) uint64 { return t.last[seat{q.Name, q.Track, q.Tier, list[i].To}] }
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(at(a), at(b)) })
	return order
}
