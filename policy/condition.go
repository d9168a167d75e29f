package policy

import "time"

// Facts is what conditions are evaluated over: an alert as it stands, with its
// levels, which only rise unless a person lowers them.
type Facts struct {
	Alert       *Alert
	Severity    Level
	Criticality Level
	BlastRadius Level
	Priority    Level
	Count       int           // triggers of this incarnation
	Age         time.Duration // since it opened
	Hours       []HoursFact   // what is known of hours(NAME)
}

// HoursFact says whether an instant lies within named hours.
type HoursFact struct {
	Name string
	Open bool
}

// Truth is the answer of a condition that may hang on hours.
type Truth uint8

// The truth values of a condition.
const (
	False Truth = iota
	True
	// Unknown: it hangs on hours that Facts does not hold; see
	// [Conditions.HoursNamed].
	Unknown
)
