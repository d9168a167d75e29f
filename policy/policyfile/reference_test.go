package policyfile_test

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/policy/policyfile"
)

// TestReferenceLoads: the document in the package comment of policy is one that
// loads, and it uses every field that the full fixture uses.
func TestReferenceLoads(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../doc.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	var doc strings.Builder
	inside := false
	for line := range strings.Lines(file.Doc.Text()) {
		code, indented := strings.CutPrefix(line, "\t")
		inside = inside && (indented || strings.TrimSpace(line) == "") || indented && strings.HasPrefix(code, "version:")
		if inside {
			doc.WriteString(code)
		}
	}
	compiled, err := policyfile.Parse("doc.go", []byte(doc.String()))
	if err != nil {
		t.Fatalf("%v\n%s", err, doc.String())
	}
	full, err := policyfile.Load("testdata/valid/full.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range strings.FieldsFunc(string(full.Canonical()), func(r rune) bool { return strings.ContainsRune("{},[]", r) }) {
		name, _, isField := strings.Cut(word, ":")
		if isField && strings.HasPrefix(word, `"`) && strings.Contains(word, `":`) && fieldOfFormat(name) && !strings.Contains(string(compiled.Canonical()), name+":") {
			t.Errorf("the reference does not show the field %s", name)
		}
	}
}

// fieldOfFormat leaves out names that the fixture chose itself.
func fieldOfFormat(quoted string) bool {
	switch strings.Trim(quoted, `"`) {
	case "second", "description", "arm_by", "owner":
		return false
	}
	return true
}
