package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Error is one fault of a document, with its place.
type Error struct {
	File         string
	Line, Column int    // from 1; 0 when the fault has no place
	Path         string // such as policies[2].tracks.main.tiers[0].wait
	Msg          string // what is wrong and what to do
	Excerpt      string // the line it stands in, shortened around the column
	Suggestion   string // a known name close to the one written, or ""

	caret int // position of the column in Excerpt, in runes
}

// Error is the place, the message, and, when the text is known, the line with
// a mark under the column and the suggestion.
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		b.WriteByte(':')
	}
	if e.Line > 0 {
		fmt.Fprintf(&b, "%d:%d:", e.Line, e.Column)
	}
	if b.Len() > 0 {
		b.WriteByte(' ')
	}
	b.WriteString(e.Msg)
	switch {
	case e.Excerpt != "":
		fmt.Fprintf(&b, "\n%5d | %s\n      | %s^", e.Line, e.Excerpt, strings.Repeat(" ", e.caret))
		if e.Suggestion != "" {
			fmt.Fprintf(&b, " did you mean %q?", e.Suggestion)
		}
	case e.Suggestion != "":
		fmt.Fprintf(&b, "; did you mean %q?", e.Suggestion)
	}
	return b.String()
}

// Errors is all faults of a document, in the order of their places.
type Errors []*Error

// Error is the text of each, one after the other.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the faults for errors.As and errors.Is.
func (e Errors) Unwrap() []error {
	out := make([]error, len(e))
	for i, one := range e {
		out[i] = one
	}
	return out
}

// Merge returns the faults of several errors as one [Errors] in the order of
// their places, nil when all are nil. An error that is no Errors stands in it
// with its text and no place.
func Merge(errs ...error) error {
	var all Errors
	for _, err := range errs {
		var list Errors
		switch {
		case err == nil:
		case errors.As(err, &list):
			all = append(all, list...)
		default:
			all = append(all, &Error{Msg: err.Error()})
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all.sorted()
}

// sorted orders by place, then text, and drops what is said twice of one place.
// What has no place comes last.
func (e Errors) sorted() Errors {
	nowhere := func(e *Error) int {
		if e.Line == 0 {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(e, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.File, b.File), nowhere(a)-nowhere(b), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column), cmp.Compare(a.Msg, b.Msg))
	})
	return slices.CompactFunc(e, func(a, b *Error) bool {
		return a.File == b.File && a.Line == b.Line && a.Column == b.Column && a.Msg == b.Msg
	})
}

// excerptWidth is how much of a line an excerpt shows, in runes. A line of more
// than excerptLine bytes has none: finding the column again for each of many
// faults would take minutes in a document of one line.
const (
	excerptWidth = 100
	excerptLine  = 64 << 10
)

// excerpt returns line number n of src, shortened around column col, and where
// the column is in it. Tabs become one blank each, so that the mark stays
// under its column.
func excerpt(lines []string, n, col int) (text string, caret int) {
	if n < 1 || n > len(lines) || col < 1 || len(lines[n-1]) > excerptLine {
		return "", 0
	}
	line := []rune(strings.ToValidUTF8(strings.TrimRight(lines[n-1], "\r"), "\uFFFD"))
	for i, r := range line {
		if r < ' ' || r == 0x7f {
			line[i] = ' '
		}
	}
	caret = min(col-1, len(line))
	if len(line) <= excerptWidth {
		return string(line), caret
	}
	from := max(0, min(caret-excerptWidth/2, len(line)-excerptWidth))
	cut := string(line[from : from+excerptWidth])
	caret -= from
	if from > 0 {
		cut, caret = "…"+cut, caret+1
	}
	if from+excerptWidth < len(line) {
		cut += "…"
	}
	return cut, caret
}

// clip shortens s for a message: a document may be megabytes of one word.
func clip(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	n := most
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
