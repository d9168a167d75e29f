// Package sqlitestore opens a durable store in one SQLite file:
//
//	st, err := sqlitestore.Open(ctx, "belfry.db")
//	if err != nil { … }
//	defer st.Close()
//	eng, err := engine.New(engine.Config{Store: st, Policies: doc, …})
//
// The driver is modernc.org/sqlite, which needs no C compiler. It is a module of
// its own, so that those who use another database do not require it. What the
// store does is told in package sqlstore.
package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/belfry-go/belfry/escalation/store/sqlstore"
)

// readers is how many connections read beside the one that writes.
const readers = 4

// Open opens the store in the file, which is made if it is not there; its
// directory must be. Several processes of one machine may open the same file.
// Close of the store closes the file.
func Open(ctx context.Context, path string) (*sqlstore.Store, error) {
	dsn, err := dsn(path)
	if err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1 + readers)
	db.SetMaxIdleConns(1 + readers)
	return sqlstore.Open(ctx, db, sqlstore.SQLite, sqlstore.OwnDB())
}

// dsn names the file as the driver wants it: an absolute path in a URL, in which
// any character of a path may stand.
func dsn(path string) (string, error) {
	if path == "" || path == ":memory:" {
		return "", errors.New("sqlitestore: a durable store needs a file; store.NewMemory is one without")
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(abs)}
	u.RawQuery = url.Values{"_pragma": {"busy_timeout(10000)", "synchronous(FULL)"}}.Encode()
	return u.String(), nil
}
