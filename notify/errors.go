package notify

import (
	"context"
	"errors"
	"net"
	"os"
	"time"
)

// Class says what an attempt came to and what may be done about it.
type Class uint8

const (
	// ClassOK: the message was taken.
	ClassOK Class = iota
	// ClassTemporary: it was not taken, and may be on the next attempt.
	ClassTemporary
	// ClassRateLimited: it was not taken because too many were sent. The next
	// attempt waits for as long as the vendor asked, and so should others to
	// the same vendor.
	ClassRateLimited
	// ClassUnknown: it may have been taken. It is sent again under the same
	// ID: told twice is better than not told.
	ClassUnknown
	// ClassPermanent: it was not taken and never will be. The next contact
	// rule is used at once.
	ClassPermanent
	// ClassNoRecipient: permanent, because there is nobody at this address:
	// no number, no such channel, the account is gone.
	ClassNoRecipient
	numClasses
)

var classNames = [numClasses]string{"ok", "temporary", "rate_limited", "unknown", "permanent", "no_recipient"}

// String is the class's public name.
func (c Class) String() string {
	if c >= numClasses {
		return "class?"
	}
	return classNames[c]
}

// Retry reports whether another attempt may deliver the message.
func (c Class) Retry() bool {
	return c == ClassTemporary || c == ClassRateLimited || c == ClassUnknown
}

// Error is an error with a class. Its text is safe to log and to record: every
// URL in it is cut down to scheme and host, see [Redact]. What Err itself
// prints is not.
type Error struct {
	Class Class
	// RetryAfter is the least time until the next attempt; 0 leaves it to the
	// caller. It means nothing for a class that is not to be retried.
	RetryAfter time.Duration
	// Err is the cause; nil is allowed.
	Err error
}

// Error is the class and the redacted text of the cause.
func (e *Error) Error() string {
	if e == nil { // returned as an error by mistake: not nil any more
		return "notify: nil error"
	}
	if e.Err == nil {
		return "notify: " + e.Class.String()
	}
	return "notify: " + e.Class.String() + ": " + Redact(e.Err)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error {
	if e == nil {
		return nil
	}
	return e.Err
}

// Temporary says that nothing was sent, and that another attempt may succeed.
// A plain error means the same, unless it wraps a context's or a deadline's.
func Temporary(err error) error { return &Error{Class: ClassTemporary, Err: err} }

// Permanent says that no further attempt will deliver this message.
func Permanent(err error) error { return &Error{Class: ClassPermanent, Err: err} }

// RetryAfter is a temporary error whose next attempt comes no earlier than d
// from now.
func RetryAfter(err error, d time.Duration) error {
	return &Error{Class: ClassTemporary, RetryAfter: max(d, 0), Err: err}
}

// RateLimited says that the vendor refuses because of the rate and asks to
// wait for d; 0 when it did not say how long.
func RateLimited(err error, d time.Duration) error {
	return &Error{Class: ClassRateLimited, RetryAfter: max(d, 0), Err: err}
}

// NoRecipient says that there is nobody at this address, now and later.
func NoRecipient(err error) error { return &Error{Class: ClassNoRecipient, Err: err} }

// Unknown says that the message may or may not have been taken: the connection
// broke, or time ran out, after the request was written.
func Unknown(err error) error { return &Error{Class: ClassUnknown, Err: err} }

// Classify returns the class of what [Notifier.Notify] returned, and the least
// time until the next attempt, 0 when the caller is to choose.
//
// A nil error is [ClassOK]; the outermost [*Error] says its own class (one that
// claims to be ok, or names no class of the list, is temporary: an error is
// never a delivery). Of other errors, a failed dial or look-up is temporary,
// for nothing was sent; one that wraps a context's error or a passed deadline
// is of unknown outcome, for the request may have been sent; all the rest are
// temporary.
func Classify(err error) (Class, time.Duration) {
	if err == nil {
		return ClassOK, 0
	}
	if e, ok := errors.AsType[*Error](err); ok && e != nil {
		if e.Class == ClassOK || e.Class >= numClasses {
			return ClassTemporary, max(e.RetryAfter, 0)
		}
		return e.Class, max(e.RetryAfter, 0)
	}
	if beforeSend(err) {
		return ClassTemporary, 0
	}
	for _, late := range []error{context.DeadlineExceeded, context.Canceled, os.ErrDeadlineExceeded} {
		if errors.Is(err, late) {
			return ClassUnknown, 0
		}
	}
	return ClassTemporary, 0
}

// beforeSend reports whether err says that no connection came about, so that
// nothing can have been sent.
func beforeSend(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return true
	}
	_, ok := errors.AsType[*net.DNSError](err)
	return ok
}
