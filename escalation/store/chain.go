package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// Hash is a SHA-256.
type Hash [sha256.Size]byte

// String is the hash in hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Salt hides what a sum is of. It must be random, not derived, or what was
// erased could be guessed.
type Salt [16]byte

// Entry is one entry of a stream's history: a record, whose body the store does
// not look into, in its chain.
type Entry struct {
	Seq  uint64 // from 1, without gaps
	At   policy.Instant
	Kind escalation.EventKind
	Salt Salt
	Body []byte
	// Erased: Salt and Body were erased, and Sum is what is left of them. Else
	// Sum may be zero: it follows from them.
	Erased bool
	Sum    Hash
	Hash   Hash // of this entry and so of all before it
}

// Position returns where a stream stands whose last entry this is.
func (e *Entry) Position() Position { return Position{Seq: e.Seq, At: e.At, Hash: e.Hash} }

// Position is where a stream stands: number, instant and hash of its last
// entry.
type Position struct {
	Seq  uint64
	At   policy.Instant
	Hash Hash
}

// The first byte of what is hashed says what it is, so that nothing of one kind
// can pass for another.
const (
	sumPrefix     = 0
	linkPrefix    = 1
	genesisPrefix = 2
)

// linkSize is the length of what an entry's hash is of.
const linkSize = 1 + sha256.Size + 8 + 8 + 1 + sha256.Size

// Genesis is the position of a stream without entries. Its hash is
//
//	SHA-256( 0x02 ‖ stream's name )
//
// so that one stream's history cannot pass for another's.
func Genesis(stream string) Position {
	var buf [256]byte
	b := append(append(buf[:0], genesisPrefix), stream...)
	return Position{At: math.MinInt64, Hash: sha256.Sum256(b)}
}

// Link appends e to the stream that stands at p: it sets e's Seq, Sum and Hash
// from e's At, Kind, Salt and Body, and moves p to it. scratch is memory for
// it, which is returned for the next call; nil will do.
//
// The layout is fixed for ever. Integers are big-endian, an instant is two's
// complement, the kind is its number:
//
//	Sum  = SHA-256( 0x00 ‖ Salt(16) ‖ Body )
//	Hash = SHA-256( 0x01 ‖ Hash of the previous entry(32) ‖ Seq(8) ‖ At(8) ‖ Kind(1) ‖ Sum(32) )
func (p *Position) Link(e *Entry, scratch []byte) []byte {
	e.Seq = p.Seq + 1
	e.Sum, scratch = sum(e, scratch)
	e.Hash = p.next(e)
	*p = e.Position()
	return scratch
}

// sum is the sum of e's salt and body.
func sum(e *Entry, scratch []byte) (Hash, []byte) {
	b := scratch[:0]
	b = append(b, sumPrefix)
	b = append(b, e.Salt[:]...)
	b = append(b, e.Body...)
	return sha256.Sum256(b), b
}

// next is the hash of e behind p, by e's Sum.
func (p *Position) next(e *Entry) Hash {
	var b [linkSize]byte
	b[0] = linkPrefix
	n := 1 + copy(b[1:], p.Hash[:])
	binary.BigEndian.PutUint64(b[n:], e.Seq)
	binary.BigEndian.PutUint64(b[n+8:], uint64(e.At))
	b[n+16] = byte(e.Kind)
	copy(b[n+17:], e.Sum[:])
	return sha256.Sum256(b[:])
}
