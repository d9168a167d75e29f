package store

import "unsafe"

// HistorySize is the memory of all entries.
func (m *Memory) HistorySize() int {
	n := len(m.history.entries.chunks) * slabChunk * int(unsafe.Sizeof(entry{}))
	for _, c := range m.history.bodies.chunks {
		n += cap(c)
	}
	return n
}
