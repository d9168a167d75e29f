package escalationtest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Outcome is what became of a test.
type Outcome string

// The outcomes of a test.
const (
	Pass Outcome = "pass"
	Fail Outcome = "fail"  // the machine did something else
	Bad  Outcome = "error" // it could not be run
)

// Result is the outcome of one test, or of a file that could not be read: then
// Name is empty.
type Result struct {
	File    string
	Name    string
	Line    int
	Outcome Outcome
	// Failures are the reasons, in the order of the instants; empty for Pass.
	Failures []string
	// Tiers are the tiers that were entered, as policy/track/tier, sorted.
	Tiers []string
	// Elapsed is how long the test took. It is not virtual.
	Elapsed time.Duration

	timeline func() string
}

// Timeline is everything that happened, with the expected lines marked; empty
// for Bad. It is made when it is asked for: most tests pass, and nobody asks.
func (r Result) Timeline() string {
	if r.timeline == nil {
		return ""
	}
	return r.timeline()
}

// marks of a rendered timeline.
const (
	markListed     = "✓"
	markMissed     = "✗"
	markUnexpected = "!"
)

// render writes the timeline with the expected lines marked: what a line lists,
// what no line lists, and, at their instants, the lines that do not hold.
func (c *Case) render(t *Timeline, v *verdict) string {
	var b strings.Builder
	missed := make([]int, 0, len(v.missed))
	for i := range v.missed {
		missed = append(missed, i)
	}
	slices.SortFunc(missed, func(x, y int) int {
		if c.Lines[x].At != c.Lines[y].At {
			return int(min(max(c.Lines[x].At-c.Lines[y].At, -1), 1))
		}
		return x - y
	})
	keys := t.severalKeys()
	write := func(mark string, at time.Duration, text string) {
		fmt.Fprintf(&b, "  %-1s %-10s %s\n", mark, at, text)
	}
	miss := func(until time.Duration) {
		for len(missed) > 0 && c.Lines[missed[0]].At < until {
			x := &c.Lines[missed[0]]
			write(markMissed, x.At, fmt.Sprintf("expected by line %d: %s", x.Line, x.Text))
			missed = missed[1:]
		}
	}
	for i := range t.Seen {
		s := &t.Seen[i]
		miss(s.At)
		mark := " "
		switch {
		case v.unexpected[i]:
			mark = markUnexpected
		case v.listed[i]:
			mark = markListed
		}
		if mark == " " && (s.echo() || s.Event == "delivery" && s.Result == "delivered") {
			continue
		}
		text := s.String()
		if keys && s.Key != "" {
			text += "  [" + s.name() + "]"
		}
		write(mark, s.At, text)
	}
	miss(forever)
	return b.String()
}

// texts are the failures as a result holds them.
func (v *verdict) texts() []string {
	var out []string
	for _, f := range v.failures {
		text := fmt.Sprintf("%s: %s", f.at, f.text)
		if f.line > 0 {
			text += fmt.Sprintf(" (line %d)", f.line)
		}
		out = append(out, text)
	}
	return out
}
