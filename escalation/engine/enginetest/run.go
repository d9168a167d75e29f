package enginetest

import (
	"context"
	"testing"

	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/policy"
)

// Fixture is an action and a small world that it can act on. Action, Subjects and
// Read are required.
type Fixture struct {
	Action engine.Action
	// Subjects are there, are of the versions that they say, and the action was
	// not done to them yet.
	Subjects []engine.Subject
	// Read shows all that the action may change, so that two readings are equal
	// exactly if nothing changed between them.
	Read func() string
	// Touch changes a subject as a person would, by hand. Without it nothing is
	// tried that needs it.
	Touch func()
}

// RunAction tries an action against its contract, each rule in a subtest with a
// fixture of its own. What the action cannot do, by the methods that it has, is
// not asked of it.
func RunAction(t *testing.T, newFixture func(t testing.TB) Fixture) {
	t.Helper()
	for _, r := range rules {
		t.Run(r.name, func(t *testing.T) { r.try(t, newFixture) })
	}
}

// rule is one sentence of the contract.
type rule struct {
	name, why string
	holds     func(ctx context.Context, f *fixture) string // what is wrong; "" nothing
}

// try fails the test unless the rule holds.
func (r *rule) try(t testing.TB, newFixture func(t testing.TB) Fixture) {
	t.Helper()
	made := newFixture(t)
	f := &fixture{Fixture: made}
	if made.Action == nil || made.Read == nil || len(made.Subjects) == 0 {
		t.Fatal("enginetest: a Fixture needs an Action, Subjects and Read")
	}
	if wrong := r.holds(t.Context(), f); wrong != "" {
		t.Errorf("%s: %s\n%s", r.name, wrong, r.why)
	}
}

// fixture is a Fixture with its upgrades at hand.
type fixture struct{ Fixture }

// request is the attempt number n of the execution id.
func (f *fixture) request(id string, n int) engine.ActionRequest {
	own := f.Subjects[0]
	identity := policy.Identity{ID: own.ID, CredentialVersion: own.CredentialVersion, Criticality: own.Criticality, Environment: own.Environment}
	alert := &policy.Alert{Key: "enginetest", Kind: policy.SecretLeaked, Identity: identity}
	return engine.ActionRequest{
		ID: "enginetest:" + id, Run: "enginetest", Name: "enginetest", Subject: identity,
		Subjects: append([]engine.Subject(nil), f.Subjects...), Key: alert.Key, Incarnation: 1, Alert: alert, Attempt: n,
	}
}

func (f *fixture) idempotent() bool {
	i, ok := f.Action.(engine.Idempotent)
	return ok && i.Idempotent()
}

// verify reads back; ok is false when the action cannot.
func (f *fixture) verify(ctx context.Context, req engine.ActionRequest) (st engine.Standing, ok bool, err error) {
	v, ok := f.Action.(engine.Verifier)
	if !ok {
		return st, false, nil
	}
	st, err = v.Verify(ctx, req)
	return st, !lacks(err), err
}
