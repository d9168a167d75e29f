package render

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/belfry-go/belfry/policy"
)

// columns is how many cells a row of text has at most.
const columns = 64

// cellLengths are what a cell may stand for.
var cellLengths = [...]time.Duration{
	time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour,
	6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 2 * 24 * time.Hour, 7 * 24 * time.Hour,
}

// The marks of a cell.
const (
	markOn   = '█'
	markPart = '▒'
	markOff  = '·'
	markGap  = '!'
)

// Text draws the roster in characters, a row for each person; a row of gaps
// comes last where there are any. Lines end with a newline and have no blanks
// behind them.
func (r *Roster) Text() string {
	cell := r.cell()
	var b strings.Builder
	for i := range r.Boards {
		if i > 0 {
			b.WriteByte('\n')
		}
		r.board(&b, &r.Boards[i], cell)
	}
	if len(r.Boards) > 0 {
		fmt.Fprintf(&b, "\n%c on call  %c for a part of the cell  %c nobody on call; a cell is %s\n", markOn, markPart, markGap, brief(cell))
	}
	return b.String()
}

func (r *Roster) cell() time.Duration {
	span := r.Until.Sub(r.From)
	for _, c := range cellLengths {
		if cells(span, c) <= columns {
			return c
		}
	}
	return cellLengths[len(cellLengths)-1] // MaxRoster is fewer weeks than columns
}

func cells(span, cell time.Duration) int { return int((span + cell - 1) / cell) }

func (r *Roster) board(b *strings.Builder, board *Board, cell time.Duration) {
	fmt.Fprintf(b, "%s, %s, %s to %s\n", board.Schedule, board.Zone, shown(r.From, board.Zone), shown(r.Until, board.Zone))
	width := utf8.RuneCountInString(nobody)
	for _, row := range board.Rows {
		width = max(width, utf8.RuneCountInString(row.Person))
	}
	fmt.Fprintf(b, "%s\n", strings.TrimRight(strings.Repeat(" ", width+2)+r.ruler(board, cell), " "))
	for _, row := range board.Rows {
		fmt.Fprintf(b, "%-*s  %s\n", width, row.Person, r.marks(row.Bars, cell, markOn, markPart, markOff))
	}
	if len(board.Gaps) > 0 {
		fmt.Fprintf(b, "%-*s  %s\n", width, nobody, r.marks(board.Gaps, cell, markGap, markGap, ' '))
	}
}

// ruler names days over their cells, as many as there is room for.
func (r *Roster) ruler(board *Board, cell time.Duration) string {
	var line []byte
	at, names := r.labels(board)
	for i, d := range at {
		pos := int(d.Sub(r.From) / cell)
		if len(line) > 0 && pos <= len(line) {
			continue
		}
		line = append(line, strings.Repeat(" ", pos-len(line))...)
		line = append(line, names[i]...)
	}
	return string(line)
}

// marks draws a row: a cell that a bar fills, touches, or leaves out.
func (r *Roster) marks(bars []Bar, cell time.Duration, full, part, none rune) string {
	var line strings.Builder
	for i := range cells(r.Until.Sub(r.From), cell) {
		from := r.From.Add(time.Duration(i) * cell)
		to := min(from.Add(cell), r.Until)
		switch covered := overlap(bars, from, to); covered {
		case 0:
			line.WriteRune(none)
		case to.Sub(from):
			line.WriteRune(full)
		default:
			line.WriteRune(part)
		}
	}
	return strings.TrimRight(line.String(), " ")
}

func overlap(bars []Bar, from, to policy.Instant) time.Duration {
	var sum time.Duration
	for _, b := range bars {
		if begin, end := max(b.From, from), min(b.To, to); begin < end {
			sum += end.Sub(begin)
		}
	}
	return sum
}

// shown is an instant on the clocks of a zone, to the minute where that is all.
func shown(i policy.Instant, loc *time.Location) string {
	t := i.Time().In(loc)
	if t.Second() == 0 && t.Nanosecond() == 0 {
		return t.Format("2006-01-02 15:04")
	}
	return t.Format("2006-01-02 15:04:05.999999")
}

// brief is a whole number of days, hours or minutes.
func brief(d time.Duration) string {
	switch {
	case d%(24*time.Hour) == 0:
		return fmt.Sprintf("%dd", d/(24*time.Hour))
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dm", d/time.Minute)
}
