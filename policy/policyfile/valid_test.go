package policyfile_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/internal/golden"
	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/policyfile"
)

func validFiles(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/valid/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("fixtures are missing: %d found, %v", len(files), err)
	}
	return files
}

// TestValidDocuments: each loads, and is the same document in YAML, in
// canonical JSON and in JSON written by somebody else.
func TestValidDocuments(t *testing.T) {
	for _, file := range validFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			doc, err := policyfile.Load(file)
			if err != nil {
				t.Fatal(err)
			}
			again, err := policy.Parse("canonical.json", doc.Canonical())
			if err != nil {
				t.Fatalf("canonical form: %v", err)
			}
			if again.Digest != doc.Digest || !bytes.Equal(again.Canonical(), doc.Canonical()) {
				t.Errorf("the canonical form is not canonical:\n%s\n%s", doc.Canonical(), again.Canonical())
			}
			for i, p := range doc.Policies {
				if q := again.Policies[i]; p.Name != q.Name || p.Digest != q.Digest || len(p.Tracks) != len(q.Tracks) {
					t.Errorf("policy %d is %q in YAML and %q from its canonical form", i, p.Name, q.Name)
				}
			}
			var indented bytes.Buffer
			if err := json.Indent(&indented, doc.Canonical(), "", "\t"); err != nil {
				t.Fatalf("the canonical form is not JSON: %v", err)
			}
			other, err := policyfile.Parse("other", indented.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if other.Digest != doc.Digest {
				t.Errorf("digest of the JSON is %s, of the YAML %s", other.Digest, doc.Digest)
			}
		})
	}
}

// TestFullDocument pins what every field compiles to: a change of a default
// shows here.
func TestFullDocument(t *testing.T) {
	doc, err := policyfile.Load("testdata/valid/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	golden.Check(t, "full.txt", []byte(dump(doc)))
}
