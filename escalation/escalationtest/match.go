package escalationtest

import (
	"cmp"
	"slices"
	"time"

	"github.com/belfry-go/belfry/notify"
)

// want is one person, or one action, that a line lists.
type want struct {
	line int // index in Case.Lines
	who  int // index in Expect.To
	// many: the line's `count` says how many messages there are, and this is
	// one of them. Otherwise it narrows to alerts that count so many triggers.
	many bool
}

// had is one thing that a line may consume. A telling of the last resort goes
// by each of its names, and may be consumed once by each.
type had struct {
	seen int    // index in Timeline.Seen
	to   string // "" means Seen.To
}

// assignment says which thing each want consumed.
type assignment struct {
	wants []want
	had   []had
	got   []int // by want: index in had; -1 is none
}

// assign finds which line consumes which thing: as many as can be at once, for
// what a general line takes may be all that a narrower one can have. Of the
// things, those that a strict test must list go first.
func assign(wants []want, things []had, strict func(had) bool, fits func(want, had) bool) assignment {
	slices.SortStableFunc(things, func(a, b had) int { return cmp.Compare(rank(strict(a)), rank(strict(b))) })
	a := assignment{wants: wants, had: things, got: make([]int, len(wants))}
	for i := range a.got {
		a.got[i] = -1
	}
	fit := make([][]int, len(things)) // by thing: the wants it fits
	for h := range things {
		for w := range wants {
			if fits(wants[w], things[h]) {
				fit[h] = append(fit[h], w)
			}
		}
	}
	seen := make([]int, len(wants))
	for h := range things {
		a.augment(h, h+1, fit, seen)
	}
	return a
}

func rank(first bool) int {
	if first {
		return 0
	}
	return 1
}

// augment gives thing h to a want, moving earlier ones aside where they have
// another choice. mark tells the rounds apart.
func (a *assignment) augment(h, mark int, fit [][]int, seen []int) bool {
	for _, w := range fit[h] {
		if seen[w] == mark {
			continue
		}
		seen[w] = mark
		if a.got[w] < 0 || a.augment(a.got[w], mark, fit, seen) {
			a.got[w] = h
			return true
		}
	}
	return false
}

// fitsNotify reports whether the message is one that the line lists for the
// person.
func (x *Expect) fitsNotify(w want, s *Seen, to string) bool {
	if to == "" {
		to = s.To
	}
	if to != x.To[w.who] || !x.about(s) {
		return false
	}
	differs := x.narrows(s)
	return differs == "" || w.many && differs == "count"
}

// narrows names the first attribute of the line that the message does not
// have; "" when it has all.
func (x *Expect) narrows(s *Seen) string {
	differs := func(want, got string) bool { return want != "" && want != got }
	switch {
	case x.Message == notify.KindNone && (s.Kind == notify.KindOver || s.Kind == notify.KindUpdate):
		// Such messages are compared only where a test names their kind.
		return "kind"
	case x.Message != notify.KindNone && x.Message != s.Kind:
		return "kind"
	case differs(x.Track, s.Track):
		return "track"
	case differs(x.Tier, s.Tier):
		return "tier"
	case x.Pass != 0 && x.Pass != s.Pass:
		return "pass"
	case x.Reason != nil && x.Reason.String() != s.Reason:
		return "reason"
	case differs(x.Via, s.Via):
		return "via"
	case differs(x.Target, s.Target):
		return "target"
	case x.Bundle != 0 && x.Bundle != s.Bundle:
		return "bundle"
	case x.Delivered != nil && *x.Delivered != s.Delivered:
		return "delivered"
	case x.Count != 0 && x.Count != s.Count: // last: see want.many
		return "count"
	}
	return ""
}

// fitsRun reports whether an action's step is the one that the line lists.
func (x *Expect) fitsRun(s *Seen) bool {
	if !x.about(s) || x.Run != s.Run || x.Result != s.Result {
		return false
	}
	switch {
	case x.Name != "" && x.Name != s.Name,
		x.Track != "" && x.Track != s.Track,
		x.Tier != "" && x.Tier != s.Tier,
		x.Subjects != nil && *x.Subjects != s.Subjects:
		return false
	}
	return true
}

// about reports whether the thing is of the alert that the line is about.
func (x *Expect) about(s *Seen) bool {
	if x.Key != "" && x.Key != s.Key {
		return false
	}
	return x.Incarnation == 0 || x.Incarnation == s.Incarnation
}

// wantsAt collects what the lines of some kinds list for an instant. many is
// how `count` is read.
func (c *Case) wantsAt(at time.Duration, many bool, kinds ...ExpectKind) []want {
	var out []want
	for i := range c.Lines {
		x := &c.Lines[i]
		if x.At != at || !slices.Contains(kinds, x.Kind) {
			continue
		}
		if x.Kind != ExpectNotify {
			out = append(out, want{line: i})
			continue
		}
		n := 1
		if many {
			n = max(n, x.Count)
		}
		for who := range x.To {
			for range n {
				out = append(out, want{i, who, many})
			}
		}
	}
	return out
}
