package sqlstore

import (
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"fmt"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// seenDigest is what an event id is found by: of one size, however long its
// parts are, which an index may not like.
func seenDigest(id store.SeenID) [sha256.Size]byte {
	var buf [256]byte
	b := binary.AppendUvarint(buf[:0], uint64(len(id.Author)))
	b = append(b, id.Author...)
	b = append(b, byte(id.Kind))
	b = append(b, id.ID...)
	return sha256.Sum256(b)
}

// sumOf is the sum of an entry that has its salt and body.
func sumOf(e *store.Entry) store.Hash {
	var at store.Position
	twin := *e
	at.Link(&twin, nil)
	return twin.Sum
}

// entryColumns are what scanEntry reads, of e.
const entryColumns = `e.seq, e.at, e.kind, e.salt, e.body, e.sum, e.hash`

// scanEntry reads a row of entryColumns, with more columns before them.
func scanEntry(rows *sql.Rows, e *store.Entry, before ...any) error {
	var salt, sum, hash sql.RawBytes
	var seq, at int64
	var body []byte
	var kind uint8
	if err := rows.Scan(append(before, &seq, &at, &kind, &salt, &body, &sum, &hash)...); err != nil {
		return err
	}
	*e = store.Entry{Seq: uint64(seq), At: policy.Instant(at), Kind: escalation.EventKind(kind), Erased: len(sum) > 0}
	if len(hash) != len(e.Hash) || !e.Erased && len(salt) != len(e.Salt) || e.Erased && len(sum) != len(e.Sum) {
		return fmt.Errorf("%w: entry %d has a hash of %d bytes, a salt of %d and a sum of %d", ErrCorrupt, seq, len(hash), len(salt), len(sum))
	}
	copy(e.Hash[:], hash)
	if e.Erased {
		copy(e.Sum[:], sum)
		return nil
	}
	copy(e.Salt[:], salt)
	e.Body = body
	return nil
}

// itemColumns are what scanItem reads, of i.
const itemColumns = `i.stream, i.seq, i.i, i.rank, i.not_before, i.target, i.body, i.attempt, i.first, i.token`

// scanItem reads a row of itemColumns, with more columns before them.
func scanItem(rows *sql.Rows, it *store.Item, before ...any) error {
	var stream, target sql.RawBytes
	var seq, notBefore, first, token int64
	if err := rows.Scan(append(before, &stream, &seq, &it.ID.I, &it.Rank, &notBefore, &target, &it.Body, &it.Attempt, &first, &token)...); err != nil {
		return err
	}
	it.Stream, it.Target = string(stream), string(target)
	it.ID.Seq, it.Token = uint64(seq), uint64(token)
	it.NotBefore, it.First = policy.Instant(notBefore), policy.Instant(first)
	return nil
}
