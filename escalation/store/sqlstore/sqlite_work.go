package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// claim implements backend.
func (s *sqlite) claim(ctx context.Context, ask store.Ask) (items []store.Item, next policy.Instant, err error) {
	err = s.write(ctx, false, func(w *writer) error {
		for rank := int64(0); rank <= store.MaxRank && len(items) < ask.Limit; rank++ {
			if items, err = w.leaving(rank, ask, items); err != nil {
				return err
			}
		}
		for i := range items {
			it := &items[i]
			it.Token++
			it.NotBefore = ask.Until
			if _, err := w.exec(`UPDATE belfry_item SET token = ?1, not_before = ?2 WHERE stream = ?3 AND seq = ?4 AND i = ?5`,
				int64(it.Token), int64(ask.Until), []byte(it.Stream), int64(it.ID.Seq), int64(it.ID.I)); err != nil {
				return err
			}
		}
		return w.row(nextItem, nil, (*int64)(&next))
	})
	return items, next, err
}

// leaving appends the items of one rank that may leave.
func (w *writer) leaving(rank int64, ask store.Ask, items []store.Item) ([]store.Item, error) {
	rows, err := w.query(`SELECT `+itemColumns+` FROM belfry_item i
		WHERE i.rank = ?1 AND i.not_before <= ?2 AND i.not_before < 9223372036854775807
		ORDER BY i.not_before, i.stream, i.seq, i.i LIMIT ?3`, rank, int64(ask.By), ask.Limit-len(items))
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err and Scan have told
	for rows.Next() {
		var it store.Item
		if err := scanItem(rows, &it); err != nil {
			return nil, err
		}
		items = append(items, it)
	}
	return items, rows.Err()
}

// settle implements backend.
func (s *sqlite) settle(ctx context.Context, st store.Settlement) (found bool, err error) {
	err = s.write(ctx, false, func(w *writer) error {
		n, err := w.changed(`UPDATE belfry_item SET not_before = ?1, attempt = ?2, first = ?3
			WHERE stream = ?4 AND seq = ?5 AND i = ?6 AND token = ?7`,
			int64(st.NotBefore), int64(st.Attempt), int64(st.First),
			[]byte(st.Stream), int64(st.ID.Seq), int64(st.ID.I), int64(st.Token))
		found = n == 1
		return err
	})
	return found, err
}

// putDocument implements backend.
func (s *sqlite) putDocument(ctx context.Context, digest, document []byte) error {
	return s.write(ctx, true, func(w *writer) error {
		_, err := w.exec(`INSERT INTO belfry_document (digest, body) VALUES (?1, ?2) ON CONFLICT DO NOTHING`, digest, document)
		return err
	})
}

// historyPage is how many entries are read at once.
const historyPage = 64

// history implements backend.
func (s *sqlite) history(page bounded, stream string, from uint64) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		var ids []int64
		err := page.do(func(ctx context.Context) (err error) {
			ids, err = s.chain(ctx, stream, from)
			return err
		})
		if err != nil {
			yield(store.Entry{}, err)
			return
		}
		for ids := range slices.Chunk(ids, historyPage) {
			var some []store.Entry
			err := page.do(func(ctx context.Context) (err error) {
				some, err = s.entries(ctx, ids)
				return err
			})
			if err != nil {
				yield(store.Entry{}, err)
				return
			}
			for i := range some {
				if !yield(some[i], nil) {
					return
				}
			}
		}
	}
}

// chain walks from a stream's last entry back to number from, and returns the
// ids in the order of the numbers.
func (s *sqlite) chain(ctx context.Context, stream string, from uint64) ([]int64, error) {
	rows, err := s.reads.query(ctx, `WITH RECURSIVE c (id, prev, seq) AS (
		SELECT e.id, e.prev, e.seq FROM belfry_stream s JOIN belfry_entry e ON e.id = s.last WHERE s.name = ?1 AND e.seq >= ?2
		UNION ALL
		SELECT e.id, e.prev, e.seq FROM c JOIN belfry_entry e ON e.id = c.prev WHERE c.seq > max(?2, 1))
		SELECT id FROM c`, []byte(stream), int64(from))
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err and Scan have told
	var ids []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	slices.Reverse(ids)
	return ids, rows.Err()
}

// entries reads a page of entries, whose ids ascend. A short page is filled up
// with ids that no entry has, so that the statement is always the same.
func (s *sqlite) entries(ctx context.Context, ids []int64) ([]store.Entry, error) {
	var args [historyPage]any
	for i := range args {
		args[i] = int64(-1)
		if i < len(ids) {
			args[i] = ids[i]
		}
	}
	rows, err := s.reads.query(ctx, `SELECT `+entryColumns+` FROM belfry_entry e
		WHERE e.id IN (?`+strings.Repeat(", ?", historyPage-1)+`) ORDER BY e.id`, args[:]...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err and Scan have told
	page := make([]store.Entry, 0, len(ids))
	for rows.Next() {
		var e store.Entry
		if err := scanEntry(rows, &e); err != nil {
			return nil, err
		}
		page = append(page, e)
	}
	return page, rows.Err()
}

// erase implements backend. The file's free space and its log are wiped, too.
func (s *sqlite) erase(ctx context.Context, stream int64, to uint64) error {
	err := s.write(ctx, true, func(w *writer) error { return w.erase(stream, to) })
	if err != nil {
		return err
	}
	return s.alone(ctx, func(w *writer) error {
		_, err := w.exec("PRAGMA wal_checkpoint(TRUNCATE)")
		return err
	})
}

// erase walks back over all entries and erases those up to number to.
func (w *writer) erase(stream int64, to uint64) error {
	var id int64
	if err := w.row(`SELECT last FROM belfry_stream WHERE id = ?1`, []any{stream}, &id); err != nil {
		return err
	}
	for id != 0 {
		rows, err := w.query(`SELECT e.prev, `+entryColumns+` FROM belfry_entry e WHERE e.id = ?1`, id)
		if err != nil {
			return err
		}
		var e store.Entry
		prev, err := onlyEntry(rows, &e)
		if err != nil {
			return err
		}
		if e.Seq <= to && !e.Erased {
			sum := sumOf(&e)
			if _, err := w.exec(`UPDATE belfry_entry SET salt = NULL, body = NULL, sum = ?1 WHERE id = ?2`, sum[:], id); err != nil {
				return err
			}
		}
		id = prev
	}
	return nil
}

// onlyEntry scans one row of an entry's prev and columns.
func onlyEntry(rows *sql.Rows, e *store.Entry) (prev int64, err error) {
	defer rows.Close() //nolint:errcheck // Err and Scan have told
	if !rows.Next() {
		return 0, errors.Join(rows.Err(), sql.ErrNoRows)
	}
	err = scanEntry(rows, e, &prev)
	return prev, err
}
