package store_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// chain returns n linked entries of a stream.
func chain(stream string, n int) []store.Entry {
	entries := make([]store.Entry, n)
	at := store.Genesis(stream)
	var scratch []byte
	for i := range entries {
		entries[i] = store.Entry{
			At: policy.Instant(i / 2), Kind: escalation.EventKind(i % 20), Salt: store.Salt{byte(i), 1}, Body: fmt.Appendf(nil, "body %d", i),
		}
		scratch = at.Link(&entries[i], scratch)
	}
	return entries
}

// sequence iterates over entries that cannot fail to be read.
func sequence(entries []store.Entry) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		for _, e := range entries {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// TestLinkLayout builds the hashes from the documented layout by other means,
// and holds them to values written down: the layout must never change, for
// every history in the world is checked by it.
func TestLinkLayout(t *testing.T) {
	hash := func(parts ...[]byte) []byte {
		h := sha256.Sum256(slices.Concat(parts...))
		return h[:]
	}
	at := store.Genesis("alert/db#1")
	e := store.Entry{At: -2, Kind: escalation.EventTick, Salt: store.Salt{0: 0xaa, 15: 0xbb}, Body: []byte("body")}
	genesis := hash([]byte{2}, []byte("alert/db#1"))
	sum := hash([]byte{0}, e.Salt[:], []byte("body"))
	link := hash([]byte{1}, genesis, []byte{0, 0, 0, 0, 0, 0, 0, 1}, bytes.Repeat([]byte{255}, 7), []byte{254}, []byte{byte(escalation.EventTick)}, sum)

	if !bytes.Equal(at.Hash[:], genesis) || at.Seq != 0 {
		t.Errorf("genesis is %d %s, want 0 %x", at.Seq, at.Hash, genesis)
	}
	at.Link(&e, nil)
	if !bytes.Equal(e.Sum[:], sum) {
		t.Errorf("sum is %s, want %x", e.Sum, sum)
	}
	if !bytes.Equal(e.Hash[:], link) || at != e.Position() || e.Seq != 1 {
		t.Errorf("entry %d has hash %s, want 1 and %x", e.Seq, e.Hash, link)
	}
	const fixed = "cc4fb6807a908078c31818b898b798f4678137155e664f037542de5cf498f3cf"
	if got := hex.EncodeToString(e.Hash[:]); got != fixed {
		t.Errorf("hash is %s, was %s when it was written down", got, fixed)
	}
}

// TestVerify changes a good history in each way there is.
func TestVerify(t *testing.T) {
	const stream, n = "alert/db#1", 6
	tests := []struct {
		name   string
		change func(e []store.Entry) []store.Entry
		bad    uint64 // 0: none
	}{
		{"untouched", func(e []store.Entry) []store.Entry { return e }, 0},
		{"nothing", func([]store.Entry) []store.Entry { return nil }, 0},
		{"cut at the end", func(e []store.Entry) []store.Entry { return e[:4] }, 0},
		{"sums left out", func(e []store.Entry) []store.Entry {
			for i := range e {
				e[i].Sum = store.Hash{}
			}
			return e
		}, 0},
		{"erased", func(e []store.Entry) []store.Entry {
			e[1].Erased, e[1].Salt, e[1].Body = true, store.Salt{}, nil
			return e
		}, 0},
		{"cut at the beginning", func(e []store.Entry) []store.Entry { return e[1:] }, 1},
		{"one left out", func(e []store.Entry) []store.Entry { return slices.Delete(e, 2, 3) }, 3},
		{"one left out and renumbered", func(e []store.Entry) []store.Entry {
			e = slices.Delete(e, 2, 3)
			for i := range e {
				e[i].Seq = uint64(i + 1)
			}
			return e
		}, 3},
		{"two swapped", func(e []store.Entry) []store.Entry { e[2], e[3] = e[3], e[2]; return e }, 3},
		{"two swapped and renumbered", func(e []store.Entry) []store.Entry {
			e[2], e[3] = e[3], e[2]
			e[2].Seq, e[3].Seq = 3, 4
			return e
		}, 3},
		{"one twice", func(e []store.Entry) []store.Entry { return slices.Insert(e, 3, e[2]) }, 4},
		{"a body changed", func(e []store.Entry) []store.Entry { e[4].Body = []byte("other"); return e }, 5},
		{"a body changed, with its sum", func(e []store.Entry) []store.Entry {
			e[4].Body = []byte("other")
			e[4].Sum = store.Hash{}
			return e
		}, 5},
		{"a salt changed", func(e []store.Entry) []store.Entry { e[4].Salt[3] ^= 1; return e }, 5},
		{"a sum changed", func(e []store.Entry) []store.Entry { e[4].Sum[3] ^= 1; return e }, 5},
		{"an instant changed", func(e []store.Entry) []store.Entry { e[4].At++; return e }, 5},
		{"an instant that goes back", func(e []store.Entry) []store.Entry { e[4].At = 0; return e }, 5},
		{"a kind changed", func(e []store.Entry) []store.Entry { e[4].Kind++; return e }, 5},
		{"a hash changed", func(e []store.Entry) []store.Entry { e[4].Hash[31] ^= 1; return e }, 5},
		{"an erased one with a body", func(e []store.Entry) []store.Entry { e[4].Erased = true; return e }, 5},
		{"an erased one with another sum", func(e []store.Entry) []store.Entry {
			e[4].Erased, e[4].Salt, e[4].Body = true, store.Salt{}, nil
			e[4].Sum[0] ^= 1
			return e
		}, 5},
		{"the end replaced and linked anew", func(e []store.Entry) []store.Entry {
			at := e[2].Position()
			for i := 3; i < n; i++ {
				e[i].Body = []byte("forged")
				at.Link(&e[i], nil)
			}
			return e
		}, 0}, // only a head kept elsewhere tells
		{"another stream's", func([]store.Entry) []store.Entry { return chain("alert/other#1", n) }, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			entries := tt.change(chain(stream, n))
			end, err := store.Verify(store.Genesis(stream), sequence(entries))
			bad, isBad := errors.AsType[*store.ChainError](err)
			switch {
			case tt.bad == 0 && err != nil:
				t.Fatalf("Verify: %v", err)
			case tt.bad != 0 && (!isBad || bad.Seq != tt.bad || bad.Reason == ""):
				t.Fatalf("Verify: %v, want entry %d named", err, tt.bad)
			case tt.bad != 0 && end.Seq != tt.bad-1:
				t.Errorf("Verify ends at %d, want the last good entry, %d", end.Seq, tt.bad-1)
			}
			if tt.bad == 0 && len(entries) > 0 && end != entries[len(entries)-1].Position() {
				t.Errorf("Verify ends at %+v, want the last entry", end)
			}
		})
	}
}

