package store

import (
	"context"
	"fmt"
	"iter"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// outbox is the items of all streams.
type outbox struct {
	m     *Memory
	items pool[item]
	byID  table
	queue queue
	moved []uint32 // memory for Claim
}

type item struct {
	stream  uint32
	rank    uint8
	id      escalation.EffectID
	at      policy.Instant // NotBefore
	target  string
	body    []byte
	attempt int
	first   policy.Instant
	token   uint64
}

func (o *outbox) init(m *Memory) {
	o.m = m
	o.queue.init(o.before)
}

// before orders items of one rank and instant.
func (o *outbox) before(a, b uint32) bool {
	x, y := o.items.at(a), o.items.at(b)
	if x.stream != y.stream {
		return o.m.name(x.stream) < o.m.name(y.stream)
	}
	return compareEffects(x.id, y.id) < 0
}

// find returns the index of an item.
func (o *outbox) find(stream uint32, id escalation.EffectID) (uint32, bool) {
	return o.byID.find(hashItem(stream, id), func(i uint32) bool {
		it := o.items.at(i)
		return it.stream == stream && it.id == id
	})
}

// held returns the index of the item of a lease that is still the last.
func (o *outbox) held(stream uint32, l Lease) (uint32, error) {
	i, ok := o.find(stream, l.ID)
	if !ok {
		return 0, fmt.Errorf("%w: item %d.%d of %q is gone", ErrLease, l.ID.Seq, l.ID.I, l.Stream)
	}
	if has := o.items.at(i).token; has != l.Token {
		return 0, fmt.Errorf("%w: item %d.%d of %q has token %d, not %d", ErrLease, l.ID.Seq, l.ID.I, l.Stream, has, l.Token)
	}
	return i, nil
}

// admit answers whether all leases are still the last.
func (o *outbox) admit(stream uint32, leases []Lease) error {
	for _, l := range leases {
		if _, err := o.held(stream, l); err != nil {
			return err
		}
	}
	return nil
}

// add enters the items of a commit. Their payloads share one piece of memory,
// which is never written again: a claimant may still read it.
func (o *outbox) add(stream uint32, items []Item) {
	size := 0
	for i := range items {
		size += len(items[i].Body)
	}
	bodies := make([]byte, 0, size)
	for i := range items {
		from := len(bodies)
		bodies = append(bodies, items[i].Body...)
		o.put(item{
			stream: stream, id: items[i].ID, rank: items[i].Rank, at: items[i].NotBefore, target: items[i].Target,
			body: bodies[from:len(bodies):len(bodies)], first: policy.Never,
		})
	}
}

// put enters an item.
func (o *outbox) put(it item) {
	n := o.items.take()
	*o.items.at(n) = it
	o.byID.add(hashItem(it.stream, it.id), n)
	o.queue.add(n, it.rank, it.at)
}

// all yields the indexes of all items, in no order that means anything.
func (o *outbox) all() iter.Seq[uint32] {
	return func(yield func(uint32) bool) {
		for _, c := range o.byID.cells {
			if c.ref != 0 && !yield(c.ref-1) {
				return
			}
		}
	}
}

// remove drops an item.
func (o *outbox) remove(stream uint32, id escalation.EffectID) {
	i, ok := o.find(stream, id)
	if !ok {
		return
	}
	it := o.items.at(i)
	o.queue.remove(i, it.rank, it.at)
	o.byID.remove(hashItem(stream, id), i)
	o.items.drop(i)
}

// reschedule moves item i.
func (o *outbox) reschedule(i uint32, at policy.Instant) {
	it := o.items.at(i)
	o.queue.move(i, it.rank, it.at, it.rank, at)
	it.at = at
}

// Claim implements [Store].
func (m *Memory) Claim(ctx context.Context, ask Ask) ([]Item, policy.Instant, error) {
	if err := ctx.Err(); err != nil {
		return nil, policy.Never, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o := &m.outbox
	next := policy.Never
	o.moved = o.moved[:0]
	for r := range o.queue {
		c := o.queue[r].start()
		p, ok := c.pair()
		for ; ok && p.at <= ask.By && len(o.moved) < ask.Limit; p, ok = c.pair() {
			c.next()
			o.moved = append(o.moved, p.ref)
		}
		if ok {
			next = min(next, p.at)
		}
	}
	if len(o.moved) == 0 {
		return nil, next, nil
	}
	items := make([]Item, len(o.moved))
	for k, i := range o.moved {
		o.reschedule(i, ask.Until)
		it := o.items.at(i)
		it.token++
		items[k] = Item{
			Stream: m.name(it.stream), ID: it.id, Rank: it.rank, NotBefore: it.at, Target: it.target, Body: it.body,
			Attempt: it.attempt, First: it.first, Token: it.token,
		}
	}
	return items, min(next, ask.Until), nil
}

// Settle implements [Store].
func (m *Memory) Settle(ctx context.Context, s Settlement) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	stream, ok := m.find(s.Stream)
	if !ok {
		return fmt.Errorf("%w: there is no stream %q", ErrLease, s.Stream)
	}
	i, err := m.outbox.held(stream, s.Lease)
	if err != nil {
		return err
	}
	m.outbox.reschedule(i, s.NotBefore)
	it := m.outbox.items.at(i)
	it.attempt, it.first = s.Attempt, s.First
	return nil
}

func hashItem(stream uint32, id escalation.EffectID) uint32 {
	h := (uint64(stream)<<32 ^ id.Seq<<12 ^ uint64(id.I)) * 0x9e3779b97f4a7c15
	return uint32(h >> 32)
}
