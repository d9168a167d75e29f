package engine

import (
	"slices"
	"time"

	"github.com/belfry-go/belfry/policy"
)

const (
	// breakerTrips is how many executions of one kind may fail in a row, each
	// within breakerSpan of the one before, until the kind is stopped.
	breakerTrips = 5
	breakerSpan  = time.Hour
	// breakerRest is how long it is stopped before one execution may try whether
	// it works again; each that fails doubles it, up to breakerLongest.
	breakerRest    = 5 * time.Minute
	breakerLongest = time.Hour
	// breakerLook is how long the one that was let go on has to begin.
	breakerLook = time.Minute
)

// breaker stops one kind of action after repeated failures. It is a value; its
// methods are pure. Closed, everything passes; open, everything is held; when its
// rest is over, one execution at a time is let through, until one succeeds.
type breaker struct {
	Failures int            `json:"failures,omitempty"` // in a row
	Last     policy.Instant `json:"last,omitempty"`     // failure
	Open     bool           `json:"open,omitempty"`
	Until    policy.Instant `json:"until,omitempty"` // end of its rest
	Rests    int            `json:"rests,omitempty"` // in a row
	Probe    string         `json:"probe,omitempty"` // the execution that tries; "" none
	Began    policy.Instant `json:"began,omitempty"` // when that began
	// Held are the executions that it holds, to go on when it closes, or, one
	// by one, from Look on.
	Held []heldRun      `json:"held,omitempty"`
	Look policy.Instant `json:"look,omitempty"`
}

// admits reports whether an execution may begin.
func (b breaker) admits(id string, at policy.Instant) bool {
	return !b.Open || at >= b.Until && (!b.tries(at) || b.Probe == id)
}

// tries reports whether an execution tries at an instant. One that never comes to
// an end does not try for ever.
func (b breaker) tries(at policy.Instant) bool {
	return b.Probe != "" && at < b.Began.Add(breakerLongest)
}

// begin returns the breaker after an execution that it admits began.
func (b breaker) begin(id string, at policy.Instant) breaker {
	if b.Open && b.Probe != id {
		b.Probe, b.Began = id, at
	}
	return b
}

// failed returns the breaker after an execution failed.
func (b breaker) failed(id string, at policy.Instant) breaker {
	if b.Last.Add(breakerSpan) <= at {
		b.Failures = 0
	}
	b.Failures, b.Last = b.Failures+1, at
	switch {
	case b.Open && b.Probe != id:
		return b // it began before the breaker opened
	case !b.Open && b.Failures < breakerTrips:
		return b
	}
	b.Open, b.Probe, b.Began = true, "", 0
	b.Until = at.Add(min(breakerRest<<min(b.Rests, 10), breakerLongest))
	b.Rests++
	return b
}

// succeeded returns the breaker after an execution succeeded. While it is open,
// only that of the one which tries counts.
func (b breaker) succeeded(id string) breaker {
	if b.Open && b.Probe != id {
		return b
	}
	return breaker{Held: b.Held}
}

// ended returns the breaker after an execution ended of which nothing follows.
func (b breaker) ended(id string) breaker {
	if b.Probe == id {
		b.Probe, b.Began = "", 0
	}
	return b
}

// hold returns the breaker with one more execution that it holds.
func (b breaker) hold(r heldRun) breaker {
	if !slices.Contains(b.Held, r) {
		b.Held = append(slices.Clip(b.Held), r)
	}
	return b
}

// free returns the breaker without executions that go on.
func (b breaker) free(runs []heldRun, at policy.Instant) breaker {
	if b.Open {
		b.Look = at.Add(breakerLook)
	}
	b.Held = slices.DeleteFunc(slices.Clone(b.Held), func(r heldRun) bool { return slices.Contains(runs, r) })
	return b
}

// next returns the executions that go on at an instant: all of a closed breaker,
// the first of one whose rest is over and that nobody tries.
func (b breaker) next(at policy.Instant) []heldRun {
	switch {
	case len(b.Held) == 0:
		return nil
	case !b.Open:
		return b.Held
	case at >= max(b.Until, b.Look) && !b.tries(at):
		return b.Held[:1]
	}
	return nil
}

// due is when next has something: at once, after the rest, or when the one that
// tries comes to no end.
func (b breaker) due(at policy.Instant) policy.Instant {
	switch {
	case len(b.Held) == 0:
		return policy.Never
	case !b.Open:
		return at
	case b.tries(at):
		return b.Began.Add(breakerLongest)
	}
	return max(b.Until, b.Look, at)
}
