package sqlstore

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// commit writes commits in rounds of one statement each. A round has at most
// one commit to a stream and to the streams of a key, so that within it their
// order says nothing.
func (p *postgres) commit(ctx context.Context, commits []*store.Commit) {
	for _, c := range commits {
		c.Err = nil
	}
	for len(commits) > 0 {
		var round []*store.Commit
		round, commits = split(commits)
		// In one order in all rounds of all nodes, so that none waits for another
		// that waits for it.
		slices.SortFunc(round, func(a, b *store.Commit) int { return cmp.Compare(a.Stream, b.Stream) })
		p.round(ctx, round)
	}
}

// split takes the first round off. What depends on a commit that has to wait
// waits, too.
func split(commits []*store.Commit) (round, rest []*store.Commit) {
	if len(commits) == 1 {
		return commits, nil
	}
	streams, keys := map[string]bool{}, map[string]bool{}
	for _, c := range commits {
		if streams[c.Stream] || c.Key != "" && keys[c.Key] {
			rest = append(rest, c)
		} else {
			round = append(round, c)
		}
		streams[c.Stream] = true
		if c.Key != "" {
			keys[c.Key] = true
		}
	}
	return round, rest
}

// races is how often a commit is tried anew that lost a race which, looked at
// afterwards, is no reason to refuse it.
const races = 4

// round writes a round, and finds out why what was not written was refused.
func (p *postgres) round(ctx context.Context, round []*store.Commit) {
	for range races {
		var written []bool
		err := p.retry(ctx, func() (err error) {
			written, err = p.write(ctx, round)
			return err
		})
		if err != nil {
			if len(round) > 1 && !outside(ctx, err) {
				p.oneByOne(ctx, round)
				return
			}
			setErr(round, wrap("commit", err))
			return
		}
		var refused []*store.Commit
		for i, c := range round {
			if !written[i] {
				refused = append(refused, c)
			}
		}
		if len(refused) == 0 {
			return
		}
		if err := p.explain(ctx, refused); err != nil {
			// Nothing of these was written, that much is known.
			for _, c := range refused {
				c.Err = fmt.Errorf("%w: %q, and why is not known: %w", store.ErrConflict, c.Stream, err)
			}
			return
		}
		round = round[:0:0]
		for _, c := range refused {
			if c.Err == nil {
				round = append(round, c)
			}
		}
		if len(round) == 0 {
			return
		}
	}
	for _, c := range round {
		c.Err = fmt.Errorf("%w: %q lost %d races in a row", store.ErrConflict, c.Stream, races)
	}
}

// outside reports whether an error is not for what a commit says, so that its
// neighbours would meet it, too. Only where the server itself refuses the
// statement is it known that nothing was written: commits that were, and are
// sent again, would be taken for conflicts.
func outside(ctx context.Context, err error) bool {
	var state interface{ SQLState() string }
	return ctx.Err() != nil || !errors.As(err, &state) || classify(err) != nil
}

// oneByOne writes each commit by itself: one made the statement fail, and the
// others must not fall with it.
func (p *postgres) oneByOne(ctx context.Context, round []*store.Commit) {
	for i := range round {
		p.round(ctx, round[i:i+1:i+1])
	}
}

func setErr(commits []*store.Commit, err error) {
	for _, c := range commits {
		c.Err = err
	}
}

