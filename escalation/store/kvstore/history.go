package kvstore

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"iter"
	"slices"

	"github.com/belfry-go/belfry/escalation/store"
)

// sealTail moves a tail that has become long into a chunk. It does so before
// the next commit, and not with the one that made it long: what is in a chunk is
// durable already, so that a commit that fails, and is made otherwise, seals
// the same.
func (s *Store) sealTail(ctx context.Context, kv Storage, r *record) error {
	if len(r.tail) < s.sealAt {
		return nil
	}
	if _, err := s.put(ctx, kv, historyKind+chunkID(r.Stream, r.chunks), slices.Clone(r.tail)); err != nil {
		return err
	}
	r.chunks++
	r.tail = nil
	return nil
}

// chunk reads sealed lines.
func (s *Store) chunk(ctx context.Context, kv Storage, r *record, n uint64) ([]byte, parts, error) {
	key := historyKind + chunkID(r.Stream, n)
	lines, p, err := s.get(ctx, kv, key)
	if err == nil && lines == nil {
		err = corrupt(key, "it is missing")
	}
	return lines, p, err
}

// firstSeq is the number of the first entry of lines.
func firstSeq(lines []byte) uint64 {
	d := decoder{rest: lines}
	return d.uvarint()
}

// find returns the number of the chunk that holds entry from, or of the first
// that is kept; r.chunks: it is in the tail.
func (s *Store) find(ctx context.Context, r *record, from uint64) (uint64, error) {
	if from <= r.base.Seq+1 {
		return r.first, nil
	}
	if len(r.tail) > 0 && from >= firstSeq(r.tail) || from > r.Seq {
		return r.chunks, nil
	}
	low, high := r.first, r.chunks // it is behind the beginning of low, and not of high
	for high-low > 1 {
		middle := low + (high-low)/2
		lines, _, err := s.chunk(ctx, s.kv, r, middle)
		if err != nil {
			return 0, err
		}
		if firstSeq(lines) <= from {
			low = middle
		} else {
			high = middle
		}
	}
	return low, nil
}

// History implements [store.Store].
func (s *Store) History(ctx context.Context, stream string, from uint64) iter.Seq2[store.Entry, error] {
	return func(yield func(store.Entry, error) bool) {
		r, at, err := s.begins(ctx, stream, from)
		if err != nil {
			yield(store.Entry{}, err)
			return
		}
		if r == nil {
			return
		}
		for ; at < r.chunks; at++ {
			lines, err := s.readChunk(ctx, r, at)
			if err != nil {
				yield(store.Entry{}, err)
				return
			}
			if !yieldLines(historyKind+chunkID(stream, at), lines, from, yield) {
				return
			}
		}
		yieldLines(streamKind+streamID(stream), r.tail, from, yield)
	}
}

// begins returns a stream's record, and the chunk that its history from number
// from on begins in.
func (s *Store) begins(ctx context.Context, stream string, from uint64) (*record, uint64, error) {
	if err := s.enter(ctx); err != nil {
		return nil, 0, err
	}
	defer s.leave()
	r, err := s.load(ctx, s.kv, stream)
	if err != nil || r == nil {
		return nil, 0, err
	}
	at, err := s.find(ctx, r, from)
	return r, at, err
}

// readChunk reads a chunk. The loop over a history holds no lock, and the chunk
// may have been pruned since it began: then there is nothing in it.
func (s *Store) readChunk(ctx context.Context, r *record, n uint64) ([]byte, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	now, err := s.load(ctx, s.kv, r.Stream)
	if err != nil || now == nil || n < now.first {
		return nil, err
	}
	lines, _, err := s.chunk(ctx, s.kv, r, n)
	return lines, err
}

// yieldLines yields the entries from number from on. False: the loop has ended.
func yieldLines(key string, lines []byte, from uint64, yield func(store.Entry, error) bool) bool {
	d := decoder{rest: lines}
	for l := (line{}); d.line(&l); {
		if l.Seq >= from && !yield(l.Entry, nil) {
			return false
		}
	}
	if d.err != nil {
		yield(store.Entry{}, corrupt(key, "%w", d.err))
		return false
	}
	return true
}

// Streams implements [store.Store].
func (s *Store) Streams(ctx context.Context, q store.StreamQuery) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		if err := s.enter(ctx); err != nil {
			yield("", err)
			return
		}
		names := s.index.names(q)
		s.leave()
		for _, name := range names {
			if err := ctx.Err(); err != nil {
				yield("", err)
				return
			}
			if !yield(name, nil) {
				return
			}
		}
	}
}

