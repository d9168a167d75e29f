package oncall

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"iter"
	"strings"
	"unicode/utf8"

	"github.com/belfry-go/belfry/policy"
)

// Feed is the shifts of one schedule, for a calendar.
type Feed struct {
	Name   string // the schedule's
	Shifts iter.Seq[Shift]
}

// ICal writes feeds as one iCalendar object (RFC 5545), an event for each shift
// with somebody on call; gaps are no events. Times are in UTC and whole seconds,
// rounded down; a shift that has none is left out. An event does not block its
// owner's time.
//
// The same feeds and stamp give the same bytes. An event's UID follows from the
// feed's name and the shift's beginning, so that an importing calendar replaces
// an event whose people or end have changed. stamp is when the calendar was made.
//
// The error is that of w, or names a shift outside the years 1 to 9999: ask for
// a span with an end.
func ICal(w io.Writer, stamp policy.Instant, feeds ...Feed) error {
	made, err := calendarTime(stamp)
	if err != nil {
		return fmt.Errorf("oncall: calendar: stamp: %w", err)
	}
	var c calendar
	c.line("BEGIN", "VCALENDAR")
	c.line("VERSION", "2.0")
	c.line("PRODID", "-//belfry//on-call schedule//EN")
	c.line("CALSCALE", "GREGORIAN")
	c.line("METHOD", "PUBLISH")
	for _, f := range feeds {
		for sh := range f.Shifts {
			err := c.event(f.Name, made, sh)
			if err == nil {
				_, err = c.WriteTo(w)
			}
			if err != nil {
				return fmt.Errorf("oncall: calendar: schedule %q: %w", f.Name, err)
			}
		}
	}
	c.line("END", "VCALENDAR")
	if _, err := c.WriteTo(w); err != nil {
		return fmt.Errorf("oncall: calendar: %w", err)
	}
	return nil
}

// calendar gathers content lines until they are written out.
type calendar struct {
	bytes.Buffer
}

func (c *calendar) event(name, made string, sh Shift) error {
	from, err := calendarTime(sh.From)
	if err != nil {
		return err
	}
	to, err := calendarTime(sh.To)
	if err != nil || len(sh.OnCall) == 0 || from == to {
		return err
	}
	c.line("BEGIN", "VEVENT")
	c.line("UID", uid(name, sh.From))
	c.line("DTSTAMP", made)
	c.line("DTSTART", from)
	c.line("DTEND", to)
	c.line("SUMMARY", escape(fmt.Sprintf("%s: %s", name, strings.Join(sh.OnCall, ", "))))
	c.line("CATEGORIES", escape(name))
	c.line("TRANSP", "TRANSPARENT")
	c.line("END", "VEVENT")
	return nil
}

// uid is unique to a feed and an instant.
func uid(name string, from policy.Instant) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", name, int64(from)))
	return hex.EncodeToString(sum[:16]) + "@belfry"
}

// calendarTime is the basic form of ISO 8601, which has four digits for a year.
func calendarTime(i policy.Instant) (string, error) {
	if t := i.Time(); i.Known() && t.Year() >= 1 && t.Year() <= 9999 {
		return t.Format("20060102T150405Z"), nil
	}
	return "", fmt.Errorf("%v is outside the years 1 to 9999; ask for a span with an end", i)
}

// escape makes a TEXT value: four characters are escaped, and control
// characters, which a value may not hold, become spaces.
func escape(text string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(text, "\uFFFD") {
		switch {
		case r == '\\', r == ';', r == ',':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r < ' ', r == 0x7f:
			b.WriteByte(' ')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// maxLine is the length in octets that a content line is folded at.
const maxLine = 75

// line writes a content line, folded between runes.
func (c *calendar) line(name, value string) {
	rest := name + ":" + value
	for room := maxLine; len(rest) > room; room = maxLine - 1 {
		cut := room
		for !utf8.RuneStart(rest[cut]) {
			cut--
		}
		c.WriteString(rest[:cut])
		c.WriteString("\r\n ")
		rest = rest[cut:]
	}
	c.WriteString(rest)
	c.WriteString("\r\n")
}
