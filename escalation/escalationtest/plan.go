package escalationtest

import (
	"context"
	"strconv"
	"time"

	"github.com/belfry-go/belfry/escalation/engine"
)

// action is a scripted action.
type action struct{ w *world }

var (
	_ engine.Action      = action{}
	_ engine.TimedAction = action{}
	_ engine.Planner     = action{}
	_ engine.Verifier    = action{}
	_ engine.Undoer      = action{}
	_ engine.Idempotent  = action{}
)

// Act implements engine.Action.
func (a action) Act(ctx context.Context, req engine.ActionRequest) (engine.ActionResult, error) {
	res, _, err := a.ActTimed(ctx, req)
	return res, err
}

// Undo implements engine.Undoer.
func (a action) Undo(ctx context.Context, req engine.ActionRequest) (engine.ActionResult, error) {
	return a.Act(ctx, req)
}

// ActTimed implements engine.TimedAction.
func (a action) ActTimed(_ context.Context, req engine.ActionRequest) (engine.ActionResult, time.Duration, error) {
	w := a.w
	w.scribe.started(w.clock.now(), &req, len(req.Subjects))
	name, script := "run "+req.Run, w.given.Actions[req.Run]
	if req.Undo {
		name, script = "undo "+req.Run, w.given.Undo[req.Run]
	}
	result, after := w.attempt(name, script)
	w.stands[deedOf(&req)] = standing{result, w.clock.now().Add(after)}
	switch result {
	case "fail":
		return engine.ActionResult{}, after, errScripted
	case "unknown":
		return engine.ActionResult{}, after, engine.Unknown(errScripted)
	case "refuse":
		return engine.ActionResult{}, after, engine.Refused(errScripted)
	}
	return engine.ActionResult{Subjects: len(req.Subjects)}, after, nil
}

// Verify implements engine.Verifier: what an attempt of unknown outcome came to
// cannot be read either, nor what one that is still under way will come to.
func (a action) Verify(_ context.Context, req engine.ActionRequest) (engine.Standing, error) {
	switch st := a.w.stands[deedOf(&req)]; {
	case st.result == "unknown", a.w.clock.now() < st.at:
		return engine.Standing{}, errScripted
	case st.result == "ok":
		return engine.Standing{Done: true}, nil
	}
	return engine.Standing{}, nil
}

// Idempotent implements engine.Idempotent.
func (a action) Idempotent() bool { return true }

// attempt is what the next attempt at something comes to; the last of the
// script repeats, and without one it succeeds.
func (w *world) attempt(name string, script []Attempt) (result string, after time.Duration) {
	if len(script) == 0 {
		return "ok", 0
	}
	a := script[min(w.tried[name], len(script)-1)]
	w.tried[name]++
	return a.Result, a.After
}

// Plan implements engine.Planner: the identities that the test says, else the
// alert's own.
func (a action) Plan(_ context.Context, req engine.ActionRequest) ([]engine.Subject, error) {
	s, ok := a.w.given.Subjects[req.Run]
	own := engine.Subject{ID: req.Subject.ID, CredentialVersion: req.Subject.CredentialVersion, Criticality: req.Subject.Criticality}
	if !ok {
		return []engine.Subject{own}, nil
	}
	var out []engine.Subject
	for i := range a.w.subjects(req.Run) {
		one := own // which weighs as the alert's identity does
		one.ID = strconv.Itoa(i)
		if i < len(s.IDs) {
			one.ID = s.IDs[i]
		}
		out = append(out, one)
	}
	return out, nil
}
