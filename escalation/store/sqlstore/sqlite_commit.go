package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// commit writes commits in one transaction. If one makes the database fail, it
// is left out and the others are tried again: they must not fall with it.
func (s *sqlite) commit(ctx context.Context, commits []*store.Commit) {
	for len(commits) > 0 {
		culprit := -1
		err := s.write(ctx, true, func(w *writer) error {
			entry, err := w.lastEntry()
			if err != nil {
				return err
			}
			for i, c := range commits {
				if err := w.commit(c, &entry); err != nil {
					culprit = i
					return err
				}
			}
			return nil
		})
		if err == nil {
			return
		}
		err = wrap("commit", err)
		if is := classify(err); culprit < 0 || is != nil {
			for _, c := range commits {
				if c.Err == nil {
					c.Err = err
				}
			}
			return
		}
		commits[culprit].Err = err
		commits = append(commits[:culprit:culprit], commits[culprit+1:]...)
	}
}

// isNoTransaction: a failed statement may have undone it already.
func isNoTransaction(err error) bool {
	return strings.Contains(err.Error(), "no transaction is active")
}

// lastEntry is the highest id of an entry.
func (w *writer) lastEntry() (id int64, err error) {
	err = w.row(`SELECT coalesce(max(id), 0) FROM belfry_entry`, nil, &id)
	return id, err
}

// commit refuses c, which sets its Err, or writes all of it. An error is of the
// database.
func (w *writer) commit(c *store.Commit, entry *int64) error {
	c.Err = nil
	lost, err := w.leases(c)
	if err != nil {
		return err
	}
	var stream, before int64
	switch {
	case lost != nil:
		c.Err, err = w.refusal(c, lost)
	case c.After.Seq == 0:
		stream, err = w.create(c, *entry+int64(len(c.Entries)))
	default:
		err = w.move(c, *entry+int64(len(c.Entries)))
		if err == nil && c.Err == nil && plain(c) {
			*entry++
			return w.plain(c, *entry)
		}
		if err == nil && c.Err == nil {
			err = w.row(`SELECT id, was FROM belfry_stream WHERE name = ?1`, []any{[]byte(c.Stream)}, &stream, &before)
		}
	}
	if err != nil || c.Err != nil {
		return err
	}
	for i := range c.Entries {
		e := &c.Entries[i]
		*entry++
		if _, err := w.exec(`INSERT INTO belfry_entry (id, prev, stream, seq, at, kind, salt, body, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`,
			*entry, before, stream, int64(e.Seq), int64(e.At), int64(e.Kind), e.Salt[:], e.Body, e.Hash[:]); err != nil {
			return err
		}
		before = *entry
	}
	if c.Posted {
		if _, err := w.exec(`INSERT INTO belfry_posted (stream, entry) VALUES (?1, ?2) ON CONFLICT (stream) DO UPDATE SET entry = excluded.entry`,
			stream, *entry); err != nil {
			return err
		}
	}
	return w.rest(c, stream)
}

// leases returns the error of the first lease that does not hold.
func (w *writer) leases(c *store.Commit) (lost, err error) {
	for i := range c.Remove {
		l := &c.Remove[i]
		var token int64
		err := w.row(`SELECT token FROM belfry_item WHERE stream = ?1 AND seq = ?2 AND i = ?3`,
			[]any{[]byte(c.Stream), int64(l.ID.Seq), int64(l.ID.I)}, &token)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return fmt.Errorf("%w: item %d.%d of %q is gone", store.ErrLease, l.ID.Seq, l.ID.I, c.Stream), nil
		case err != nil:
			return nil, err
		case uint64(token) != l.Token:
			return fmt.Errorf("%w: item %d.%d of %q has token %d, not %d", store.ErrLease, l.ID.Seq, l.ID.I, c.Stream, token, l.Token), nil
		}
	}
	return nil, nil
}

