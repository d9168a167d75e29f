package belfry_test

import (
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/escalationtest"
	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/policyfile"
)

// The tests below are Go blocks of docs/testing.md.

func TestPolicies(t *testing.T) {
	escalationtest.Run(t, "testdata/*.test.yaml")
}

func TestNobodyDeploysUntilItIsOver(t *testing.T) {
	doc, err := policyfile.Load("testdata/rotation.yaml")
	if err != nil {
		t.Fatal(err)
	}
	h := escalationtest.New(t, escalationtest.Config{Policies: doc})
	h.Trigger(policy.Alert{
		Key: "db/main", Kind: policy.RotationFailed,
		Identity: policy.Identity{ID: "svc-db", Owner: policy.User("olga")},
	})
	h.Advance(15 * time.Minute)
	if got, want := h.Told(), "0s user:olga\n10m0s user:ivan\n"; got != want {
		t.Errorf("told:\n%swant:\n%s", got, want)
	}
	h.WantCheck("svc-db", "deploy", escalation.Deny)
	h.Resolve("db/main", "user:ivan")
	h.WantCheck("svc-db", "deploy", escalation.Allow)
}
