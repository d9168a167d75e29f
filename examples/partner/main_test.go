package main

import (
	"bytes"
	"testing"

	"github.com/belfry-go/belfry/escalation/escalationtest"
	"github.com/belfry-go/belfry/internal/golden"
)

func TestOutput(t *testing.T) {
	var out, lastResort bytes.Buffer
	if err := run(t.Context(), &out, &lastResort); err != nil {
		t.Fatal(err)
	}
	if lastResort.Len() > 0 {
		t.Errorf("the last resort was told:\n%s", &lastResort)
	}
	golden.Check(t, "output.txt", out.Bytes())
}

func TestPolicies(t *testing.T) { escalationtest.Run(t, "policies.test.yaml") }
