package store

import "github.com/belfry-go/belfry/policy"

// tree holds (instant, number) pairs in order; ties of instants are ordered by
// before. It is a B+ tree: with a million pairs a change touches four nodes,
// and a pair costs some seventeen bytes. A heap would be simpler, but what is
// due must be read in order without being taken out.
type tree struct {
	root   *inner // nil: empty
	first  *leaf
	n      int
	before func(a, b uint32) bool

	// One node of each kind that is out of use: a queue that is now empty and
	// now not would else allocate each time.
	spareLeaf  *leaf
	spareInner *inner
}

// pair is a number and its instant.
type pair struct {
	at  policy.Instant
	ref uint32
}

// A leaf of 61 pairs fills an allocation of 768 bytes. It is its arrays of
// instants and numbers apart because the pair alone would be padded.
const (
	leafPairs = 61
	innerKids = 64
)

type leaf struct {
	at         [leafPairs]policy.Instant
	prev, next *leaf
	ref        [leafPairs]uint32
	n          int32
}

// inner has kids of one kind, inner or leaf. min is the kid's least pair, kept
// exact: the number of a pair that is gone may mean something else by now, and
// must not be compared with.
type inner struct {
	n    int
	kids [innerKids]kid
}

type kid struct {
	min   pair
	inner *inner
	leaf  *leaf
}

func (t *tree) less(a, b pair) bool {
	return a.at < b.at || a.at == b.at && a.ref != b.ref && t.before(a.ref, b.ref)
}

// insert adds a pair that is not there.
func (t *tree) insert(p pair) {
	t.n++
	if t.root == nil {
		t.first = t.newLeaf()
		t.first.put(0, p)
		t.root = t.newInner()
		t.root.n = 1
		t.root.kids[0] = kid{min: p, leaf: t.first}
		return
	}
	if right := t.insertInner(t.root, p); right != nil {
		left := t.root
		t.root = t.newInner()
		t.root.n = 2
		t.root.kids[0] = kid{min: left.kids[0].min, inner: left}
		t.root.kids[1] = kid{min: right.kids[0].min, inner: right}
	}
}

// insertInner returns the node split off to the right of in, if it was.
func (t *tree) insertInner(in *inner, p pair) *inner {
	i := t.route(in, p)
	k := &in.kids[i]
	if t.less(p, k.min) {
		k.min = p
	}
	var split kid
	if k.leaf != nil {
		if right := t.insertLeaf(k.leaf, p); right != nil {
			split = kid{min: right.pair(0), leaf: right}
		}
	} else if right := t.insertInner(k.inner, p); right != nil {
		split = kid{min: right.kids[0].min, inner: right}
	}
	if split.leaf == nil && split.inner == nil {
		return nil
	}
	// A node that is filled at its end is filled in order: leave it full.
	var right *inner
	if in.n == innerKids {
		half := in.n / 2
		if i == in.n-1 {
			half = in.n - 1
		}
		right = t.newInner()
		right.n = in.n - half
		copy(right.kids[:], in.kids[half:in.n])
		clear(in.kids[half:in.n])
		in.n = half
		if i >= half {
			in, i = right, i-half
		}
	}
	in.put(i+1, split)
	return right
}

func (t *tree) insertLeaf(l *leaf, p pair) *leaf {
	i := t.place(l, p)
	if l.n < leafPairs {
		l.put(i, p)
		return nil
	}
	half := int32(leafPairs / 2)
	if i == leafPairs && l.next == nil {
		half = leafPairs
	}
	right := t.newLeaf()
	right.n, right.prev, right.next = l.n-half, l, l.next
	copy(right.at[:], l.at[half:l.n])
	copy(right.ref[:], l.ref[half:l.n])
	if l.next != nil {
		l.next.prev = right
	}
	l.next, l.n = right, half
	if i >= half {
		right.put(i-half, p)
	} else {
		l.put(i, p)
	}
	return right
}

// remove removes a pair that is there.
func (t *tree) remove(p pair) {
	t.n--
	t.removeInner(t.root, p)
	for t.root != nil && t.root.n <= 1 {
		if t.root.n == 1 && t.root.kids[0].leaf != nil {
			return
		}
		old := t.root
		t.root = old.kids[0].inner // nil when there is none
		t.dropInner(old)
	}
}

