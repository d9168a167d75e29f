// Package escalation is the machine that moves an alert through the tiers of
// its policy: a pure function from a state and an event to the next state and
// what is to be carried out.
//
// # The idea
//
//	Event{Kind, At, By, …} ─► Step ─► State', []Effect, Verdict
//
// [Step] reads no clock, starts nothing, asks nobody. Time comes in with the
// event; the next instant at which something is due goes out as [State.Due].
// What the machine cannot know, such as who is on call, it asks: the verdict is
// [Need] with questions, nothing is changed, and the driver steps again with
// the answers in the event. [Drive] is that loop, and everything that runs
// alerts, from a live engine to a test file, goes through it.
//
// An [Effect] that leaves ([EffectKind.Leaves]) asks for a message, a run, an
// alert of its own; the others are lines of the record. What became of a
// message or a run comes back as a report, which is an event like any other: it
// is how a dead channel moves a ladder.
//
// # What a driver does
//
// First, before an event at T it applies what is due before T, by ticks stamped
// with the instants at which they were due: a tick has At == [State.Due]. At one
// instant events from outside go first. [Need] without questions says that this
// was forgotten.
//
// Second, it writes state, record and effects in one step, and lets no effect
// leave before. Before each attempt at one it asks [Wanted].
//
// Third, when nobody looked for longer than a minute past a due instant, it says
// so: what waited goes first with [Event.Down] set, then one tick with Down. The
// machine does not guess that there was a gap.
//
// Package engine is such a driver, with a store, an outbox and a clock.
// [Simulate] is a small one without a host.
//
// # Ladders
//
// A policy has tracks, side by side; each is acknowledged for itself. A track
// walks its tiers: one that waits is due when the one above was due plus its
// wait, however late the machine looks; an anchored one at its anchor, whatever
// the ladder does. After the last comes the next pass, or the track is
// exhausted, which is no end: the exhausted list is told until somebody takes
// it. A tier with nobody, or that reaches nobody, takes no time. Whatever
// happens, somebody is told or a next deadline stands in the state; the last
// resort is told where nobody else is left.
//
// # Determinism
//
// Equal arguments give equal results, on every machine and in every version
// that knows the state's [Rev]. [Replay] folds the recorded events to the same
// state byte for byte, and asks nobody. [AppendState] and [AppendRecord] write
// the one canonical form of each.
package escalation
