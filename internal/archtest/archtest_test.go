package archtest

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

const root = "../.."

// module loads the tree that the tests judge.
func module(t *testing.T) *Tree {
	t.Helper()
	tree, err := Load(root)
	if err != nil {
		t.Fatal(err)
	}
	if len(tree.Room("internal/archtest")) == 0 {
		t.Fatal("this package is not in the tree: the tests look in the wrong place")
	}
	return tree
}

func report(t *testing.T, breaches []Breach) {
	t.Helper()
	for _, b := range breaches {
		t.Error(b)
	}
}

func TestImports(t *testing.T) {
	tree := module(t)
	report(t, CheckImports(tree, rooms()))
	t.Logf("who imports whom:\n%s", Graph(tree))
}

func TestGoMod(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	report(t, CheckGoMod("go.mod", content))
}

func TestMachineIsPure(t *testing.T) {
	tree := module(t)
	if !slices.ContainsFunc(tree.Room(pureRoom), func(f *File) bool { return f.Base() == "step.go" }) {
		t.Fatalf("no step.go in %s: the machine has moved, and this test must follow it", pureRoom)
	}
	breaches, err := CheckPurity(tree)
	if err != nil {
		t.Fatal(err)
	}
	report(t, breaches)
}

func TestPackageVariablesStayAsDeclared(t *testing.T) {
	report(t, CheckFrozen(module(t)))
}

func TestHouse(t *testing.T) {
	tree := module(t)
	report(t, CheckHouse(tree))
	for _, note := range LongFiles(tree) {
		t.Log(note)
	}
}
