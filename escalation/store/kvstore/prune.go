package kvstore

import (
	"context"
	"maps"
	"slices"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// Prune implements [store.Pruner]. A stream costs two puts, and a delete for
// each chunk of its history.
func (s *Store) Prune(ctx context.Context, before policy.Instant, limit int) (n int, err error) {
	if err := s.enter(ctx); err != nil {
		return 0, err
	}
	defer s.leave()
	for _, name := range slices.Sorted(maps.Keys(s.index.streams)) {
		if n >= limit {
			break
		}
		k := s.index.streams[name]
		if k.open || k.due.Known() || len(k.items) > 0 || k.at >= before {
			continue
		}
		last := s.index.last[k.key]
		goes := last != nil && last != k && k.change == 0
		if k.cut && !goes {
			continue
		}
		if err := s.prune(ctx, name, goes); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// prune cuts a stream's history, and drops the stream if it goes whole. A crash
// in between leaves it for the next Prune to go on with.
func (s *Store) prune(ctx context.Context, name string, goes bool) error {
	r, err := s.load(ctx, s.kv, name)
	if err != nil {
		return err
	}
	if r == nil { // an earlier attempt was done after all
		s.index.drop(name)
		return nil
	}
	if r.base.Seq < r.Seq {
		r.base, r.tail, r.first = r.Position, nil, r.chunks
		if err := s.write(ctx, func(kv Storage) error { return s.save(ctx, kv, r) }); err != nil {
			return err
		}
	}
	from := r.gone
	err = s.write(ctx, func(kv Storage) error {
		for n := from; n < r.first; n++ {
			if err := s.dropChunk(ctx, kv, historyKind+chunkID(name, n)); err != nil {
				return err
			}
		}
		r.gone = r.first
		if !goes {
			return s.save(ctx, kv, r)
		}
		return s.drop(ctx, kv, r)
	})
	if err == nil && goes {
		s.index.drop(name)
	} else if err == nil {
		s.index.streams[name].seen = sealedSeen{}
	}
	return err
}

// dropChunk deletes a chunk and its parts.
func (s *Store) dropChunk(ctx context.Context, kv Storage, key string) error {
	_, p, err := s.get(ctx, kv, key)
	if err != nil {
		return err
	}
	if err := kv.Delete(ctx, key); err != nil {
		return &Error{Op: "delete", Key: key, Err: err}
	}
	return tidy(ctx, kv, key, p)
}

// drop deletes a stream whose history is gone.
func (s *Store) drop(ctx context.Context, kv Storage, r *record) error {
	key := streamKind + streamID(r.Stream)
	s.doubts[r.Stream] = struct{}{} // until it is known to be gone
	if err := kv.Delete(ctx, key); err != nil {
		return &Error{Op: "delete", Key: key, Err: err}
	}
	if err := tidy(ctx, kv, key, r.parts); err != nil {
		return err
	}
	delete(s.doubts, r.Stream)
	return nil
}

// Base implements [store.Pruner].
func (s *Store) Base(ctx context.Context, stream string) (store.Position, error) {
	if err := s.enter(ctx); err != nil {
		return store.Position{}, err
	}
	defer s.leave()
	r, err := s.load(ctx, s.kv, stream)
	if err != nil {
		return store.Position{}, err
	}
	if r == nil {
		return store.Position{}, notFound("stream", stream)
	}
	return r.base, nil
}
