package engine

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// killSwitch is the switch that stops actions, and never notifications. It is a
// value; its methods are pure.
type killSwitch struct {
	Stopped bool           `json:"stopped"`
	Since   policy.Instant `json:"since"`
	// Released are the people who want it released; it takes two.
	Released []policy.Target `json:"released,omitempty"`
	// Freed and FreedAt are the record that released it last. It has no effect
	// before the sink of evidence has it.
	Freed   uint64         `json:"freed,omitempty"`
	FreedAt policy.Instant `json:"freed_at,omitempty"`
	// Held are the executions that it holds, to go on at its release.
	Held []heldRun `json:"held,omitempty"`
}

// heldRun is one execution that was due while actions were stopped.
type heldRun struct {
	Stream string `json:"stream"`
	Seq    uint64 `json:"seq"`
	I      uint16 `json:"i"`
}

// releasers is how many people release the switch.
const releasers = 2

// stop returns the switch after somebody threw it. A release that was under way
// is void.
func (k killSwitch) stop(at policy.Instant) (killSwitch, escalation.Verdict) {
	if k.Stopped && len(k.Released) == 0 {
		return k, ignored(escalation.Already)
	}
	if !k.Stopped {
		k.Since = at
	}
	k.Stopped, k.Released = true, nil
	return k, applied()
}

// release returns the switch after one person wanted it released.
func (k killSwitch) release(who policy.Target) (killSwitch, escalation.Verdict) {
	switch {
	case !k.Stopped, slices.Contains(k.Released, who):
		return k, ignored(escalation.Already)
	case len(k.Released)+1 < releasers:
		k.Released = append(slices.Clip(k.Released), who)
	default:
		k.Stopped, k.Released = false, nil
	}
	return k, applied()
}

// hold returns the switch with one more execution that it holds.
func (k killSwitch) hold(r heldRun) killSwitch {
	if !slices.Contains(k.Held, r) {
		k.Held = append(slices.Clip(k.Held), r)
	}
	return k
}

// free returns the switch without one execution.
func (k killSwitch) free(r heldRun) killSwitch {
	if i := slices.Index(k.Held, r); i >= 0 {
		k.Held = slices.Delete(slices.Clone(k.Held), i, i+1)
	}
	return k
}

func (k killSwitch) step(ev escalation.Event, v escalation.Verdict) (*sideStep, error) {
	state, err := json.Marshal(k)
	if err != nil {
		return nil, fmt.Errorf("engine: kill switch: %w", err)
	}
	return &sideStep{event: ev, verdict: v, state: state, due: policy.Never, open: true}, nil
}
