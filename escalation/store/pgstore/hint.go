package pgstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// hintEvery is how often a node hints at most. Whoever looks finds all that
	// is there, so that few hints say as much as many.
	hintEvery = 20 * time.Millisecond
	// listenAgain is how long after a failure it listens again, and listenProbe
	// how long silence is taken for silence before the connection is tried.
	listenAgain = time.Second
	listenProbe = 30 * time.Second
)

// hints tells other nodes that something was committed, and hears it of them,
// by NOTIFY and LISTEN on a channel that is named for the store. They go out
// soon after the commit and not in it: PostgreSQL holds a lock of the whole
// database from NOTIFY until its transaction is on the disk, and commits that
// notify would queue there.
//
// The zero hints neither tells nor hears.
type hints struct {
	config  *pgx.ConnConfig
	db      *sql.DB
	channel string
	self    string // in what this node sends, so that it passes over its own

	mu      sync.Mutex
	owed    bool // something was committed since the last hint
	telling bool // a goroutine is at it
	closed  bool
	end     context.CancelFunc // of open
	open    context.Context    //nolint:containedctx // until the store is closed
	going   sync.WaitGroup
}

func (h *hints) init(ctx context.Context, s *Store, config *pgx.ConnConfig, db *sql.DB) error {
	h.open, h.end = context.WithCancel(context.WithoutCancel(ctx))
	if pooled(config) {
		return nil // who listens needs a connection of its own
	}
	namespace, err := s.Namespace(ctx)
	if err != nil {
		return fmt.Errorf("pgstore: namespace: %w", err)
	}
	h.config, h.db = config, db
	h.channel, h.self = "belfry_"+strings.ToLower(namespace), rand.Text()
	return nil
}

// close ends what is under way.
func (h *hints) close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	h.end()
	h.going.Wait()
}

// give owes the others a hint. A goroutine tells them, and ends when nothing is
// owed any more.
func (h *hints) give() {
	if h.channel == "" {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.owed = true
	if !h.telling && !h.closed {
		h.telling = true
		h.going.Go(h.tell)
	}
}

func (h *hints) tell() {
	ctx := h.open
	for h.owes() {
		// One that is lost is lost: poll is the truth.
		_ = within(ctx, func(ctx context.Context) error {
			_, err := h.db.ExecContext(ctx, "SELECT pg_notify($1, $2)", h.channel, h.self)
			return err
		})
		pause(ctx, hintEvery)
	}
}

// owes takes what is owed, or leaves nobody telling.
func (h *hints) owes() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	owed := h.owed && !h.closed
	h.owed, h.telling = false, owed
	return owed
}

// Watch implements [store.Watcher]. It listens on a connection of its own until
// ctx ends or the store is closed. While the connection is lost there are no
// hints; one comes when it is back, for what was missed.
func (s *Store) Watch(ctx context.Context) <-chan struct{} {
	hints := make(chan struct{}, 1)
	h := &s.hints
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.channel == "" || h.closed {
		return hints
	}
	h.going.Go(func() {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(h.open, cancel)()
		for ctx.Err() == nil {
			h.hear(ctx, hints) // the error says that it is to be tried again, and nothing else
			pause(ctx, listenAgain)
		}
	})
	return hints
}

// hear listens until the connection fails.
func (h *hints) hear(ctx context.Context, hints chan<- struct{}) {
	var conn *pgx.Conn
	err := within(ctx, func(ctx context.Context) (err error) {
		if conn, err = pgx.ConnectConfig(ctx, h.config.Copy()); err == nil {
			_, err = conn.Exec(ctx, "LISTEN "+pgx.Identifier{h.channel}.Sanitize())
		}
		return err
	})
	if conn != nil {
		defer within(context.WithoutCancel(ctx), conn.Close) //nolint:errcheck // it is given up
	}
	if err != nil {
		return
	}
	for hint(hints); ; {
		said, err := h.next(ctx, conn)
		if err != nil {
			return
		}
		if said != nil && said.Payload != h.self {
			hint(hints)
		}
	}
}

// next waits for what another says, or finds out whether the connection stands:
// nil, nil if it does.
func (h *hints) next(ctx context.Context, conn *pgx.Conn) (*pgconn.Notification, error) {
	quiet, cancel := context.WithTimeout(ctx, listenProbe)
	defer cancel()
	said, err := conn.WaitForNotification(quiet)
	if err == nil || quiet.Err() == nil || ctx.Err() != nil {
		return said, err
	}
	return nil, within(ctx, conn.Ping)
}

func hint(hints chan<- struct{}) {
	select {
	case hints <- struct{}{}:
	default: // it has one waiting
	}
}

// within runs f with a deadline.
func within(ctx context.Context, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return f(ctx)
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
}
