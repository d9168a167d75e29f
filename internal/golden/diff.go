package golden

import (
	"fmt"
	"strings"
)

// around is how many equal lines are shown on both sides of a difference.
const around = 3

// maxCells bounds the table of the longest common subsequence. Texts whose
// differing middle is larger are shown as one block replaced by another.
const maxCells = 4 << 20

// noNewline stands, as in other diffs, behind a last line without a line end.
const noNewline = "\n\\ no newline at the end"

// Diff returns how got differs from want, line by line: "- " lines are only in
// want, "+ " lines only in got, and "@@" lines give the number of the next
// line in want. It returns "" if the texts are equal.
func Diff(want, got string) string {
	if want == got {
		return ""
	}
	return hunks(edits(splitLines(want), splitLines(got)))
}

// splitLines cuts text into lines; a last line without a line end says so, for
// else two texts that differ in that alone would look the same.
func splitLines(text string) []string {
	if text == "" {
		return nil
	}
	body, ended := strings.CutSuffix(text, "\n")
	lines := strings.Split(body, "\n")
	if !ended {
		lines[len(lines)-1] += noNewline
	}
	return lines
}

// edit is one line of the diff and where it stands.
type edit struct {
	op   byte // ' ' in both, '-' in want only, '+' in got only
	text string
	line int // in want, from 1
}

// edits turns want into got. Lines equal at both ends are set aside first:
// most differences are small and lie close together.
func edits(want, got []string) []edit {
	var head int
	for head < len(want) && head < len(got) && want[head] == got[head] {
		head++
	}
	var tail int
	for tail < len(want)-head && tail < len(got)-head &&
		want[len(want)-1-tail] == got[len(got)-1-tail] {
		tail++
	}
	var out []edit
	for i := range head {
		out = append(out, edit{' ', want[i], i + 1})
	}
	out = append(out, middle(want[head:len(want)-tail], got[head:len(got)-tail], head)...)
	for i := len(want) - tail; i < len(want); i++ {
		out = append(out, edit{' ', want[i], i + 1})
	}
	return out
}

// middle finds the longest common subsequence; skip lines of want go before.
func middle(want, got []string, skip int) []edit {
	longest := commonLengths(want, got)
	var out []edit
	i, j := 0, 0
	for i < len(want) || j < len(got) {
		switch {
		case i < len(want) && j < len(got) && longest != nil && want[i] == got[j]:
			out = append(out, edit{' ', want[i], skip + i + 1})
			i, j = i+1, j+1
		case j == len(got) || i < len(want) && (longest == nil || longest[i+1][j] >= longest[i][j+1]):
			out = append(out, edit{'-', want[i], skip + i + 1})
			i++
		default:
			out = append(out, edit{'+', got[j], skip + i + 1})
			j++
		}
	}
	return out
}

// commonLengths[i][j] is the length of the longest common subsequence of
// want[i:] and got[j:]; nil when the table would be too large.
func commonLengths(want, got []string) [][]int32 {
	if (len(want)+1)*(len(got)+1) > maxCells {
		return nil
	}
	table := make([][]int32, len(want)+1)
	for i := range table {
		table[i] = make([]int32, len(got)+1)
	}
	for i := len(want) - 1; i >= 0; i-- {
		for j := len(got) - 1; j >= 0; j-- {
			if want[i] == got[j] {
				table[i][j] = table[i+1][j+1] + 1
			} else {
				table[i][j] = max(table[i+1][j], table[i][j+1])
			}
		}
	}
	return table
}

// hunks prints the edits, leaving out equal lines far from a difference.
func hunks(all []edit) string {
	near := make([]bool, len(all))
	for i, e := range all {
		if e.op == ' ' {
			continue
		}
		for k := max(0, i-around); k <= min(len(all)-1, i+around); k++ {
			near[k] = true
		}
	}
	var b strings.Builder
	for i, e := range all {
		if !near[i] {
			continue
		}
		if i == 0 || !near[i-1] {
			fmt.Fprintf(&b, "@@ line %d @@\n", e.line)
		}
		fmt.Fprintf(&b, "%c %s\n", e.op, e.text)
	}
	return b.String()
}
