package store

import (
	"errors"
)

// The classes of errors; what stores return wraps one of them and says more.
// Any other error is a failure of the store, and after Commit means that the
// outcome is unknown.
var (
	ErrNotFound = errors.New("store: not found")
	// ErrConflict: the stream has moved on. Load it, and step again.
	ErrConflict = errors.New("store: stream changed concurrently")
	// ErrKeyOpen: find the open stream with Last, and commit to it.
	ErrKeyOpen = errors.New("store: key is open in another stream, or its stream is closed")
	// ErrLease: the item is somebody else's now, or was removed.
	ErrLease = errors.New("store: lease lost")
	// ErrInvalid: the commit is not in form; a fault of the caller's.
	ErrInvalid = errors.New("store: invalid commit")
)

// Refused reports whether err, from Commit or Settle, says for certain that
// nothing was written. Of any other error but nil the outcome is unknown.
func Refused(err error) bool {
	return errors.Is(err, ErrConflict) || errors.Is(err, ErrKeyOpen) || errors.Is(err, ErrLease) || errors.Is(err, ErrInvalid)
}
