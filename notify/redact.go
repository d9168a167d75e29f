package notify

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxErrorText bounds the text of an error, in bytes: a vendor's answer pasted
// into an error is the vendor's to fill.
const maxErrorText = 512

// Redact returns err's text made safe to log and to record: of every URL only
// scheme and host are left, since user info, path, query and fragment may each
// be the secret (a chat webhook's is its path); control and other unprintable
// characters are replaced by spaces; at most 512 bytes are left. It returns ""
// for nil.
func Redact(err error) string {
	if err == nil {
		return ""
	}
	return clip(plain(redactURLs(err.Error())), maxErrorText)
}

// redactURLs cuts each "scheme://…" in s down to scheme and host. It works on
// the text and not on a *url.Error, because such an error may be wrapped many
// times over, or be printed into another error's text.
func redactURLs(s string) string {
	if !strings.Contains(s, "://") {
		return s
	}
	var b strings.Builder
	for {
		i := strings.Index(s, "://")
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		rest := s[i+3:]
		n := strings.IndexFunc(rest, endsURL)
		if n < 0 {
			n = len(rest)
		}
		b.WriteString(s[:i+3])
		b.WriteString(hostOf(rest[:n]))
		s = rest[n:]
	}
}

// endsURL reports whether r ends a URL inside a text. What a URL may hold
// unescaped is not an end, so that no tail of a secret is left standing.
func endsURL(r rune) bool {
	return unicode.IsSpace(r) || r == '"' || r == '<' || r == '>' || r == '`'
}

// hostOf keeps the host and port of what follows "://", and marks the rest.
func hostOf(u string) string {
	authority, tail := u, ""
	if i := strings.IndexAny(u, `/?#\`); i >= 0 {
		authority, tail = u[:i], "/…"
	}
	// A "@" behind the first slash may still be user info whose password
	// holds a slash that nobody escaped: then the host is not known.
	if tail != "" && strings.Contains(u[len(authority):], "@") && !strings.Contains(authority, ".") {
		return "…"
	}
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	return strings.TrimRight(authority, ".,;:)]}'") + tail
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
