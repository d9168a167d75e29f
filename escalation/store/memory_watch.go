package store

import (
	"context"
	"sync"
	"sync/atomic"
)

// watchers are those who wait for a hint.
type watchers struct {
	n   atomic.Int32 // so that a commit without watchers takes no lock
	mu  sync.Mutex
	all []chan struct{}
}

// Watch implements [Watcher]. The channel is readable after any commit, the
// watcher's own as well, and is never closed.
func (m *Memory) Watch(ctx context.Context) <-chan struct{} {
	w := &m.watch
	ch := make(chan struct{}, 1)
	w.mu.Lock()
	w.all = append(w.all, ch)
	w.n.Store(int32(len(w.all)))
	w.mu.Unlock()
	context.AfterFunc(ctx, func() { w.forget(ch) })
	return ch
}

func (w *watchers) forget(ch chan struct{}) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, c := range w.all {
		if c == ch {
			w.all = append(w.all[:i], w.all[i+1:]...)
			break
		}
	}
	w.n.Store(int32(len(w.all)))
}

func (w *watchers) signal() {
	if w.n.Load() == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, ch := range w.all {
		select {
		case ch <- struct{}{}:
		default: // it has a hint waiting
		}
	}
}
