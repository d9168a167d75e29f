package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// Store is a store in a database. It is made by [Open].
type Store struct {
	db        *sql.DB
	ownsDB    bool
	timeout   time.Duration
	namespace string
	backend   backend
	reads     *reader
	group     group
}

var (
	_ store.Store   = (*Store)(nil)
	_ store.Eraser  = (*Store)(nil)
	_ store.Changer = (*Store)(nil)
)

// backend is what the dialects do each in their own way.
type backend interface {
	// commit writes commits that are in form, in their order, and sets each
	// Err. It may be called by as many as the group lets in.
	commit(ctx context.Context, commits []*store.Commit)
	due(ctx context.Context, ask store.Ask, into []store.Snapshot) ([]store.Snapshot, policy.Instant, error)
	claim(ctx context.Context, ask store.Ask) ([]store.Item, policy.Instant, error)
	settle(ctx context.Context, s store.Settlement) (found bool, err error)
	putDocument(ctx context.Context, digest, document []byte) error
	// history bounds each page that it reads.
	history(page bounded, stream string, from uint64) iter.Seq2[store.Entry, error]
	erase(ctx context.Context, stream int64, to uint64) error
	close() error
}

// Option changes how a store is opened.
type Option func(*options)

type options struct {
	ownsDB  bool
	writers int
	timeout time.Duration
}

// OwnDB makes Close close the database, too. Else it stays the host's.
func OwnDB() Option { return func(o *options) { o.ownsDB = true } }

// Writers sets how many groups of commits are written at once, each on a
// connection of its own. SQLite has one writer, whatever is set.
//
// Defaults to 4.
func Writers(n int) Option { return func(o *options) { o.writers = max(n, 1) } }

// Open opens the store in db, and creates its tables or brings them up to date.
// The database stays the caller's, who closes it after the store, see [OwnDB].
//
// The error is an [*Error]; ErrSchema in it when the tables are of a later
// version, which are not touched then.
func Open(ctx context.Context, db *sql.DB, dialect Dialect, opts ...Option) (*Store, error) {
	o := options{writers: 4, timeout: postgresTimeout}
	if dialect == SQLite {
		o.timeout = sqliteTimeout
	}
	for _, opt := range opts {
		opt(&o)
	}
	s := &Store{db: db, ownsDB: o.ownsDB, timeout: o.timeout}
	err := bounded{ctx, "open", openTimeout}.do(func(ctx context.Context) error { return s.open(ctx, dialect, &o) })
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	s.group.init(o.writers, o.timeout, s.backend.commit)
	return s, nil
}

func (s *Store) open(ctx context.Context, dialect Dialect, o *options) (err error) {
	switch dialect {
	case SQLite:
		o.writers = 1
		b, err := openSQLite(ctx, s.db, o.timeout-o.timeout/10) // so that who is locked out is told so
		if err != nil {
			return err
		}
		s.backend, s.namespace, s.reads = b, b.namespace, b.reads
	case PostgreSQL:
		b, err := openPostgres(ctx, s.db)
		if err != nil {
			return err
		}
		s.backend, s.namespace, s.reads = b, b.namespace, b.reads
	default:
		return fmt.Errorf("there is no dialect %d: pass sqlstore.SQLite or sqlstore.PostgreSQL", dialect)
	}
	return nil
}

// Close gives back what the store holds of the database. Nothing may be under
// way, and nothing may be called after it. What was committed is durable
// without it.
func (s *Store) Close() error {
	var err error
	if s.reads != nil {
		err = s.reads.close()
	}
	if s.backend != nil {
		err = errors.Join(err, s.backend.close())
	}
	if s.ownsDB {
		err = errors.Join(err, s.db.Close())
	}
	return err
}

// Namespace implements [store.Store].
func (s *Store) Namespace(ctx context.Context) (string, error) { return s.namespace, ctx.Err() }

