package sqlstore

import (
	"context"
	"database/sql"
	"fmt"
	"math"

	"github.com/belfry-go/belfry/escalation/store"
)

// Changes implements [store.Changer]. With PostgreSQL what is told again is what
// was posted since the oldest transaction began that still runs, anywhere on the
// server.
func (s *Store) Changes(ctx context.Context, since uint64) (changed []store.Change, mark uint64, err error) {
	if since > math.MaxInt64 {
		return nil, 0, fmt.Errorf("sqlstore: changes since %d: no store has given that mark", since)
	}
	err = s.bounded(ctx, "changes").do(func(ctx context.Context) error {
		var last int64
		changed, last, err = s.changes(ctx, int64(since))
		mark = uint64(last)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return changed, mark, nil
}

func (s *Store) changes(ctx context.Context, since int64) (changed []store.Change, mark int64, err error) {
	rows, err := s.reads.query(ctx, s.reads.dialect.changes(), since)
	if err != nil {
		return nil, 0, err
	}
	defer rows.Close() //nolint:errcheck // Err and Scan have told
	for rows.Next() {
		var name sql.RawBytes
		var seq sql.NullInt64
		if err := rows.Scan(&mark, &name, &seq); err != nil {
			return nil, 0, err
		}
		if name != nil {
			changed = append(changed, store.Change{Stream: string(name), Seq: uint64(seq.Int64)})
		}
	}
	return changed, mark, rows.Err()
}

// changes is one statement, so that mark and streams are of one moment. A row
// with the mark comes also when nothing has changed.
func (d Dialect) changes() string {
	if d == SQLite {
		return `SELECT m.mark, x.name, x.seq FROM (SELECT coalesce(max(id), 0) AS mark FROM belfry_entry) m
			LEFT JOIN (SELECT s.name, s.seq FROM belfry_posted p JOIN belfry_stream s ON s.id = p.stream WHERE p.entry > ?1) x ON true`
	}
	return `SELECT m.mark, x.name, x.seq FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS mark) m
		LEFT JOIN (SELECT s.name, s.seq FROM belfry_posted p JOIN belfry_stream s ON s.id = p.stream WHERE p.at >= (?1)::bigint::text::xid8) x ON true`
}
