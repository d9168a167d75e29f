package oncall

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// spans is an index over fixed spans [from, to): which are running, and when
// the next begins or ends.
type spans struct {
	list []span // by from
	// list is read as a balanced tree, whose root is its middle; reach[i] is
	// the latest end in the tree below and with list[i]. One long span among
	// thousands of short ones does not make every query look at all.
	reach []policy.Instant
	edges []policy.Instant // all ends and beginnings, sorted
}

type span struct {
	from, to policy.Instant
	index    int // in the document
}

// add resolves a span. One whose wall times fall into one gap is empty, and
// left out; one that is written backwards is an error.
func (s *spans) add(index int, from, to policy.When, z *zone) error {
	begin, err := resolve(from, z.first)
	if err != nil {
		return fmt.Errorf("from: %w", err)
	}
	end, err := resolve(to, z.last)
	if err != nil {
		return fmt.Errorf("to: %w", err)
	}
	if begin < end {
		s.list = append(s.list, span{begin, end, index})
		return nil
	}
	if !from.Abs.Known() && !to.Abs.Known() && before(from.Civil, to.Civil) {
		return nil
	}
	return fmt.Errorf("to: %v is not after from: %v; a span is [from, to)", end, begin)
}

// before reports whether a is an earlier wall time than b; both are valid.
func before(a, b policy.Civil) bool {
	x, _ := wallOf(a)
	y, _ := wallOf(b)
	return x < y
}

func resolve(w policy.When, at func(int64) int64) (policy.Instant, error) {
	if w.Abs.Known() {
		return w.Abs, nil
	}
	wall, err := wallOf(w.Civil)
	return instantAt(at(wall)), err
}

// index makes the spans ready for queries.
func (s *spans) index() {
	slices.SortStableFunc(s.list, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	s.reach = make([]policy.Instant, len(s.list))
	s.measure(0, len(s.list))
	for _, sp := range s.list {
		s.edges = append(s.edges, sp.from, sp.to)
	}
	slices.Sort(s.edges)
	s.edges = slices.Compact(s.edges)
}

// measure fills in reach for the tree list[lo:hi] and returns that of its root.
func (s *spans) measure(lo, hi int) policy.Instant {
	if lo == hi {
		return math.MinInt64
	}
	mid := lo + (hi-lo)/2
	s.reach[mid] = max(s.list[mid].to, s.measure(lo, mid), s.measure(mid+1, hi))
	return s.reach[mid]
}

// any reports whether a span may be running at i: false is certain.
func (s *spans) any(i policy.Instant) bool {
	n := len(s.list)
	return n > 0 && s.list[0].from <= i && i < s.reach[n/2]
}

// running appends to buf, which is empty, the spans that are running at i, in
// document order.
func (s *spans) running(i policy.Instant, buf []int) []int {
	buf = s.collect(0, len(s.list), i, buf)
	slices.Sort(buf)
	return buf
}

func (s *spans) collect(lo, hi int, i policy.Instant, buf []int) []int {
	for lo < hi {
		mid := lo + (hi-lo)/2
		if s.reach[mid] <= i {
			break
		}
		buf = s.collect(lo, mid, i, buf)
		if s.list[mid].from > i {
			break
		}
		if s.list[mid].to > i {
			buf = append(buf, s.list[mid].index)
		}
		lo = mid + 1
	}
	return buf
}

// until is the first edge after i.
func (s *spans) until(i policy.Instant) policy.Instant {
	n, found := slices.BinarySearch(s.edges, i)
	if found {
		n++
	}
	if n == len(s.edges) {
		return policy.Never
	}
	return s.edges[n]
}
