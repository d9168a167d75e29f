package engine

import (
	"sync/atomic"

	"github.com/belfry-go/belfry/policy"
)

// counts are what is counted as it happens.
type counts struct {
	records, opened, attempts, failures, lost, abandoned, unjournaled, repaired atomic.Uint64
	open, outbox                                                                atomic.Int64
}

// Stats is how the engine is doing.
type Stats struct {
	Records uint64 // committed by this engine
	Opened  uint64 // alerts opened by this engine
	// Open is how many alerts are open, and Outbox how many effects are on
	// their way out, as far as this engine read or committed them.
	Open, Outbox int64
	Attempts     uint64 // calls of a notifier
	Failures     uint64 // of those, how many failed or are of unknown outcome
	// Lost is how many records subscribers were not told of.
	Lost uint64
	// Abandoned is how many calls did not return and were left behind, and
	// Hanging how many of these are still out.
	Abandoned uint64
	Hanging   int
	// Unjournaled is how many messages were told to the last resort while the
	// store failed.
	Unjournaled uint64
	// Repaired is how many streams the auditor found to be noted as due at
	// another instant than their states say, or not found when they were due.
	Repaired uint64
	// Unevidenced is how many streams have entries that Config.Evidence has not
	// taken.
	Unevidenced int
	// Broken is how many contact channels fail for all, and are held back.
	Broken int
	// InFlight is how many attempts are under way.
	InFlight int
	// Next is the next deadline that is known.
	Next policy.Instant
	// Lateness is from when a message was due to when the notifier was called.
	Lateness Lateness
}

// Stats returns how the engine is doing. It takes no lock that a commit waits
// for.
func (e *Engine) Stats() Stats {
	return Stats{
		Records: e.counts.records.Load(), Opened: e.counts.opened.Load(),
		Open: max(e.counts.open.Load(), 0), Outbox: max(e.counts.outbox.Load(), 0),
		Attempts: e.counts.attempts.Load(), Failures: e.counts.failures.Load(), Lost: e.counts.lost.Load(),
		Abandoned: e.counts.abandoned.Load(), Hanging: e.lanes.hanging(), Unjournaled: e.counts.unjournaled.Load(), Repaired: e.counts.repaired.Load(),
		Broken: e.breakers.broken(), Unevidenced: len(e.evidence.work()),
		InFlight: e.flights.len() + e.lanes.busy(), Next: e.Next(), Lateness: e.lateness.read(),
	}
}
