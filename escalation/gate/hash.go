package gate

import (
	"hash/maphash"
	"math/bits"
)

// hash is a hash of strings, with keys that nobody knows. It is wyhash, as Go's
// own maps use it where the processor has no AES; hash/maphash is as good, and
// costs three calls more, which is a third of a check.
type hash struct{ a, b, c uint64 }

func newHash() hash {
	seed := maphash.MakeSeed()
	return hash{maphash.String(seed, "a"), maphash.String(seed, "b"), maphash.String(seed, "c")}
}

func (h *hash) of(s string) uint64 {
	n := len(s)
	seed := h.a
	var a, b uint64
	switch {
	case n > 16:
		for rest := s; len(rest) > 16; rest = rest[16:] {
			seed = mix(word(rest)^h.b, word(rest[8:])^seed)
		}
		a, b = word(s[n-16:]), word(s[n-8:])
	case n >= 8:
		a, b = word(s), word(s[n-8:])
	case n >= 4:
		a, b = half(s), half(s[n-4:])
	case n > 0:
		a = uint64(s[0])<<16 | uint64(s[n>>1])<<8 | uint64(s[n-1])
	}
	return mix(h.c^uint64(n), mix(a^h.b, b^seed))
}

// mix folds a product of 128 bits.
func mix(a, b uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	return hi ^ lo
}

// word is the first eight bytes of s, half the first four.
func word(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

func half(s string) uint64 {
	_ = s[3]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24
}
