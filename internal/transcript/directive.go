package transcript

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// special are the bytes that end a bare value or mean something in one.
const special = " \t,()\"="

// parseDirective splits `name word key=value key=(one, two)`.
func parseDirective(line string) (name string, args []argument, err error) {
	name, rest := cut(line)
	if name == dashes {
		return "", nil, errors.New("four dashes without a directive above them")
	}
	if strings.ContainsAny(name, special) {
		return "", nil, fmt.Errorf("a directive begins with a name, not %q", name)
	}
	for rest = strings.TrimLeft(rest, " \t"); rest != ""; rest = strings.TrimLeft(rest, " \t") {
		var a argument
		if a, rest, err = parseArgument(rest); err != nil {
			return "", nil, err
		}
		for _, earlier := range args {
			if !a.bare && !earlier.bare && earlier.key == a.key {
				return "", nil, fmt.Errorf("argument %q is given twice", a.key)
			}
		}
		args = append(args, a)
	}
	return name, args, nil
}

// cut splits off the text up to the first blank.
func cut(s string) (first, rest string) {
	if i := strings.IndexAny(s, " \t"); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

// parseArgument takes one word or key=… from the front of s, which is not
// empty and does not begin with a blank.
func parseArgument(s string) (a argument, rest string, err error) {
	a.key, rest, err = parseValue(s)
	if err != nil {
		return a, "", err
	}
	after, valued := strings.CutPrefix(rest, "=")
	switch {
	case !valued:
		a.bare = true
	case strings.HasPrefix(after, "("):
		a.values, rest, err = parseList(after[1:])
	default:
		var v string
		v, rest, err = parseValue(after)
		a.values = []string{v}
	}
	if err != nil {
		return a, "", fmt.Errorf("argument %q: %w", a.key, err)
	}
	if rest != "" && rest[0] != ' ' && rest[0] != '\t' {
		return a, "", fmt.Errorf("argument %q: unexpected %q; quote a value that contains blanks, commas, brackets or =", a.key, rest)
	}
	return a, rest, nil
}

// parseList takes `one, two)` from the front of s.
func parseList(s string) (values []string, rest string, err error) {
	values = []string{}
	for {
		s = strings.TrimLeft(s, " \t")
		if after, closed := strings.CutPrefix(s, ")"); closed && len(values) == 0 {
			return values, after, nil
		}
		var v string
		if v, s, err = parseValue(s); err != nil {
			return nil, "", err
		}
		values = append(values, v)
		s = strings.TrimLeft(s, " \t")
		switch {
		case strings.HasPrefix(s, ")"):
			return values, s[1:], nil
		case strings.HasPrefix(s, ","):
			s = s[1:]
		default:
			return nil, "", errors.New("a list is written (one, two)")
		}
	}
}

// parseValue takes a quoted or a bare value from the front of s.
func parseValue(s string) (value, rest string, err error) {
	if strings.HasPrefix(s, `"`) {
		quoted, err := strconv.QuotedPrefix(s)
		if err != nil {
			return "", "", fmt.Errorf("unfinished quote in %q", s)
		}
		value, err = strconv.Unquote(quoted)
		return value, s[len(quoted):], err
	}
	end := strings.IndexAny(s, special)
	if end < 0 {
		end = len(s)
	}
	if end == 0 {
		return "", "", errors.New(`a value is missing; write "" for an empty one`)
	}
	return s[:end], s[end:], nil
}