// write sends one round and returns which of it was written.
func (p *postgres) write(ctx context.Context, round []*store.Commit) ([]bool, error) {
	rows, err := p.db.QueryContext(ctx, commitStatement, p.arrays.round(round)...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err and Scan have told
	written := make([]bool, len(round))
	for rows.Next() {
		var n int
		if err := rows.Scan(&n); err != nil {
			return nil, err
		}
		written[n-1] = true
	}
	return written, rows.Err()
}

// round makes the arguments of commitStatement.
func (e encoding) round(round []*store.Commit) []any {
	var c [16]array // commits
	var p array     // which of them are posted
	var h [7]array  // entries
	var s [6]array  // event ids
	var r [4]array  // removals
	var a [7]array  // additions
	for i, k := range round {
		n := int64(i + 1)
		end := k.Position()
		c[0].bytes([]byte(k.Stream))
		c[1].optional(keyBytes(k.Key))
		c[2].int(int64(k.After.Seq))
		c[3].int(int64(k.After.At))
		c[4].bytes(k.After.Hash[:])
		c[5].int(int64(end.Seq))
		c[6].int(int64(end.At))
		c[7].bytes(end.Hash[:])
		c[8].int(flag(k.Open))
		c[9].int(int64(k.Rank))
		c[10].int(int64(k.Due))
		c[11].bytes(k.Document[:])
		c[12].bytes(k.State)
		c[13].optional(k.Subject)
		c[14].int(int64(len(k.Remove)))
		c[15].int(n)
		if k.Posted {
			p.int(n)
		}
		for j := range k.Entries {
			x := &k.Entries[j]
			h[0].int(n)
			h[1].int(int64(x.Seq))
			h[2].int(int64(x.At))
			h[3].int(int64(x.Kind))
			h[4].bytes(x.Salt[:])
			h[5].bytes(x.Body)
			h[6].bytes(x.Hash[:])
		}
		first := len(s[1].blobs)
		for j := range k.Seen {
			x := &k.Seen[j]
			digest := seenDigest(x.SeenID)
			if slices.ContainsFunc(s[1].blobs[first:], func(b []byte) bool { return bytes.Equal(b, digest[:]) }) {
				continue // of several the first is kept, and rows have no order
			}
			s[0].int(n)
			s[1].bytes(digest[:])
			s[2].bytes(x.Content[:])
			s[3].int(int64(x.Seq))
			s[4].int(int64(x.Verdict))
			s[5].int(int64(x.Reason))
		}
		for j := range k.Remove {
			x := &k.Remove[j]
			r[0].int(n)
			r[1].int(int64(x.ID.Seq))
			r[2].int(int64(x.ID.I))
			r[3].int(int64(x.Token))
		}
		for j := range k.Add {
			x := &k.Add[j]
			a[0].int(n)
			a[1].int(int64(x.ID.Seq))
			a[2].int(int64(x.ID.I))
			a[3].int(int64(x.Rank))
			a[4].int(int64(x.NotBefore))
			a[5].bytes([]byte(x.Target))
			a[6].bytes(x.Body)
		}
	}
	args := make([]any, 0, len(c)+len(h)+len(s)+len(r)+len(a)+1)
	for _, part := range [][]array{c[:], h[:], s[:], r[:], a[:]} {
		for i := range part {
			args = append(args, e.value(&part[i]))
		}
	}
	return append(args, e.value(&p))
}

func keyBytes(key string) []byte {
	if key == "" {
		return nil
	}
	return []byte(key)
}

// commitStatement writes a round. It locks the items whose leases must hold, so
// that no claim changes them meanwhile; moves the streams that stand where they
// must; makes those that are new, unless their key is open; and writes what
// else a commit has for those that were moved or made.
//
// Two nodes that make a stream of one key at once count the same ordinal, and
// the index lets one of them in.
const commitStatement = `
WITH c AS MATERIALIZED (
	SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bytea[], $6::bigint[], $7::bigint[], $8::bytea[],
		$9::smallint[], $10::smallint[], $11::bigint[], $12::bytea[], $13::bytea[], $14::bytea[], $15::bigint[], $16::int[])
	AS c (name, key, after_seq, after_at, after_hash, seq, at, hash, open, rank, due, document, state, subject, removes, n)
), held AS MATERIALIZED (
	SELECT r.n, i.stream, i.seq, i.i
	FROM unnest($30::int[], $31::bigint[], $32::int[], $33::bigint[]) AS r (n, seq, i, token)
	JOIN c ON c.n = r.n
	JOIN belfry_item i ON i.stream = c.name AND i.seq = r.seq AND i.i = r.i AND i.token = r.token
	ORDER BY i.stream, i.seq, i.i
	FOR UPDATE OF i
), fit AS MATERIALIZED (
	SELECT c.* FROM c WHERE c.removes = (SELECT count(*) FROM held h WHERE h.n = c.n)
), moved AS (
	UPDATE belfry_stream s SET seq = f.seq, at = f.at, hash = f.hash, open = f.open, rank = f.rank, due = f.due,
		document = f.document, state = f.state
	FROM fit f
	WHERE f.after_seq > 0 AND s.name = f.name AND s.seq = f.after_seq AND s.at = f.after_at AND s.hash = f.after_hash
		AND (s.open = 1 OR f.open = 0 OR s.key IS NULL)
	RETURNING s.id, f.n
), born AS (
	INSERT INTO belfry_stream (name, key, ordinal, seq, at, hash, open, rank, due, document, state)
	SELECT f.name, f.key, CASE WHEN f.key IS NULL THEN NULL ELSE coalesce(l.ordinal, 0) + 1 END,
		f.seq, f.at, f.hash, f.open, f.rank, f.due, f.document, f.state
	FROM fit f
	LEFT JOIN LATERAL (SELECT o.ordinal, o.open FROM belfry_stream o WHERE o.key = f.key ORDER BY o.ordinal DESC LIMIT 1) l ON true
	WHERE f.after_seq = 0 AND coalesce(l.open, 0) = 0
	ORDER BY f.n
	ON CONFLICT DO NOTHING
	RETURNING id, name
), done AS MATERIALIZED (
	SELECT id, n FROM moved UNION ALL SELECT b.id, c.n FROM born b JOIN c ON c.name = b.name
), entries AS (
	INSERT INTO belfry_entry (stream, seq, at, kind, salt, body, hash)
	SELECT d.id, e.seq, e.at, e.kind, e.salt, e.body, e.hash
	FROM unnest($17::int[], $18::bigint[], $19::bigint[], $20::smallint[], $21::bytea[], $22::bytea[], $23::bytea[])
		AS e (n, seq, at, kind, salt, body, hash)
	JOIN done d ON d.n = e.n
), subjects AS (
	INSERT INTO belfry_subject (stream, seq, body)
	SELECT d.id, c.seq, c.subject FROM c JOIN done d ON d.n = c.n WHERE c.subject IS NOT NULL
	ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq, body = excluded.body
), posted AS (
	INSERT INTO belfry_posted (stream, at) SELECT d.id, pg_current_xact_id() FROM done d WHERE d.n = ANY ($41::int[])
	ON CONFLICT (stream) DO UPDATE SET at = excluded.at
), seen AS (
	INSERT INTO belfry_seen (stream, digest, content, seq, verdict, reason)
	SELECT d.id, e.digest, e.content, e.seq, e.verdict, e.reason
	FROM unnest($24::int[], $25::bytea[], $26::bytea[], $27::bigint[], $28::smallint[], $29::smallint[])
		AS e (n, digest, content, seq, verdict, reason)
	JOIN done d ON d.n = e.n
	ON CONFLICT DO NOTHING
), removed AS (
	DELETE FROM belfry_item i USING held h JOIN done d ON d.n = h.n
	WHERE i.stream = h.stream AND i.seq = h.seq AND i.i = h.i
), added AS (
	INSERT INTO belfry_item (stream, seq, i, rank, not_before, target, body, attempt, first, token)
	SELECT c.name, a.seq, a.i, a.rank, a.not_before, a.target, a.body, 0, 9223372036854775807, 0
	FROM unnest($34::int[], $35::bigint[], $36::int[], $37::smallint[], $38::bigint[], $39::bytea[], $40::bytea[])
		AS a (n, seq, i, rank, not_before, target, body)
	JOIN done d ON d.n = a.n
	JOIN c ON c.n = a.n
)
SELECT n FROM done`

// explain sets the Err of commits that were refused, and leaves it nil where it
// finds no reason any more.
func (p *postgres) explain(ctx context.Context, refused []*store.Commit) error {
	var name, key, n, of, seq, i, token array
	for j, c := range refused {
		name.bytes([]byte(c.Stream))
		key.optional(keyBytes(c.Key))
		n.int(int64(j))
		for _, l := range c.Remove {
			of.int(int64(j))
			seq.int(int64(l.ID.Seq))
			i.int(int64(l.ID.I))
			token.int(int64(l.Token))
		}
	}
	rows, err := p.db.QueryContext(ctx, explainStatement,
		p.arrays.value(&name), p.arrays.value(&key), p.arrays.value(&n),
		p.arrays.value(&of), p.arrays.value(&seq), p.arrays.value(&i), p.arrays.value(&token))
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err and Scan have told
	for rows.Next() {
		var j, leases int
		var seq, at, open, other sql.NullInt64
		var hash []byte
		var keyed bool
		if err := rows.Scan(&j, &seq, &at, &hash, &open, &keyed, &other, &leases); err != nil {
			return err
		}
		c := refused[j]
		stands := store.Genesis(c.Stream)
		if seq.Valid {
			stands = store.Position{Seq: uint64(seq.Int64), At: policy.Instant(at.Int64)}
			copy(stands.Hash[:], hash)
		}
		switch {
		case stands != c.After:
			c.Err = conflict(c, stands)
		case seq.Valid && keyed && c.Open && open.Int64 == 0:
			c.Err = fmt.Errorf("%w: %q was closed", store.ErrKeyOpen, c.Stream)
		case !seq.Valid && other.Int64 == 1:
			c.Err = fmt.Errorf("%w: %q is open in another stream", store.ErrKeyOpen, c.Key)
		case leases < len(c.Remove):
			c.Err = fmt.Errorf("%w: %d of %d items that %q removes are gone or have another token",
				store.ErrLease, len(c.Remove)-leases, len(c.Remove), c.Stream)
		}
	}
	return rows.Err()
}

const explainStatement = `
SELECT c.n, s.seq, s.at, s.hash, s.open, s.key IS NOT NULL,
	(SELECT o.open FROM belfry_stream o WHERE o.key = c.key ORDER BY o.ordinal DESC LIMIT 1),
	(SELECT count(*) FROM unnest($4::int[], $5::bigint[], $6::int[], $7::bigint[]) AS r (n, seq, i, token)
		JOIN belfry_item i ON i.stream = c.name AND i.seq = r.seq AND i.i = r.i AND i.token = r.token WHERE r.n = c.n)
FROM unnest($1::bytea[], $2::bytea[], $3::int[]) AS c (name, key, n)
LEFT JOIN belfry_stream s ON s.name = c.name`
