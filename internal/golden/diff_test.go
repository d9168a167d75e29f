package golden

import (
	"strings"
	"testing"
)

func TestDiff(t *testing.T) {
	numbered := func(mark string) string {
		return "1\n2\n3\n4\n5\n" + mark + "7\n8\n9\n10\n11\n"
	}
	tests := []struct {
		name, want, got, diff string
	}{
		{"equal", "a\nb\n", "a\nb\n", ""},
		{"both empty", "", "", ""},
		{"from nothing", "", "a\n", "@@ line 1 @@\n+ a\n"},
		{"to nothing", "a\n", "", "@@ line 1 @@\n- a\n"},
		{"changed", "a\nb\nc\n", "a\nB\nc\n", "@@ line 1 @@\n  a\n- b\n+ B\n  c\n"},
		{"line end", "a\n", "a", "@@ line 1 @@\n- a\n+ a\n\\ no newline at the end\n"},
		{"blank lines count", "a\n\n\nb\n", "a\n\nb\n", "@@ line 1 @@\n  a\n  \n- \n  b\n"},
		{"inserted twice", "a\nb\nc\n", "x\na\nb\ny\nc\n", "@@ line 1 @@\n+ x\n  a\n  b\n+ y\n  c\n"},
		{
			"far lines left out", numbered("6\n"), numbered("six\n"),
			"@@ line 3 @@\n  3\n  4\n  5\n- 6\n+ six\n  7\n  8\n  9\n",
		},
		{
			"two hunks", "a\n" + numbered("6\n") + "b\n", "A\n" + numbered("6\n") + "B\n",
			"@@ line 1 @@\n- a\n+ A\n  1\n  2\n  3\n@@ line 10 @@\n  9\n  10\n  11\n- b\n+ B\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Diff(tt.want, tt.got); got != tt.diff {
				t.Errorf("Diff = %q\nwant   %q", got, tt.diff)
			}
		})
	}
}

func TestDiffOfLargeTextsIsOneBlock(t *testing.T) {
	want := strings.Repeat("a\nb\n", 1500)
	got := strings.Repeat("b\nc\n", 1500)
	diff := Diff(want, got)
	if gone, come := strings.Count(diff, "\n- "), strings.Count(diff, "\n+ "); gone != 3000 || come != 3000 {
		t.Errorf("%d lines gone, %d come; want 3000 of each", gone, come)
	}
}

// FuzzDiff checks that a diff says enough: its lines hold all that is in one
// text and not in the other, and it is empty for equal texts only.
func FuzzDiff(f *testing.F) {
	f.Add("", "")
	f.Add("a\nb\nc\n", "a\nc\nd\n")
	f.Add("a\n\n\nb", "\na\nb\n")
	f.Add("x\nx\nx\ny\n", "x\ny\nx\n")
	f.Fuzz(func(t *testing.T, want, got string) {
		diff := Diff(want, got)
		if (diff == "") != (want == got) {
			t.Fatalf("Diff(%q, %q) = %q", want, got, diff)
		}
		var left, right []string
		for _, e := range edits(splitLines(want), splitLines(got)) {
			if e.op != '+' {
				left = append(left, e.text)
			}
			if e.op != '-' {
				right = append(right, e.text)
			}
		}
		if l, r := join(left), join(right); l != want || r != got {
			t.Fatalf("edits give %q and %q, want %q and %q", l, r, want, got)
		}
	})
}

// join is the inverse of splitLines.
func join(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	text, cut := strings.CutSuffix(strings.Join(lines, "\n"), noNewline)
	if cut {
		return text
	}
	return text + "\n"
}
