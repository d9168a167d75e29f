// Package transcript runs tests that are written down as a conversation: a
// command, what it is given, and what it answers.
//
//	# Nobody answers: the second tier is told after five minutes.
//	policy
//	tracks: …
//	----
//	ok
//
//	advance 5m
//	----
//	5m0s notify user:bob (no_ack_timeout)
//
// # Grammar
//
// A directive is one line: a name, then words (advance 5m) and arguments
// (key=value, key=(one, two)). A value with spaces, commas, brackets or a
// leading quote stands in Go's double quotes. A line that ends in a backslash
// goes on in the next. Lines that begin with # between directives are comments.
//
// What follows the directive, up to a line of four dashes, is its input; the
// input may contain blank lines, so a directive always needs its dashes. What
// follows the dashes, up to a blank line or the end of the file, is the
// expected output. Output that contains blank lines stands between doubled
// dashes instead:
//
//	show
//	----
//	----
//	first
//
//	second
//	----
//	----
//
// # Writing one
//
// Write the directives with nothing below the dashes, run the package's tests
// with -update (the flag is package golden's), and read what was written. Only
// commit a change of output that you can explain.
//
// An argument that the handler does not read fails the test, for a misspelt
// argument that is silently ignored makes a transcript say what it does not
// test.
package transcript

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/internal/golden"
)

// Walk calls f in a subtest for every file below dir whose name ends in .txt,
// in lexical order; the subtest is named after the file. It fails t if there is
// none, for a test over no files would pass for ever.
func Walk(t *testing.T, dir string, f func(t *testing.T, path string)) {
	t.Helper()
	paths, err := files(dir)
	if err != nil {
		t.Fatalf("transcript: %v", err)
	}
	for _, path := range paths {
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			t.Fatalf("transcript: %v", err)
		}
		name := strings.TrimSuffix(filepath.ToSlash(rel), ".txt")
		t.Run(name, func(t *testing.T) { f(t, path) })
	}
}

// files lists the transcripts below dir; none is an error.
func files(dir string) ([]string, error) {
	var paths []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".txt") {
			paths = append(paths, path)
		}
		return err
	})
	if err == nil && len(paths) == 0 {
		err = fmt.Errorf("no .txt file below %s", dir)
	}
	return paths, err
}

// Run replays the transcript at path: it calls handle for each directive, in
// order and on the calling goroutine, and compares what it returns with the
// expected output. A missing line end is added to the returned text. Run stops
// the test at the first difference, for what follows in a conversation depends
// on it. With -update it writes the outputs into the file instead.
func Run(t testing.TB, path string, handle func(d *Command) string) {
	t.Helper()
	run(t, path, handle, golden.Update())
}

func run(t testing.TB, path string, handle func(d *Command) string, update bool) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("transcript: %v", err)
	}
	script, err := parse(path, string(content))
	if err != nil {
		t.Fatalf("transcript: %v", err)
	}
	for i := range script.steps {
		s := &script.steps[i]
		got := answer(t, s, handle)
		if update {
			s.output = got
			continue
		}
		if got != s.output {
			t.Fatalf("%s: %s: output differs (-want +got); if the change is meant, run with -update\n%s",
				s.pos, s.directive, golden.Diff(s.output, got))
		}
	}
	if !update {
		return
	}
	text, err := script.format()
	if err != nil {
		t.Fatalf("transcript: %v", err)
	}
	if err := golden.Write(path, []byte(text)); err != nil {
		t.Fatalf("transcript: %v", err)
	}
}

// answer calls handle for one step and checks that it read all arguments.
func answer(t testing.TB, s *step, handle func(d *Command) string) string {
	t.Helper()
	d := &Command{Name: s.name, Input: s.input, Pos: s.pos, t: t, args: s.args, read: make([]bool, len(s.args))}
	got := handle(d)
	if unread := d.unread(); unread != "" {
		d.Fatalf("%s does not know the argument %s", d.Name, unread)
	}
	if got != "" && !strings.HasSuffix(got, "\n") {
		got += "\n"
	}
	return got
}
