package escalationtest_test

import (
	"testing"

	"github.com/belfry-go/belfry/escalation/escalationtest"
)

// The sample cases of the format, and the project's own acceptance suite, a
// file for each part of the semantics.
func TestRules(t *testing.T) {
	escalationtest.Run(t, "testdata/cases/*.test.yaml", "testdata/rules/*.test.yaml")
}
