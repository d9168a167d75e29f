package engine

import (
	"cmp"
	"slices"
	"sync"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// told remembers, for each tier with `pick: next`, in which order its targets
// were told, over all alerts. It is a projection of the records.
type told struct {
	mu   sync.Mutex
	turn uint64
	last map[seat]uint64
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
			t.tell(seat{p.Name, int(tr.Index), int(ef.Tier), ef.Target})
		}
	}
}

func (t *told) tell(s seat) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil {
		t.last = map[seat]uint64{}
	}
	t.turn++
	t.last[s] = t.turn
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
