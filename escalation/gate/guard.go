package gate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/belfry-go/belfry/escalation"
)

// Guard does before an act what is to be done: it checks, asks the review of a
// gate that holds, and uses up an opening. An engine makes one of itself
// (Engine.Gatekeeper); a host without an engine gives it a board's Check, and
// verbs that go to where the engine runs.
type Guard struct {
	// Check answers, as Board.Check or Board.Strict does. Required: without it,
	// everything is denied.
	Check func(ctx context.Context, subject, operation string) Decision

	// Request asks the review of a gate. ask is what exactly is asked, as
	// canonical JSON, to which votes are bound. Nil: nobody is asked.
	Request func(ctx context.Context, by escalation.Author, p Place, ask string) error

	// Use uses up the opening of a gate: of many who would at once, it returns
	// nil to one. Nil: an opening lets nobody through.
	Use func(ctx context.Context, by escalation.Author, p Place) error
}

// Do calls act if the operation on the subject may go on, and returns what act
// returns. Else act is not called, and the error wraps ErrDenied, beside it
// ErrHeld or ErrDoubt where that is why.
//
// by is who acts, as the host authenticated it, and the requester of the review
// that a hold asks: once, for while it is under way Do asks no more. What an
// opening allows, by a review or a break-glass, it allows once: Do uses it up
// before it calls act, also if act fails then.
func (g Guard) Do(ctx context.Context, by escalation.Author, subject, operation string, act func(context.Context) error) error {
	if g.Check == nil || subject == "" || operation == "" {
		return fmt.Errorf("%w: a check, a subject and an operation are needed, and one is missing", ErrDenied)
	}
	d := g.Check(ctx, subject, operation)
	if !d.Allowed() {
		return errors.Join(d.Err(), g.ask(ctx, by, &d, subject, operation))
	}
	if d.Cause() == CauseOpening {
		if err := g.use(ctx, by, &d, subject, operation); err != nil {
			return err
		}
	}
	return act(ctx)
}

// ask asks the reviews of the gates that hold, but those that are under way. A
// gate without one waits for its alert to be resolved.
func (g Guard) ask(ctx context.Context, by escalation.Author, d *Decision, subject, operation string) error {
	if d.Decision != escalation.Hold || g.Request == nil {
		return nil
	}
	ask, err := json.Marshal(struct {
		Operation string `json:"operation"`
		Subject   string `json:"subject"`
	}{operation, subject})
	if err != nil {
		return fmt.Errorf("gate: what is asked: %w", err)
	}
	var errs []error
	for _, p := range d.Places() {
		if p.Asked || !p.Review {
			continue
		}
		if err := g.Request(ctx, by, p, string(ask)); err != nil {
			errs = append(errs, fmt.Errorf("gate: the review of gate %s of %s#%d is not asked: %w", p.Gate, p.Key, p.Incarnation, err))
		}
	}
	return errors.Join(errs...)
}

// use uses up the openings that the operation needs. Each counts once, whoever
// saw it open.
func (g Guard) use(ctx context.Context, by escalation.Author, d *Decision, subject, operation string) error {
	if g.Use == nil {
		return fmt.Errorf("%w: %s of %q needs an opening, and there is nobody to use it up", ErrDenied, operation, subject)
	}
	for _, p := range d.Places() {
		if err := g.Use(ctx, by, p); err != nil {
			return fmt.Errorf("%w: %s of %q: the opening of gate %s of %s#%d: %w", ErrDenied, operation, subject, p.Gate, p.Key, p.Incarnation, err)
		}
	}
	return nil
}
