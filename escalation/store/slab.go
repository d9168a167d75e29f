package store

// slab is a growing sequence of values. It grows by chunks, so that a million
// streams cost no copy and no second array beside the first while they are
// copied; the first chunk alone begins small, for a store of one alert in a
// test is as common as a large one. A pointer into it is good until the next
// add.
type slab[T any] struct {
	chunks [][]T
	n      uint32
}

const (
	slabBits  = 10
	slabChunk = 1 << slabBits
	slabFirst = 1 << 4
)

// at returns value i, which must exist.
func (s *slab[T]) at(i uint32) *T { return &s.chunks[i>>slabBits][i&(slabChunk-1)] }

// add appends a zero value and returns its index.
func (s *slab[T]) add() uint32 {
	switch chunk := s.n >> slabBits; {
	case s.n == 0:
		s.chunks = append(s.chunks, make([]T, slabFirst))
	case chunk == uint32(len(s.chunks)):
		s.chunks = append(s.chunks, make([]T, slabChunk))
	case chunk == 0 && s.n == uint32(len(s.chunks[0])):
		s.chunks[0] = append(s.chunks[0], make([]T, 3*s.n)...)[: 4*s.n : 4*s.n]
	}
	s.n++
	return s.n - 1
}

// pool is a slab whose values come and go.
type pool[T any] struct {
	slab[T]
	free []uint32
}

// take returns the index of a zero value.
func (p *pool[T]) take() uint32 {
	if n := len(p.free); n > 0 {
		i := p.free[n-1]
		p.free = p.free[:n-1]
		return i
	}
	return p.add()
}

// drop gives value i back, zeroed.
func (p *pool[T]) drop(i uint32) {
	var zero T
	*p.at(i) = zero
	p.free = append(p.free, i)
}
