package kvstore

import (
	"encoding/binary"
	"math"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// record is what is kept of a stream in its one value: everything, but the
// older part of its history, which was sealed into chunks.
type record struct {
	store.Snapshot
	ordinal uint64 // counts the streams of the key, from 1; 0: no key
	change  uint64 // counts the commits to posted streams, from 1; 0: it is none
	items   []store.Item

	// tail is the lines that are not sealed, encoded. Those before them are in
	// the chunks from number first up to chunks; those up to base are forgotten.
	// Chunks from gone up to first may still be there, and are to be deleted.
	tail                []byte
	gone, first, chunks uint64
	base                store.Position

	parts parts // where the value is, if it is too long for one
}

// newRecord returns what there is of a stream before its first commit.
func newRecord(name, key string) *record {
	return &record{
		Snapshot: store.Snapshot{Stream: name, Key: key, Position: store.Genesis(name), Due: policy.Never},
		base:     store.Genesis(name),
	}
}

const flagOpen = 1

func (r *record) encode() []byte {
	b := make([]byte, 0, 512+len(r.State)+len(r.Subject)+len(r.tail))
	b = appendText(b, r.Stream)
	b = appendText(b, r.Key)
	b = binary.AppendUvarint(b, r.ordinal)
	b = binary.AppendUvarint(b, r.change)
	b = appendPosition(b, &r.Position)
	flags := uint64(0)
	if r.Open {
		flags |= flagOpen
	}
	b = binary.AppendUvarint(b, flags)
	b = binary.AppendUvarint(b, uint64(r.Rank))
	b = binary.AppendVarint(b, int64(r.Due))
	b = append(b, r.Document[:]...)
	b = appendText(b, r.State)
	b = appendText(b, r.Subject)
	b = binary.AppendUvarint(b, r.SubjectSeq)
	b = binary.AppendUvarint(b, uint64(len(r.items)))
	for i := range r.items {
		b = appendItem(b, &r.items[i])
	}
	b = appendPosition(b, &r.base)
	b = binary.AppendUvarint(b, r.gone)
	b = binary.AppendUvarint(b, r.first)
	b = binary.AppendUvarint(b, r.chunks)
	return appendText(b, r.tail)
}

// decodeRecord reads what encode wrote; what it returns shares b's memory.
func decodeRecord(b []byte) (*record, error) {
	d := decoder{rest: b}
	r := &record{}
	r.Stream, r.Key = d.text(), d.text()
	r.ordinal, r.change = d.uvarint(), d.uvarint()
	r.Position = d.position()
	r.Open = d.uvarint()&flagOpen != 0
	r.Rank = uint8(d.within(store.MaxRank))
	r.Due = policy.Instant(d.varint())
	d.fixed(r.Document[:])
	r.State, r.Subject = d.bytes(), d.bytes()
	r.SubjectSeq = d.uvarint()
	r.items = make([]store.Item, d.length())
	for i := range r.items {
		d.item(&r.items[i])
		r.items[i].Stream = r.Stream
	}
	r.base = d.position()
	r.gone, r.first, r.chunks = d.uvarint(), d.uvarint(), d.uvarint()
	r.tail = d.bytes()
	if d.err == nil && len(d.rest) > 0 {
		d.fail()
	}
	return r, d.err
}

func appendPosition(b []byte, p *store.Position) []byte {
	b = binary.AppendUvarint(b, p.Seq)
	b = binary.AppendVarint(b, int64(p.At))
	return append(b, p.Hash[:]...)
}

func (d *decoder) position() store.Position {
	p := store.Position{Seq: d.uvarint(), At: policy.Instant(d.varint())}
	d.fixed(p.Hash[:])
	return p
}

func appendItem(b []byte, it *store.Item) []byte {
	b = binary.AppendUvarint(b, it.ID.Seq)
	b = binary.AppendUvarint(b, uint64(it.ID.I))
	b = binary.AppendUvarint(b, uint64(it.Rank))
	b = binary.AppendVarint(b, int64(it.NotBefore))
	b = appendText(b, it.Target)
	b = appendText(b, it.Body)
	b = binary.AppendVarint(b, int64(it.Attempt))
	b = binary.AppendVarint(b, int64(it.First))
	return binary.AppendUvarint(b, it.Token)
}

func (d *decoder) item(it *store.Item) {
	it.ID.Seq, it.ID.I = d.uvarint(), uint16(d.within(math.MaxUint16))
	it.Rank = uint8(d.within(store.MaxRank))
	it.NotBefore = policy.Instant(d.varint())
	it.Target, it.Body = d.text(), d.bytes()
	it.Attempt, it.First = int(d.varint()), policy.Instant(d.varint())
	it.Token = d.uvarint()
}