func (t *tree) removeInner(in *inner, p pair) {
	i := t.route(in, p)
	k := &in.kids[i]
	if k.leaf != nil {
		k.leaf.cut(t.place(k.leaf, p))
		t.shrink(in, i)
		return
	}
	t.removeInner(k.inner, p)
	if k.inner.n == 0 {
		t.dropInner(k.inner)
		in.cut(i)
		return
	}
	k.min = k.inner.kids[0].min
}

// shrink takes leaf i of in out when it is empty, and pours it into its
// neighbour when both are nearly so.
func (t *tree) shrink(in *inner, i int) {
	l := in.kids[i].leaf
	if l.n > 0 {
		in.kids[i].min = l.pair(0)
	}
	const few = leafPairs / 4
	if l.n > few {
		return
	}
	if l.n > 0 {
		if i == 0 || in.kids[i-1].leaf.n > 2*few {
			return
		}
		to := in.kids[i-1].leaf
		copy(to.at[to.n:], l.at[:l.n])
		copy(to.ref[to.n:], l.ref[:l.n])
		to.n += l.n
	}
	if l.prev != nil {
		l.prev.next = l.next
	} else {
		t.first = l.next
	}
	if l.next != nil {
		l.next.prev = l.prev
	}
	in.cut(i)
	l.n, l.prev, l.next = 0, nil, nil
	t.spareLeaf = l
}

func (t *tree) newLeaf() *leaf {
	if l := t.spareLeaf; l != nil {
		t.spareLeaf = nil
		return l
	}
	return &leaf{}
}

func (t *tree) newInner() *inner {
	if in := t.spareInner; in != nil {
		t.spareInner = nil
		return in
	}
	return &inner{}
}

func (t *tree) dropInner(in *inner) {
	in.n, in.kids[0] = 0, kid{}
	t.spareInner = in
}

// route returns the last kid whose least pair is not behind p, or the first.
func (t *tree) route(in *inner, p pair) int {
	lo, hi := 1, in.n
	for lo < hi {
		mid := int(uint(lo+hi) >> 1)
		if t.less(p, in.kids[mid].min) {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo - 1
}

// place returns the first index whose pair is not before p.
func (t *tree) place(l *leaf, p pair) int32 {
	lo, hi := int32(0), l.n
	for lo < hi {
		mid := int32(uint32(lo+hi) >> 1)
		if t.less(l.pair(mid), p) {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

func (l *leaf) pair(i int32) pair { return pair{l.at[i], l.ref[i]} }

func (l *leaf) put(i int32, p pair) {
	copy(l.at[i+1:l.n+1], l.at[i:l.n])
	copy(l.ref[i+1:l.n+1], l.ref[i:l.n])
	l.at[i], l.ref[i] = p.at, p.ref
	l.n++
}

func (l *leaf) cut(i int32) {
	copy(l.at[i:], l.at[i+1:l.n])
	copy(l.ref[i:], l.ref[i+1:l.n])
	l.n--
}

func (in *inner) put(i int, k kid) {
	copy(in.kids[i+1:in.n+1], in.kids[i:in.n])
	in.kids[i] = k
	in.n++
}

func (in *inner) cut(i int) {
	copy(in.kids[i:], in.kids[i+1:in.n])
	in.n--
	in.kids[in.n] = kid{}
}

// cursor walks a tree in order. The tree must not change meanwhile.
type cursor struct {
	leaf *leaf
	i    int32
}

func (t *tree) start() cursor { return cursor{leaf: t.first} }

// from is at the first pair that is not before p.
func (t *tree) from(p pair) cursor {
	in := t.root
	for in != nil {
		k := in.kids[t.route(in, p)]
		if k.leaf != nil {
			c := cursor{leaf: k.leaf, i: t.place(k.leaf, p)}
			if c.i >= c.leaf.n {
				c = cursor{leaf: c.leaf.next}
			}
			return c
		}
		in = k.inner
	}
	return cursor{}
}

// pair returns the pair that c is at; ok is false behind the last.
func (c *cursor) pair() (p pair, ok bool) {
	if c.leaf == nil {
		return pair{}, false
	}
	return c.leaf.pair(c.i), true
}

func (c *cursor) next() {
	if c.i++; c.i >= c.leaf.n {
		c.leaf, c.i = c.leaf.next, 0
	}
}
