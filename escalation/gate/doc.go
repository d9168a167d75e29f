// Package gate answers, on a host's hot path, whether an identity may do
// something: from what is committed, without a lock, without an allocation.
//
// # The board
//
// A [Board] is a projection of the streams of alerts: what their gates answer, by
// the identity that is asked about. An engine keeps one and moves it on with each
// commit, see its Board and Check. A host process that runs no engine holds one
// over the same store:
//
//	board, err := gate.NewBoard(gate.Config{Store: st, Policies: doc})
//	go board.Run(ctx)
//
//	if d := board.Check("svc-deployer", "deploy"); !d.Allowed() {
//		return d.Err()
//	}
//
// # Doubt is no permission
//
// The answer is the strictest of all alerts that have a gate there: deny before
// hold before allow, and a hold is not an allow. Denied is, besides, what no gate
// of the document names and its `operations` does not open; everything before the
// store was read, and while some alert in it cannot be read; and everything once
// the last look at a store that others write to is older than MaxStale. So the
// bound on what a stale answer can do is MaxStale, whatever becomes of the store,
// the network, or this process. [Board.Strict] has no such bound: it reads what
// was committed until the call, and denies when it cannot.
//
// A gate that is due to close is shut from that instant on, whether or not any
// engine has come to commit it; an opening ends so, too.
//
// # Before the act
//
// A [Guard] does the whole of it: it checks, asks the review of a gate that
// holds, once, and uses up the opening that a review gave, so that it lets one
// through. Package gatehttp is a Guard before an [net/http.Handler].
package gate
