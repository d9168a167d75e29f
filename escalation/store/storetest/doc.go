// Package storetest is the contract of a store, executable. A store's own test
// is three lines:
//
//	func TestContract(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) store.Store { return mystore.New(t.TempDir()) })
//	}
//
// Each case gets a store of its own; what fails is reported with the rule that
// it breaks. A store that outlives its process, or that many processes share,
// says in a [Suite] how it is opened again and by others, and is held to more.
//
// That the cases can fail is shown by a gallery of stores that are wrong in one
// thing each, with the cases that find it:
//
//   - the compare-and-set is lost: ConflictStale, ConflictAhead, RaceCommit, Model
//   - the compare-and-set looks at the number alone: ConflictFork, ConflictNew
//   - a commit is written in two pieces: AllOrNothing, Fencing
//   - a batch stops at its first refusal: BatchApart
//   - a batch compares all positions before it writes: BatchOrder
//   - Err is left as it was on success: BatchApart
//   - two streams of one key are open: OneOpenPerKey, RaceOpen, Model
//   - keys are folded to lower case: AnyBytes, OneOpenPerKey
//   - a shorter state keeps the end of the longer: StateReplaced, Model
//   - a commit without a subject takes the subject away: StateReplaced
//   - the removed items are dropped though the commit is refused: AllOrNothing
//   - an item is added though the commit is a conflict: AllOrNothing
//   - the namespace is a constant: Namespace
//   - a snapshot keeps what it held: LoadOverwrites
//   - a read comes from a cache: StateReplaced
//   - the last seen wins over the first: SeenKept
//   - event ids are forgotten after a while: SeenKept
//   - event ids are one for all authors: SeenApart
//   - the history is reordered at a page's end: HistoryOrder, Chain
//   - the history is cut at its beginning: HistoryOrder, HistoryKeepsAll
//   - the history lacks its last entry: FirstCommit, Chain, Model
//   - an instant loses its microseconds: FirstCommit, Chain
//   - a prefix is a pattern: Streams
//   - the name asked to begin behind is in the answer: Streams
//   - a document is overwritten: Documents
//   - a document is kept in the caller's memory: CallerReuses
//   - what is due comes out of order: DueOrder
//   - rank does not count: DueOrder
//   - what is due at the very instant is not: DueOrder, DueNext
//   - next is when something is due, not when more is: DueNext
//   - next never comes: DueNext, DueOwners
//   - claims on what is due are not kept: DueOwners, RaceDue, Peer
//   - an owner does not find its own again: DueOwners
//   - Due hands out half a snapshot: DueSnapshots
//   - an item is claimed twice: ClaimOnce, RaceClaim
//   - a lease does not end: ClaimOnce, ClaimToken
//   - a lease is not kept: ClaimOnce, RaceClaim
//   - the token is always the first: ClaimToken
//   - the limit is one too many: ClaimOnce, ClaimOrder
//   - any token settles and removes: Fencing, AllOrNothing
//   - removing what is gone is no error: Remove, Fencing
//   - an item goes with its stream's end: ItemsStay
//   - an old item is dropped: ItemsStay
//   - Settle forgets the counts: Settle, Model
//   - erasing erases nothing: Erase
//   - erasing goes one too far: Erase
//   - what is young is pruned, too: Prune
//   - pruning knows no limit: PruneLimit
//   - what is pruned is counted and kept: Prune, PruneLimit
//   - Changes tells of nothing: Changes, RaceChanges
//   - Changes forgets the last: Changes
//   - the mark is one ahead: Changes
//
// [Faults] makes operations of a store fail, one after the other, for tests of
// what uses a store.
package storetest
