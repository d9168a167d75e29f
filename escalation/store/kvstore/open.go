package kvstore

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Option changes how a store is opened.
type Option func(*Store)

// MaxValue sets how many bytes a value has at most: what is longer is written
// in parts. It may be another each time; a storage whose entries are limited
// must be given that limit, or less.
//
// Defaults to 256 KiB, which HashiCorp Vault and OpenBao take on any of their
// backends: 512 KiB on Consul, 1 MiB on integrated storage.
func MaxValue(bytes int) Option {
	return func(s *Store) {
		s.maxValue = max(bytes, minValue)
		s.sealAt = min(sealAt, s.maxValue/2)
	}
}

const (
	maxValue = 256 << 10
	minValue = 256
	// sealAt is how long the tail of a history may become in a record, which is
	// written anew by each commit.
	sealAt = 16 << 10
	// version is of how the values are written.
	version = 1
)

// Open opens the store in the storage, which may be empty. From then on this
// store is the one that writes, see [ErrWriter].
//
// It reads the record of every stream there is, and nothing of their sealed
// history. The error is an [*Error]; ErrFormat in it when a later version wrote
// the storage, which is not touched then.
func Open(ctx context.Context, kv Storage, opts ...Option) (*Store, error) {
	s := &Store{
		kv: kv, maxValue: maxValue, sealAt: sealAt, lock: make(chan struct{}, 1),
		index: newIndex(), doubts: map[string]struct{}{}, touched: map[string]struct{}{},
		writer: []byte(rand.Text()),
	}
	s.tx, _ = kv.(Transactor)
	for _, opt := range opts {
		opt(s)
	}
	begin := func(kv Storage) error { return s.begin(ctx, kv) }
	var err error
	if s.tx != nil {
		err = s.tx.Transact(ctx, begin)
	} else {
		err = begin(kv)
	}
	if err != nil {
		return nil, err
	}
	if err := s.scan(ctx); err != nil {
		return nil, err
	}
	if err := s.sweep(ctx, ""); err != nil {
		return nil, err
	}
	return s, nil
}

// begin reads or makes the namespace, and makes this store the one that writes.
func (s *Store) begin(ctx context.Context, kv Storage) error {
	payload, _, err := s.get(ctx, kv, storeKey)
	if err != nil {
		return err
	}
	if payload == nil {
		s.namespace = rand.Text()
		payload = appendText(binary.AppendUvarint(nil, version), s.namespace)
		if _, err := s.put(ctx, kv, storeKey, payload); err != nil {
			return err
		}
	}
	d := decoder{rest: payload}
	found := d.uvarint()
	if found > version {
		return &Error{Op: "open", Key: storeKey, Is: ErrFormat, Err: fmt.Errorf("its version is %d, and this program knows versions up to %d", found, version)}
	}
	if s.namespace = d.text(); d.err != nil || s.namespace == "" {
		return corrupt(storeKey, "it has no namespace")
	}
	_, err = s.put(ctx, kv, writerKey, bytes.Clone(s.writer))
	return err
}

// scan reads all records. It names all that are damaged: a store that passed
// over one would lose its pages without a word.
func (s *Store) scan(ctx context.Context) error {
	var damaged []error
	err := s.list(ctx, streamKind, "", func(id string) error {
		r, err := s.loadID(ctx, s.kv, id)
		switch {
		case errors.Is(err, ErrCorrupt):
			damaged = append(damaged, err)
		case err != nil:
			return err
		case r == nil:
			damaged = append(damaged, corrupt(streamKind+id, "it is listed, and not there"))
		case streamID(r.Stream) != id:
			damaged = append(damaged, corrupt(streamKind+id, "it is of stream %q", r.Stream))
		default:
			s.index.put(r)
		}
		return nil
	})
	return errors.Join(append(damaged, err)...)
}

// sweep deletes parts that no value leads to, of the keys that begin so: what a
// crash left between the writing of parts and that of their value.
func (s *Store) sweep(ctx context.Context, kind string) error {
	leads := map[string]string{} // the revision that a key's value leads to
	return s.list(ctx, partKind, kind, func(name string) error {
		if !strings.HasPrefix(name, kind) {
			return errStop
		}
		key, rev, ok := partOwner(name)
		if !ok {
			return corrupt(partKind+name, "it belongs to nothing")
		}
		led, known := leads[key]
		if !known {
			value, err := s.kv.Get(ctx, key)
			if err != nil {
				return &Error{Op: "get", Key: key, Err: err}
			}
			led = leadsTo(key, value)
			leads[key] = led
		}
		if rev == led {
			return nil
		}
		if err := s.kv.Delete(ctx, partKind+name); err != nil {
			return &Error{Op: "delete", Key: partKind + name, Err: err}
		}
		return nil
	})
}

// leadsTo is the revision of the parts that a value leads to; "" for none.
func leadsTo(key string, value []byte) string {
	if value == nil {
		return ""
	}
	kind, payload, err := unseal(key, value)
	if err != nil || kind != valueParts {
		return ""
	}
	d := decoder{rest: payload}
	return fmt.Sprintf("%016x", d.uvarint())
}

// errStop ends a list early.
var errStop = errors.New("stop")

// list calls do for each name behind after, page by page.
func (s *Store) list(ctx context.Context, prefix, after string, do func(name string) error) error {
	for {
		names, err := s.kv.List(ctx, prefix, after)
		if err != nil {
			return &Error{Op: "list", Key: prefix, Err: err}
		}
		if len(names) == 0 {
			return nil
		}
		for _, name := range names {
			if name <= after {
				return corrupt(prefix+name, "it was listed behind %q", after)
			}
			after = name
			switch err := do(name); {
			case errors.Is(err, errStop):
				return nil
			case err != nil:
				return err
			}
		}
	}
}
