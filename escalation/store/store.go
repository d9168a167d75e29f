package store

import (
	"context"
	"iter"

	"github.com/belfry-go/belfry/policy"
)

// Store keeps streams. It is all that the engine knows of durability; the rules
// of the package comment and of each method are executable, see
// [github.com/belfry-go/belfry/escalation/store/storetest].
//
// A store never reads a clock: each instant it needs is handed in. It never
// looks into a state, a subject, a body or a payload. All methods may be called
// at once from many goroutines, and from many processes where the store spans
// them. A method whose context has ended returns the context's error, sooner or
// later, and may have done its work.
//
// What a caller hands in is the caller's again when the method returns; a store
// copies what it keeps. What a store hands out is never written by it again,
// and is read-only for the caller, except the slices of a Snapshot, see there.
type Store interface {
	// Namespace is the store's name, random at its creation and the same ever
	// after, from every process. Ids on the wire begin with it, so that two
	// stores never use one id for two messages.
	Namespace(ctx context.Context) (string, error)

	// Load reads where a stream stands, all of it of one moment, into the
	// snapshot, whose slices are reused. ErrNotFound: nothing was ever
	// committed to the stream; the snapshot is undefined then.
	Load(ctx context.Context, stream string, into *Snapshot) error

	// Last finds the stream that was first committed last with this key, open
	// or not. If one of the key's streams is open, it is that one. ErrNotFound:
	// there is none.
	Last(ctx context.Context, key string) (Incarnation, error)

	// Seen answers whether an event id was committed to the stream, and with
	// what; of several commits the first is kept. ErrNotFound: it was not.
	//
	// Ask after Load, and commit after that snapshot's position: an id that is
	// committed in between moves the stream, and the commit is a conflict.
	Seen(ctx context.Context, stream string, id SeenID) (Seen, error)

	// Commit writes each commit of the batch in one piece: entries, state,
	// subject, due instant, seen ids, and items added and removed are visible
	// and durable together or not at all, also after a crash in mid-write.
	// When Commit returns, what it wrote is durable, and every later read, from
	// every process, sees it.
	//
	// The commits of a batch are applied in their order and stand or fall each
	// by itself; a store may make them durable together. Commit sets each
	// commit's Err, and returns the first that is not nil. Err is one of
	//
	//	nil          it is written
	//	ErrConflict  the stream does not stand at After, by number or by hash
	//	ErrKeyOpen   another stream of Key is open, or this one was closed
	//	ErrLease     an item of Remove is gone, or claimed since under another token
	//	ErrInvalid   the commit is not in form, see Commit.Check
	//
	// and then nothing of it was written; of several that hold, the first in
	// the order of this list but ErrInvalid, which comes before all. Any other
	// error leaves the outcome unknown: Resolve finds it.
	Commit(ctx context.Context, batch ...*Commit) error

	// History iterates over the stream's entries from number from on (0 and 1:
	// all), each once, in order, without gaps, at least to where the stream
	// stood when the iteration began. An unknown stream has none. After an
	// error the iteration ends. The loop's body may call the store and may
	// break.
	History(ctx context.Context, stream string, from uint64) iter.Seq2[Entry, error]

	// Streams iterates over the names of the streams that the query selects, in
	// the order of their bytes, each once. A stream that is committed to for
	// the first time, or closed, while the iteration goes on may be missing or
	// present. The loop's body may call the store and may break.
	Streams(ctx context.Context, q StreamQuery) iter.Seq2[string, error]

	// Due reads the streams whose due instant is not after ask.By, at most
	// ask.Limit, by rank, then due instant, then name, into the slice's own
	// memory where that suffices. With an owner, it takes them for the owner
	// until ask.Until: another owner's Due, and one without, passes over them
	// until then, or until the stream is committed to. The owner's own finds
	// them again; one who cannot step a stream asks for one more. Taking is for
	// efficiency alone: it binds no commit.
	//
	// next is the earliest instant at which Due has something for this owner
	// that this answer has not: at most ask.By when the limit cut it, Never
	// when nothing is due nor will be.
	Due(ctx context.Context, ask Ask, into []Snapshot) (due []Snapshot, next policy.Instant, err error)

	// Claim leases the items that may leave at ask.By, at most ask.Limit, by
	// rank, then NotBefore, then stream, then id. A leased item is not handed
	// out again, to anybody, before ask.Until; its Token is one more than
	// before. From ask.Until on it is claimable as if NotBefore were that
	// instant: a claimant that dies loses nothing. next is as for Due.
	//
	// An item leaves the store by a commit's Remove and in no other way.
	Claim(ctx context.Context, ask Ask) (items []Item, next policy.Instant, err error)

	// Settle moves a leased item: NotBefore, Attempt and First of it are
	// replaced. With a NotBefore in the future of the lease's end it prolongs
	// the lease, else it gives the item back. ErrLease: the item is gone or was
	// claimed since; nothing was changed.
	Settle(ctx context.Context, s Settlement) error

	// PutDocument keeps a policy document under its digest. The first stays: a
	// digest names one document, and putting it again changes nothing.
	PutDocument(ctx context.Context, digest policy.Digest, document []byte) error

	// Document returns what PutDocument was given. ErrNotFound: nothing.
	Document(ctx context.Context, digest policy.Digest) ([]byte, error)
}

// Eraser is what a store may do beyond the contract.
type Eraser interface {
	// Erase forgets the salts and bodies of the stream's entries up to number
	// to, for good, and keeps their sums, so that the chain still holds. What
	// is erased already, or not yet there, is passed over. ErrNotFound: there
	// is no such stream.
	Erase(ctx context.Context, stream string, to uint64) error
}

// Pruner is what a store may do beyond the contract. Nothing is pruned unless
// the host asks for it: a history is evidence. Whoever must keep it exports it
// first.
type Pruner interface {
	// Prune forgets what has ended: of the streams that are closed, to which
	// nothing is due, of which no item is left, and whose last entry is before
	// an instant, at most limit.
	//
	// Of such a stream the history and the event ids go. Where it stands, its
	// state and its subject stay, so that the next stream of its key knows what
	// came before, and no id on the wire comes again. One that another stream of
	// its key came after goes whole, unless it was posted. n is how many were
	// pruned; fewer than limit: there are no more.
	Prune(ctx context.Context, before policy.Instant, limit int) (n int, err error)

	// Base is where the history of a stream begins that is kept: its Genesis, or
	// the position up to which it was pruned. Verify goes on from there.
	// ErrNotFound: there is no such stream.
	Base(ctx context.Context, stream string) (Position, error)
}

// Watcher is what a store may do beyond the contract.
type Watcher interface {
	// Watch returns a channel that becomes readable some time after another
	// user of the store has committed something, until ctx ends. It is a hint:
	// it may be late, come for nothing, and be lost.
	Watch(ctx context.Context) <-chan struct{}
}

// Changer is what a store may do beyond the contract: a projection of many
// streams follows what others commit at the price of what has changed. Without
// it, it reads all of them at each look.
type Changer interface {
	// Changes returns, in no order that means anything, the streams to which a
	// commit was posted (Commit.Posted) since the mark, which an earlier call
	// returned; 0: since ever. What was committed when Changes is called is in
	// the answer, or was in that of the call that returned the mark; what was in
	// that one may be in this one again. A mark is good in every process, and
	// for as long as the store is.
	Changes(ctx context.Context, since uint64) (changed []Change, mark uint64, err error)
}
