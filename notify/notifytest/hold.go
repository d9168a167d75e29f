package notifytest

import (
	"context"
	"sync"

	"github.com/belfry-go/belfry/notify"
)

// Held is a slow Notifier that takes as long as the test says: see [Hold].
type Held struct {
	next    notify.Notifier
	arrived chan notify.Notification
	release chan struct{}
	open    chan struct{}
	once    sync.Once
}

// Hold returns a Notifier that keeps each notification until the test lets it
// go, or until its context is done. A let-go notification goes to next.
//
//	slow := notifytest.Hold(&rec)
//	go send(slow)
//	n := <-slow.Arrived() // under way
//	slow.Release()        // taken now
func Hold(next notify.Notifier) *Held {
	return &Held{
		next: next, arrived: make(chan notify.Notification), release: make(chan struct{}), open: make(chan struct{}),
	}
}

// Arrived gives each notification when its attempt begins. An attempt that
// nobody receives from here waits as well, until it is let go.
func (h *Held) Arrived() <-chan notify.Notification { return h.arrived }

// Release lets one attempt go, and waits until there is one. After
// [Held.ReleaseAll] it returns at once.
func (h *Held) Release() {
	select {
	case h.release <- struct{}{}:
	case <-h.open:
	}
}

// ReleaseAll lets every attempt go, those to come too. It may be called more
// than once.
func (h *Held) ReleaseAll() { h.once.Do(func() { close(h.open) }) }

// Notify waits to be let go, then passes n on.
func (h *Held) Notify(ctx context.Context, n notify.Notification) (notify.Receipt, error) {
	arrived := h.arrived
	for {
		select {
		case arrived <- n:
			arrived = nil // once
		case <-h.release:
			return h.next.Notify(ctx, n)
		case <-h.open:
			return h.next.Notify(ctx, n)
		case <-ctx.Done():
			return notify.Receipt{}, ctx.Err()
		}
	}
}
