package store

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/belfry-go/belfry/policy"
)

// TestTreeAgainstSortedSlice drives the tree and a slice that is sorted anew
// with the same changes, under several shapes of work, and compares them whole.
func TestTreeAgainstSortedSlice(t *testing.T) {
	shapes := []struct {
		name     string
		instant  func(r *rand.Rand, step int) policy.Instant
		removals int // of 10 steps
		first    bool
	}{
		{"random", func(r *rand.Rand, _ int) policy.Instant { return policy.Instant(r.IntN(1 << 20)) }, 3, false},
		{"few instants, many ties", func(r *rand.Rand, _ int) policy.Instant { return policy.Instant(r.IntN(4)) }, 3, false},
		{"ascending", func(_ *rand.Rand, step int) policy.Instant { return policy.Instant(step) }, 0, false},
		{"descending", func(_ *rand.Rand, step int) policy.Instant { return policy.Instant(-step) }, 0, false},
		{"a moving window", func(r *rand.Rand, step int) policy.Instant { return policy.Instant(step*10 + r.IntN(5000)) }, 5, true},
		{"drained", func(r *rand.Rand, _ int) policy.Instant { return policy.Instant(r.IntN(100)) }, 6, false},
	}
	for _, shape := range shapes {
		t.Run(shape.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			names := rand.New(rand.NewPCG(3, 4)).Perm(20000) // ties go by these
			before := func(a, b uint32) bool { return names[a] < names[b] }
			tree := tree{before: before}
			var model []pair
			for step := range 12000 {
				if len(model) > 0 && r.IntN(10) < shape.removals {
					i := 0
					if !shape.first {
						i = r.IntN(len(model))
					}
					tree.remove(model[i])
					model = slices.Delete(model, i, i+1)
				} else {
					p := pair{shape.instant(r, step), uint32(step)}
					tree.insert(p)
					i, _ := slices.BinarySearchFunc(model, p, func(a, b pair) int {
						return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(names[a.ref], names[b.ref]))
					})
					model = slices.Insert(model, i, p)
				}
				if step%997 == 0 || len(model) < 3 {
					compareTree(t, &tree, model)
				}
			}
			for len(model) > 0 {
				i := r.IntN(len(model))
				tree.remove(model[i])
				model = slices.Delete(model, i, i+1)
				if len(model)%997 == 0 || len(model) < 130 {
					compareTree(t, &tree, model)
				}
			}
			if tree.root != nil || tree.first != nil {
				t.Errorf("an empty tree keeps nodes")
			}
		})
	}
}

func compareTree(t *testing.T, tree *tree, want []pair) {
	t.Helper()
	if tree.n != len(want) {
		t.Fatalf("tree says %d pairs, want %d", tree.n, len(want))
	}
	c := tree.start()
	for i, w := range want {
		got, ok := c.pair()
		if !ok || got != w {
			t.Fatalf("pair %d of %d = %v, %v; want %v", i, len(want), got, ok, w)
		}
		c.next()
	}
	if got, ok := c.pair(); ok {
		t.Fatalf("pair %v behind the last", got)
	}
}

// TestTreeStaysFull holds the memory: pairs that come in order must not leave
// half of each node empty.
func TestTreeStaysFull(t *testing.T) {
	tree := tree{before: func(a, b uint32) bool { return a < b }}
	const n = 50_000
	for i := range uint32(n) {
		tree.insert(pair{policy.Instant(i), i})
	}
	leaves := 0
	for l := tree.first; l != nil; l = l.next {
		leaves++
	}
	if most := n/leafPairs + 1; leaves > most {
		t.Errorf("%d leaves for %d pairs in order, want at most %d", leaves, n, most)
	}
}
