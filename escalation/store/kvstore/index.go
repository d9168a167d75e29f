package kvstore

import (
	"cmp"
	"slices"
	"strings"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// index is what the store remembers of all streams, so that it need not read
// them to know what is due. It follows from the records, and is made anew from
// them when the store is opened.
type index struct {
	streams map[string]*known
	last    map[string]*known // of each key
	due     [store.MaxRank + 1]ordered[*known]
	items   [store.MaxRank + 1]ordered[slot]
	changes ordered[*known] // those that are posted
	change  uint64          // the highest number
}

// known is what is remembered of a stream.
type known struct {
	name, key string
	ordinal   uint64 // see record
	change    uint64 // see record
	open      bool
	rank      uint8
	due       policy.Instant
	seq       uint64         // of the last entry
	at        policy.Instant // and its instant
	cut       bool           // nothing is left of its history
	items     []slot
	seen      sealedSeen

	// Who took it when it was due. It is not written: a process that dies holds
	// nothing.
	owner string
	until policy.Instant
}

// slot is an item in the order in which items leave.
type slot struct {
	stream *known
	id     escalation.EffectID
	rank   uint8
	at     policy.Instant // NotBefore
}

func newIndex() *index {
	x := &index{streams: map[string]*known{}, last: map[string]*known{}}
	for r := range x.due {
		x.due[r].compare = func(a, b *known) int {
			return cmp.Or(cmp.Compare(a.due, b.due), strings.Compare(a.name, b.name))
		}
		x.items[r].compare = func(a, b slot) int {
			return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.stream.name, b.stream.name), compareEffects(a.id, b.id))
		}
	}
	x.changes.compare = func(a, b *known) int { return cmp.Compare(a.change, b.change) }
	return x
}

// put replaces what is known of the record's stream. A commit frees it.
func (x *index) put(r *record) {
	k, ok := x.streams[r.Stream]
	if !ok {
		k = &known{name: strings.Clone(r.Stream), key: strings.Clone(r.Key), ordinal: r.ordinal}
		x.streams[k.name] = k
		if last := x.last[k.key]; k.key != "" && (last == nil || last.ordinal < k.ordinal) {
			x.last[k.key] = k
		}
	} else {
		x.unlist(k)
	}
	if k.seq != r.Seq {
		k.owner = ""
	}
	k.open, k.rank, k.due, k.seq, k.at = r.Open, r.Rank, r.Due, r.Seq, r.At
	k.change = r.change
	x.change = max(x.change, k.change)
	k.cut = r.base.Seq == r.Seq && r.gone == r.chunks
	for i := range r.items {
		it := &r.items[i]
		k.items = append(k.items, slot{stream: k, id: it.ID, rank: it.Rank, at: it.NotBefore})
	}
	x.list(k)
}

// list enters a stream and its items where they stand in the order.
func (x *index) list(k *known) {
	if k.due.Known() {
		x.due[k.rank].insert(k)
	}
	if k.change > 0 {
		x.changes.insert(k)
	}
	for _, s := range k.items {
		if s.at.Known() {
			x.items[s.rank].insert(s)
		}
	}
}

// unlist takes a stream and its items out of the order.
func (x *index) unlist(k *known) {
	if k.due.Known() {
		x.due[k.rank].remove(k)
	}
	if k.change > 0 {
		x.changes.remove(k)
	}
	for _, s := range k.items {
		if s.at.Known() {
			x.items[s.rank].remove(s)
		}
	}
	k.items = k.items[:0]
}

// drop forgets a stream.
func (x *index) drop(name string) {
	k, ok := x.streams[name]
	if !ok {
		return
	}
	x.unlist(k)
	delete(x.streams, name)
	if x.last[k.key] != k {
		return
	}
	// It was not written after all, which is rare enough to look at all others.
	delete(x.last, k.key)
	for _, other := range x.streams {
		if last := x.last[k.key]; other.key == k.key && (last == nil || last.ordinal < other.ordinal) {
			x.last[k.key] = other
		}
	}
}

// names returns the streams that q selects, sorted.
func (x *index) names(q store.StreamQuery) []string {
	var names []string
	for name, k := range x.streams {
		if name > q.After && strings.HasPrefix(name, q.Prefix) && (k.open || !q.Open) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// free returns from when on a due stream is free for who asks.
func (k *known) free(owner string) policy.Instant {
	if k.owner != "" && k.owner != owner {
		return max(k.due, k.until)
	}
	return k.due
}

func compareEffects(a, b escalation.EffectID) int {
	return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.I, b.I))
}
