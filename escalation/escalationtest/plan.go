package escalationtest

import (
	"context"
	"strconv"

	"github.com/belfry-go/belfry/escalation/engine"
)

var _ engine.Planner = action{}

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