// Commit implements [store.Store]. Callers that commit at the same time share
// transactions.
func (s *Store) Commit(ctx context.Context, batch ...*store.Commit) error {
	if err := ctx.Err(); err != nil {
		for _, c := range batch {
			c.Err = err
		}
		return err
	}
	var some [1]*store.Commit
	good := some[:0]
	for _, c := range batch {
		if c.Err = check(c); c.Err == nil {
			good = append(good, c)
		}
	}
	if len(good) > 0 {
		s.group.commit(ctx, good)
	}
	var first error
	for _, c := range batch {
		c.Err = s.bounded(ctx, "commit").told(c.Err)
		if first == nil {
			first = c.Err
		}
	}
	return first
}

// check finds what needs no look into the database.
func check(c *store.Commit) error {
	if err := c.Check(); err != nil {
		return err
	}
	if c.After.Seq == 0 && c.After != store.Genesis(c.Stream) {
		return fmt.Errorf("%w: %q does not begin at %.8s", store.ErrConflict, c.Stream, c.After.Hash)
	}
	if c.Position().Seq > math.MaxInt64 {
		return fmt.Errorf("%w to stream %q: entry %d is over %d", store.ErrInvalid, c.Stream, c.Position().Seq, int64(math.MaxInt64))
	}
	return nil
}

// Due implements [store.Store].
func (s *Store) Due(ctx context.Context, ask store.Ask, into []store.Snapshot) (due []store.Snapshot, next policy.Instant, err error) {
	err = s.bounded(ctx, "due").do(func(ctx context.Context) (err error) {
		due, next, err = s.backend.due(ctx, ask, into[:0])
		return err
	})
	if err != nil {
		return into[:0], policy.Never, err
	}
	return due, next, nil
}

// Claim implements [store.Store].
func (s *Store) Claim(ctx context.Context, ask store.Ask) (items []store.Item, next policy.Instant, err error) {
	err = s.bounded(ctx, "claim").do(func(ctx context.Context) (err error) {
		// Most asks find nothing, and then need no transaction.
		next, err = s.reads.nextItem(ctx)
		if err != nil || next > ask.By || ask.Limit < 1 {
			return err
		}
		items, next, err = s.backend.claim(ctx, ask)
		return err
	})
	if err != nil {
		return nil, policy.Never, err
	}
	return items, next, nil
}

// Settle implements [store.Store].
func (s *Store) Settle(ctx context.Context, st store.Settlement) error {
	found := false
	err := s.bounded(ctx, "settle").do(func(ctx context.Context) (err error) {
		found, err = s.backend.settle(ctx, st)
		return err
	})
	if err == nil && !found {
		return fmt.Errorf("%w: item %d.%d of %q is gone, or has another token than %d",
			store.ErrLease, st.ID.Seq, st.ID.I, st.Stream, st.Token)
	}
	return err
}

// PutDocument implements [store.Store].
func (s *Store) PutDocument(ctx context.Context, digest policy.Digest, document []byte) error {
	return s.bounded(ctx, "put document").do(func(ctx context.Context) error {
		return s.backend.putDocument(ctx, digest[:], document)
	})
}

// History implements [store.Store].
func (s *Store) History(ctx context.Context, stream string, from uint64) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		if from > math.MaxInt64 {
			return // no entry is so far
		}
		for e, err := range s.backend.history(s.bounded(ctx, "history"), stream, from) {
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Erase implements [store.Eraser]. What is erased is gone from the tables; what
// the database keeps of former rows ends with its own housekeeping: at once
// with SQLite, with the next VACUUM of PostgreSQL's and the age of its log.
func (s *Store) Erase(ctx context.Context, stream string, to uint64) error {
	return s.bounded(ctx, "erase").do(func(ctx context.Context) error {
		id, err := s.reads.streamID(ctx, stream)
		if err != nil {
			return err
		}
		return s.backend.erase(ctx, id, min(to, math.MaxInt64))
	})
}
