package sqlstore

import (
	"context"
	"database/sql"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// dueOfRank walks what is or will be due in one rank, with whoever has taken
// it. SQLite hands out one row after the other, so that to stop early costs
// nothing.
const dueOfRank = `SELECT s.id, t.until, ` + snapshotColumns + ` FROM belfry_stream s
	LEFT JOIN belfry_taken t ON t.stream = s.id AND t.seq = s.seq AND t.owner <> ?2
	LEFT JOIN belfry_subject a ON a.stream = s.id
	WHERE s.rank = ?1 AND s.due < 9223372036854775807
	ORDER BY s.due, s.name`

// due implements backend.
func (s *sqlite) due(ctx context.Context, ask store.Ask, into []store.Snapshot) (due []store.Snapshot, next policy.Instant, err error) {
	if ask.Owner == "" {
		return s.dueRead(ctx, ask, into)
	}
	// Nothing may be due at all: look before taking the writer's turn.
	var first int64
	if err := s.reads.row(ctx, nextDue, nil, &first); err != nil {
		return nil, 0, err
	}
	if policy.Instant(first) > ask.By || ask.Limit < 1 {
		return s.dueRead(ctx, ask, into)
	}
	err = s.write(ctx, false, func(w *writer) error {
		var ids []int64
		due, ids, next, err = walkDue(w.query, ask, into)
		if err != nil {
			return err
		}
		for i, id := range ids {
			if _, err := w.exec(`INSERT INTO belfry_taken (stream, seq, owner, until) VALUES (?1, ?2, ?3, ?4)
				ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq, owner = excluded.owner, until = excluded.until`,
				id, int64(due[i].Seq), []byte(ask.Owner), int64(ask.Until)); err != nil {
				return err
			}
		}
		return nil
	})
	return due, next, err
}

// nextDue is the earliest due instant of all.
const nextDue = `SELECT coalesce(min(n.due), 9223372036854775807) FROM (
	SELECT (SELECT min(due) FROM belfry_stream WHERE rank = r.rank AND due < 9223372036854775807) AS due
	FROM (` + ranks + `) r) n`

// dueRead reads in a transaction, for all ranks must be of one moment.
func (s *sqlite) dueRead(ctx context.Context, ask store.Ask, into []store.Snapshot) ([]store.Snapshot, policy.Instant, error) {
	st, err := s.reads.statement(ctx, dueOfRank)
	if err != nil {
		return nil, 0, err
	}
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, 0, err
	}
	defer tx.Rollback() //nolint:errcheck // nothing was written
	in := tx.StmtContext(ctx, st)
	due, _, next, err := walkDue(func(_ string, args ...any) (*sql.Rows, error) { return in.QueryContext(ctx, args...) }, ask, into)
	return due, next, err
}

// walkDue reads what is due, and the numbers of the streams.
func walkDue(query func(string, ...any) (*sql.Rows, error), ask store.Ask, into []store.Snapshot) (due []store.Snapshot, ids []int64, next policy.Instant, err error) {
	due, next = into, policy.Never
	for rank := range int64(store.MaxRank + 1) {
		rows, err := query(dueOfRank, rank, []byte(ask.Owner))
		if err != nil {
			return nil, nil, 0, err
		}
		for rows.Next() {
			due = extend(due)
			snap := &due[len(due)-1]
			var id int64
			var until sql.NullInt64
			if err := scanSnapshot(rows, snap, &id, &until); err != nil {
				_ = rows.Close()
				return nil, nil, 0, err
			}
			free := snap.Due
			if until.Valid {
				free = max(free, policy.Instant(until.Int64))
			}
			if free <= ask.By && len(due) <= ask.Limit {
				ids = append(ids, id)
				continue
			}
			at := snap.Due
			due = due[:len(due)-1]
			next = min(next, free)
			if at >= next {
				break
			}
		}
		if err := rows.Close(); err != nil {
			return nil, nil, 0, err
		}
		if err := rows.Err(); err != nil {
			return nil, nil, 0, err
		}
	}
	return due, ids, next, nil
}

// extend lengthens s by one snapshot, with the memory that it had before.
func extend(s []store.Snapshot) []store.Snapshot {
	if len(s) < cap(s) {
		return s[:len(s)+1]
	}
	return append(s, store.Snapshot{})
}
