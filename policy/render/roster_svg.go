package render

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/belfry-go/belfry/policy"
)

// The measures of the picture, in its own units.
const (
	svgChart  = 840 // width of the span
	svgRow    = 22
	svgBar    = 16
	svgHead   = 44 // of a board: its name and its days
	svgMargin = 12
	svgGlyph  = 7.2 // width of a character of a name, about
	svgGutter = 26  // most characters of a name that are shown
)

// svgColours are told apart by people who see no red or green, and stand on
// white and on black.
var svgColours = [...]string{"#4477aa", "#ee7733", "#228833", "#aa3377", "#66ccee", "#ccbb44", "#ee6677", "#777777"}

const svgStyle = `<style>
text{font:12px system-ui,sans-serif;fill:#1b1f24}.h{font-weight:600}.f{fill:#6a737d;font-size:11px}
.p{fill:#fff}.w{fill:#f3f5f7}.r{stroke:#d0d7de}.g{fill:none;stroke:#cc3311;stroke-width:1.5;stroke-dasharray:4 2}
@media (prefers-color-scheme:dark){text{fill:#e6edf3}.f{fill:#9198a1}.p{fill:#0d1117}.w{fill:#1c2128}.r{stroke:#3d444d}}
</style>
`

// SVG draws the roster as one SVG image: a board under a board, a bar for each
// turn with its times as a tool-tip, weekends shaded, gaps dashed and red. It
// follows the reader's dark mode.
func (r *Roster) SVG() string {
	p := &picture{r: r, gutter: svgMargin + svgGlyph*float64(r.longest()) + 10}
	for i := range r.Boards {
		p.board(&r.Boards[i])
	}
	width, height := p.gutter+svgChart+svgMargin, p.y+svgMargin
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%s" height="%s" role="img" aria-labelledby="t d">`+"\n",
		num(width), num(height), num(width), num(height))
	fmt.Fprintf(&b, "<title id=\"t\">Who is on call</title>\n<desc id=\"d\">%s</desc>\n", escaped(r.told()))
	b.WriteString(svgStyle)
	fmt.Fprintf(&b, `<rect class="p" width="%s" height="%s"/>`+"\n", num(width), num(height))
	b.WriteString(p.body.String())
	b.WriteString("</svg>\n")
	return b.String()
}

// told is the picture in one sentence, for those who do not see it.
func (r *Roster) told() string {
	names := make([]string, len(r.Boards))
	for i, b := range r.Boards {
		names[i] = b.Schedule
		if n := len(b.Gaps); n > 0 {
			names[i] += fmt.Sprintf(" (gaps: %d)", n)
		}
	}
	return fmt.Sprintf("From %v until %v: %s", r.From, r.Until, strings.Join(names, ", "))
}

func (r *Roster) longest() int {
	most := utf8.RuneCountInString(nobody)
	for _, p := range r.people {
		most = max(most, utf8.RuneCountInString(p))
	}
	return min(most, svgGutter)
}

// picture is an SVG while it is drawn, from the top down.
type picture struct {
	r      *Roster
	body   strings.Builder
	gutter float64 // where the span begins
	y      float64
}

// x is where an instant stands.
func (p *picture) x(i policy.Instant) float64 {
	return p.gutter + svgChart*float64(i.Sub(p.r.From))/float64(p.r.Until.Sub(p.r.From))
}

func (p *picture) linef(format string, args ...any) {
	fmt.Fprintf(&p.body, format+"\n", args...)
}

func (p *picture) board(b *Board) {
	rows := len(b.Rows)
	if len(b.Gaps) > 0 {
		rows++
	}
	top := p.y + svgHead
	height := float64(rows*svgRow) + 4
	p.linef(`<text class="h" x="%d" y="%s">%s <tspan class="f">%s</tspan></text>`, svgMargin, num(p.y+18), escaped(b.Schedule), escaped(b.Zone.String()))
	p.calendar(b, top, height)
	p.y = top + 2
	for _, row := range b.Rows {
		colour := svgColours[slices.Index(p.r.people, row.Person)%len(svgColours)]
		p.row(b, row.Person, row.Bars, fmt.Sprintf(`fill="%s"`, colour))
	}
	if len(b.Gaps) > 0 {
		p.row(b, nobody, b.Gaps, `class="g"`)
	}
	p.y += 10
}

// calendar draws weekends, days and their names.
func (p *picture) calendar(b *Board, top, height float64) {
	days := slices.Concat([]policy.Instant{p.r.From}, b.Days) // the span may begin in the middle of one
	for i, d := range days {
		if wd := d.Time().In(b.Zone).Weekday(); wd == time.Saturday || wd == time.Sunday {
			end := p.r.Until
			if i+1 < len(days) {
				end = days[i+1]
			}
			p.linef(`<rect class="w" x="%s" y="%s" width="%s" height="%s"/>`, num(p.x(d)), num(top), num(p.x(end)-p.x(d)), num(height))
		}
	}
	at, names := p.r.labels(b)
	free := 0.0
	for i, d := range at {
		x := p.x(d)
		p.linef(`<line class="r" x1="%s" y1="%s" x2="%s" y2="%s"/>`, num(x), num(top-4), num(x), num(top+height))
		if room := svgGlyph * float64(len(names[i])); x >= free && x+room <= p.gutter+svgChart+svgMargin {
			p.linef(`<text class="f" x="%s" y="%s">%s</text>`, num(x), num(top-8), names[i])
			free = x + room
		}
	}
}

func (p *picture) row(b *Board, name string, bars []Bar, look string) {
	label := name
	if utf8.RuneCountInString(label) > svgGutter {
		label = string([]rune(label)[:svgGutter-1]) + "…"
	}
	p.linef(`<text x="%d" y="%s">%s</text>`, svgMargin, num(p.y+svgBar-3), escaped(label))
	for _, bar := range bars {
		p.linef(`<rect %s x="%s" y="%s" width="%s" height="%d" rx="2"><title>%s, %s to %s</title></rect>`, look,
			num(p.x(bar.From)), num(p.y), num(max(p.x(bar.To)-p.x(bar.From), 0.5)), svgBar,
			escaped(name), shown(bar.From, b.Zone), shown(bar.To, b.Zone))
	}
	p.y += svgRow
}

// num is a coordinate to a tenth.
func num(f float64) string {
	return strings.TrimSuffix(fmt.Sprintf("%.1f", f), ".0")
}

// escaped makes text safe between tags and in attributes. Control characters,
// which XML lacks, become spaces.
func escaped(text string) string {
	var b strings.Builder
	for _, c := range strings.ToValidUTF8(text, "\uFFFD") {
		switch {
		case c == '&':
			b.WriteString("&amp;")
		case c == '<':
			b.WriteString("&lt;")
		case c == '>':
			b.WriteString("&gt;")
		case c == '"':
			b.WriteString("&quot;")
		case c < ' ', c == 0x7f, c == 0xfffe, c == 0xffff:
			b.WriteByte(' ')
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}
