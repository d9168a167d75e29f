package escalationtest

import (
	"context"
	"errors"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/engine"
)

// killSwitch is the part of the engine that stops actions.
type killSwitch interface {
	StopActions(ctx context.Context, by escalation.Author, reason string, details ...engine.Detail) (engine.Result, error)
	ReleaseActions(ctx context.Context, by escalation.Author, reason string, details ...engine.Detail) (engine.Result, error)
}

// killSwitch does a stop_actions or release_actions step.
func (p *play) killSwitch(ctx context.Context, s *Step) error {
	k, ok := any(p.eng).(killSwitch)
	if !ok {
		return errors.New("this engine has no kill switch")
	}
	var err error
	if s.Do == VerbStopActions {
		_, err = k.StopActions(ctx, s.Event.By, s.Event.Reason)
	} else {
		_, err = k.ReleaseActions(ctx, s.Event.By, s.Event.Reason)
	}
	return err
}