// TestVerifyFromTheMiddle goes on from a position kept elsewhere.
func TestVerifyFromTheMiddle(t *testing.T) {
	entries := chain("s", 9)
	end, err := store.Verify(entries[3].Position(), sequence(entries[4:]))
	if err != nil || end != entries[8].Position() {
		t.Errorf("Verify = %+v, %v", end, err)
	}
	if _, err := store.Verify(entries[2].Position(), sequence(entries[4:])); err == nil {
		t.Error("a gap behind the position kept is not found")
	}
}

func TestVerifyReturnsTheIterationsError(t *testing.T) {
	broken := errors.New("disk")
	entries := chain("s", 3)
	end, err := store.Verify(store.Genesis("s"), func(yield func(store.Entry, error) bool) {
		_ = yield(entries[0], nil) && yield(store.Entry{}, broken)
	})
	if !errors.Is(err, broken) || end != entries[0].Position() {
		t.Errorf("Verify = %+v, %v; want the first entry and the iteration's error", end, err)
	}
}

func TestLinkAllocatesNothing(t *testing.T) {
	at := store.Genesis("s")
	e := store.Entry{Body: make([]byte, 200)}
	scratch := at.Link(&e, nil)
	if n := testing.AllocsPerRun(100, func() { scratch = at.Link(&e, scratch) }); n > 0 {
		t.Errorf("Link allocates %v times", n)
	}
}

// FuzzVerify changes one byte anywhere in a history, in any of its fields: a
// change must be found, and named no later than where it is.
func FuzzVerify(f *testing.F) {
	f.Add(uint8(0), uint8(0), uint16(0), uint8(1))
	f.Add(uint8(3), uint8(1), uint16(5), uint8(0x80))
	f.Add(uint8(7), uint8(2), uint16(15), uint8(0xff))
	f.Add(uint8(2), uint8(6), uint16(31), uint8(1))
	f.Add(uint8(4), uint8(5), uint16(31), uint8(1))
	f.Add(uint8(4), uint8(7), uint16(0), uint8(0))
	f.Fuzz(func(t *testing.T, index, field uint8, offset uint16, flip uint8) {
		entries := chain("alert/fuzz#1", 8)
		i := int(index) % len(entries)
		e := &entries[i]
		was := *e
		was.Body = bytes.Clone(e.Body)
		switch field % 8 {
		case 0:
			e.Body[int(offset)%len(e.Body)] ^= flip
		case 1:
			e.Salt[int(offset)%len(e.Salt)] ^= flip
		case 2:
			e.Seq ^= uint64(flip) << (8 * (offset % 8))
		case 3:
			e.At ^= policy.Instant(flip) << (8 * (offset % 8))
		case 4:
			e.Kind ^= escalation.EventKind(flip)
		case 5:
			e.Hash[int(offset)%len(e.Hash)] ^= flip
		case 6:
			// A sum that is given must be right: the body is there to tell.
			if e.Sum[int(offset)%len(e.Sum)] ^= flip; e.Sum == (store.Hash{}) {
				t.Skip()
			}
		case 7:
			e.Body = e.Body[:int(offset)%(len(e.Body)+1)]
		}
		same := bytes.Equal(e.Body, was.Body) && e.Salt == was.Salt && e.Position() == was.Position() && e.Kind == was.Kind && e.Sum == was.Sum
		_, err := store.Verify(store.Genesis("alert/fuzz#1"), sequence(entries))
		bad, isBad := errors.AsType[*store.ChainError](err)
		switch {
		case same && err != nil:
			t.Errorf("an unchanged history: %v", err)
		case !same && !isBad:
			t.Errorf("field %d of entry %d was changed and Verify says %v", field%8, i+1, err)
		case isBad && bad.Seq != uint64(i+1):
			t.Errorf("entry %d was changed and entry %d is named", i+1, bad.Seq)
		}
	})
}
