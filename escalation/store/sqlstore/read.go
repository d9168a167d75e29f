package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"strings"
	"sync"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// reader reads on the database's own connections.
type reader struct {
	db      *sql.DB
	dialect Dialect
	// prepare: SQLite's drivers parse a statement at each use. PostgreSQL's
	// remember statements by themselves, or must not, behind a pooler.
	prepare  bool
	mu       sync.Mutex
	prepared map[string]*sql.Stmt
}

func newReader(db *sql.DB, dialect Dialect) *reader {
	return &reader{db: db, dialect: dialect, prepare: dialect == SQLite, prepared: map[string]*sql.Stmt{}}
}

func (r *reader) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var err error
	for _, st := range r.prepared {
		err = errors.Join(err, st.Close())
	}
	clear(r.prepared)
	return err
}

// statement is the prepared form of a statement.
func (r *reader) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if st, ok := r.prepared[text]; ok {
		return st, nil
	}
	st, err := r.db.PrepareContext(ctx, text)
	if err == nil {
		r.prepared[text] = st
	}
	return st, err
}

func (r *reader) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if !r.prepare {
		return r.db.QueryContext(ctx, r.dialect.text(text), args...)
	}
	st, err := r.statement(ctx, text)
	if err != nil {
		return nil, err
	}
	return st.QueryContext(ctx, args...)
}

// row scans the only row of a query. sql.ErrNoRows: there is none.
func (r *reader) row(ctx context.Context, text string, args []any, into ...any) error {
	rows, err := r.query(ctx, text, args...)
	if err != nil {
		return err
	}
	return only(rows, into...)
}

// only scans the first row and closes.
func only(rows *sql.Rows, into ...any) error {
	defer rows.Close() //nolint:errcheck // Err and Scan have told
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return sql.ErrNoRows
	}
	if err := rows.Scan(into...); err != nil {
		return err
	}
	return rows.Close()
}

// snapshotColumns are what scanSnapshot reads, of s and its subject a.
const snapshotColumns = `s.name, s.key, s.seq, s.at, s.hash, s.open, s.rank, s.due, s.document, s.state, a.seq, a.body`

// scanSnapshot reads a row of snapshotColumns, with more columns before them.
// State goes into the snapshot's own memory. A row of nulls is a snapshot
// without a name.
func scanSnapshot(rows *sql.Rows, into *store.Snapshot, before ...any) error {
	var name, key, hash, document, state sql.RawBytes
	var subject []byte
	var seq, at, open, rank, due, subjectSeq sql.NullInt64
	if err := rows.Scan(append(before, &name, &key, &seq, &at, &hash, &open, &rank, &due, &document, &state, &subjectSeq, &subject)...); err != nil {
		return err
	}
	into.Stream, into.Key = string(name), string(key)
	if name == nil {
		return nil
	}
	into.Position = store.Position{Seq: uint64(seq.Int64), At: policy.Instant(at.Int64)}
	into.Open, into.Rank, into.Due = open.Int64 == 1, uint8(rank.Int64), policy.Instant(due.Int64)
	into.Subject, into.SubjectSeq = subject, uint64(subjectSeq.Int64)
	if len(hash) != len(into.Hash) || len(document) != len(into.Document) {
		return fmt.Errorf("%w: stream %q has a hash of %d bytes and a digest of %d", ErrCorrupt, name, len(hash), len(document))
	}
	copy(into.Hash[:], hash)
	copy(into.Document[:], document)
	into.State = append(into.State[:0], state...)
	return nil
}

// Load implements [store.Store].
func (s *Store) Load(ctx context.Context, stream string, into *store.Snapshot) error {
	return s.bounded(ctx, "load").do(func(ctx context.Context) error { return s.reads.load(ctx, stream, into) })
}

func (r *reader) load(ctx context.Context, stream string, into *store.Snapshot) error {
	rows, err := r.query(ctx, `SELECT `+snapshotColumns+` FROM belfry_stream s
		LEFT JOIN belfry_subject a ON a.stream = s.id WHERE s.name = ?1`, []byte(stream))
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err and Scan have told
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return err
		}
		return notFound("stream", stream)
	}
	if err := scanSnapshot(rows, into); err != nil {
		return err
	}
	return rows.Close()
}

