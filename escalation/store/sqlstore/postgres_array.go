package sqlstore

import (
	"encoding/hex"
	"strconv"
)

// array writes a PostgreSQL array as text, which every driver can send: a batch
// goes to the server as columns, not as rows.
type array struct{ b []byte }

func (a *array) begin() {
	if len(a.b) == 0 {
		a.b = append(a.b, '{')
		return
	}
	a.b = append(a.b, ',')
}

func (a *array) int(n int64) {
	a.begin()
	a.b = strconv.AppendInt(a.b, n, 10)
}

// bytes appends a byte string; nil is an empty one.
func (a *array) bytes(s []byte) {
	a.begin()
	a.b = append(a.b, `"\\x`...)
	a.b = hex.AppendEncode(a.b, s)
	a.b = append(a.b, '"')
}

func (a *array) null() {
	a.begin()
	a.b = append(a.b, "NULL"...)
}

// optional appends a byte string; nil is null.
func (a *array) optional(s []byte) {
	if s == nil {
		a.null()
		return
	}
	a.bytes(s)
}

// text is the array.
func (a *array) text() string {
	if len(a.b) == 0 {
		return "{}"
	}
	return string(append(a.b, '}'))
}
