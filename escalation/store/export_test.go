package store

import (
	"runtime"
	"unsafe"
)

// HistorySize is the memory of all entries.
func (m *Memory) HistorySize() int {
	n := len(m.history.entries.chunks) * slabChunk * int(unsafe.Sizeof(entry{}))
	for _, c := range m.history.bodies.chunks {
		n += cap(c)
	}
	return n
}

// wait waits until n watchers are left: they are forgotten by goroutines of the
// contexts that end.
func (w *watchers) wait(n int32) {
	for w.n.Load() != n {
		runtime.Gosched()
	}
}
