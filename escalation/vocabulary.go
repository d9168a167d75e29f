package escalation

import "github.com/belfry-go/belfry/policy"

// The vocabulary of package policy, under the names by which a host that
// handles alerts meets it.
type (
	// Alert is one problem with one identity.
	Alert = policy.Alert
	// Identity is the non-human identity that an alert is about.
	Identity = policy.Identity
	// Kind says what happened.
	Kind = policy.Kind
	// Target is whom a tier names, and who did something.
	Target = policy.Target
	// Reason says why somebody was told.
	Reason = policy.Reason
	// Instant is a point in time in whole microseconds.
	Instant = policy.Instant
)

// Never is the instant that does not come.
const Never = policy.Never
