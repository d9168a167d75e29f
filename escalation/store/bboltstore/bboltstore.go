// Package bboltstore opens a durable store in one file of go.etcd.io/bbolt:
//
//	st, err := bboltstore.Open(ctx, "belfry.bolt")
//	if err != nil { … }
//	defer st.Close()
//	eng, err := engine.New(engine.Config{Store: st, Policies: doc, …})
//
// It is for hosts that have bbolt already, and shows how a storage is made one
// for package kvstore; sqlitestore writes more quickly and lets several
// processes at one file. A program that has a database open puts the store into
// a bucket of it: see [Bucket].
//
// It is a module of its own, so that those who use another storage do not
// require bbolt. What the store does is told in package kvstore.
package bboltstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/belfry-go/belfry/escalation/store/kvstore"
)

// Store is a store in a file of its own.
type Store struct {
	*kvstore.Store
	db *bbolt.DB
}

// ErrLocked is what Open returns while another process has the file open.
var ErrLocked = errors.New("bboltstore: another process has the file open: stop it, or wait until it has ended")

// lockWait is how long Open waits for another process to close the file.
const lockWait = time.Second

// Open opens the store in the file, which is made if it is not there; its
// directory must be. One process at a time may have the file: ErrLocked is what
// the second gets.
func Open(ctx context.Context, path string) (*Store, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockWait, FreelistType: bbolt.FreelistMapType})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("%w (%s)", ErrLocked, path)
	}
	if err != nil {
		return nil, fmt.Errorf("bboltstore: open %s: %w", path, err)
	}
	st, err := kvstore.Open(ctx, Bucket(db, "belfry"), kvstore.MaxValue(maxValue))
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &Store{Store: st, db: db}, nil
}

// maxValue leaves hardly anything to be written in parts: bbolt takes values of
// up to 2 GiB.
const maxValue = 64 << 20

// Close closes the file. What was committed is durable without it.
func (s *Store) Close() error { return s.db.Close() }

// Bucket returns a storage in a bucket of db, which is made when it is first
// written to. db stays the caller's.
func Bucket(db *bbolt.DB, name string) kvstore.Transactor { return bucket{db, []byte(name)} }

type bucket struct {
	db   *bbolt.DB
	name []byte
}

// view reads in a transaction of its own.
func (b bucket) view(ctx context.Context, read func(view) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return b.db.View(func(tx *bbolt.Tx) error { return read(view{tx.Bucket(b.name)}) })
}

// Get implements [kvstore.Storage].
func (b bucket) Get(ctx context.Context, key string) (value []byte, err error) {
	err = b.view(ctx, func(v view) (err error) { value, err = v.Get(ctx, key); return err })
	return value, err
}

// Put implements [kvstore.Storage].
func (b bucket) Put(ctx context.Context, key string, value []byte) error {
	return b.Transact(ctx, func(kv kvstore.Storage) error { return kv.Put(ctx, key, value) })
}

// Delete implements [kvstore.Storage].
func (b bucket) Delete(ctx context.Context, key string) error {
	return b.Transact(ctx, func(kv kvstore.Storage) error { return kv.Delete(ctx, key) })
}

// List implements [kvstore.Storage].
func (b bucket) List(ctx context.Context, prefix, after string) (names []string, err error) {
	err = b.view(ctx, func(v view) (err error) { names, err = v.List(ctx, prefix, after); return err })
	return names, err
}

// Transact implements [kvstore.Transactor].
func (b bucket) Transact(ctx context.Context, do func(kvstore.Storage) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return b.db.Update(func(tx *bbolt.Tx) error {
		in, err := tx.CreateBucketIfNotExists(b.name)
		if err != nil {
			return err
		}
		return do(view{in})
	})
}

// view is the storage inside a transaction.
type view struct {
	bucket *bbolt.Bucket // nil: nothing was written yet
}

// Get copies the value, which bbolt takes back with the end of the transaction.
func (v view) Get(_ context.Context, key string) ([]byte, error) {
	if v.bucket == nil {
		return nil, nil
	}
	return bytes.Clone(v.bucket.Get([]byte(key))), nil
}

func (v view) Put(_ context.Context, key string, value []byte) error {
	return v.bucket.Put([]byte(key), value)
}

func (v view) Delete(_ context.Context, key string) error { return v.bucket.Delete([]byte(key)) }

// page is how many names List returns.
const page = 1000

func (v view) List(_ context.Context, prefix, after string) ([]string, error) {
	if v.bucket == nil {
		return nil, nil
	}
	var names []string
	c := v.bucket.Cursor()
	for key, _ := c.Seek([]byte(prefix + after)); key != nil && bytes.HasPrefix(key, []byte(prefix)); key, _ = c.Next() {
		if name := string(key[len(prefix):]); name > after {
			names = append(names, name)
		}
		if len(names) == page {
			break
		}
	}
	return names, nil
}
