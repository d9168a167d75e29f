package engine

import (
	"errors"
	"fmt"

	"github.com/belfry-go/belfry/escalation/gate"
)

var (
	// ErrClosed is returned by every method of an engine after Close.
	ErrClosed = errors.New("engine: closed")
	// ErrBusy is returned by Tick, Deliver and Settle while another call of
	// them, or Run, is at work: from inside a Notifier, an Action or a
	// subscriber, or from another goroutine.
	ErrBusy = errors.New("engine: another Tick, Deliver, Settle or Run is at work")
	// ErrInvalid is wrapped by the errors of a call that could never be right,
	// such as an event without an author. Nothing was committed.
	ErrInvalid = errors.New("engine: invalid")
	// ErrUnknownOutcome is wrapped by an [UnknownOutcomeError].
	ErrUnknownOutcome = errors.New("engine: outcome unknown")
	// ErrDenied is wrapped by what [Decision.Err] returns.
	ErrDenied = gate.ErrDenied
)

// UnknownOutcomeError says that an event may or may not have been committed: the
// store failed in mid-write, and could not be asked afterwards. Sending the
// event again with the same id is safe; without an id it may count twice.
type UnknownOutcomeError struct {
	ID     string // the event's id, as the caller gave it
	Stream string
	Seq    uint64 // the number the record has if it was committed
	Err    error  // of the store
}

// Error says what is unknown and what to do.
func (e *UnknownOutcomeError) Error() string {
	return fmt.Sprintf("engine: whether event %q is record %d of %q is unknown; send it again with the same id: %v", e.ID, e.Seq, e.Stream, e.Err)
}

// Unwrap returns ErrUnknownOutcome and the store's error.
func (e *UnknownOutcomeError) Unwrap() []error { return []error{ErrUnknownOutcome, e.Err} }

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}
