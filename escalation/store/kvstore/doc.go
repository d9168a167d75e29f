// Package kvstore is a store in a key-value storage: the one that a secret
// manager has already, an embedded file, or whatever can get, put, delete and
// list. It keeps the whole contract of package store.
//
//	st, err := kvstore.Open(ctx, storage)
//	if err != nil { … }
//	eng, err := engine.New(engine.Config{Store: st, Policies: doc, …})
//
// The storage of a HashiCorp Vault or OpenBao plugin is adapted in a dozen
// lines, see the example. Package bboltstore, a small module beside this one,
// opens a file of go.etcd.io/bbolt.
//
// # One writer
//
// One process at a time may have the storage, for what is due is known in its
// memory: the active node of a cluster, not the standbys. Open makes its store
// the one that writes; a store that was opened earlier finds that out at its
// next write, which is refused with [ErrWriter], as is all after it. Nothing is
// lost by that: what it had committed, the new one has read.
//
// With a [Transactor] the look at who writes and the write are one piece, and
// no write of the earlier store can slip in. Without, one may that was begun
// before the other was opened and ended after; its stream is then known anew
// when something reads it next. So whoever runs several nodes without
// transactions must see to it that one is stopped before the next is opened;
// many nodes at once are for PostgreSQL, see package sqlstore.
//
// # What is written
//
// Each stream is one value: where it stands, state, subject, items with their
// leases, and the end of its history with its event ids. So a commit, a lease
// or a settlement is one put, which a storage does whole or not at all. When
// the end of the history has grown to 16 KiB, the next commit first moves it
// into a chunk of its own, which is not written to again but by Erase. A value
// longer than [MaxValue] is written in parts first, and becomes valid with a
// last put that leads to them.
//
//	meta/store     version, namespace
//	meta/writer    who writes
//	stream/…       a stream, under the SHA-256 of its name
//	history/…      sealed history
//	document/…     policy documents, under their digests
//	part/…         pieces of values that are too long
//
// Each value has a checksum; one that is damaged is [ErrCorrupt], by its key.
// What a crash leaves between two puts is parts to which nothing leads, which
// the next Open deletes.
//
// # What it costs
//
// Open reads each stream's value once. Beside it, a commit is a get and a put
// of some kilobytes, or a share of a transaction. In memory are some 300 bytes
// a stream, and the order of what is due. Streams that were closed stay; Prune
// takes them out.
package kvstore
