package gate

import (
	"cmp"
	"errors"
	"fmt"
	"strings"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

var (
	// ErrDenied is wrapped by the error of every decision that is not an allow.
	ErrDenied = errors.New("gate: not allowed")
	// ErrHeld is wrapped, beside ErrDenied, by that of a hold: people may still
	// open the gate.
	ErrHeld = errors.New("gate: held for review")
	// ErrDoubt is wrapped, beside ErrDenied, when nobody knows what the gates
	// say: the board is not loaded or stale, or the store cannot be read. Ask
	// again later.
	ErrDoubt = errors.New("gate: not known")
)

// Cause is why a decision is what it is.
type Cause uint8

// The causes of decisions.
const (
	CauseNone       Cause = iota
	CauseNothing          // allow: nothing stands against it
	CauseOpening          // allow: a review, or a break-glass, has opened it for a while
	CauseGate             // hold or deny: gates say so
	CauseOperation        // deny: neither a gate nor `operations` names the operation
	CauseNotLoaded        // deny: the store was not read yet
	CauseUnreadable       // deny: some alert in the store cannot be read
	CauseStale            // deny: the store was not looked at for too long
	CauseStore            // deny: the store failed under a strict question
)

var causeNames = [...]string{"", "nothing", "opening", "gate", "operation", "not_loaded", "unreadable", "stale", "store"}

// String is the cause's name; for one that is unknown, its number.
func (c Cause) String() string {
	if int(c) < len(causeNames) {
		return causeNames[c]
	}
	return fmt.Sprintf("cause(%d)", uint8(c))
}

// plain is why, where the cause says it all.
func (c Cause) plain() *because {
	b := &because{cause: c}
	switch c {
	case CauseOperation:
		b.reason = "no gate and no `operations` of the document names the operation"
	case CauseNotLoaded:
		b.reason = "the board is not loaded"
	case CauseUnreadable:
		b.reason = "some alerts cannot be read, nor what their gates say"
	case CauseStale:
		b.reason = "the last look at the store is too old"
	case CauseStore:
		b.reason = "the store cannot be read"
	}
	return b
}

// Doubt reports whether it is for want of knowledge that an operation is denied.
func (c Cause) Doubt() bool { return c >= CauseNotLoaded && c <= CauseStore }

// Decision is what a board answers. It is three words, so that it is handed on in
// registers. The zero value allows nothing.
type Decision struct {
	// Decision is allow, hold or deny. A hold is not an allow.
	Decision escalation.Decision
	because  *because
	// Looked is when the look at the store began from which this is known;
	// policy.Never where nobody else writes to the store, so that nothing of it
	// can be old.
	Looked policy.Instant
}

// because is what stands behind a decision. It is shared and never written.
type because struct {
	cause  Cause
	gates  []string
	alert  string
	reason string
	about  string // the operation and the subject, for an error; "": whatever was asked
	places []Place
}

// Place is a gate of an alert.
type Place struct {
	Key         string
	Incarnation uint64
	Gate        string
	// Review: it has a review that can be asked.
	Review bool
	// Asked: its review is under way.
	Asked bool
}

// Allowed reports whether the operation may go on.
func (d Decision) Allowed() bool { return d.Decision == escalation.Allow }

// why is what stands behind d.
func (d *Decision) why() because {
	if d.because == nil {
		return because{reason: "nothing was asked"}
	}
	return *d.because
}

// Cause is why.
func (d Decision) Cause() Cause { return d.why().cause }

// Gates are those that say so, sorted. The slice is shared: read it only.
func (d Decision) Gates() []string { return d.why().gates }

// Alert is the first of the alerts behind Gates, as key#n.
func (d Decision) Alert() string { return d.why().alert }

// Reason says why, for people; "" when nothing stands against it.
func (d Decision) Reason() string { return d.why().reason }

// Places are the gates that say so, each with its alert; of an allow, the gates
// that a review has opened for a while. The slice is shared: read it only.
func (d Decision) Places() []Place { return d.why().places }

// Err is nil when the operation may go on, else an error that wraps ErrDenied
// and says what stands against it.
func (d Decision) Err() error {
	if d.Allowed() {
		return nil
	}
	return &deniedError{d}
}

// deniedError is a decision as an error.
type deniedError struct{ d Decision }

// Error says what is not allowed, and why.
func (e *deniedError) Error() string {
	return fmt.Sprintf("%v: %s%s", ErrDenied, e.d.why().about, e.d.Reason())
}

// Is finds ErrDenied, and ErrHeld or ErrDoubt where that is why.
func (e *deniedError) Is(target error) bool {
	switch target {
	case ErrDenied:
		return true
	case ErrHeld:
		return e.d.Decision == escalation.Hold
	case ErrDoubt:
		return e.d.Cause().Doubt()
	}
	return false
}

func comparePlaces(a, b Place) int {
	return cmp.Or(strings.Compare(a.Key, b.Key), cmp.Compare(a.Incarnation, b.Incarnation), strings.Compare(a.Gate, b.Gate))
}
