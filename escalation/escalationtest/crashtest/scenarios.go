package crashtest

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/belfry-go/belfry/escalation/escalationtest"
)

// Scenarios are those of this project, by the path of its root: the stories of
// the quickstart and the cases of the rule language; and more, those of each
// single rule.
func Scenarios(t testing.TB, root string) (cases, more []*escalationtest.Case) {
	t.Helper()
	testdata := filepath.Join(root, "escalation", "escalationtest", "testdata")
	cases = Load(t, filepath.Join(root, "examples", "quickstart", "*.test.yaml"), filepath.Join(testdata, "cases", "*.test.yaml"))
	more = slices.DeleteFunc(Load(t, filepath.Join(testdata, "rules", "*.test.yaml")), forgets)
	return cases, more
}

// forgets reports whether what a scenario sends may be another after a crash,
// and why.
func forgets(c *escalationtest.Case) bool {
	switch filepath.Base(c.File) + ": " + c.Name {
	case "guards.test.yaml: the target told longest ago",
		"review-rise.test.yaml: round robin over alerts":
		return true // whose turn it is begins anew: somebody else is told
	case "order.test.yaml: a second later it is not":
		return true // resolved a second after the page is due: what is late is not sent any more
	}
	if filepath.Base(c.File) == "undo.test.yaml" || c.Name == "what is anchored to an action that is done" {
		return true // an action that a crash interrupts counts as failed, so nothing follows from its success
	}
	return false
}
