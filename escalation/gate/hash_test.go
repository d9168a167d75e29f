package gate

import (
	"fmt"
	"strings"
	"testing"
)

// Strings of every length that differ in one byte anywhere have other hashes,
// and what counts up spreads over the table.
func TestHash(t *testing.T) {
	h := newHash()
	if other := newHash(); other.of("svc") == h.of("svc") {
		t.Error("two hashes have the same keys")
	}
	for n := range 70 {
		s := strings.Repeat("x", n)
		seen := map[uint64]bool{h.of(s): true}
		for i := range n {
			seen[h.of(s[:i]+"y"+s[i+1:])] = true
		}
		if len(seen) != n+1 {
			t.Errorf("of %d strings of %d bytes only %d hashes differ", n+1, n, len(seen))
		}
	}
	const n = 1 << 14
	var slots [n]int
	most := 0
	for i := range n {
		at := h.of(fmt.Sprintf("svc-db-%07d", i)) >> 1 % n
		slots[at]++
		most = max(most, slots[at])
	}
	if most > 20 { // about eight are to be expected, twenty never
		t.Errorf("%d of %d names share a slot of as many", most, n)
	}
}
