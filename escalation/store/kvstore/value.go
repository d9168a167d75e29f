package kvstore

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"strings"

	"github.com/belfry-go/belfry/policy"
)

// The kinds of keys.
const (
	streamKind   = "stream/"   // a stream's record
	historyKind  = "history/"  // a chunk of lines
	documentKind = "document/" // a policy document
	partKind     = "part/"     // a piece of a value that is too long for one
	storeKey     = "meta/store"
	writerKey    = "meta/writer"
)

// A stream's name may hold any bytes, and be long; a key holds its SHA-256.
func streamID(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:])
}

func chunkID(stream string, n uint64) string { return fmt.Sprintf("%s.%08x", streamID(stream), n) }

func documentID(d policy.Digest) string { return hex.EncodeToString(d[:]) }

// A value is a byte that says what it is, what it holds, and a checksum of
// both: a storage that tears or mixes up values is found out.
const (
	valueWhole = 1 // a payload
	valueParts = 2 // the parts in which the payload is
	valueClose = 4 // length of the checksum
)

// parts is where a payload is that is too long for one value: under part/, the
// kind and the name of its key, a random number, and the number of the piece.
// They are written before the value that leads to them, and never changed.
type parts struct {
	rev   uint64 // 0: there are none
	n     uint64
	total uint64
}

func partKey(key string, rev, i uint64) string {
	return fmt.Sprintf("%s%s.%016x.%06x", partKind, strings.Replace(key, "/", ".", 1), rev, i)
}

// partOwner returns the key that a part was written for, and its number.
func partOwner(name string) (key, rev string, ok bool) {
	fields := strings.Split(name, ".")
	if len(fields) < 4 {
		return "", "", false
	}
	rev = fields[len(fields)-2]
	return fields[0] + "/" + strings.Join(fields[1:len(fields)-2], "."), rev, true
}

func castagnoli() *crc32.Table { return crc32.MakeTable(crc32.Castagnoli) }

// seal puts a payload into a value.
func seal(kind byte, payload []byte) []byte {
	b := make([]byte, 0, 1+len(payload)+valueClose)
	b = append(append(b, kind), payload...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli()))
}

// unseal takes a payload out of a value.
func unseal(key string, value []byte) (kind byte, payload []byte, err error) {
	n := len(value) - valueClose
	if n < 1 || crc32.Checksum(value[:n], castagnoli()) != binary.BigEndian.Uint32(value[n:]) {
		return 0, nil, corrupt(key, "the checksum of its %d bytes does not fit", len(value))
	}
	return value[0], value[1:n:n], nil
}

// get reads a payload; nil without an error when there is none. The parts it
// came in are returned, too.
func (s *Store) get(ctx context.Context, kv Storage, key string) ([]byte, parts, error) {
	value, err := kv.Get(ctx, key)
	if err != nil {
		return nil, parts{}, &Error{Op: "get", Key: key, Err: err}
	}
	if value == nil {
		return nil, parts{}, nil
	}
	kind, payload, err := unseal(key, value)
	switch {
	case err != nil:
		return nil, parts{}, err
	case kind == valueWhole:
		return payload, parts{}, nil
	case kind != valueParts:
		return nil, parts{}, corrupt(key, "it is of the unknown kind %d", kind)
	}
	d := decoder{rest: payload}
	p := parts{rev: d.uvarint(), n: d.uvarint(), total: d.uvarint()}
	if d.err != nil {
		return nil, p, corrupt(key, "%w", d.err)
	}
	payload, err = s.join(ctx, kv, key, p)
	return payload, p, err
}

// join reads the parts of a payload.
func (s *Store) join(ctx context.Context, kv Storage, key string, p parts) ([]byte, error) {
	var payload []byte
	for i := range p.n {
		at := partKey(key, p.rev, i)
		value, err := kv.Get(ctx, at)
		if err != nil {
			return nil, &Error{Op: "get", Key: at, Err: err}
		}
		if value == nil {
			return nil, corrupt(at, "it is missing")
		}
		_, part, err := unseal(at, value)
		if err != nil {
			return nil, err
		}
		payload = append(payload, part...)
	}
	if uint64(len(payload)) != p.total {
		return nil, corrupt(key, "its parts have %d bytes together, not %d", len(payload), p.total)
	}
	return payload, nil
}

// put writes a payload: as one value, or in parts, and then the value that leads
// to them. Until that last one is written there is what was there before.
func (s *Store) put(ctx context.Context, kv Storage, key string, payload []byte) (parts, error) {
	room := s.maxValue - 1 - valueClose
	if len(payload) <= room {
		return parts{}, putValue(ctx, kv, key, seal(valueWhole, payload))
	}
	p := parts{rev: newRev(), total: uint64(len(payload))}
	for len(payload) > 0 {
		n := min(room, len(payload))
		if err := putValue(ctx, kv, partKey(key, p.rev, p.n), seal(valueWhole, payload[:n])); err != nil {
			return p, err
		}
		payload = payload[n:]
		p.n++
	}
	b := binary.AppendUvarint(nil, p.rev)
	b = binary.AppendUvarint(b, p.n)
	b = binary.AppendUvarint(b, p.total)
	return p, putValue(ctx, kv, key, seal(valueParts, b))
}

func putValue(ctx context.Context, kv Storage, key string, value []byte) error {
	if err := kv.Put(ctx, key, value); err != nil {
		return &Error{Op: "put", Key: key, Err: err}
	}
	return nil
}

// newRev returns a number that no attempt before had, so that what is left of
// one is never taken for another's.
func newRev() uint64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // it does not fail
	return binary.BigEndian.Uint64(b[:]) | 1
}

// tidy deletes the parts of a payload that was replaced. What cannot be deleted
// now is found by the next Open.
func tidy(ctx context.Context, kv Storage, key string, p parts) error {
	var errs []error
	for i := range p.n {
		if err := kv.Delete(ctx, partKey(key, p.rev, i)); err != nil {
			errs = append(errs, &Error{Op: "delete", Key: partKey(key, p.rev, i), Err: err})
		}
	}
	return errors.Join(errs...)
}
