package store

import (
	"context"

	"github.com/belfry-go/belfry/policy"
)

// Prune implements [Pruner]. What is left is copied, so that the memory of what
// goes is free at once: it costs as much as the store is large, and holds up
// all others meanwhile. Call it seldom, and with a large limit.
func (m *Memory) Prune(ctx context.Context, before policy.Instant, limit int) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	fates, n := m.fates(before, limit)
	if n > 0 {
		m.rebuild(fates)
	}
	return n, nil
}

// Base implements [Pruner].
func (m *Memory) Base(ctx context.Context, name string) (Position, error) {
	if err := ctx.Err(); err != nil {
		return Position{}, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	i, ok := m.find(name)
	if !ok {
		return Position{}, notFound("stream", name)
	}
	for k := m.streams.at(i).last; k != noEntry; k = m.history.entries.at(k).prev {
		if m.history.entries.at(k).cut {
			return m.history.position(k), nil
		}
	}
	return Genesis(name), nil
}

// fate is what becomes of a stream.
type fate uint8

const (
	stays fate = iota
	cut        // its history goes
	goes       // it goes whole
)

// fates are those of all streams, by index, and how many of them are pruned:
// those that were committed to first.
func (m *Memory) fates(before policy.Instant, limit int) ([]fate, int) {
	busy := make([]bool, m.streams.n)
	for i := range m.outbox.all() {
		busy[m.outbox.items.at(i).stream] = true
	}
	fates, n := make([]fate, m.streams.n), 0
	for i := range m.streams.n {
		if n >= limit {
			break
		}
		st := m.streams.at(i)
		e := m.history.entries.at(st.last)
		if busy[i] || st.flags&flagOpen != 0 || st.due.Known() || e.at >= before {
			continue
		}
		_, posted := m.changes.of[i]
		switch last, keyed := m.lastOf(m.key(i)); {
		case keyed && last != i && !posted:
			fates[i] = goes
		case !e.cut:
			fates[i] = cut
		default:
			continue
		}
		n++
	}
	return fates, n
}

// rebuild copies what stays into new memory.
func (m *Memory) rebuild(fates []fate) {
	to := NewNamedMemory(m.namespace)
	to.seed = m.seed
	moved := make([]uint32, len(fates))
	claimed := map[uint32]uint32{}
	for i, f := range fates {
		if f != goes {
			moved[i] = to.adopt(m, uint32(i), f, claimed)
		}
	}
	for i := range m.seen.ids.n {
		id := m.seen.ids.at(i)
		if fates[id.stream] != stays {
			continue
		}
		text := m.texts.at(id.text)
		to.seen.add(to.seed, &to.texts, moved[id.stream], &Seen{
			SeenID:  SeenID{Author: text[:id.author], Kind: id.kind, ID: text[id.author:]},
			Content: id.content, Seq: id.seq, Verdict: id.verdict, Reason: id.reason,
		})
	}
	for i := range m.outbox.all() {
		it := *m.outbox.items.at(i)
		it.stream = moved[it.stream]
		to.outbox.put(it)
	}
	to.changes.last = m.changes.last
	for i, was := range m.changes.of {
		to.changes.of[moved[i]] = was
		to.changes.order.insert(pair{policy.Instant(was), moved[i]})
	}
	m.streams, m.names, m.byName, m.byKey = to.streams, to.names, to.byName, to.byKey
	m.texts, m.states, m.subjects, m.history, m.seen = to.texts, to.states, to.subjects, to.history, to.seen
	m.outbox, m.due, m.claims, m.changes = to.outbox, to.due, to.claims, to.changes
	m.pins, m.pinned = to.pins, to.pinned
	m.epoch++
	m.order()
}

// adopt copies stream i of another store, without its items and event ids.
func (m *Memory) adopt(from *Memory, i uint32, f fate, claimed map[uint32]uint32) uint32 {
	old := from.streams.at(i)
	j := m.create(&Commit{Stream: from.name(i), Key: from.key(i)})
	st := m.streams.at(j)
	st.state = m.states.set(st.state, from.states.at(old.state))
	st.rank, st.due, st.flags = old.rank, old.due, st.flags|old.flags&flagOpen
	st.pin = m.pin(from.pins[old.pin])
	if old.about != 0 {
		st.about = m.subjects.take() + 1
		*m.subjects.at(st.about - 1) = *from.subjects.at(old.about - 1)
	}
	st.last = m.history.adopt(&from.history, old.last, f == cut)
	m.due.add(j, st.rank, st.due)
	if old.claim != 0 {
		c := from.claims.at(old.claim - 1)
		if claimed[old.claim] == 0 {
			claimed[old.claim] = m.claims.begin(c.owner, c.until)
		}
		m.claims.put(st, claimed[old.claim])
	}
	return j
}

// adopt copies the history that ends with an entry of another; of one that is
// cut, only where it ends.
func (h *history) adopt(from *history, last uint32, isCut bool) uint32 {
	end := *from.entries.at(last)
	if isCut {
		end.cut, end.erased, end.prev, end.body, end.salt = true, false, noEntry, span{}, Salt{}
		i := h.entries.add()
		*h.entries.at(i) = end
		return i
	}
	var nums []uint32 // from the last to the first
	for k := last; k != noEntry; k = from.entries.at(k).prev {
		nums = append(nums, k)
	}
	prev := uint32(noEntry)
	for k := len(nums) - 1; k >= 0; k-- {
		e := *from.entries.at(nums[k])
		e.prev, e.body = prev, h.bodies.keep(from.bodies.at(e.body))
		prev = h.entries.add()
		*h.entries.at(prev) = e
		if s, ok := from.sums[nums[k]]; ok {
			if h.sums == nil {
				h.sums = map[uint32]Hash{}
			}
			h.sums[prev] = s
		}
	}
	return prev
}
