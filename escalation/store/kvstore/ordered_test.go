package kvstore

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/belfry-go/belfry/escalation/store"
)

// TestOrdered compares the set with a sorted slice.
func TestOrdered(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	o := ordered[int]{compare: cmp.Compare[int]}
	var want []int
	for step := range 6000 {
		v := r.IntN(3000)
		i, there := slices.BinarySearch(want, v)
		switch {
		case !there && (step < 3000 || r.IntN(4) == 0):
			o.insert(v)
			want = slices.Insert(want, i, v)
		case there:
			o.remove(v)
			want = slices.Delete(want, i, i+1)
		default:
			o.remove(v) // it is not there
		}
		if step%100 == 0 {
			if got := slices.Collect(o.all()); !slices.Equal(got, want) {
				t.Fatalf("after %d steps the set is %v, want %v", step, got, want)
			}
			from, _ := slices.BinarySearch(want, v)
			if got := slices.Collect(o.from(v)); !slices.Equal(got, want[from:]) {
				t.Fatalf("after %d steps the set from %d is %v, want %v", step, v, got, want[from:])
			}
		}
	}
	for _, v := range want {
		o.remove(v)
	}
	if len(o.blocks) > 0 {
		t.Errorf("%d blocks are left of an empty set", len(o.blocks))
	}
}

// FuzzDecode gives the decoders what nobody wrote.
func FuzzDecode(f *testing.F) {
	r := newRecord("s", "k")
	f.Add(r.encode())
	r.tail = appendLine(nil, &store.Entry{Seq: 1, Body: []byte("body")}, nil)
	f.Add(r.encode())
	f.Add(r.tail)
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := decodeRecord(b); err == nil {
			if again, err := decodeRecord(r.encode()); err != nil || again.Seq != r.Seq {
				t.Errorf("what was read cannot be read again: %v", err)
			}
		}
		d := decoder{rest: b}
		for l := (line{}); d.line(&l); {
		}
		_, _, _ = erase(b, 3)
	})
}
