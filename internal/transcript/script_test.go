package transcript

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzParse checks that any text is read or refused without a panic, that
// writing what was read loses no directive, input or output, and that a second
// writing changes nothing.
func FuzzParse(f *testing.F) {
	grammar, err := os.ReadFile(filepath.Join("testdata", "grammar.txt"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(grammar))
	f.Add("a\n----\n----\n\n----\n----\nb\n----\n")
	f.Add("a \\\nb=(c,\\\nd)\nin\n----\nout\n\n# c")
	f.Add("a\n----\n----\n----\n----\n\n")
	f.Fuzz(func(t *testing.T, content string) {
		first, err := parse("f", content)
		if err != nil {
			return
		}
		text, err := first.format()
		if err != nil {
			t.Fatalf("format of what was read: %v", err)
		}
		second, err := parse("f", text)
		if err != nil {
			t.Fatalf("parse of what was written: %v\n%q", err, text)
		}
		if len(first.steps) != len(second.steps) {
			t.Fatalf("%d steps became %d:\n%q", len(first.steps), len(second.steps), text)
		}
		for i, a := range first.steps {
			b := second.steps[i]
			if a.directive != b.directive || a.input != b.input || a.output != b.output {
				t.Fatalf("step %d %+v became %+v", i, a, b)
			}
		}
		again, err := second.format()
		if err != nil || again != text {
			t.Fatalf("second writing (%v):\n%q\nfirst:\n%q", err, again, text)
		}
	})
}
