// Package golden compares what a test got with a file that a person has read
// and committed.
//
// The files lie below the tested package's testdata directory. When a change
// of behaviour is meant, run the package's tests with -update and read the
// diff of the files before committing it:
//
//	go test ./policy/render -run TestLadder -update
//
// Package transcript shares the flag.
package golden

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"
)

// update is read through [Update] only; the flag package sets it before the
// first test runs.
var update = flag.Bool("update", false, "write golden files and transcripts instead of comparing with them")

// Update reports whether the tests were started with -update.
func Update() bool { return *update }

// Check fails t unless got equals the file testdata/name of the package under
// test; with -update it writes the file instead. name is a slash-separated
// path that stays below testdata. The test goes on after a difference and
// stops when the file cannot be read or written. got is not kept.
func Check(t testing.TB, name string, got []byte) {
	t.Helper()
	check(t, "testdata", name, got, Update())
}

func check(t testing.TB, dir, name string, got []byte, update bool) {
	t.Helper()
	if !fs.ValidPath(name) || name == "." {
		t.Fatalf("golden: name %q must be a slash-separated path below testdata", name)
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	if update {
		if err := Write(path, got); err != nil {
			t.Fatalf("golden: %v", err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("golden: %s does not exist; run %s with -update to write it, then read it", path, t.Name())
	}
	if err != nil {
		t.Fatalf("golden: %v", err)
	}
	if diff := compare(want, got); diff != "" {
		t.Errorf("golden: %s differs (-want +got); if the change is meant, run with -update\n%s", path, diff)
	}
}

// compare is Diff for text and names the first different byte of anything else.
func compare(want, got []byte) string {
	if bytes.Equal(want, got) {
		return ""
	}
	if utf8.Valid(want) && utf8.Valid(got) {
		return Diff(string(want), string(got))
	}
	at := 0
	for at < len(want) && at < len(got) && want[at] == got[at] {
		at++
	}
	return fmt.Sprintf("- %d bytes, at %d: %x\n+ %d bytes, at %d: %x\n",
		len(want), at, window(want, at), len(got), at, window(got, at))
}

// window is the few bytes of b that begin at an offset.
func window(b []byte, at int) []byte {
	return b[at:min(at+16, len(b))]
}

// Write puts content into the file at path, making its directories. A file
// that holds it already is left alone, so that its modification time does not
// invalidate cached test results.
func Write(path string, content []byte) error {
	old, err := os.ReadFile(path)
	if err == nil && bytes.Equal(old, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}
