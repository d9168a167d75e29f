package sqlstore

import (
	"context"
	"database/sql"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// OFFSET 0 in these statements keeps PostgreSQL from joining what is meant to be
// looked up row by row: in the order of the index the first rows are enough, and
// what it believes of tables that fill and empty all day is rarely so.

// others is the condition on t that another than ?1 has taken s where it stands.
const others = `t.stream = s.id AND t.seq = s.seq AND t.owner <> ?1`

// candidates are the first ?3 streams that are due at ?2 and free for ?1.
const candidates = `cand AS MATERIALIZED (
	SELECT x.* FROM generate_series(0, 7) r (rank)
	CROSS JOIN LATERAL (
		SELECT s.id, s.seq, s.rank, s.due, s.name FROM belfry_stream s
		WHERE s.rank = r.rank AND s.due <= ?2 AND s.due < 9223372036854775807
			AND NOT EXISTS (SELECT FROM belfry_taken t WHERE ` + others + ` AND t.until > ?2 OFFSET 0)
		ORDER BY s.due, s.name LIMIT ?3
	) x
	ORDER BY x.rank, x.due, x.name LIMIT ?3
)`

// dueAfter is the earliest instant at which there is more than the candidates:
// in each rank the first stream that is free, or one taken by another before
// it.
const dueAfter = `(
	SELECT coalesce(min(least(x.due, y.until)), 9223372036854775807) FROM generate_series(0, 7) r (rank)
	LEFT JOIN LATERAL (
		SELECT s.due FROM belfry_stream s
		WHERE s.rank = r.rank AND s.due < 9223372036854775807
			AND NOT EXISTS (SELECT FROM belfry_taken t WHERE ` + others + ` OFFSET 0)
			AND s.id NOT IN (SELECT id FROM cand)
		ORDER BY s.due, s.name LIMIT 1
	) x ON true
	LEFT JOIN LATERAL (
		SELECT min(greatest(s.due, t.until)) AS until FROM (
			SELECT id, seq, due FROM belfry_stream
			WHERE rank = r.rank AND due < 9223372036854775807 AND due < coalesce(x.due, 9223372036854775807)
			ORDER BY due, name OFFSET 0
		) s
		CROSS JOIN LATERAL (SELECT until FROM belfry_taken t WHERE ` + others + ` OFFSET 0) t
		WHERE s.id NOT IN (SELECT id FROM cand)
	) y ON true
)`

// dueRead reads; dueTake takes what it reads. A row of nulls with the next
// instant comes when nothing else does.
const (
	dueRead = `WITH ` + candidates + `
	SELECT n.next, (SELECT count(*) FROM cand), ` + snapshotColumns + `
	FROM (SELECT ` + dueAfter + ` AS next) n
	LEFT JOIN (belfry_stream s JOIN cand d ON d.id = s.id) ON true
	LEFT JOIN belfry_subject a ON a.stream = s.id
	ORDER BY s.rank, s.due, s.name`

	// What two take at once is waited for by the second, who then finds that it
	// is taken: the condition is judged by the row as it is by then.
	dueTake = `WITH ` + candidates + `, took AS (
		INSERT INTO belfry_taken AS t (stream, seq, owner, until)
		SELECT id, seq, ?1, ?4 FROM cand ORDER BY id
		ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq, owner = excluded.owner, until = excluded.until
		WHERE t.seq < excluded.seq OR t.seq = excluded.seq AND (t.owner = excluded.owner OR t.until <= ?2)
		RETURNING stream
	)
	SELECT n.next, (SELECT count(*) FROM cand), ` + snapshotColumns + `
	FROM (SELECT ` + dueAfter + ` AS next) n
	LEFT JOIN (belfry_stream s JOIN took d ON d.stream = s.id) ON true
	LEFT JOIN belfry_subject a ON a.stream = s.id
	ORDER BY s.rank, s.due, s.name`
)

// due implements backend.
func (p *postgres) due(ctx context.Context, ask store.Ask, into []store.Snapshot) (due []store.Snapshot, next policy.Instant, err error) {
	text, args := dueRead, []any{[]byte(ask.Owner), int64(ask.By), max(ask.Limit, 0)}
	if ask.Owner != "" {
		text, args = dueTake, append(args, int64(ask.Until))
	}
	err = p.retry(ctx, func() error {
		rows, err := p.reads.query(ctx, text, args...)
		if err != nil {
			return err
		}
		due, next, err = scanDue(rows, ask, into)
		return err
	})
	return due, next, err
}

// scanDue reads the answer of dueRead or dueTake.
func scanDue(rows *sql.Rows, ask store.Ask, into []store.Snapshot) (due []store.Snapshot, next policy.Instant, err error) {
	defer rows.Close() //nolint:errcheck // Err and Scan have told
	due, next = into, policy.Never
	candidates := 0
	for rows.Next() {
		due = extend(due)
		if err := scanSnapshot(rows, &due[len(due)-1], (*int64)(&next), &candidates); err != nil {
			return nil, 0, err
		}
		if due[len(due)-1].Stream == "" {
			due = due[:len(due)-1] // a row of nulls
		}
	}
	if len(due) < candidates {
		next = min(next, ask.By) // another was quicker, and may not have taken all
	}
	return due, next, rows.Err()
}

// claim implements backend.
func (p *postgres) claim(ctx context.Context, ask store.Ask) (items []store.Item, next policy.Instant, err error) {
	err = p.retry(ctx, func() error {
		rows, err := p.db.QueryContext(ctx, claimStatement, int64(ask.By), ask.Limit, int64(ask.Until))
		if err != nil {
			return err
		}
		items, err = scanClaim(rows)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	next, err = p.reads.nextItem(ctx)
	if err != nil && len(items) > 0 {
		// They are claimed, and must not be lost: ask again at once.
		return items, ask.By, nil
	}
	return items, next, err
}

func scanClaim(rows *sql.Rows) ([]store.Item, error) {
	defer rows.Close() //nolint:errcheck // Err and Scan have told
	var items []store.Item
	for rows.Next() {
		var it store.Item
		if err := scanItem(rows, &it); err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	return items, rows.Err()
}

// claimStatement passes over what others are claiming in this moment.
const claimStatement = `
WITH cand AS MATERIALIZED (
	SELECT x.* FROM generate_series(0, 7) r (rank)
	CROSS JOIN LATERAL (
		SELECT i.stream, i.seq, i.i, i.rank, i.not_before FROM belfry_item i
		WHERE i.rank = r.rank AND i.not_before <= $1 AND i.not_before < 9223372036854775807
		ORDER BY i.not_before, i.stream, i.seq, i.i LIMIT $2
		FOR UPDATE SKIP LOCKED
	) x
	ORDER BY x.rank, x.not_before, x.stream, x.seq, x.i LIMIT $2
), claimed AS (
	UPDATE belfry_item i SET token = i.token + 1, not_before = $3
	FROM cand WHERE i.stream = cand.stream AND i.seq = cand.seq AND i.i = cand.i
	RETURNING i.*, cand.not_before AS was
)
SELECT ` + itemColumns + ` FROM claimed i ORDER BY i.rank, i.was, i.stream, i.seq, i.i`
