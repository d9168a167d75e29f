package golden

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/internal/faket"
)

func TestCheck(t *testing.T) {
	tests := []struct {
		name    string
		file    string // name given to check
		got     string
		failed  bool
		stopped bool
		says    []string
	}{
		{name: "equal", file: "ladder.txt", got: "one\ntwo\n"},
		{
			name: "different", file: "ladder.txt", got: "one\n2\n", failed: true,
			says: []string{"ladder.txt differs", "- two\n+ 2\n", "-update"},
		},
		{
			name: "binary", file: "ladder.txt", got: "one\n\xff\xfe", failed: true,
			says: []string{"- 8 bytes, at 4: 74776f0a\n+ 6 bytes, at 4: fffe\n"},
		},
		{
			name: "missing", file: "none.txt", failed: true, stopped: true,
			says: []string{"none.txt does not exist", "TestFake", "-update"},
		},
		{
			name: "outside", file: "../escape.txt", failed: true, stopped: true,
			says: []string{`"../escape.txt"`, "below testdata"},
		},
		{name: "no name", file: ".", failed: true, stopped: true, says: []string{"below testdata"}},
		{name: "directory", file: "sub", failed: true, stopped: true, says: []string{"golden: read"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "ladder.txt"), "one\ntwo\n")
			if err := os.Mkdir(filepath.Join(dir, "sub"), 0o755); err != nil {
				t.Fatal(err)
			}
			f := faket.Observe(func(ft testing.TB) { check(ft, dir, tt.file, []byte(tt.got), false) })
			if f.Failed != tt.failed || f.Stopped != tt.stopped {
				t.Errorf("failed %t, stopped %t; want %t, %t", f.Failed, f.Stopped, tt.failed, tt.stopped)
			}
			for _, want := range tt.says {
				if !strings.Contains(f.Log, want) {
					t.Errorf("log lacks %q:\n%s", want, f.Log)
				}
			}
		})
	}
}

func TestCheckUpdateWritesAndThenAgrees(t *testing.T) {
	dir := t.TempDir()
	for _, got := range []string{"first\n", "second, without a line end"} {
		for _, update := range []bool{true, false} {
			f := faket.Observe(func(ft testing.TB) { check(ft, dir, "deep/er/file.txt", []byte(got), update) })
			if f.Failed {
				t.Fatalf("update %t of %q failed:\n%s", update, got, f.Log)
			}
		}
	}
}

func TestCheckUpdateFailsWhereItCannotWrite(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "file"), "in the way")
	f := faket.Observe(func(ft testing.TB) { check(ft, dir, "file/below.txt", nil, true) })
	if !f.Stopped {
		t.Error("writing below a file did not stop the test")
	}
}

func TestWriteLeavesEqualFilesAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "same.txt")
	write(t, path, "same")
	old := time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC)
	if err := os.Chtimes(path, old, old); err != nil {
		t.Fatal(err)
	}
	if err := Write(path, []byte("same")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if !info.ModTime().Equal(old) {
		t.Errorf("modified at %v, want %v", info.ModTime(), old)
	}
}

// TestCheckReadsTestdata goes through the exported function and the real file.
func TestCheckReadsTestdata(t *testing.T) {
	Check(t, "diff.txt", []byte(Diff("a\nb\nc\n", "a\nB\nc\n")))
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}
