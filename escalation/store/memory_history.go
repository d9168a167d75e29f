package store

import (
	"context"
	"iter"
	"math"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// history is the entries of all streams in the order of their commits, each
// with the number of its stream's entry before it: an iteration from near the
// end, as of those that feed something else, costs what it yields.
type history struct {
	entries slab[entry]
	bodies  arena
	sums    map[uint32]Hash // of erased entries
}

type entry struct {
	seq    uint64
	at     policy.Instant
	body   span
	prev   uint32
	kind   escalation.EventKind
	erased bool
	cut    bool // it stands for all up to it, which were pruned
	salt   Salt
	hash   Hash
}

const noEntry = math.MaxUint32

// add appends e behind prev.
func (h *history) add(e *Entry, prev uint32) uint32 {
	i := h.entries.add()
	*h.entries.at(i) = entry{
		seq: e.Seq, at: e.At, kind: e.Kind, salt: e.Salt, hash: e.Hash,
		body: h.bodies.keep(e.Body), prev: prev,
	}
	return i
}

func (h *history) position(i uint32) Position {
	e := h.entries.at(i)
	return Position{Seq: e.seq, At: e.at, Hash: e.hash}
}

// behind returns the numbers of the entries up to last from seq on, in order.
func (h *history) behind(last uint32, seq uint64) []uint32 {
	seq = max(seq, 1)
	have := h.entries.at(last).seq
	if seq > have {
		return nil
	}
	nums := make([]uint32, have-seq+1)
	for k := len(nums) - 1; k >= 0; k-- {
		if h.entries.at(last).cut {
			return nums[k+1:]
		}
		nums[k] = last
		last = h.entries.at(last).prev
	}
	return nums
}

// read fills page with the entries numbered. Bodies are copied, into one piece
// of memory, for Erase writes over them.
func (h *history) read(page []Entry, nums []uint32) {
	size := 0
	for _, i := range nums {
		size += int(h.entries.at(i).body.n)
	}
	bodies := make([]byte, 0, size)
	for k, i := range nums {
		e := h.entries.at(i)
		page[k] = Entry{Seq: e.seq, At: e.at, Kind: e.kind, Salt: e.salt, Erased: e.erased, Hash: e.hash}
		if e.erased {
			page[k].Sum = h.sums[i]
			continue
		}
		from := len(bodies)
		bodies = append(bodies, h.bodies.at(e.body)...)
		page[k].Body = bodies[from:len(bodies):len(bodies)]
	}
}

// erase forgets the content of entry i and keeps its sum.
func (h *history) erase(i uint32) {
	e := h.entries.at(i)
	if e.erased || e.cut {
		return
	}
	body := h.bodies.at(e.body)
	s, _ := sum(&Entry{Salt: e.salt, Body: body}, nil)
	if h.sums == nil {
		h.sums = map[uint32]Hash{}
	}
	h.sums[i] = s
	clear(body)
	e.salt, e.body, e.erased = Salt{}, span{}, true
}

// historyPage is how many entries are read under one hold of the lock.
const historyPage = 64

// History implements [Store].
func (m *Memory) History(ctx context.Context, name string, from uint64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		m.mu.RLock()
		nums, epoch := m.numbers(name, from), m.epoch
		m.mu.RUnlock()
		page := make([]Entry, min(len(nums), historyPage))
		for len(nums) > 0 {
			if err := ctx.Err(); err != nil {
				yield(Entry{}, err)
				return
			}
			m.mu.RLock()
			if m.epoch != epoch { // it was pruned meanwhile, and entries have other numbers
				nums, epoch = m.numbers(name, from), m.epoch
			}
			n := min(len(nums), len(page))
			m.history.read(page, nums[:n])
			m.mu.RUnlock()
			nums = nums[n:]
			for k := range n {
				if !yield(page[k], nil) {
					return
				}
				from = page[k].Seq + 1
			}
		}
	}
}

// numbers returns the numbers of a stream's entries from seq on.
func (m *Memory) numbers(name string, seq uint64) []uint32 {
	i, ok := m.find(name)
	if !ok {
		return nil
	}
	return m.history.behind(m.streams.at(i).last, seq)
}

// Erase implements [Eraser].
func (m *Memory) Erase(ctx context.Context, name string, to uint64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	i, ok := m.find(name)
	if !ok {
		return notFound("stream", name)
	}
	for k := m.streams.at(i).last; k != noEntry; k = m.history.entries.at(k).prev {
		if m.history.entries.at(k).seq <= to {
			m.history.erase(k)
		}
	}
	return nil
}
