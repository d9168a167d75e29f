package engine

import (
	"github.com/belfry-go/belfry/policy"
)

// expectation is where one expectation stands: "success by then, or open an
// alert". It is a value; its methods are pure.
type expectation struct {
	Name string `json:"name"`
	// Since is when it was first loaded.
	Since policy.Instant `json:"since"`
	// From is the last success, or miss, or the load: the next success is due
	// so long after. Never: it waits for the first success.
	From policy.Instant `json:"from"`
	// Due is the instant by which a success must be there. Never: it ended.
	Due    policy.Instant `json:"due"`
	Misses int            `json:"misses,omitempty"`
	Ended  bool           `json:"ended,omitempty"` // the document has it no more
}

// load returns x under a definition that was loaded at an instant; the zero
// expectation begins, one that stands goes on from where it stood.
func (x expectation) load(def *policy.Expectation, at policy.Instant) expectation {
	switch {
	case x.Name == "" || x.Ended:
		x = expectation{Name: def.Name, Since: at, From: at, Misses: x.Misses}
		if def.FromFirst {
			x.From = policy.Never
		}
	case !def.FromFirst && !x.From.Known():
		x.From = x.Since // it no longer waits for the first success
	}
	x.Due = x.due(def)
	return x
}

// due is when the next success must be there at the latest.
func (x expectation) due(def *policy.Expectation) policy.Instant {
	if x.From.Known() {
		return x.From.Add(def.Every).Add(def.Grace)
	}
	return x.Since.Add(def.ArmBy)
}

// succeed returns x after a success.
func (x expectation) succeed(def *policy.Expectation, at policy.Instant) expectation {
	x.From = at
	x.Due = x.due(def)
	return x
}

// miss returns x after its due instant passed without a success. The next is
// counted from there, so that looking late moves nothing.
func (x expectation) miss(def *policy.Expectation) expectation {
	x.From = x.Due
	x.Misses++
	x.Due = x.due(def)
	return x
}

// skip returns x with the misses before an instant left out: after a gap, one
// alert says what many would.
func (x expectation) skip(def *policy.Expectation, now policy.Instant) expectation {
	if step := def.Every + def.Grace; step > 0 && x.From.Known() {
		if n := now.Sub(x.From) / step; n > 0 {
			x.From = x.From.Add(n * step)
			x.Due = x.due(def)
		}
	}
	return x
}

// end returns x when the document has it no more.
func (x expectation) end() expectation {
	x.Ended, x.Due = true, policy.Never
	return x
}
