package kvstore

import (
	"errors"
	"fmt"
	"strings"

	"github.com/belfry-go/belfry/escalation/store"
)

// What may be wrong with a storage, for errors.Is. An [*Error] wraps one of
// them, or none when it is the storage that failed.
var (
	// ErrWriter: another store was opened over this storage since. This one
	// writes no more; the other has everything that was committed.
	ErrWriter = errors.New("another has opened the storage since")
	// ErrCorrupt: a value is damaged, or is missing where there must be one.
	ErrCorrupt = errors.New("the value is damaged")
	// ErrFormat: a later version wrote the values.
	ErrFormat = errors.New("a later version wrote this")
)

// advice is what to do about each.
func advice(is error) string {
	switch {
	case errors.Is(is, ErrWriter):
		return "close this one; let one process at a time have the storage, such as the active node"
	case errors.Is(is, ErrCorrupt):
		return "stop, keep a copy of the storage, and restore a backup: nothing may write to it but this package"
	case errors.Is(is, ErrFormat):
		return "run the version of Belfry that wrote it, or a later one; nothing was changed"
	}
	return "see what the storage says; after a commit the outcome is unknown, and store.Resolve finds it"
}

// Error is a failure of the storage, or of what it holds.
type Error struct {
	Op  string // what was tried, such as "put"
	Key string // of the storage
	Is  error  // one of this package's Err values, or nil
	Err error  // the storage's, or what is wrong in particular; may be nil
}

// Error says what was tried on which key, what is wrong, and what to do.
func (e *Error) Error() string {
	var what []string
	for _, err := range e.Unwrap() {
		what = append(what, err.Error())
	}
	return fmt.Sprintf("kvstore: %s %q: %s: %s", e.Op, e.Key, strings.Join(what, ": "), advice(e.Is))
}

// Unwrap returns the class and the storage's error.
func (e *Error) Unwrap() []error {
	var all []error
	for _, err := range []error{e.Is, e.Err} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

func corrupt(key, format string, args ...any) error {
	return &Error{Op: "read", Key: key, Is: ErrCorrupt, Err: fmt.Errorf(format, args...)}
}

func notFound(what, name string) error { return fmt.Errorf("%w: %s %q", store.ErrNotFound, what, name) }
