package oncall

import (
	"fmt"
	"slices"
	"sort"

	"github.com/belfry-go/belfry/policy"
)

// spans is an index over fixed spans [from, to): which are running, and when
// the next begins or ends.
type spans struct {
	list  []span           // by from
	reach []policy.Instant // reach[i] is the latest end among list[:i+1]
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
	slices.SortStableFunc(s.list, func(a, b span) int {
		switch {
		case a.from < b.from:
			return -1
		case a.from > b.from:
			return 1
		}
		return 0
	})
	for i, sp := range s.list {
		reach := sp.to
		if i > 0 {
			reach = max(reach, s.reach[i-1])
		}
		s.reach = append(s.reach, reach)
		s.edges = append(s.edges, sp.from, sp.to)
	}
	slices.Sort(s.edges)
	s.edges = slices.Compact(s.edges)
}

// any reports whether a span may be running at i: false is certain.
func (s *spans) any(i policy.Instant) bool {
	n := len(s.list)
	return n > 0 && s.list[0].from <= i && i < s.reach[n-1]
}

// running appends to buf the spans that are running at i, in document order.
func (s *spans) running(i policy.Instant, buf []int) []int {
	n := s.begun(i)
	for n--; n >= 0 && s.reach[n] > i; n-- {
		if s.list[n].to > i {
			buf = append(buf, s.list[n].index)
		}
	}
	slices.Sort(buf)
	return buf
}

// begun is how many spans began at or before i.
func (s *spans) begun(i policy.Instant) int {
	return sort.Search(len(s.list), func(k int) bool { return s.list[k].from > i })
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
