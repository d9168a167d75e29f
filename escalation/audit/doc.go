// Package audit gives evidence: of what happened to an alert, and that the
// history which says so is whole.
//
//	export    Export writes a store's histories as lines of JSON
//	verify    Verify reads such an export and says whether anything in it was
//	          changed, left out, put in or moved
//	report    NewReport tells the life of one alert from an export: who was told,
//	          how, when and why, who acted, who was refused
//	ocsf      WriteOCSF writes it as events of the Open Cybersecurity Schema
//	sink      a Sink takes entries as they are committed, for whom the engine's
//	          own store is not enough
//
// # Who checks whom
//
// The chain is made by package store. What verifies it here is written from the
// format alone, which docs/evidence.md fixes: the files of the verifier import
// the standard library and nothing of this module, and a test holds them to it.
// Another implementation needs a page of code and SHA-256.
//
// # What a chain shows, and what it does not
//
// Each entry's hash covers the one before. An entry that was changed, left out,
// put in or moved is found by the chain alone, unless all that follows was made
// anew. Whoever can write to the store can do that, and can cut a history at its
// end or drop it whole. That is found by a checkpoint: a signed root of the heads
// of all streams, kept where that writer does not reach. Package
// [github.com/belfry-go/belfry/escalation/audit/checkpoint], a module of its own,
// makes them; Verify reads them.
//
// # Erasure
//
// Personal data can be forgotten: an entry's body and salt go, and their sum
// stays, so that the chain holds. A verifier counts such entries as erased and
// not as broken; a report shows them as erased.
package audit