// create writes the row of a new stream, or sets c's Err.
func (w *writer) create(c *store.Commit, last int64) (id int64, err error) {
	if c.Err, err = w.refusal(c, nil); err != nil || c.Err != nil {
		return 0, err
	}
	end := c.Position()
	res, err := w.exec(`INSERT INTO belfry_stream (name, key, ordinal, seq, at, hash, open, rank, due, document, state, last, was)
		VALUES (?1, ?2, CASE WHEN ?2 IS NULL THEN NULL ELSE (SELECT coalesce(max(ordinal), 0) + 1 FROM belfry_stream WHERE key = ?2) END,
		?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0)`,
		[]byte(c.Stream), nullable(c.Key), int64(end.Seq), int64(end.At), end.Hash[:], flag(c.Open), int64(c.Rank), int64(c.Due),
		c.Document[:], c.State, last)
	if err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

// move writes the row of a stream that stands at c.After, or sets c's Err. It
// asks for no row back, which costs SQLite as much as the writing.
func (w *writer) move(c *store.Commit, last int64) error {
	end := c.Position()
	n, err := w.changed(`UPDATE belfry_stream SET seq = ?1, at = ?2, hash = ?3, open = ?4, rank = ?5, due = ?6, document = ?7, state = ?8,
		was = last, last = ?9
		WHERE name = ?10 AND seq = ?11 AND at = ?12 AND hash = ?13 AND (open = 1 OR ?4 = 0 OR key IS NULL)`,
		int64(end.Seq), int64(end.At), end.Hash[:], flag(c.Open), int64(c.Rank), int64(c.Due), c.Document[:], c.State,
		last, []byte(c.Stream), int64(c.After.Seq), int64(c.After.At), c.After.Hash[:])
	if err == nil && n == 0 {
		c.Err, err = w.refusal(c, nil)
		if err == nil && c.Err == nil {
			err = fmt.Errorf("%w: stream %q is not found by what it is", ErrCorrupt, c.Stream)
		}
	}
	return err
}

// plain reports whether c is what most commits are: an entry and what leaves,
// and nothing that is filed under the stream's id.
func plain(c *store.Commit) bool {
	return len(c.Entries) == 1 && c.Subject == nil && len(c.Seen) == 0 && !c.Posted
}

// plain writes what a plain commit has beside its stream's row, which is moved.
func (w *writer) plain(c *store.Commit, id int64) error {
	e := &c.Entries[0]
	_, err := w.exec(`INSERT INTO belfry_entry (id, prev, stream, seq, at, kind, salt, body, hash)
		SELECT ?1, was, id, seq, at, ?2, ?3, ?4, hash FROM belfry_stream WHERE name = ?5`,
		id, int64(e.Kind), e.Salt[:], e.Body, []byte(c.Stream))
	if err != nil {
		return err
	}
	return w.items(c)
}

// refusal is why c cannot be written, or lost when that is the only reason.
func (w *writer) refusal(c *store.Commit, lost error) (refused, err error) {
	at, open, keyed := store.Genesis(c.Stream), false, false
	var seq, instant int64
	var hash []byte
	err = w.row(`SELECT seq, at, hash, open, key IS NOT NULL FROM belfry_stream WHERE name = ?1`, []any{[]byte(c.Stream)},
		&seq, &instant, &hash, &open, &keyed)
	there := err == nil
	switch {
	case there:
		at = store.Position{Seq: uint64(seq), At: policy.Instant(instant)}
		copy(at.Hash[:], hash)
	case !errors.Is(err, sql.ErrNoRows):
		return nil, err
	}
	switch {
	case at != c.After:
		return conflict(c, at), nil
	case there && c.Open && !open && keyed:
		return fmt.Errorf("%w: %q was closed", store.ErrKeyOpen, c.Stream), nil
	case there || c.Key == "":
		return lost, nil
	}
	var other []byte
	err = w.row(`SELECT name, open FROM belfry_stream WHERE key = ?1 ORDER BY ordinal DESC LIMIT 1`, []any{[]byte(c.Key)}, &other, &open)
	switch {
	case err == nil && open:
		return fmt.Errorf("%w: %q is open in %q", store.ErrKeyOpen, c.Key, other), nil
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return nil, err
	}
	return lost, nil
}

func conflict(c *store.Commit, at store.Position) error {
	return fmt.Errorf("%w: %q stands at %d (%.8s), not at %d (%.8s)", store.ErrConflict, c.Stream, at.Seq, at.Hash, c.After.Seq, c.After.Hash)
}

// rest writes what a commit has beside its stream's row and its entries.
func (w *writer) rest(c *store.Commit, stream int64) error {
	if c.Subject != nil {
		if _, err := w.exec(`INSERT INTO belfry_subject (stream, seq, body) VALUES (?1, ?2, ?3)
			ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq, body = excluded.body`,
			stream, int64(c.Position().Seq), c.Subject); err != nil {
			return err
		}
	}
	for i := range c.Seen {
		s := &c.Seen[i]
		digest := seenDigest(s.SeenID)
		if _, err := w.exec(`INSERT INTO belfry_seen (stream, digest, content, seq, verdict, reason) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
			ON CONFLICT DO NOTHING`,
			stream, digest[:], s.Content[:], int64(s.Seq), int64(s.Verdict), int64(s.Reason)); err != nil {
			return err
		}
	}
	return w.items(c)
}

// items takes items out of the outbox, and puts others in.
func (w *writer) items(c *store.Commit) error {
	name := []byte(c.Stream)
	for i := range c.Remove {
		l := &c.Remove[i]
		if _, err := w.exec(`DELETE FROM belfry_item WHERE stream = ?1 AND seq = ?2 AND i = ?3`, name, int64(l.ID.Seq), int64(l.ID.I)); err != nil {
			return err
		}
	}
	for i := range c.Add {
		it := &c.Add[i]
		if _, err := w.exec(`INSERT INTO belfry_item (stream, seq, i, rank, not_before, target, body, attempt, first, token)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, ?8, 0)`,
			name, int64(it.ID.Seq), int64(it.ID.I), int64(it.Rank), int64(it.NotBefore), []byte(it.Target), it.Body, int64(policy.Never)); err != nil {
			return err
		}
	}
	return nil
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// nullable is a key, or null for none.
func nullable(key string) any {
	if key == "" {
		return nil
	}
	return []byte(key)
}
