package escalationtest

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// A suite that passes proves nothing unless it can fail: every line of every
// case is bent, and each bend must be noticed.
func TestBentLinesAreNoticed(t *testing.T) {
	names, err := filepath.Glob("testdata/*/*.test.yaml")
	if err != nil || len(names) < 10 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	bends := 0
	for _, name := range names {
		for _, c := range Load(name).Cases {
			if c.Err != nil || c.Run(t.Context()).Outcome != Pass {
				continue // TestRules says so
			}
			for i := range c.Lines {
				for what, bent := range bend(c, i) {
					bends++
					if r := bent.Run(t.Context()); r.Outcome != Fail {
						t.Errorf("%s: line %d %s: %s, want fail\n%s", r.Title(), c.Lines[i].Line, what, r.Outcome, c.Lines[i].Text)
					}
				}
			}
		}
	}
	t.Logf("%d bends", bends)
	if bends < 500 {
		t.Errorf("only %d bends", bends)
	}
}

// bend returns the case with line i bent in ways that change what it says.
func bend(c *Case, i int) map[string]*Case {
	out := map[string]*Case{}
	with := func(what string, change func(x *Expect)) {
		bent := *c
		bent.Lines = slices.Clone(c.Lines)
		change(&bent.Lines[i])
		out[what] = &bent
	}
	x := &c.Lines[i]
	switch x.Kind {
	case ExpectNotify:
		with("a second later", func(x *Expect) { x.At += time.Second })
		with("to somebody else", func(x *Expect) { x.To = append([]string{"user:nobody-of-that-name"}, x.To[1:]...) })
		with("of another tier", func(x *Expect) { x.Tier = "no-such-tier" })
		if c.Strict && x.At < c.Until && x.Message.String() == "" && !slices.Contains(c.Given.LastResort, x.To[0]) {
			bent := *c
			bent.Lines = slices.Delete(slices.Clone(c.Lines), i, i+1)
			if len(bent.Lines) > 0 {
				out["left out"] = &bent
			}
		}
	case ExpectRun, ExpectUndo:
		with("a second later", func(x *Expect) { x.At += time.Second })
		with("of another action", func(x *Expect) { x.Run = "no-such-action" })
	case ExpectStatus:
		with("another status", func(x *Expect) { x.Status = "no-such-status" })
	case ExpectGate, ExpectCheck:
		with("another decision", func(x *Expect) {
			if x.Decision == "allow" {
				x.Decision = "deny"
			} else {
				x.Decision = "allow"
			}
		})
	case ExpectRecord:
		with("another event", func(x *Expect) {
			f := slices.Clone(x.Record)
			f[0].value = scalar(fmt.Sprintf("no-such-%s", f[0].name))
			x.Record = f
		})
		with("a second later", func(x *Expect) { x.At += time.Second })
	}
	return out
}
