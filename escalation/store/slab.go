package store

// slab is a growing sequence of values, each of which stays where it is: it
// grows by chunks, so that a million streams cost no copy and no second array
// beside the first while they are copied.
type slab[T any] struct {
	chunks [][]T
	n      uint32
}

const (
	slabBits  = 10
	slabChunk = 1 << slabBits
)

// at returns value i, which must exist.
func (s *slab[T]) at(i uint32) *T { return &s.chunks[i>>slabBits][i&(slabChunk-1)] }

// add appends a zero value and returns its index.
func (s *slab[T]) add() uint32 {
	if s.n>>slabBits == uint32(len(s.chunks)) {
		s.chunks = append(s.chunks, make([]T, slabChunk))
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
