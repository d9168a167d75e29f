package oncall

import (
	"slices"
	"sync/atomic"
)

// group is the number of a set of people that the schedule names together: a
// person, or a turn of a rotation.
type group uint32

// groups holds the people of each group, each person once, as first listed.
type groups struct {
	people [][]string
	index  map[string]group // by key; only while compiling
}

// of is the group of these people, in this order.
func (g *groups) of(people ...string) group {
	var list []string
	var key []byte
	seen := make(map[string]bool, len(people))
	for _, p := range people {
		if !seen[p] {
			seen[p] = true
			list = append(list, p)
			key = append(append(key, p...), 0)
		}
	}
	if i, ok := g.index[string(key)]; ok {
		return i
	}
	if g.index == nil {
		g.index = make(map[string]group)
	}
	i := group(len(g.people))
	g.people = append(g.people, slices.Clip(list))
	g.index[string(key)] = i
	return i
}

// answers remembers the list of people for each combination of groups that was
// ever asked for, so that the second query allocates nothing. It only grows, by
// immutable entries in front of a bucket, so that readers take no lock.
type answers struct {
	buckets [64]atomic.Pointer[answer]
	size    atomic.Int64
}

type answer struct {
	key    []uint32
	people []string
	next   *answer
}

// maxAnswers bounds the memory of a schedule whose groups meet in more ways; it
// then computes the rest afresh.
const maxAnswers = 4096

// get is the people for key, from memory or computed by s.
func (a *answers) get(key []uint32, s *Schedule) []string {
	bucket := &a.buckets[hash(key)%uint32(len(a.buckets))]
	for e := bucket.Load(); e != nil; e = e.next {
		if slices.Equal(e.key, key) {
			return e.people
		}
	}
	people := s.compute(key)
	if a.size.Load() < maxAnswers {
		// Two callers may put the same key: an entry too many, no wrong one.
		a.size.Add(1)
		e := &answer{key: slices.Clone(key), people: people, next: bucket.Load()}
		for !bucket.CompareAndSwap(e.next, e) {
			e.next = bucket.Load()
		}
	}
	return people
}

// hash is FNV-1a over words.
func hash(key []uint32) uint32 {
	h := uint32(2166136261)
	for _, k := range key {
		h = (h ^ k) * 16777619
	}
	return h ^ h>>16
}
