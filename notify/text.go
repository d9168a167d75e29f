package notify

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxToken = 256 // bytes of a key, an id, a name
	maxWords = 512 // bytes of a summary, of a notice's text
)

// line is a notification as one line of text without its end. Its form is
// stable: new fields are added at the end.
func line(n Notification) string {
	var b strings.Builder
	b.WriteString(n.At.String())
	for _, s := range []string{n.Kind.String(), n.To.String(), "via", viaOf(n)} {
		b.WriteByte(' ')
		b.WriteString(token(s))
	}
	b.WriteByte(':')
	if len(n.Alerts) != 1 {
		b.WriteString(" " + strconv.Itoa(len(n.Alerts)) + " alerts:")
	}
	for i, it := range n.Alerts {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteByte(' ')
		b.WriteString(itemLine(it))
	}
	b.WriteString(" id=" + token(n.ID))
	if n.Attempt > 1 {
		b.WriteString(" attempt=" + strconv.Itoa(n.Attempt))
	}
	if n.Unjournaled {
		b.WriteString(" unjournaled")
	}
	return b.String()
}

// itemLine is one alert: priority, name, status, reason, then what was said of
// it, quoted. What is empty is left out.
func itemLine(it Item) string {
	words := make([]string, 0, 6)
	for _, s := range []string{string(it.Priority), it.Name(), it.Status, it.Reason.String()} {
		if s != "" {
			words = append(words, token(s))
		}
	}
	for _, s := range []string{it.Text, it.Summary()} {
		if s != "" {
			words = append(words, strconv.Quote(clip(s, maxWords)))
		}
	}
	return strings.Join(words, " ")
}

// token is s as one word: itself, or quoted where it would not be read back as
// one. Quoting leaves nothing unprintable, neither line ends nor what turns the
// writing direction.
func token(s string) string {
	s = clip(s, maxToken)
	odd := strings.IndexFunc(s, func(r rune) bool {
		return r == utf8.RuneError || r == '"' || r == ';' || unicode.IsSpace(r) || !unicode.IsPrint(r)
	})
	if s == "" || odd >= 0 {
		return strconv.Quote(s)
	}
	return s
}
