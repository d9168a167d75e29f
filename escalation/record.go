package escalation

import "github.com/belfry-go/belfry/policy"

// Record is one event, how it was answered, and what followed: one entry of a
// stream's history.
type Record struct {
	Seq     uint64
	Event   Event
	Verdict Verdict
	Effects []Effect
	// Policy is the digest of the policy that governs the alert.
	Policy policy.Digest
}
