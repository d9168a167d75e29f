package policy

import (
	"strconv"
	"strings"
	"time"
)

// String is the test as a condition is written; groups are any(…) and all(…).
func (t *test) String() string {
	switch t.op {
	case opAny:
		return "any(" + joinTests(t.kids) + ")"
	case opAll:
		return "all(" + joinTests(t.kids) + ")"
	}
	s := t.leaf()
	if t.not {
		return "not(" + s + ")"
	}
	return s
}

func joinTests(tests []test) string {
	parts := make([]string, len(tests))
	for i := range tests {
		parts[i] = tests[i].String()
	}
	return strings.Join(parts, ", ")
}

func (t *test) leaf() string {
	if t.op == opHours {
		return "hours(" + t.label + ")"
	}
	return fieldNames[t.field] + t.label + " " + operatorNames[t.op] + " " + t.value()
}

func (t *test) value() string {
	if t.op == opIn {
		words := t.list
		if t.field.class() == classScale {
			for i, w := range t.field.words() {
				if t.levels>>(i+1)&1 == 1 {
					words = append(words, w)
				}
			}
		}
		parts := make([]string, len(words))
		for i, w := range words {
			parts[i] = quoteValue(w)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	switch t.field.class() {
	case classText:
		return quoteValue(t.text)
	case classScale:
		return t.field.words()[t.number-1]
	case classBool:
		return strconv.FormatBool(t.number == 1)
	case classTime:
		return short(time.Duration(t.number))
	}
	return strconv.FormatInt(t.number, 10)
}

// quoteValue writes a value so that it reads back as itself: plain words stay
// plain, all else is quoted.
func quoteValue(s string) string {
	plain := s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./:@", r))
	})
	if plain {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// unquoteValue reads a value in double or single quotes. Between double quotes
// \" and \\ stand for " and \; any other backslash is itself, so that a
// pattern such as "a\.b" means what it says.
func unquoteValue(s string) (string, bool) {
	if len(s) < 2 || s[0] != s[len(s)-1] {
		return "", false
	}
	body := s[1 : len(s)-1]
	if s[0] == '\'' {
		return body, !strings.Contains(body, "'")
	}
	var b strings.Builder
	for i := 0; i < len(body); i++ {
		switch {
		case body[i] == '"':
			return "", false
		case body[i] == '\\' && i+1 < len(body) && (body[i+1] == '"' || body[i+1] == '\\'):
			i++
		case body[i] == '\\' && i+1 == len(body):
			return "", false
		}
		b.WriteByte(body[i])
	}
	return b.String(), true
}

// splitList splits at the commas that are in no quotes and no brackets.
func splitList(s string) []string {
	var parts []string
	depth, start := 0, 0
	quote := byte(0)
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == '\\' && quote == '"' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '[' || c == '(':
			depth++
		case c == ']' || c == ')':
			depth--
		case c == ',' && depth == 0:
			parts = append(parts, strings.TrimSpace(s[start:i]))
			start = i + 1
		}
	}
	return append(parts, strings.TrimSpace(s[start:]))
}
