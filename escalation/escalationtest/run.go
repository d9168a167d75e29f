package escalationtest

import (
	"context"
	"fmt"
	"maps"
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

// Report fails t for each result that did not pass, with its timeline.
func report(t *testing.T, r Result) {
	t.Helper()
	if r.Outcome == Pass {
		return
	}
	t.Errorf("%s\n%s\n%s", r.Title(), strings.Join(r.Failures, "\n"), fmt.Sprintf("what happened:\n%s", r.Timeline()))
}
