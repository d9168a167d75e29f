package store

import "strings"

// chunkSize is how large chunk n of a sequence of bytes is: the first are small,
// for stores that hold little.
func chunkSize(n int) int { return 1 << min(10+n, 16) }

// texts keeps strings in few large pieces of memory, and names them without a
// pointer, so that a million names cost the garbage collector nothing.
type texts struct {
	chunks []string
	last   *strings.Builder // the last chunk is what is in it so far
}

// keep copies a followed by b.
func (t *texts) keep(a, b string) span {
	n := len(a) + len(b)
	if t.last == nil || t.last.Cap()-t.last.Len() < n {
		t.last = new(strings.Builder)
		t.last.Grow(max(n, chunkSize(len(t.chunks))))
		t.chunks = append(t.chunks, "")
	}
	s := span{uint32(len(t.chunks) - 1), uint32(t.last.Len()), uint32(n)}
	t.last.WriteString(a)
	t.last.WriteString(b)
	t.chunks[s.chunk] = t.last.String()
	return s
}

// at returns the string of s.
func (t *texts) at(s span) string { return t.chunks[s.chunk][s.off : s.off+s.n] }

// arena keeps bytes that are only ever appended.
type arena struct {
	chunks [][]byte
}

// span is a piece of texts or of an arena.
type span struct{ chunk, off, n uint32 }

// keep copies b.
func (a *arena) keep(b []byte) span {
	last := len(a.chunks) - 1
	if last < 0 || cap(a.chunks[last])-len(a.chunks[last]) < len(b) {
		a.chunks = append(a.chunks, make([]byte, 0, max(len(b), chunkSize(len(a.chunks)))))
		last++
	}
	off := len(a.chunks[last])
	a.chunks[last] = append(a.chunks[last], b...)
	return span{uint32(last), uint32(off), uint32(len(b))}
}

// at returns the bytes of s.
func (a *arena) at(s span) []byte {
	if s.n == 0 {
		return nil
	}
	return a.chunks[s.chunk][s.off : s.off+s.n : s.off+s.n]
}

// blocks keeps byte strings that are replaced, such as states, in blocks of a
// few sizes without a pointer each. What is too long for a block is an object
// of its own.
type blocks struct {
	classes [blockClasses]blockClass
	large   pool[[]byte]
}

const (
	blockStep    = 16
	blockClasses = 32      // up to 512 bytes
	blockChunk   = 8 << 10 // bytes, one of the sizes of Go's allocator
	largeClass   = blockClasses
)

type blockClass struct {
	chunks [][]byte
	n      uint32
	free   []uint32
}

// block is where a byte string is; the zero block is the empty string.
type block struct {
	ref   uint32 // from 1 inside its class
	n     uint32
	class uint8
}

// at returns the bytes of b. They are good until b is set.
func (s *blocks) at(b block) []byte {
	switch {
	case b.n == 0:
		return nil
	case b.class == largeClass:
		return *s.large.at(b.ref - 1)
	}
	return s.classes[b.class].block(b)[:b.n]
}

// set replaces the byte string at b, in place where it fits.
func (s *blocks) set(b block, data []byte) block {
	class := uint8(largeClass)
	if len(data) <= blockStep*blockClasses {
		class = uint8((len(data) + blockStep - 1) / blockStep)
		class = max(class, 1) - 1
	}
	if b.ref == 0 || b.class != class {
		s.drop(b)
		b = block{class: class, ref: s.take(class) + 1}
	}
	b.n = uint32(len(data))
	if class == largeClass {
		p := s.large.at(b.ref - 1)
		*p = append((*p)[:0], data...)
		return b
	}
	copy(s.classes[class].block(b), data)
	return b
}

func (s *blocks) take(class uint8) uint32 {
	if class == largeClass {
		return s.large.take()
	}
	return s.classes[class].take(blockStep * (int(class) + 1))
}

func (s *blocks) drop(b block) {
	switch {
	case b.ref == 0:
	case b.class == largeClass:
		s.large.drop(b.ref - 1)
	default:
		c := &s.classes[b.class]
		c.free = append(c.free, b.ref-1)
	}
}

func (c *blockClass) take(size int) uint32 {
	if n := len(c.free); n > 0 {
		i := c.free[n-1]
		c.free = c.free[:n-1]
		return i
	}
	if c.n == uint32(len(c.chunks)*(blockChunk/size)) {
		c.chunks = append(c.chunks, make([]byte, blockChunk))
	}
	c.n++
	return c.n - 1
}

// block returns the whole block that b is in.
func (c *blockClass) block(b block) []byte {
	size := blockStep * (uint32(b.class) + 1)
	i, perChunk := b.ref-1, blockChunk/size
	off := i % perChunk * size
	return c.chunks[i/perChunk][off : off+size]
}
