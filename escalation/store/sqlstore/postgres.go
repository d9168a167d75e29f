package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"iter"

	"github.com/belfry-go/belfry/escalation/store"
)

// postgres is the backend of a server. Each of its writes is one statement,
// and so a transaction that the server ends by itself, whatever becomes of the
// node that sent it.
type postgres struct {
	db        *sql.DB
	namespace string
	reads     *reader
	arrays    encoding
}

// migrationLock is the number of the advisory lock under which tables are made
// and changed. It lasts as long as the transaction.
const migrationLock = 0x62656c66727901 // "belfry" and a number

func openPostgres(ctx context.Context, db *sql.DB) (*postgres, error) {
	p := &postgres{db: db, reads: newReader(db, PostgreSQL)}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer tx.Rollback() //nolint:errcheck // committed, or the error is told
	// Nor may a node that is paused here keep the others out.
	for _, limit := range []string{"statement_timeout", "idle_in_transaction_session_timeout"} {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("SET LOCAL %s = %d", limit, openTimeout.Milliseconds())); err != nil {
			return nil, err
		}
	}
	if _, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(migrationLock)); err != nil {
		return nil, err
	}
	if p.arrays, err = probe(ctx, tx); err != nil {
		return nil, err
	}
	if p.namespace, err = PostgreSQL.migrate(ctx, postgresMigration{tx}); err != nil {
		return nil, err
	}
	return p, tx.Commit()
}

func (p *postgres) close() error { return nil }

// postgresMigration migrates in a transaction.
type postgresMigration struct{ tx *sql.Tx }

func (m postgresMigration) exec(ctx context.Context, text string, args ...any) error {
	_, err := m.tx.ExecContext(ctx, text, args...)
	return err
}

func (m postgresMigration) row(ctx context.Context, text string, a, b any) error {
	return m.tx.QueryRowContext(ctx, text).Scan(a, b)
}

func (m postgresMigration) exists(ctx context.Context, table string) (there bool, err error) {
	err = m.tx.QueryRowContext(ctx, `SELECT to_regclass($1) IS NOT NULL`, table).Scan(&there)
	return there, err
}

// settle implements backend.
func (p *postgres) settle(ctx context.Context, st store.Settlement) (found bool, err error) {
	err = p.retry(ctx, func() error {
		res, err := p.db.ExecContext(ctx, `UPDATE belfry_item SET not_before = $1, attempt = $2, first = $3
			WHERE stream = $4 AND seq = $5 AND i = $6 AND token = $7`,
			int64(st.NotBefore), int64(st.Attempt), int64(st.First),
			[]byte(st.Stream), int64(st.ID.Seq), int64(st.ID.I), int64(st.Token))
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		found = n == 1
		return err
	})
	return found, err
}

// putDocument implements backend.
func (p *postgres) putDocument(ctx context.Context, digest, document []byte) error {
	return p.retry(ctx, func() error {
		_, err := p.db.ExecContext(ctx, `INSERT INTO belfry_document (digest, body) VALUES ($1, $2) ON CONFLICT DO NOTHING`, digest, document)
		return err
	})
}

// tries is how often a statement is tried that the server undid because of
// others.
const tries = 5

// retry does a statement again while the server undoes it because of others.
func (p *postgres) retry(ctx context.Context, do func() error) (err error) {
	for range tries {
		if err = do(); err == nil || !again(err) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// pageSize is how many entries are read at once.
const pageSize = 256

// history implements backend.
func (p *postgres) history(page bounded, stream string, from uint64) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		for {
			page, err := p.entries(page, stream, from)
			if err != nil {
				yield(store.Entry{}, err)
				return
			}
			for i := range page {
				if !yield(page[i], nil) {
					return
				}
			}
			if len(page) < pageSize {
				return
			}
			from = page[len(page)-1].Seq + 1
		}
	}
}

// entries reads a page of a stream's entries from number from on.
func (p *postgres) entries(b bounded, stream string, from uint64) (page []store.Entry, err error) {
	err = b.do(func(ctx context.Context) (err error) {
		page, err = p.read(ctx, stream, from)
		return err
	})
	return page, err
}

func (p *postgres) read(ctx context.Context, stream string, from uint64) ([]store.Entry, error) {
	rows, err := p.reads.query(ctx, `SELECT `+entryColumns+` FROM belfry_entry e
		WHERE e.stream = (SELECT id FROM belfry_stream WHERE name = ?1) AND e.seq >= ?2 ORDER BY e.seq LIMIT ?3`,
		[]byte(stream), int64(from), pageSize)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err and Scan have told
	var page []store.Entry
	for rows.Next() {
		var e store.Entry
		if err := scanEntry(rows, &e); err != nil {
			return nil, err
		}
		page = append(page, e)
	}
	return page, rows.Err()
}

// erase implements backend. The sum that is left is PostgreSQL's own SHA-256 of
// what it erases.
func (p *postgres) erase(ctx context.Context, stream int64, to uint64) error {
	return p.retry(ctx, func() error {
		_, err := p.db.ExecContext(ctx, `UPDATE belfry_entry SET sum = sha256('\x00'::bytea || salt || coalesce(body, ''::bytea)), salt = NULL, body = NULL
			WHERE stream = $1 AND seq <= $2 AND sum IS NULL`, stream, int64(to))
		return err
	})
}
