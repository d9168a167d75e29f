package notifytest

import (
	"context"
	"sync"

	"github.com/belfry-go/belfry/notify"
)

// FailN returns a Notifier whose first times attempts fail with err and whose
// later ones go to next. The attempts of all notifications count together.
func FailN(next notify.Notifier, times int, err error) notify.Notifier {
	return &failN{next: next, left: times, err: err}
}

type failN struct {
	next notify.Notifier
	err  error
	mu   sync.Mutex
	left int
}

func (f *failN) Notify(ctx context.Context, n notify.Notification) (notify.Receipt, error) {
	if f.use() {
		return notify.Receipt{}, f.err
	}
	return f.next.Notify(ctx, n)
}

// use takes one of the failures that are left.
func (f *failN) use() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left <= 0 {
		return false
	}
	f.left--
	return true
}

// Fail returns a Notifier that asks when about each notification and fails with
// the error it returns; what it returns nil for goes to next. When must be safe
// for concurrent use.
func Fail(next notify.Notifier, when func(notify.Notification) error) notify.Notifier {
	return &fail{next, when}
}

type fail struct {
	next notify.Notifier
	when func(notify.Notification) error
}

func (f *fail) Notify(ctx context.Context, n notify.Notification) (notify.Receipt, error) {
	if err := f.when(n); err != nil {
		return notify.Receipt{}, err
	}
	return f.next.Notify(ctx, n)
}

// Lost returns a Notifier that passes each notification to next and then answers
// with an error of unknown outcome, as when the connection breaks before the
// vendor's answer comes.
func Lost(next notify.Notifier, err error) notify.Notifier { return &lost{next, err} }

type lost struct {
	next notify.Notifier
	err  error
}

func (l *lost) Notify(ctx context.Context, n notify.Notification) (notify.Receipt, error) {
	if _, err := l.next.Notify(ctx, n); err != nil {
		return notify.Receipt{}, err
	}
	return notify.Receipt{}, notify.Unknown(l.err)
}

// Panic returns a Notifier that panics with v.
func Panic(v any) notify.Notifier { return &panicking{v} }

type panicking struct{ v any }

func (p *panicking) Notify(context.Context, notify.Notification) (notify.Receipt, error) { panic(p.v) }

// Block returns a Notifier that answers nothing until its context is done, and
// then with the context's error.
func Block() notify.Notifier { return new(blocking) }

// blocking has a size, since pointers to what has none may all be equal.
type blocking struct{ _ byte }

func (*blocking) Notify(ctx context.Context, _ notify.Notification) (notify.Receipt, error) {
	<-ctx.Done()
	return notify.Receipt{}, ctx.Err()
}