// Changes implements [store.Changer].
func (s *Store) Changes(ctx context.Context, since uint64) ([]store.Change, uint64, error) {
	if err := s.enter(ctx); err != nil {
		return nil, 0, err
	}
	defer s.leave()
	var list []store.Change
	for k := range s.index.changes.from(&known{change: since + 1}) {
		list = append(list, store.Change{Stream: k.name, Seq: k.seq})
	}
	return list, s.index.change, nil
}

// Erase implements [store.Eraser]. What is erased is gone from the values; what
// the storage keeps of former values ends with its own housekeeping.
func (s *Store) Erase(ctx context.Context, stream string, to uint64) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	err := s.write(ctx, func(kv Storage) error { return s.erase(ctx, kv, stream, to) })
	if err != nil {
		return err
	}
	// A crash may have left parts of what was to be erased.
	for _, kind := range []string{historyKind, streamKind} {
		if err := s.sweep(ctx, kind[:len(kind)-1]+"."+streamID(stream)); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) erase(ctx context.Context, kv Storage, stream string, to uint64) error {
	r, err := s.load(ctx, kv, stream)
	if err != nil {
		return err
	}
	if r == nil {
		return notFound("stream", stream)
	}
	for n := r.first; n < r.chunks; n++ {
		lines, was, err := s.chunk(ctx, kv, r, n)
		if err != nil {
			return err
		}
		if firstSeq(lines) > to {
			return nil
		}
		key := historyKind + chunkID(stream, n)
		erased, changed, err := erase(lines, to)
		if err != nil {
			return corrupt(key, "%w", err)
		}
		if !changed {
			continue
		}
		if _, err := s.put(ctx, kv, key, erased); err != nil {
			return err
		}
		if err := tidy(ctx, kv, key, was); err != nil {
			return err
		}
	}
	erased, changed, err := erase(r.tail, to)
	if err != nil {
		return corrupt(streamKind+streamID(stream), "%w", err)
	}
	if !changed {
		return nil
	}
	r.tail = erased
	return s.save(ctx, kv, r)
}

// sealedSeen finds the event ids of a stream in its sealed history. It is made
// when it is first asked for: most streams are short and have nothing sealed.
type sealedSeen struct {
	chunks map[seenKey]uint64
	upTo   uint64 // the first chunk that is not in it
}

type seenKey [16]byte

func seenKeyOf(id store.SeenID) seenKey {
	b := appendText(nil, id.Author)
	b = binary.AppendUvarint(b, uint64(id.Kind))
	sum := sha256.Sum256(append(b, id.ID...))
	return seenKey(sum[:16])
}

// Seen implements [store.Store].
func (s *Store) Seen(ctx context.Context, stream string, id store.SeenID) (store.Seen, error) {
	if err := s.enter(ctx); err != nil {
		return store.Seen{}, err
	}
	defer s.leave()
	r, err := s.load(ctx, s.kv, stream)
	if err != nil {
		return store.Seen{}, err
	}
	if r == nil {
		return store.Seen{}, notFound("event id", id.ID)
	}
	lines, err := s.seenIn(ctx, r, id)
	if err != nil {
		return store.Seen{}, err
	}
	d := decoder{rest: lines}
	for l := (line{}); d.line(&l); {
		for _, seen := range l.seen {
			if seen.SeenID == id {
				return seen, nil
			}
		}
	}
	if d.err != nil {
		return store.Seen{}, corrupt(streamKind+streamID(stream), "%w", d.err)
	}
	return store.Seen{}, notFound("event id", id.ID)
}

// seenIn returns the lines in which an event id was first committed, if it was.
func (s *Store) seenIn(ctx context.Context, r *record, id store.SeenID) ([]byte, error) {
	if r.first == r.chunks {
		return r.tail, nil
	}
	known := &s.index.streams[r.Stream].seen // load has made it known
	if known.chunks == nil {
		*known = sealedSeen{chunks: map[seenKey]uint64{}, upTo: r.first}
	}
	for ; known.upTo < r.chunks; known.upTo++ {
		lines, _, err := s.chunk(ctx, s.kv, r, known.upTo)
		if err != nil {
			return nil, err
		}
		d := decoder{rest: lines}
		for l := (line{}); d.line(&l); {
			for _, seen := range l.seen {
				key := seenKeyOf(seen.SeenID)
				if _, ok := known.chunks[key]; !ok {
					known.chunks[key] = known.upTo
				}
			}
		}
	}
	n, ok := known.chunks[seenKeyOf(id)]
	if !ok {
		return r.tail, nil
	}
	lines, _, err := s.chunk(ctx, s.kv, r, n)
	return lines, err
}
