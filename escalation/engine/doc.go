// Package engine drives alerts: it is the host around the pure machine of
// package escalation. It gives events their instant, asks the directory what the
// machine wants to know, commits each step to a store, and carries out what
// follows: it tells people, runs actions, opens and shuts gates.
//
// # What a host supplies
//
//	policies     a compiled document, from package policyfile
//	a Notifier   one method: make one attempt to tell somebody
//	a last resort another Notifier, told when nobody else can be; required
//
// and, where the defaults will not do, a store that outlives the process, actions
// by name, a directory of its own, a clock, a logger. [Config] says what each is
// for. Everything that is plugged in may fail, hang or panic.
//
// # One door
//
// Whatever happens comes in by [Engine.Submit]; the verbs ([Engine.Trigger],
// [Engine.Acknowledge], [Engine.Succeeded], …) are thin layers over it. The host
// names the author of each event as it authenticated it; nothing in a payload is
// an author. Who may do what is judged by the machine, under the document to
// which the alert is pinned. What was refused or had no effect is no error: the
// [Result] has the verdict, and the history has a record. An error means that
// nothing is known to be committed.
//
// Credentials that can be told by their form are masked in all that an event
// says, before anything is recorded or sent; see [policy.Mask].
//
// Give an event an id ([WithID]) and it may be sent as often as need be: the
// second is answered ignored(duplicate).
//
// # Three ways to drive time
//
// Run. A host without a loop of its own starts [Engine.Run] in a goroutine and
// ends it by [Engine.Close]. One timer is armed, for the earliest deadline;
// notifiers and actions are called from a bounded number of goroutines, under a
// watchdog.
//
// Pump. A host with a loop (a periodic function, a controller that requeues)
// starts no goroutine: [Engine.Tick] applies what is due and returns the next
// deadline, [Engine.Deliver] carries out what may leave, both on the caller's
// goroutine. [Engine.Settle] does both until nothing is left to do at the
// present instant. Who comes more than a minute late did not run in between, and
// what was missed is caught up with as a gap.
//
// Virtual time. With a clock that is set from outside, a test pumps from
// deadline to deadline: Settle, read [Engine.Next], set the clock, Settle again.
// A year takes moments, and two runs give the same history. Run works so as well
// inside a testing/synctest bubble, on the bubble's clock or on a mock.
//
// # Time
//
// Engine time is the later of the wall clock and the last instant plus the time
// elapsed since; it never goes back. A jump of more than an hour is believed
// only at a second look, some seconds later. Notifiers' and actions' time-outs
// are real time.
//
// # Streams
//
// What one commit writes is a stream, and nothing is written across streams:
//
//	alert/<key>#n    the n-th alert of a key
//	expect/<name>    an expectation of the document: success by then, or an alert
//	silence/<name>   a silence, before and after the alerts that it concerns
//	action/<key>#n/<name>  an action of an alert: to whom it is bound, how it ended
//	budget/<run>     what one kind of action was done to lately
//	breaker/<run>    whether one kind of action fails again and again, and what is held
//	switch/actions   the kill switch, and what it holds
//	turn/<policy>    who was told when by tiers with pick: next
//	engine/<node>    events that no alert took: duplicates, and about nothing there is
//	evidence/<node>  how far Config.Evidence has come
//
// One stream reaches another by an effect in its outbox, whose id is the event's
// id there. What spans streams (the board of gates, the silences in force, whose
// turn it is) is a projection, rebuilt from them at the start.
//
// # The outbox
//
// An effect leaves only after its commit, and never gets lost: it was delivered,
// or it failed for good and the machine takes the next contact rule, or it was no
// longer wanted when its turn came. Each of these is a record. Before each
// attempt the machine is asked whether the effect is still wanted. A temporary
// failure is tried again after 1s, 2s, 4s … 1m, until the channel's give_up is
// over; one of unknown outcome too, under the same id; the last resort for ever,
// at most 5m apart. Pages of one instant to one person by one channel go out as
// one message.
//
// What hangs leaves room for the others: the attempts under way are bounded in
// all, for each channel and for each recipient ([Config.Workers],
// [Config.PerChannel], [Config.PerTarget]). A channel that fails for several
// recipients in a row is held back by a circuit breaker ([Config.BreakAfter]):
// who has another contact rule is told by that at once, the rest waits for a
// probe to go through, and is given up no later than it would have been. P1 and
// leaks are tried all the same.
//
// Delivery is at least once. A crash between sending and recording sends again,
// under the same id: hand it to a vendor that deduplicates, and a person is told
// once. The record of that delivery says that the message was claimed before. An
// action that may have begun when the process died is not repeated: what became
// of it is read back by its [Verifier]; without one it counts as failed, and is
// told.
//
// # A store that disappears
//
// Nothing leaves before its commit, with one exception. While the store fails, and
// what the engine knows to be due has been so for twice [Config.LookAgain], the
// last resort, and nobody else, is told who would have been told of what: once,
// under an id of its own, in a notification that is marked Unjournaled. When the
// store is back, notes in the alerts' histories and in the engine's own say what
// was told and when, and the ladders go on from where they were committed, as
// after a gap: then people are told, of what the last resort has heard already.
// The engine knows so of the 16,384 gravest alerts that it has committed, or read
// as due within an hour. With [store.Memory] there is nothing to survive.
//
// # The auditor
//
// When a stream is due is noted beside it, and what is noted can be wrong: by a
// bug, a restored index, a careless hand. At its start and every minute the
// engine derives the timers of all streams anew from their states, 128 streams at
// a look and at most one such slice a second. What is noted wrongly, or was due
// and not found, it puts right by a commit with a note that says so; a record in
// its own stream names the streams, [Stats] counts them, the log has an error.
// Items of the outbox whose stream is gone are told to the last resort. (Tick and
// Settle do so only where the store is not this process's memory.)
//
// # Many engines
//
// Engines that share a store need each a [Config.Node] of its own. They take
// work from each other by leases, and the store's compare-and-set keeps any
// mistake of theirs from being committed twice. What limits and bundles look
// back on is each engine's own. The board of gates of each follows what all
// commit: by looking at each round, and at once when the store hints. [Engine.Check]
// denies when the last look is older than [Config.MaxStale], and
// [Engine.CheckStrict] looks first.
package engine
