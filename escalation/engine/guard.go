package engine

import (
	"context"
	"fmt"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/gate"
)

// Guard calls act if the operation on the subject may go on; see
// [gate.Guard.Do]. by is who acts, as the host authenticated it.
func (e *Engine) Guard(ctx context.Context, by escalation.Author, subject, operation string, act func(context.Context) error) error {
	return e.Gatekeeper().Do(ctx, by, subject, operation, act)
}

// Gatekeeper is the guard of this engine: it checks its board, and requests and
// uses openings by its verbs.
func (e *Engine) Gatekeeper() gate.Guard {
	return gate.Guard{
		Check: func(_ context.Context, subject, operation string) Decision { return e.Check(subject, operation) },
		Request: func(ctx context.Context, by escalation.Author, p gate.Place, ask string) error {
			r, err := e.Request(ctx, p.Key, by, Matter{Gate: p.Gate}, ask, OfIncarnation(p.Incarnation))
			if err == nil && r.Verdict.Kind == escalation.Rejected {
				err = fmt.Errorf("engine: request: %s", r.Verdict)
			}
			return err
		},
		Use: func(ctx context.Context, by escalation.Author, p gate.Place) error {
			r, err := e.Use(ctx, p.Key, by, p.Gate, OfIncarnation(p.Incarnation))
			if err == nil && r.Verdict.Kind != escalation.Applied {
				err = fmt.Errorf("engine: use: %s", r.Verdict)
			}
			return err
		},
	}
}
