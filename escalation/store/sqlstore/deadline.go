package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// How long one call may take where Timeout does not say otherwise. A server
// that answers later than this is as good as gone, and the pages that wait for
// it are not; a file may be held by another process for as long as it needs to
// write back its log.
const (
	sqliteTimeout   = 10 * time.Second
	postgresTimeout = 5 * time.Second
	// openTimeout is for Open, which may wait for another node's migration.
	openTimeout = time.Minute
)

// Timeout bounds each call, and each page that an iteration reads, whatever the
// caller's context allows: a database that hangs must not hang the engine. A
// call that is cut off is [ErrTimeout].
//
// Defaults to 10 seconds with SQLite, 5 seconds with PostgreSQL. Open has a
// minute.
func Timeout(d time.Duration) Option {
	return func(o *options) {
		if d > 0 {
			o.timeout = d
		}
	}
}

// bounded is one call of a method: it has a deadline, and its errors say op.
type bounded struct {
	outer context.Context //nolint:containedctx // of the call, and gone with it
	op    string
	limit time.Duration
}

func (s *Store) bounded(ctx context.Context, op string) bounded {
	return bounded{ctx, op, s.timeout}
}

// do runs f with the deadline.
func (b bounded) do(f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(b.outer, b.limit)
	defer cancel()
	return b.told(f(ctx))
}

// told is err as the caller is to see it: one whose own context has not ended
// is told of the time that is over, and what to do.
func (b bounded) told(err error) error {
	if err != nil && b.outer.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
		return &Error{Op: b.op, Is: ErrTimeout, Err: fmt.Errorf("no answer in %v: %w", b.limit, err)}
	}
	return wrap(b.op, err)
}
