package kvstore

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// Store is a store in a key-value storage. It is made by [Open].
type Store struct {
	kv        Storage
	tx        Transactor // kv, if it is one
	maxValue  int
	sealAt    int
	namespace string
	writer    []byte // what stands under writerKey while this one may write

	lock    chan struct{} // holds one while somebody works on what is below
	index   *index
	doubts  map[string]struct{} // streams whose last write has an unknown outcome
	touched map[string]struct{} // streams that the transaction has written
	deposed error
}

var (
	_ store.Store   = (*Store)(nil)
	_ store.Eraser  = (*Store)(nil)
	_ store.Changer = (*Store)(nil)
	_ store.Pruner  = (*Store)(nil)
)

// enter waits for its turn, and for what is in doubt to be read again.
func (s *Store) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case s.lock <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	err := s.deposed
	if err == nil {
		err = s.clear(ctx)
	}
	if err != nil {
		s.leave()
	}
	return err
}

func (s *Store) leave() { <-s.lock }

// clear reads the streams that are in doubt.
func (s *Store) clear(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(s.doubts)) {
		if err := s.reread(ctx, s.kv, name); err != nil {
			return err
		}
		delete(s.doubts, name)
	}
	return nil
}

// reread makes what is known of a stream what is written.
func (s *Store) reread(ctx context.Context, kv Storage, name string) error {
	r, err := s.load(ctx, kv, name)
	switch {
	case err != nil:
		return err
	case r == nil:
		s.index.drop(name)
	default:
		s.index.put(r)
	}
	return nil
}

// write lets do write, in one piece where the storage can, and as long as this
// is the store that writes.
func (s *Store) write(ctx context.Context, do func(kv Storage) error) error {
	if s.tx == nil {
		if err := s.checkWriter(ctx, s.kv); err != nil {
			return err
		}
		return do(s.kv)
	}
	clear(s.touched)
	err := s.tx.Transact(ctx, func(kv Storage) error {
		// What an earlier try has written is not there.
		for _, name := range slices.Sorted(maps.Keys(s.touched)) {
			if err := s.reread(ctx, kv, name); err != nil {
				return err
			}
		}
		if err := s.checkWriter(ctx, kv); err != nil {
			return err
		}
		return do(kv)
	})
	if err != nil {
		maps.Copy(s.doubts, s.touched)
	}
	return err
}

// checkWriter finds out whether another store was opened.
func (s *Store) checkWriter(ctx context.Context, kv Storage) error {
	value, _, err := s.get(ctx, kv, writerKey)
	if err != nil {
		return err
	}
	if !bytes.Equal(value, s.writer) {
		s.deposed = &Error{Op: "write", Key: writerKey, Is: ErrWriter}
	}
	return s.deposed
}

// load reads a stream's record; nil without an error when there is none.
func (s *Store) load(ctx context.Context, kv Storage, name string) (*record, error) {
	r, err := s.loadID(ctx, kv, streamID(name))
	if r == nil || err != nil {
		return nil, err
	}
	if r.Stream != name {
		return nil, corrupt(streamKind+streamID(name), "it is of stream %q, not of %q", r.Stream, name)
	}
	if k := s.index.streams[name]; k == nil || k.seq != r.Seq {
		s.index.put(r) // another has written
	}
	return r, nil
}

func (s *Store) loadID(ctx context.Context, kv Storage, id string) (*record, error) {
	key := streamKind + id
	payload, p, err := s.get(ctx, kv, key)
	if err != nil || payload == nil {
		return nil, err
	}
	r, err := decodeRecord(payload)
	if err != nil {
		return nil, corrupt(key, "%w", err)
	}
	r.parts = p
	return r, nil
}

// save writes a stream's record.
func (s *Store) save(ctx context.Context, kv Storage, r *record) error {
	key := streamKind + streamID(r.Stream)
	if s.tx != nil {
		s.touched[r.Stream] = struct{}{}
	}
	p, err := s.put(ctx, kv, key, r.encode())
	if err != nil {
		s.doubts[r.Stream] = struct{}{}
		return err
	}
	_ = tidy(ctx, kv, key, r.parts) // the next Open finds them
	r.parts = p
	s.index.put(r)
	return nil
}

// Namespace implements [store.Store].
func (s *Store) Namespace(ctx context.Context) (string, error) { return s.namespace, ctx.Err() }

// Load implements [store.Store].
func (s *Store) Load(ctx context.Context, stream string, into *store.Snapshot) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	r, err := s.load(ctx, s.kv, stream)
	if err != nil {
		return err
	}
	if r == nil {
		return notFound("stream", stream)
	}
	r.snapshot(into)
	return nil
}

// snapshot fills into, whose state's memory it uses again.
func (r *record) snapshot(into *store.Snapshot) {
	state := into.State[:0]
	state = append(state, r.State...)
	*into = r.Snapshot
	into.State = state
}

// Last implements [store.Store].
func (s *Store) Last(ctx context.Context, key string) (store.Incarnation, error) {
	if err := s.enter(ctx); err != nil {
		return store.Incarnation{}, err
	}
	defer s.leave()
	k, ok := s.index.last[key]
	if !ok {
		return store.Incarnation{}, notFound("key", key)
	}
	return store.Incarnation{Stream: k.name, Open: k.open}, nil
}

// PutDocument implements [store.Store].
func (s *Store) PutDocument(ctx context.Context, digest policy.Digest, document []byte) error {
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	key := documentKind + documentID(digest)
	there, _, err := s.get(ctx, s.kv, key)
	if err != nil || there != nil {
		return err
	}
	return s.write(ctx, func(kv Storage) error {
		_, err := s.put(ctx, kv, key, document)
		return err
	})
}

// Document implements [store.Store].
func (s *Store) Document(ctx context.Context, digest policy.Digest) ([]byte, error) {
	if err := s.enter(ctx); err != nil {
		return nil, err
	}
	defer s.leave()
	document, _, err := s.get(ctx, s.kv, documentKind+documentID(digest))
	if err == nil && document == nil {
		err = notFound("document", fmt.Sprintf("%x", digest[:]))
	}
	return document, err
}
