package notifytest

import (
	"context"
	"slices"
	"strconv"
	"sync"

	"github.com/belfry-go/belfry/notify"
)

// Recorder is a Notifier that takes everything and remembers it. The zero
// Recorder is ready for use, also by many goroutines. It must not be copied
// after its first use.
type Recorder struct {
	mu  sync.Mutex
	all []notify.Notification
}

var _ notify.Notifier = (*Recorder)(nil)

// Notify remembers n and answers with a receipt whose ProviderID is n.ID and
// whose Thread counts the notifications from 1. Like every notifier it fails
// when ctx is done, and remembers nothing then.
func (r *Recorder) Notify(ctx context.Context, n notify.Notification) (notify.Receipt, error) {
	if err := ctx.Err(); err != nil {
		return notify.Receipt{}, notify.Temporary(err)
	}
	// The items are copied, for the caller may use the slice again. The
	// alerts they point to do not change and are shared.
	n.Alerts = slices.Clone(n.Alerts)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, n)
	return notify.Receipt{ProviderID: n.ID, Thread: strconv.Itoa(len(r.all))}, nil
}

// All returns a copy of what was taken, in order.
func (r *Recorder) All() []notify.Notification {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all)
}

// Len returns how many notifications were taken.
func (r *Recorder) Len() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.all)
}

// Last returns the last notification taken; ok is false if there is none.
func (r *Recorder) Last() (n notify.Notification, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) == 0 {
		return notify.Notification{}, false
	}
	return r.all[len(r.all)-1], true
}

// Clear forgets everything and returns what was forgotten.
func (r *Recorder) Clear() []notify.Notification {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.all
	r.all = nil
	return all
}
