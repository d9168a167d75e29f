// Package store is the contract of what Belfry needs to be durable, and a store
// in memory that keeps it.
//
// # Streams
//
// What is written together is a stream: an alert's incarnation, an expectation,
// a budget, a silence. A stream has a history of entries, a state that is
// replaced by each commit, a due instant, event ids that it has seen, and an
// outbox of items on their way out. One [Commit] writes all of that for one
// stream, in one piece; nothing is ever written across streams. So a store may
// be a database with transactions, or keep each stream as one value under one
// key.
//
// # Who is right
//
// Many engines may share a store. What makes them agree is the compare-and-set
// of [Commit].After: of two commits that follow on from one [Position] one is
// written and the other is [ErrConflict]. It compares the hash as well as the
// number, so that a store that lost its last commits, or was put back to an
// older copy, is found out by the first engine that remembers more.
//
// Leases only keep two engines from doing the same work. They end, by instants
// that the engines hand in; a pause, or a clock that is wrong, makes two hold
// one item. The token tells who claimed it last, and the store refuses the
// other ([ErrLease]).
//
// # The chain
//
// Each entry's hash covers its content and the hash before it, see
// [Position.Link]. [Verify] needs nothing of a store but its entries. A body is
// hashed behind a random [Salt], and what the chain needs is only the sum of
// the two, so that a body can be erased and its history still be verified.
//
// # For implementers
//
// Call [Commit.Check] first. Entries come complete, with their hashes: a store
// does not make them.
//
// A store without transactions keeps each stream in one value, and counts the
// streams of a key in it: package kvstore does so, with one writer. With many it
// keeps all streams of one key in one value, with a pointer to it under each
// stream's name: then the one open stream of a key, too, is a matter of one
// compare-and-set.
//
// Run the contract against the store with
// [github.com/belfry-go/belfry/escalation/store/storetest.Run]; each failure
// says which rule was broken.
package store
