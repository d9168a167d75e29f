package escalationtest

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Run plays the test and judges it.
func (c *Case) Run(ctx context.Context) Result {
	r := Result{File: c.File, Name: c.Name, Line: c.Line}
	if c.Err != nil {
		return r.bad(c.Err)
	}
	p, err := playCase(ctx, c)
	if err != nil {
		return r.bad(err)
	}
	// Lines name incarnations as people do; by now it is known which there were.
	lines := slices.Clone(c.Lines)
	for i := range lines {
		if lines[i].Key != "" {
			lines[i].Key, lines[i].Incarnation = p.name(lines[i].Key, lines[i].Incarnation)
		}
	}
	judged := *c
	judged.Lines = lines
	v := judged.judge(p.out, p.answers)
	r.Tiers = slices.Sorted(maps.Keys(p.entered))
	r.timeline = func() string { return judged.render(p.out, v) }
	if r.Failures = v.texts(); len(r.Failures) > 0 {
		r.Outcome = Fail
	} else {
		r.Outcome = Pass
	}
	return r
}

// bad is the result of what could not be run.
func (r Result) bad(err error) Result {
	r.Outcome, r.Failures = Bad, []string{err.Error()}
	return r
}

// Run plays every test of the file, in order. A file that could not be read is
// one result without a name.
func (f *File) Run(ctx context.Context) []Result {
	if f.Err != nil {
		return []Result{Result{File: f.Name}.bad(f.Err)}
	}
	out := make([]Result, len(f.Cases))
	for i, c := range f.Cases {
		out[i] = c.Run(ctx)
	}
	return out
}

// Run runs test files as subtests, one for each file and in it one for each
// test. A pattern is a path as [filepath.Glob] takes it; one that matches no
// file fails t, for a suite over nothing passes for ever.
func Run(t *testing.T, patterns ...string) {
	t.Helper()
	for _, pattern := range patterns {
		names, err := filepath.Glob(pattern)
		if err == nil && len(names) == 0 {
			err = errors.New("no such file")
		}
		if err != nil {
			t.Errorf("escalationtest: %s: %v", pattern, err)
		}
		for _, name := range names {
			runFile(t, Load(name))
		}
	}
}

// RunFS is [Run] for the files of a file system that match; policies that they
// name are read from it, too.
func RunFS(t *testing.T, fsys fs.FS, patterns ...string) {
	t.Helper()
	for _, pattern := range patterns {
		names, err := fs.Glob(fsys, pattern)
		if err == nil && len(names) == 0 {
			err = errors.New("no such file")
		}
		if err != nil {
			t.Errorf("escalationtest: %s: %v", pattern, err)
		}
		open := func(name string) ([]byte, error) { return fs.ReadFile(fsys, name) }
		for _, name := range names {
			f := &File{Name: name}
			if src, err := open(name); err != nil {
				f.Err = err
			} else {
				f = Read(name, src, open)
			}
			runFile(t, f)
		}
	}
}

func runFile(t *testing.T, f *File) {
	t.Run(strings.TrimSuffix(path.Base(filepath.ToSlash(f.Name)), ".test.yaml"), func(t *testing.T) {
		if f.Err != nil {
			t.Fatalf("%s: %v", f.Name, f.Err)
		}
		for _, c := range f.Cases {
			t.Run(c.Name, func(t *testing.T) {
				t.Parallel()
				report(t, c.Run(t.Context()))
			})
		}
	})
}

// report fails t for a test that did not pass, with its timeline.
func report(t testing.TB, r Result) {
	t.Helper()
	if r.Outcome == Pass {
		return
	}
	text := r.Title() + "\n" + strings.Join(r.Failures, "\n")
	if shown := r.Timeline(); shown != "" {
		text += "\nwhat happened:\n" + shown
	}
	t.Error(text)
}
