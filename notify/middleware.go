package notify

import (
	"context"
	"fmt"
	"reflect"
	"runtime/debug"
	"time"
)

// Middleware puts something around a [Notifier]. What it returns is comparable,
// and [Same] sees through it.
type Middleware func(Notifier) Notifier

// Chain puts each of mws around n. The first is the outermost: it sees the
// notification first and the result last.
func Chain(n Notifier, mws ...Middleware) Notifier {
	for i := len(mws) - 1; i >= 0; i-- {
		n = mws[i](n)
	}
	return n
}

// Same reports whether a and b are one and the same way out: equal values,
// also behind middleware. A host may use it to refuse a last resort that is
// the notifier it stands in for. Values that cannot be compared, as a
// [NotifierFunc], are never the same.
func Same(a, b Notifier) bool {
	a, b = innermost(a), innermost(b)
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable() && a == b
}

func innermost(n Notifier) Notifier {
	for {
		u, ok := n.(interface{ Unwrap() Notifier })
		if !ok {
			return n
		}
		n = u.Unwrap()
	}
}

// wrapped is a Notifier inside a Middleware: a pointer, so that it compares.
type wrapped struct {
	next Notifier
	call func(ctx context.Context, n Notification, next Notifier) (Receipt, error)
}

func (w *wrapped) Notify(ctx context.Context, n Notification) (Receipt, error) {
	return w.call(ctx, n, w.next)
}

// Unwrap returns what is inside.
func (w *wrapped) Unwrap() Notifier { return w.next }

func around(call func(context.Context, Notification, Notifier) (Receipt, error)) Middleware {
	return func(next Notifier) Notifier { return &wrapped{next: next, call: call} }
}

// Timeout gives each attempt at most d of real time, by its context: it starts
// no goroutine, so it ends a Notifier that heeds its context and no other. A d
// that is not positive sets no bound.
func Timeout(d time.Duration) Middleware {
	return around(func(ctx context.Context, n Notification, next Notifier) (Receipt, error) {
		if d <= 0 {
			return next.Notify(ctx, n)
		}
		ctx, cancel := context.WithTimeoutCause(ctx, d, fmt.Errorf("notify: no answer within %v: %w", d, context.DeadlineExceeded))
		defer cancel()
		return next.Notify(ctx, n)
	})
}

// Recover turns a panic into a [ClassPermanent] error that wraps a
// [*PanicError]. Permanent, since the same message would meet the same bug
// again, while the next contact rule may not: it is used at once.
func Recover() Middleware {
	return around(func(ctx context.Context, n Notification, next Notifier) (Receipt, error) {
		return recovered(ctx, n, next)
	})
}

func recovered(ctx context.Context, n Notification, next Notifier) (r Receipt, err error) {
	defer func() {
		if v := recover(); v != nil {
			r, err = Receipt{}, Permanent(&PanicError{Value: v, Stack: debug.Stack()})
		}
	}()
	return next.Notify(ctx, n)
}

// PanicError is a panic that [Recover] caught.
type PanicError struct {
	Value any    // what was panicked with
	Stack []byte // of the goroutine; not part of the text
}

// Error says what was panicked with.
func (e *PanicError) Error() string { return fmt.Sprintf("notifier panicked: %v", e.Value) }

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
