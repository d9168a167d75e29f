package policyfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/internal/golden"
	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/policyfile"
)

// TestInvalidDocuments: every kind of fault, with the text that a user reads.
// A file holds the faults of one noun, since all of a file are reported.
func TestInvalidDocuments(t *testing.T) {
	files, err := filepath.Glob("testdata/invalid/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, err = policyfile.Parse(filepath.Base(file), src)
			var errs policy.Errors
			if !errors.As(err, &errs) {
				t.Fatalf("Parse = %v, want policy.Errors", err)
			}
			if !slices.IsSortedFunc(errs, func(a, b *policy.Error) int { return a.Line - b.Line }) {
				t.Errorf("faults are not in the order of their lines")
			}
			for _, e := range errs {
				if e.Line < 1 || e.Column < 1 {
					t.Errorf("a fault has no place: %v", e)
				}
			}
			golden.Check(t, "invalid/"+name+".txt", []byte(err.Error()+"\n"))
		})
	}
}
