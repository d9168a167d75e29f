package notify

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/belfry-go/belfry/policy"
)

// maxErrorText bounds the text of an error, in bytes: a vendor's answer pasted
// into an error is the vendor's to fill.
const maxErrorText = 512

// Redact returns err's text made safe to log and to record: of every URL only
// scheme and host are left, since user info, path, query and fragment may each
// be the secret (a chat webhook's is its path); control and other unprintable
// characters are replaced by spaces; credentials that can be told by their form
// are masked ([policy.Mask]); at most 512 bytes are left. It returns "" for nil.
func Redact(err error) string {
	if err == nil {
		return ""
	}
	return clip(plain(policy.Mask(redactText(redactKnown(err.Error(), err)))), maxErrorText)
}

// redactKnown replaces in s the URL of each *url.Error in err's tree. Such a
// URL may be malformed, so that its end cannot be found in the text; and the
// cause of one that did not parse quotes pieces of it.
func redactKnown(s string, err error) string {
	if u, ok := err.(*url.Error); ok && u != nil { //nolint:errorlint // each error of the tree by itself
		safe := "…" // without a scheme there is no telling what is in it
		if scheme, rest, ok := strings.Cut(u.URL, "://"); ok {
			safe = scheme + "://" + hostOf(rest)
		}
		if u.Op == "parse" {
			s = strings.ReplaceAll(s, u.Error(), "parse "+strconv.Quote(safe)+": malformed URL")
		}
		s = strings.ReplaceAll(s, strconv.Quote(u.URL), strconv.Quote(safe))
		if u.URL != "" {
			s = strings.ReplaceAll(s, u.URL, safe)
		}
	}
	switch e := err.(type) { //nolint:errorlint // this walks the tree
	case interface{ Unwrap() error }:
		if next := e.Unwrap(); next != nil {
			s = redactKnown(s, next)
		}
	case interface{ Unwrap() []error }:
		for _, next := range e.Unwrap() {
			if next != nil {
				s = redactKnown(s, next)
			}
		}
	}
	return s
}

// redactText cuts each "scheme://…" in s down to scheme and host. It looks at
// the text, since a URL may have been printed into it by whatever failed.
func redactText(s string) string {
	var b strings.Builder
	for {
		head, rest, ok := strings.Cut(s, "://")
		b.WriteString(head)
		if !ok {
			return b.String()
		}
		n := endOfURL(rest)
		b.WriteString("://")
		b.WriteString(hostOf(rest[:n]))
		s = rest[n:]
	}
}

// endOfURL returns how far the URL at the start of s goes. Only what no URL
// holds unescaped ends it, so that no tail of a secret is left standing; a
// quote behind a backslash belongs to the quoted text.
func endOfURL(s string) int {
	escaped := false
	for i, r := range s {
		if unicode.IsSpace(r) || r == '<' || r == '>' || r == '`' || r == '"' && !escaped {
			return i
		}
		escaped = r == '\\' && !escaped
	}
	return len(s)
}

// hostOf keeps the host and port of what follows "://", and marks the rest.
func hostOf(u string) string {
	authority, tail := u, ""
	if i := strings.IndexAny(u, "/?#\\ \"\t\r\n"); i >= 0 {
		authority, tail = u[:i], "/…"
	}
	// An "@" further on may be the end of user info whose password holds a
	// slash that nobody escaped: then the host is not known.
	if strings.Contains(u[len(authority):], "@") {
		return "…"
	}
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	if !isHost(authority) {
		return "…" // user info cut short by an unescaped "#" looks like host:port
	}
	return authority + tail
}

// isHost reports whether s has the form of a host with or without a port.
func isHost(s string) bool {
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		host, port = s[:i], s[i+1:]
	}
	if inner, ok := strings.CutPrefix(host, "["); ok {
		host = strings.ReplaceAll(strings.TrimSuffix(inner, "]"), ":", "")
	}
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	return strings.Trim(host, letters+"0123456789.-_") == "" && strings.Trim(port, "0123456789") == ""
}

// plain replaces what is not printable, invalid UTF-8 among it, by spaces, so
// that a text cannot start a line of its own or turn the writing direction.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}

// clip cuts s to at most n bytes, at a rune's edge, and marks the cut.
func clip(s string, n int) string {
	const mark = "…"
	if len(s) <= n {
		return s
	}
	n -= len(mark)
	// A text that is not UTF-8 may have no edge near: then any place will do.
	for i := 0; i < utf8.UTFMax && n > 0 && !utf8.RuneStart(s[n]); i++ {
		n--
	}
	return s[:n] + mark
}
