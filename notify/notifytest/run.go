package notifytest

import (
	"context"
	"fmt"
	"runtime/debug"
	"testing"
	"time"

	"github.com/belfry-go/belfry/notify"
)

// patience is how long an answer may take before it counts as none. It is
// real time, and long, for it is only waited for by a Notifier that is broken.
const patience = 10 * time.Second

// Run tests that a Notifier keeps the contract of notify.Notifier, one subtest
// a rule; a failure says what the rule is for. Passing it under the race
// detector is what "is a Notifier" means.
//
// NewNotifier is called for each rule. It returns a Notifier whose vendor (a
// stand-in, such as an httptest.Server, that t.Cleanup closes) takes every
// message that it would take in earnest. Notifications are pages to user:alice
// via push; each of adapt may change that, and whatever else the Notifier
// needs, before one is sent. It must not touch Alerts.
func Run(t *testing.T, newNotifier func(*testing.T) notify.Notifier, adapt ...func(*notify.Notification)) {
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) {
			s := &subject{n: newNotifier(t), adapt: adapt, patience: patience}
			if err := r.check(t.Context(), s); err != nil {
				t.Errorf("%v\n\trule: %s", err, r.why)
			}
		})
	}
}

// rule is one sentence of the contract. Its check returns what is wrong, so
// that the rules themselves can be tested against Notifiers that break them.
type rule struct {
	name, why string
	check     func(context.Context, *subject) error
}

// subject is the Notifier under test.
type subject struct {
	n        notify.Notifier
	adapt    []func(*notify.Notification)
	patience time.Duration
}

// attempt is what one call of Notify came to.
type attempt struct {
	receipt notify.Receipt
	err     error
	// broken says that the call broke the contract whatever it was about: it
	// panicked, or was not over when patience was.
	broken error
}

// send makes one attempt.
func (s *subject) send(ctx context.Context, n notify.Notification) attempt {
	for _, f := range s.adapt {
		f(&n)
	}
	done := make(chan attempt, 1)
	go func() {
		var a attempt
		defer func() {
			if v := recover(); v != nil {
				a.broken = fmt.Errorf("panic: %v\n%s", v, debug.Stack())
			}
			done <- a
		}()
		a.receipt, a.err = s.n.Notify(ctx, n)
	}()
	late := time.NewTimer(s.patience)
	defer late.Stop()
	select {
	case a := <-done:
		return a
	case <-late.C:
		return attempt{broken: fmt.Errorf("no answer within %v: %w", s.patience, context.Cause(ctx))}
	}
}

// taken sends n, which must be taken.
func (s *subject) taken(ctx context.Context, n notify.Notification) (notify.Receipt, error) {
	a := s.send(ctx, n)
	switch {
	case a.broken != nil:
		return a.receipt, a.broken
	case a.err != nil:
		class, _ := notify.Classify(a.err)
		return a.receipt, fmt.Errorf("not taken (%v): %w", class, a.err)
	}
	return a.receipt, nil
}