// Last implements [store.Store].
func (s *Store) Last(ctx context.Context, key string) (store.Incarnation, error) {
	var name []byte
	var open int64
	err := s.bounded(ctx, "last").do(func(ctx context.Context) error {
		return s.reads.row(ctx, `SELECT name, open FROM belfry_stream WHERE key = ?1 ORDER BY ordinal DESC LIMIT 1`,
			[]any{[]byte(key)}, &name, &open)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return store.Incarnation{}, notFound("key", key)
	}
	return store.Incarnation{Stream: string(name), Open: open == 1}, err
}

// Seen implements [store.Store].
func (s *Store) Seen(ctx context.Context, stream string, id store.SeenID) (store.Seen, error) {
	var content []byte
	var seq, verdict, reason int64
	digest := seenDigest(id)
	err := s.bounded(ctx, "seen").do(func(ctx context.Context) error {
		return s.reads.row(ctx, `SELECT e.content, e.seq, e.verdict, e.reason FROM belfry_seen e
			JOIN belfry_stream s ON s.id = e.stream WHERE s.name = ?1 AND e.digest = ?2`,
			[]any{[]byte(stream), digest[:]}, &content, &seq, &verdict, &reason)
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return store.Seen{}, notFound("event id", id.ID)
	case err != nil:
		return store.Seen{}, err
	}
	seen := store.Seen{
		SeenID: id, Seq: uint64(seq),
		Verdict: escalation.VerdictKind(verdict), Reason: escalation.VerdictReason(reason),
	}
	copy(seen.Content[:], content)
	return seen, nil
}

// streamsPage is how many names are read at once.
const streamsPage = 1024

// Streams implements [store.Store].
func (s *Store) Streams(ctx context.Context, q store.StreamQuery) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		after := q.After
		for {
			var page []string
			err := s.bounded(ctx, "streams").do(func(ctx context.Context) (err error) {
				page, err = s.reads.names(ctx, q, after)
				return err
			})
			if err != nil {
				yield("", err)
				return
			}
			for _, name := range page {
				if !yield(name, nil) {
					return
				}
			}
			if len(page) < streamsPage {
				return
			}
			after = page[len(page)-1]
		}
	}
}

// names reads a page of names behind after.
func (r *reader) names(ctx context.Context, q store.StreamQuery, after string) ([]string, error) {
	text := `SELECT name FROM belfry_stream WHERE name > ?1 AND name >= ?2 AND name < ?3 ORDER BY name LIMIT ?4`
	if q.Open {
		text = `SELECT name FROM belfry_stream WHERE name > ?1 AND name >= ?2 AND name < ?3 AND open = 1 ORDER BY name LIMIT ?4`
	}
	rows, err := r.query(ctx, text, []byte(after), []byte(q.Prefix), behindPrefix(q.Prefix), streamsPage)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err and Scan have told
	var page []string
	for rows.Next() {
		var name sql.RawBytes
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		page = append(page, string(name))
	}
	return page, rows.Err()
}

// behindPrefix is the least string behind all names that have the prefix.
func behindPrefix(prefix string) []byte {
	b := []byte(prefix)
	for len(b) > 0 && b[len(b)-1] == 0xff {
		b = b[:len(b)-1]
	}
	if len(b) == 0 {
		return []byte(strings.Repeat("\xff", store.MaxName+1)) // behind all names
	}
	b[len(b)-1]++
	return b
}

// Document implements [store.Store].
func (s *Store) Document(ctx context.Context, digest policy.Digest) ([]byte, error) {
	var body []byte
	err := s.bounded(ctx, "document").do(func(ctx context.Context) error {
		return s.reads.row(ctx, `SELECT body FROM belfry_document WHERE digest = ?1`, []any{digest[:]}, &body)
	})
	if errors.Is(err, sql.ErrNoRows) {
		return nil, notFound("document", fmt.Sprintf("%x", digest[:]))
	}
	return body, err
}

// nextItem is the earliest instant at which an item may leave.
func (r *reader) nextItem(ctx context.Context) (policy.Instant, error) {
	var next int64
	err := r.row(ctx, nextItem, nil, &next)
	return policy.Instant(next), err
}

// nextItem looks at the first item of each rank.
const nextItem = `SELECT coalesce(min(n.at), 9223372036854775807) FROM (
	SELECT (SELECT min(not_before) FROM belfry_item WHERE rank = r.rank AND not_before < 9223372036854775807) AS at
	FROM (` + ranks + `) r) n`

// ranks is a table of all ranks.
const ranks = `SELECT 0 AS rank UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3
	UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7`

// streamID finds a stream's number in the tables.
func (r *reader) streamID(ctx context.Context, stream string) (int64, error) {
	var id int64
	err := r.row(ctx, `SELECT id FROM belfry_stream WHERE name = ?1`, []any{[]byte(stream)}, &id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, notFound("stream", stream)
	}
	return id, err
}

func notFound(what, name string) error { return fmt.Errorf("%w: %s %q", store.ErrNotFound, what, name) }
