package store

import (
	"context"

	"github.com/belfry-go/belfry/policy"
)

// changes are the streams with posted commits, in the order of the last of
// them. A mark is the number of a posted commit.
type changes struct {
	last  uint64
	of    map[uint32]uint64 // each stream's last
	order tree              // by it
}

func (c *changes) init() {
	c.of = map[uint32]uint64{}
	c.order.before = func(a, b uint32) bool { return a < b }
}

// note notes a posted commit to stream i.
func (c *changes) note(i uint32) {
	if was, there := c.of[i]; there {
		c.order.remove(pair{policy.Instant(was), i})
	}
	c.last++
	c.of[i] = c.last
	c.order.insert(pair{policy.Instant(c.last), i})
}

// Changes implements [Changer].
func (m *Memory) Changes(ctx context.Context, since uint64) ([]Change, uint64, error) {
	if err := ctx.Err(); err != nil {
		return nil, 0, err
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	if since >= m.changes.last {
		return nil, m.changes.last, nil
	}
	var list []Change
	c := m.changes.order.from(pair{policy.Instant(since + 1), 0})
	for p, ok := c.pair(); ok; p, ok = c.pair() {
		c.next()
		list = append(list, Change{Stream: m.name(p.ref), Seq: m.history.position(m.streams.at(p.ref).last).Seq})
	}
	return list, m.changes.last, nil
}
