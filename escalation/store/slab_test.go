package store

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestTableAgainstMap uses few hashes for many numbers, so that probes are long
// and each removal has a gap to close.
func TestTableAgainstMap(t *testing.T) {
	for _, hashes := range []uint32{1, 7, 1 << 16, 1<<32 - 1} {
		r := rand.New(rand.NewPCG(uint64(hashes), 2))
		var tab table
		model := map[uint32]uint32{} // number to hash
		var refs []uint32            // its keys
		for step := range uint32(6000) {
			switch {
			case len(refs) > 0 && r.IntN(5) < 2:
				i := r.IntN(len(refs))
				tab.remove(model[refs[i]], refs[i])
				delete(model, refs[i])
				refs = slices.Delete(refs, i, i+1)
			default:
				hash := r.Uint32N(hashes)
				if hashes > 1<<20 { // at both ends of the array
					hash = []uint32{0, 1, 1<<32 - 1, 1<<32 - 2}[r.IntN(4)]
				}
				tab.add(hash, step)
				model[step] = hash
				refs = append(refs, step)
			}
			if step%500 != 0 {
				continue
			}
			if tab.n != len(model) {
				t.Fatalf("table says %d numbers, want %d", tab.n, len(model))
			}
			for ref, hash := range model {
				if got, ok := tab.find(hash, func(r uint32) bool { return r == ref }); !ok || got != ref {
					t.Fatalf("after %d steps number %d of hash %d is not found", step, ref, hash)
				}
			}
		}
		if _, ok := tab.find(0, func(uint32) bool { return false }); ok {
			t.Error("found what is not there")
		}
	}
}

func TestTableReplace(t *testing.T) {
	var tab table
	tab.add(5, 1)
	tab.add(5, 2)
	tab.replace(5, 1, 9)
	for ref, want := range map[uint32]bool{1: false, 2: true, 9: true} {
		if _, ok := tab.find(5, func(r uint32) bool { return r == ref }); ok != want {
			t.Errorf("find %d = %v, want %v", ref, ok, want)
		}
	}
}

// TestBlocksAgainstMap replaces byte strings of all lengths, and looks whether
// a write to one shows in another.
func TestBlocksAgainstMap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var s blocks
	const n = 300
	var have [n]block
	var want [n][]byte
	for step := range 20_000 {
		i := r.IntN(n)
		size := r.IntN(100)
		if r.IntN(10) == 0 {
			size = r.IntN(2000)
		}
		data := bytes.Repeat([]byte{byte(step)}, size)
		have[i], want[i] = s.set(have[i], data), data
		if step%1000 == 0 {
			for i := range have {
				if got := s.at(have[i]); !bytes.Equal(got, want[i]) {
					t.Fatalf("block %d is %d bytes %.8x, want %d bytes %.8x", i, len(got), got, len(want[i]), want[i])
				}
			}
		}
	}
	for _, size := range []int{0, 1, 16, 17, 511, 512, 513} {
		data := bytes.Repeat([]byte{7}, size)
		if got := s.at(s.set(block{}, data)); !bytes.Equal(got, data) {
			t.Errorf("%d bytes come back as %d", size, len(got))
		}
	}
}

func TestTextsStayApart(t *testing.T) {
	var x texts
	var spans []span
	var got, want []string
	long := strings.Repeat("long", 1<<16)
	for i := range 5000 {
		a, b := strings.Repeat("a", i%50), strings.Repeat("b", i%7)
		if i%1000 == 0 {
			b = long
		}
		spans, want = append(spans, x.keep(a, b)), append(want, a+b)
		got = append(got, x.at(spans[i]))
	}
	for i := range got {
		if got[i] != want[i] || x.at(spans[i]) != want[i] {
			t.Fatalf("text %d differs", i)
		}
	}
}

func TestPoolZeroesWhatItGivesOut(t *testing.T) {
	var p pool[[]byte]
	i := p.take()
	*p.at(i) = []byte("former")
	p.drop(i)
	if j := p.take(); j != i || *p.at(j) != nil {
		t.Errorf("took %d holding %q, want %d holding nothing", j, *p.at(j), i)
	}
}

func TestSlabKeepsWhatItHas(t *testing.T) {
	var s slab[int]
	const n = 3*slabChunk + 5
	for i := range n {
		if j := s.add(); int(j) != i || *s.at(j) != 0 {
			t.Fatalf("value %d is number %d and %d", i, j, *s.at(j))
		}
		*s.at(uint32(i)) = i
	}
	for i := range n {
		if got := *s.at(uint32(i)); got != i {
			t.Fatalf("value %d is %d", i, got)
		}
	}
}
