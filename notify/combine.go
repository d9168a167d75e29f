package notify

import (
	"context"
	"errors"
	"time"
)

// Tee returns a [Notifier] that passes each notification to all of ns, one
// after the other, whatever the others answer and even if one panics. The
// message is taken if one of them takes it; the receipt is the first of those.
// Where the others failed is not reported: put [Log] around each. Put [Timeout]
// around each too, or the first may use up the time of all.
//
// If none takes it, the error joins theirs, with the class that promises most:
// an attempt that may deliver is worth making.
func Tee(ns ...Notifier) Notifier { return &several{ns: ns, all: true} }

// Failover returns a [Notifier] that passes each notification to the first of
// ns that takes it. It goes on to the next after every error and panic, one of
// unknown outcome too: told twice is better than not told. It stops when the
// context is done. Put [Timeout] around each, or the first may use up the time
// of all. If none takes it, the error is as [Tee]'s.
func Failover(ns ...Notifier) Notifier { return &several{ns: ns} }

// several is a pointer, so that it compares.
type several struct {
	ns  []Notifier
	all bool
}

func (s *several) Notify(ctx context.Context, n Notification) (Receipt, error) {
	var (
		receipt Receipt
		taken   bool
		errs    []error
	)
	for _, next := range s.ns {
		if !s.all && len(errs) > 0 && ctx.Err() != nil {
			errs = append(errs, Temporary(context.Cause(ctx))) // the rest was not asked
			break
		}
		r, err := recovered(ctx, n, next)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if !s.all {
			return r, nil
		}
		if !taken {
			receipt, taken = r, true
		}
	}
	if taken {
		return receipt, nil
	}
	return Receipt{}, joined(errs)
}

// joined is one error for several that failed.
func joined(errs []error) error {
	if len(errs) == 0 {
		return NoRecipient(errors.New("no notifier to pass it to"))
	}
	class, after := Classify(errs[0])
	for _, err := range errs[1:] {
		class, after = better(class, after, err)
	}
	return &Error{Class: class, RetryAfter: after, Err: errors.Join(errs...)}
}

// better chooses between a class and that of err: a retry before none, the
// sooner before the later, a bare permanent failure before a missing
// recipient, for somebody may be there after all.
func better(class Class, after time.Duration, err error) (Class, time.Duration) {
	c, d := Classify(err)
	switch {
	case c.Retry() != class.Retry():
		if c.Retry() {
			return c, d
		}
	case c.Retry() && d < after, c == ClassPermanent && class == ClassNoRecipient:
		return c, d
	}
	return class, after
}
