package belfry_test

import (
	"errors"
	"fmt"
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation/escalationtest"
	"github.com/belfry-go/belfry/internal/golden"
	"github.com/belfry-go/belfry/policy/policyfile"
)

// maxReadme is how many lines a reader is asked to look at.
const maxReadme = 250

// A block that is marked with where it comes from equals that: what people copy
// compiles, and prints what stands beside it. With -update the blocks are
// written anew.
func TestBlocks(t *testing.T) {
	block := regexp.MustCompile("(?s)(<!-- block: ([^\n]*) -->\n```[a-z]*\n)(.*?)(```\n)")
	read := 0
	for name, text := range documents(t) {
		want := block.ReplaceAllStringFunc(text, func(found string) string {
			m := block.FindStringSubmatch(found)
			shown, err := source(m[2])
			if err != nil {
				t.Fatalf("%s: block %q: %v", name, m[2], err)
			}
			read++
			return m[1] + shown + m[4]
		})
		if strings.Count(want, "```go\n") != strings.Count(want, "-->\n```go\n") {
			t.Errorf("%s: a Go block says not where it comes from, so that nobody compiles it", name)
		}
		if golden.Update() {
			if err := golden.Write(name, []byte(want)); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if diff := golden.Diff(want, text); diff != "" {
			t.Errorf("%s (-its sources +itself); run with -update and read the diff\n%s", name, diff)
		}
	}
	if read < 6 {
		t.Errorf("%d blocks are read; is their form another?", read)
	}
}

func TestReadmeIsShort(t *testing.T) {
	if n := strings.Count(documents(t)["README.md"], "\n"); n > maxReadme {
		t.Errorf("the README has %d lines; at most %d", n, maxReadme)
	}
}

// source returns a block's text: of a file; of an Example's body, or its output;
// of a test.
func source(name string) (string, error) {
	file, rest, isExample := strings.Cut(name, " ")
	src, err := os.ReadFile(filepath.FromSlash(file))
	if err != nil || !isExample {
		return string(src), err
	}
	example, output, _ := strings.Cut(rest, " ")
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, src, parser.ParseComments)
	if err != nil {
		return "", err
	}
	if output == "output" {
		for _, e := range doc.Examples(f) {
			if "Example"+e.Name == example {
				return e.Output, nil
			}
		}
		return "", fmt.Errorf("there is no %s with an output", example)
	}
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		switch {
		case !ok || fn.Name.Name != example:
		case strings.HasPrefix(example, "Test"):
			return string(src[fset.Position(fn.Pos()).Offset:fset.Position(fn.End()).Offset]) + "\n", nil
		default:
			from, to := fset.Position(fn.Body.Lbrace).Offset, fset.Position(fn.Body.Rbrace).Offset
			return unindent(string(src[from+2 : to])), nil
		}
	}
	return "", fmt.Errorf("there is no func %s", example)
}

// unindent takes one tab from each line, and the expected output from the end.
func unindent(body string) string {
	body, _, _ = strings.Cut(body, "\t// Output:\n")
	var b strings.Builder
	for line := range strings.Lines(body) {
		b.WriteString(strings.TrimPrefix(line, "\t"))
	}
	return b.String()
}

// documents are the texts for readers.
func documents(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, name := range append(names, "README.md", "doc.go") {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		texts[filepath.ToSlash(name)] = string(src)
	}
	return texts
}

// A test that a text names as a proof must exist.
func TestProofsExist(t *testing.T) {
	tests := testNames(t)
	named := regexp.MustCompile(`\b(Test|Fuzz|Example|Benchmark)[A-Z]\w*`)
	for name, text := range documents(t) {
		for _, proof := range named.FindAllString(text, -1) {
			if !tests[proof] {
				t.Errorf("%s names %s, which is no test of this module", name, proof)
			}
		}
	}
}

// testNames are the functions of all test files.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	declared := regexp.MustCompile(`(?m)^func (\w+)\(`)
	names := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		src, err := os.ReadFile(path)
		for _, m := range declared.FindAllSubmatch(src, -1) {
			names[string(m[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// A link to a file of this module must lead somewhere.
func TestLinksLead(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#\s]+)(#[^)\s]*)?\)`)
	for name, text := range documents(t) {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			to := filepath.Join(filepath.Dir(name), filepath.FromSlash(m[1]))
			if _, err := os.Stat(to); errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s links to %s, which is not there", name, m[1])
			}
		}
	}
}

// A whole YAML document that a text shows must load, and a whole test file must
// pass; pieces of one begin otherwise.
func TestDocumentsShown(t *testing.T) {
	block := regexp.MustCompile("(?s)```yaml\n(version: 1\n.*?)```\n")
	whole := 0
	for name, text := range documents(t) {
		for _, m := range block.FindAllStringSubmatch(text, -1) {
			whole++
			if !strings.Contains(m[1], "\ntests:") {
				if _, err := policyfile.Parse(name, []byte(m[1])); err != nil {
					t.Error(err)
				}
				continue
			}
			open := func(path string) ([]byte, error) { return os.ReadFile(filepath.Join("testdata", filepath.Base(path))) }
			for _, r := range escalationtest.Read(name, []byte(m[1]), open).Run(t.Context()) {
				if r.Outcome != escalationtest.Pass {
					t.Errorf("%s: %s\n%s\n%s", name, r.Title(), strings.Join(r.Failures, "\n"), r.Timeline())
				}
			}
		}
	}
	if whole < 5 {
		t.Errorf("%d documents are shown whole; is the form of the blocks another?", whole)
	}
}
