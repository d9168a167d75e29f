package explore

// Chooser picks a number in [0, n); n is at least 1. What it has picked before
// may matter; nothing else does.
type Chooser func(n int) int

// Seeded returns a Chooser that picks evenly, the same for the same seed.
func Seeded(seed uint64) Chooser {
	state := seed
	return func(n int) int {
		state += 0x9e3779b97f4a7c15 // splitmix64
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		z ^= z >> 31
		return int(z>>1) % n
	}
}

// Bytes returns a Chooser that takes a byte for each pick, and picks 0 when all
// are taken: what a fuzzer makes longer does more.
func Bytes(b []byte) Chooser {
	return func(n int) int {
		if len(b) == 0 {
			return 0
		}
		c := int(b[0])
		b = b[1:]
		return c % n
	}
}

// Chance is true one time in n.
func (c Chooser) Chance(n int) bool { return c(n) == n-1 }

// pick picks one of a list.
func pick[T any](c Chooser, list ...T) T { return list[c(len(list))] }
