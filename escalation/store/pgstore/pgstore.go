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
// in package sqlstore.
package pgstore

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/belfry-go/belfry/escalation/store/sqlstore"
)

// connections is how many a node uses at most, and idle how many it keeps.
const (
	connections = 16
	idle        = 4
)

// Open opens the store that the URL names, in the first schema of its
// search_path. A URL or a keyword string in libpq's form, and the environment
// beside it (PGPASSWORD, PGSSLMODE and the like), are understood; behind a
// pooler that works by transactions say default_query_exec_mode=exec in it.
// Close of the store closes its connections.
func Open(ctx context.Context, url string) (*sqlstore.Store, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		// pgx leaves out the password, and says what it could not read.
		return nil, fmt.Errorf("pgstore: %w", err)
	}
	db := stdlib.OpenDB(*config)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(idle)
	return sqlstore.Open(ctx, db, sqlstore.PostgreSQL, sqlstore.OwnDB())
}
