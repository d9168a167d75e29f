// Package pgstore opens a durable store in PostgreSQL, which many nodes may
// share:
//
//	st, err := pgstore.Open(ctx, "postgres://belfry@db.internal/belfry")
//	if err != nil { … }
//	defer st.Close()
//	eng, err := engine.New(engine.Config{Store: st, Policies: doc, Node: hostname, …})
//
// The driver is github.com/jackc/pgx/v5. It is a module of its own, so that
// those who use another database do not require it. What the store does is told
// in package sqlstore; this one adds that nodes hint to each other that there is
// something to do, see [Store.Watch].
package pgstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/escalation/store/sqlstore"
)

const (
	// connections is how many a node uses at most; one more listens. What was
	// idle for as long as idle is given back: to open one costs the server more
	// than to keep it.
	connections = 16
	idle        = time.Minute
	// timeout bounds a call where the URL says nothing else.
	timeout = 5 * time.Second
)

// Store is a store in PostgreSQL. It is made by [Open].
type Store struct {
	*sqlstore.Store
	hints hints
}

var (
	_ store.Store   = (*Store)(nil)
	_ store.Eraser  = (*Store)(nil)
	_ store.Watcher = (*Store)(nil)
)

// Open opens the store that the URL names, in the first schema of its
// search_path. A URL or a keyword string in libpq's form, and the environment
// beside it (PGPASSWORD, PGSSLMODE and the like), are understood.
//
// Each call has a deadline: statement_timeout in the URL, 5 seconds without it.
// The server holds to it, too, so that a node that is cut off leaves no
// statement waiting. Behind a pooler that works by transactions say
// default_query_exec_mode=exec in the URL; then the deadline is the node's
// alone, and there are no hints.
//
// Close of the store closes its connections.
func Open(ctx context.Context, url string) (*Store, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		// pgx leaves out the password, and says what it could not read.
		return nil, fmt.Errorf("pgstore: %w", err)
	}
	limit, err := deadline(config)
	if err != nil {
		return nil, err
	}
	if !pooled(config) { // a pooler does not know such parameters, and refuses them
		for name, value := range sqlstore.PostgreSQLSettings() {
			if _, ok := config.RuntimeParams[name]; !ok {
				config.RuntimeParams[name] = value
			}
		}
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(idle)
	st, err := sqlstore.Open(ctx, db, sqlstore.PostgreSQL, sqlstore.OwnDB(), sqlstore.Timeout(limit))
	if err != nil {
		return nil, err
	}
	s := &Store{Store: st}
	if err := s.hints.init(ctx, s, config, db); err != nil {
		return nil, errors.Join(err, st.Close())
	}
	return s, nil
}

// deadline reads how long a call may take, and has the server hold to it.
func deadline(config *pgx.ConnConfig) (time.Duration, error) {
	const parameter = "statement_timeout"
	text, ok := config.RuntimeParams[parameter]
	if !ok {
		if !pooled(config) {
			config.RuntimeParams[parameter] = strconv.FormatInt(timeout.Milliseconds(), 10)
		}
		return timeout, nil
	}
	limit, err := time.ParseDuration(text)
	if ms, e := strconv.Atoi(text); e == nil {
		limit, err = time.Duration(ms)*time.Millisecond, nil
	}
	if err != nil || limit <= 0 {
		return 0, fmt.Errorf("pgstore: statement_timeout %q in the URL: want milliseconds, or a time with its unit such as 5s, and more than none", text)
	}
	return limit, nil
}

// pooled reports whether a connection may be another one with each statement,
// by that the host asked for statements that need no preparing.
func pooled(config *pgx.ConnConfig) bool {
	return config.DefaultQueryExecMode == pgx.QueryExecModeExec || config.DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol
}

// Commit implements [store.Store], and hints to those who watch.
func (s *Store) Commit(ctx context.Context, batch ...*store.Commit) error {
	err := s.Store.Commit(ctx, batch...)
	s.hints.give()
	return err
}

// Close gives back what the store holds, and closes its connections.
func (s *Store) Close() error {
	s.hints.close()
	return s.Store.Close()
}
