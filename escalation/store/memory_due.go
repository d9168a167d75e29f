package store

import (
	"context"

	"github.com/belfry-go/belfry/policy"
)

// queue is what is due, by rank, instant and the order of ties.
type queue [MaxRank + 1]tree

func (q *queue) init(before func(a, b uint32) bool) {
	for r := range q {
		q[r].before = before
	}
}

// add enters a number, unless it is never due.
func (q *queue) add(ref uint32, rank uint8, at policy.Instant) {
	if at.Known() {
		q[rank].insert(pair{at, ref})
	}
}

// remove takes a number out that was added so.
func (q *queue) remove(ref uint32, rank uint8, at policy.Instant) {
	if at.Known() {
		q[rank].remove(pair{at, ref})
	}
}

// move changes where a number stands.
func (q *queue) move(ref uint32, fromRank uint8, from policy.Instant, toRank uint8, to policy.Instant) {
	if fromRank != toRank || from != to {
		q.remove(ref, fromRank, from)
		q.add(ref, toRank, to)
	}
}

// claims is who has taken streams that are due. Those taken at once share one
// claim.
type claims struct{ pool[claim] }

type claim struct {
	owner   string
	until   policy.Instant
	streams int
}

// begin returns the number of a claim, from 1.
func (c *claims) begin(owner string, until policy.Instant) uint32 {
	i := c.take()
	*c.at(i) = claim{owner: owner, until: until}
	return i + 1
}

// put puts a stream under claim number n.
func (c *claims) put(st *stream, n uint32) {
	c.release(st)
	st.claim = n
	c.at(n-1).streams++
}

// release frees a stream, and drops a claim that has no stream left.
func (c *claims) release(st *stream) {
	if st.claim == 0 {
		return
	}
	n := st.claim - 1
	st.claim = 0
	if c.at(n).streams--; c.at(n).streams == 0 {
		c.drop(n)
	}
}

// free returns from when on the stream is free for who asks.
func (c *claims) free(st *stream, ask *Ask) policy.Instant {
	if st.claim == 0 {
		return st.due
	}
	if cl := c.at(st.claim - 1); cl.owner != ask.Owner {
		return max(st.due, cl.until)
	}
	return st.due
}

// Due implements [Store].
func (m *Memory) Due(ctx context.Context, ask Ask, into []Snapshot) ([]Snapshot, policy.Instant, error) {
	if err := ctx.Err(); err != nil {
		return into[:0], policy.Never, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	due, next := into[:0], policy.Never
	taken := uint32(0)
	for r := range m.due {
		c := m.due[r].start()
		for p, ok := c.pair(); ok && p.at < next; p, ok = c.pair() {
			c.next()
			st := m.streams.at(p.ref)
			free := m.claims.free(st, &ask)
			if free > ask.By || len(due) >= ask.Limit {
				next = min(next, free)
				continue
			}
			due = extend(due)
			m.snapshot(p.ref, &due[len(due)-1])
			if ask.Owner != "" {
				if taken == 0 {
					taken = m.claims.begin(ask.Owner, ask.Until)
				}
				m.claims.put(st, taken)
			}
		}
	}
	return due, next, nil
}

// extend lengthens s by one snapshot, with the slices that it had before.
func extend(s []Snapshot) []Snapshot {
	if len(s) < cap(s) {
		return s[:len(s)+1]
	}
	return append(s, Snapshot{})
}
