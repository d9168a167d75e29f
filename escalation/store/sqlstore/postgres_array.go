package sqlstore

import (
	"context"
	"database/sql"
	"encoding/hex"
	"strconv"
)

// array is a PostgreSQL array of numbers or of byte strings: a batch goes to the
// server as columns, not as rows.
type array struct {
	ints  []int64
	blobs [][]byte // nil: null
}

func (a *array) int(n int64) { a.ints = append(a.ints, n) }

// bytes appends a byte string; nil is an empty one. It is not copied.
func (a *array) bytes(s []byte) {
	if s == nil {
		s = []byte{}
	}
	a.blobs = append(a.blobs, s)
}

// optional appends a byte string; nil is null.
func (a *array) optional(s []byte) { a.blobs = append(a.blobs, s) }

// encoding is how arrays go to the server.
type encoding bool

const (
	asText   encoding = false // which every driver can send
	asSlices encoding = true  // for drivers that know arrays, and send them as they are
)

// probe finds out how db's driver wants its arrays.
func probe(ctx context.Context, tx *sql.Tx) (encoding, error) {
	// What the driver refuses, it refuses before the server hears of it; but a
	// server that hears of it must not end the transaction.
	if _, err := tx.ExecContext(ctx, "SAVEPOINT arrays"); err != nil {
		return asText, err
	}
	var n int
	err := tx.QueryRowContext(ctx, `SELECT count(*) FROM unnest($1::bytea[], $2::smallint[]) a (b, i)
		WHERE b IS NULL AND i = 1 OR b = '\x00ff'::bytea AND i = -2`, [][]byte{nil, {0, 0xff}}, []int64{1, -2}).Scan(&n)
	if err == nil && n == 2 {
		_, err = tx.ExecContext(ctx, "RELEASE arrays")
		return asSlices, err
	}
	_, err = tx.ExecContext(ctx, "ROLLBACK TO arrays")
	return asText, err
}

// value is the array as an argument of a statement. What has no element is
// null, of which unnest makes as much.
func (e encoding) value(a *array) any {
	switch {
	case len(a.ints) == 0 && len(a.blobs) == 0:
		return nil
	case e == asText:
		return a.text()
	case a.ints != nil:
		return a.ints
	}
	return a.blobs
}

// text is the array in PostgreSQL's own writing.
func (a *array) text() string {
	b := []byte{'{'}
	for i, n := range a.ints {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, n, 10)
	}
	for i, s := range a.blobs {
		if i > 0 {
			b = append(b, ',')
		}
		if s == nil {
			b = append(b, "NULL"...)
			continue
		}
		b = append(b, `"\\x`...)
		b = hex.AppendEncode(b, s)
		b = append(b, '"')
	}
	return string(append(b, '}'))
}
