package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/belfry-go/belfry/escalation/store"
)

// What may be wrong with a database, for errors.Is. An [*Error] wraps one of
// them, or none when the database says something that none of them fits.
var (
	// ErrFull: there is no room for what was to be written.
	ErrFull = errors.New("the disk is full")
	// ErrReadOnly: the database cannot be written to.
	ErrReadOnly = errors.New("the database is read-only")
	// ErrCorrupt: the file is damaged, or is no database.
	ErrCorrupt = errors.New("the database is damaged")
	// ErrIO: the disk failed to read or to write.
	ErrIO = errors.New("the disk failed")
	// ErrLost: there is no connection, or it broke. What was under way may have
	// been done or not.
	ErrLost = errors.New("the connection is lost")
	// ErrTimeout: the database did not answer in time, see [Timeout]. What was
	// under way may have been done or not, or be done yet.
	ErrTimeout = errors.New("the database does not answer")
	// ErrBusy: another process holds what was needed for too long.
	ErrBusy = errors.New("the database is locked by another process")
	// ErrSchema: the tables are not those that this version knows.
	ErrSchema = errors.New("the schema does not fit")
)

// advice is what to do about each, in the order in which they are looked for.
func advice() []struct {
	is   error
	text string
} {
	return []struct {
		is   error
		text string
	}{
		{ErrFull, "free space where the database lies; nothing is lost, and the store goes on by itself"},
		{ErrReadOnly, "make the file and its directory, or the server, writable for this user; the store goes on by itself"},
		{ErrCorrupt, "stop, keep the file, and restore a backup: what it holds cannot be trusted"},
		{ErrIO, "look into the system's log for the disk; the store opens the file anew with each attempt"},
		{ErrLost, "see whether the server runs and can be reached; what was under way may be done: store.Resolve finds out"},
		{ErrTimeout, "see whether the server or the disk hangs, and what else loads it; what was under way may be done: store.Resolve finds out"},
		{ErrBusy, "see which other process holds the database; only Belfry should write to its tables"},
		{ErrSchema, "run the version of Belfry that wrote them, or a later one; tables are never taken back to an older form"},
	}
}

// Error is a failure of the database.
type Error struct {
	Op  string // what was tried, such as "commit"
	Is  error  // one of this package's Err values, or nil
	Err error  // the driver's
}

// Error says what was tried, what is wrong, what to do, and what the driver
// said.
func (e *Error) Error() string {
	if e.Is == nil {
		return fmt.Sprintf("sqlstore: %s: %v", e.Op, e.Err)
	}
	for _, a := range advice() {
		if errors.Is(e.Is, a.is) {
			return fmt.Sprintf("sqlstore: %s: %v: %s (%v)", e.Op, e.Is, a.text, e.Err)
		}
	}
	return fmt.Sprintf("sqlstore: %s: %v (%v)", e.Op, e.Is, e.Err)
}

// Unwrap returns the class and the driver's error.
func (e *Error) Unwrap() []error {
	if e.Is == nil {
		return []error{e.Err}
	}
	return []error{e.Is, e.Err}
}

// SchemaError is tables of a version that this package does not know.
type SchemaError struct {
	Found  int // the tables' version
	Newest int // the newest that this package knows
}

// Error says both versions.
func (e *SchemaError) Error() string {
	return fmt.Sprintf("its tables have version %d, and this program knows versions up to %d", e.Found, e.Newest)
}

// wrap makes an *Error of what a driver returned. The errors of contexts stay
// as they are, and so does that there is no row, which its caller tells.
func wrap(op string, err error) error {
	var done *Error
	switch {
	case err == nil, errors.As(err, &done), errors.Is(err, sql.ErrNoRows), errors.Is(err, store.ErrNotFound), store.Refused(err):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("sqlstore: %s: %w", op, err)
	}
	return &Error{Op: op, Is: classify(err), Err: err}
}

// classify finds out what is wrong, whichever driver says it: by the code that
// PostgreSQL's drivers and modernc's have a method for, else by the words that
// all SQLite drivers take over from the library.
func classify(err error) error {
	for _, a := range advice() {
		if errors.Is(err, a.is) {
			return a.is // it was found out here
		}
	}
	var state interface{ SQLState() string }
	if errors.As(err, &state) {
		return classifyState(state.SQLState())
	}
	var code interface{ Code() int }
	if errors.As(err, &code) {
		if is := classifyCode(code.Code()); is != nil {
			return is
		}
	}
	var network net.Error
	switch {
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone), errors.Is(err, io.EOF),
		errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed), errors.As(err, &network):
		return ErrLost
	}
	text := strings.ToLower(err.Error())
	for _, w := range words() {
		if strings.Contains(text, w.text) {
			return w.is
		}
	}
	return nil
}

// classifyState reads a code of PostgreSQL's.
func classifyState(s string) error {
	switch {
	case s == "53100":
		return ErrFull
	case s == "25006":
		return ErrReadOnly
	case s == "XX001", s == "XX002":
		return ErrCorrupt
	case s == "58030":
		return ErrIO
	case s == "42P01", s == "42703", s == "3F000":
		return ErrSchema
	case s == "57014": // cut off by statement_timeout
		return ErrTimeout
	case s == "55P03", s == "40P01", s == "40001":
		return ErrBusy
	case strings.HasPrefix(s, "08"), strings.HasPrefix(s, "57P"), s == "53300", s == "25P03":
		return ErrLost
	}
	return nil
}

// classifyCode reads a result code of SQLite's, whose low byte is the class.
func classifyCode(c int) error {
	switch c & 0xff {
	case 5, 6: // SQLITE_BUSY, SQLITE_LOCKED
		return ErrBusy
	case 9: // SQLITE_INTERRUPT
		return ErrTimeout
	case 8: // SQLITE_READONLY
		return ErrReadOnly
	case 10: // SQLITE_IOERR
		return ErrIO
	case 11, 26: // SQLITE_CORRUPT, SQLITE_NOTADB
		return ErrCorrupt
	case 13: // SQLITE_FULL
		return ErrFull
	case 14: // SQLITE_CANTOPEN
		return ErrLost
	}
	return nil
}

type word struct {
	text string
	is   error
}

func words() []word {
	return []word{
		{"disk is full", ErrFull},
		{"readonly database", ErrReadOnly},
		{"disk image is malformed", ErrCorrupt},
		{"file is not a database", ErrCorrupt},
		{"database is locked", ErrBusy},
		{"table is locked", ErrBusy},
		{"disk i/o error", ErrIO},
		{"unable to open database file", ErrLost},
		{"conn closed", ErrLost},
		{"connection refused", ErrLost},
		{"connection reset", ErrLost},
		{"broken pipe", ErrLost},
		{"no such table: belfry", ErrSchema},
		{"no such column", ErrSchema},
		{"has no column named", ErrSchema},
	}
}

// again reports whether a statement was undone whole because of others, so that
// it may be tried again.
func again(err error) bool {
	var state interface{ SQLState() string }
	if !errors.As(err, &state) {
		return false
	}
	s := state.SQLState()
	return s == "40001" || s == "40P01"
}
