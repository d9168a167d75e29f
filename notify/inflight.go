package notify

import (
	"context"
	"fmt"
	"sync"

	"github.com/belfry-go/belfry/policy"
)

// MaxInFlight lets at most max attempts to one recipient by one channel run at
// once; others to it wait, those to anybody else do not. Whoever waits until
// its context is done fails with [ClassTemporary]: nothing was sent. A max
// below 1 counts as 1.
func MaxInFlight(max int) Middleware {
	if max < 1 {
		max = 1
	}
	return func(next Notifier) Notifier {
		l := &lanes{width: max, open: map[address]*lane{}}
		return &wrapped{next: next, call: l.notify}
	}
}

// address is where messages go: one recipient by one channel.
type address struct {
	to  policy.Target
	via string
}

// lanes holds a lane for each address with attempts under way, and none for
// the others: addresses come and go.
type lanes struct {
	width int
	mu    sync.Mutex
	open  map[address]*lane
}

type lane struct {
	slots chan struct{}
	users int // waiting or under way; guarded by lanes.mu
}

func (l *lanes) notify(ctx context.Context, n Notification, next Notifier) (Receipt, error) {
	a := address{n.To, viaOf(n)}
	ln := l.enter(a)
	defer l.leave(a, ln)
	if ctx.Err() != nil { // a select with both ready would toss a coin
		return Receipt{}, waited(ctx, n)
	}
	select {
	case ln.slots <- struct{}{}:
	case <-ctx.Done():
		return Receipt{}, waited(ctx, n)
	}
	defer func() { <-ln.slots }()
	return next.Notify(ctx, n)
}

func waited(ctx context.Context, n Notification) error {
	return Temporary(fmt.Errorf("not sent: time ran out behind other messages to %q via %q: %w", n.To, viaOf(n), context.Cause(ctx)))
}

func (l *lanes) enter(a address) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	ln := l.open[a]
	if ln == nil {
		ln = &lane{slots: make(chan struct{}, l.width)}
		l.open[a] = ln
	}
	ln.users++
	return ln
}

func (l *lanes) leave(a address, ln *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ln.users--; ln.users == 0 {
		delete(l.open, a)
	}
}
