package policyfile_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/policyfile"
)

// FuzzParse: no text makes the reader panic; what is wrong is told with places,
// and a document that loads is the same in canonical JSON.
func FuzzParse(f *testing.F) {
	for _, dir := range []string{"valid", "invalid"} {
		files, err := filepath.Glob("testdata/" + dir + "/*.yaml")
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(src)
		}
	}
	f.Add([]byte("a: &a [x, x]\nb: &b [*a, *a]\nc: {<<: {d: *b}}"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, src []byte) {
		doc, err := policyfile.Parse("f.yaml", src)
		if err != nil {
			var errs policy.Errors
			if !errors.As(err, &errs) || len(errs) == 0 {
				t.Fatalf("not a list of faults: %v", err)
			}
			return
		}
		again, err := policy.Parse("canonical.json", doc.Canonical())
		if err != nil {
			t.Fatalf("the canonical form is refused: %v\n%s", err, doc.Canonical())
		}
		if again.Digest != doc.Digest {
			t.Fatalf("the digest changes: %s", doc.Canonical())
		}
	})
}
