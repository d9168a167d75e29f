package policy

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// ParseNode reads one JSON value into a tree that knows its places. It is
// stricter than encoding/json where leniency hides mistakes: a name that
// stands twice in a map, invalid UTF-8, a lone surrogate and NUL are errors,
// and so is what exceeds [MaxSource], [MaxDepth] or [MaxNodes]. The error is
// an [Errors] that holds every duplicate and the first fault of the syntax.
// When nothing but duplicates is wrong, the tree is returned beside the error,
// without them: what else is wrong of it can be told in one go.
func ParseNode(file string, src []byte) (*Node, error) {
	d := NewDecoder(file, src)
	if !d.CheckText() {
		return nil, d.Err()
	}
	s := scanner{d: d, src: src, line: 1, strict: true}
	return s.document()
}

// scanner reads JSON, keeping line and column as it goes: looking them up
// afterwards would be quadratic in a document of one line.
type scanner struct {
	d         *Decoder
	src       []byte
	pos       int
	line      int
	lineStart int // byte offset of the line
	colPos    int // where col was counted up to
	col       int // runes between lineStart and colPos
	nodes     int
	strict    bool // duplicate names are errors; else the last wins
}

// syntaxError stops a scan: after it nothing of the rest can be trusted.
type syntaxError struct {
	line, col int
	msg       string
}

func (e *syntaxError) Error() string { return e.msg }

func (s *scanner) document() (*Node, error) {
	n, err := s.value(1)
	if err == nil {
		s.space()
		if s.pos < len(s.src) {
			err = s.fail("there is something after the end of the document")
		}
	}
	if err != nil {
		s.d.add(err.line, err.col, "", err.msg)
		return nil, s.d.Err()
	}
	return n, s.d.Err()
}

// place returns line and column of the current position.
func (s *scanner) place() (line, col int) {
	s.col += utf8.RuneCount(s.src[s.colPos:s.pos])
	s.colPos = s.pos
	return s.line, s.col + 1
}

func (s *scanner) newline() {
	s.line++
	s.lineStart, s.colPos, s.col = s.pos, s.pos, 0
}

func (s *scanner) fail(format string, args ...any) *syntaxError {
	line, col := s.place()
	return &syntaxError{line, col, fmt.Sprintf(format, args...)}
}

func (s *scanner) space() {
	for s.pos < len(s.src) {
		switch s.src[s.pos] {
		case '\n':
			s.pos++
			s.newline()
		case ' ', '\t', '\r':
			s.pos++
		default:
			return
		}
	}
}

// value reads one value at the given depth.
func (s *scanner) value(depth int) (*Node, *syntaxError) {
	s.space()
	if s.pos >= len(s.src) {
		return nil, s.fail("the document ends where a value should stand")
	}
	if depth > MaxDepth {
		return nil, s.fail("values are nested deeper than %d", MaxDepth)
	}
	if s.nodes++; s.nodes > MaxNodes {
		return nil, s.fail("the document has more than %d values", MaxNodes)
	}
	n := &Node{}
	n.Line, n.Column = s.place()
	switch c := s.src[s.pos]; {
	case c == '{':
		return n, s.object(n, depth)
	case c == '[':
		return n, s.list(n, depth)
	case c == '"':
		text, err := s.text()
		n.Kind, n.Text = NodeString, text
		return n, err
	case c == '-' || c >= '0' && c <= '9':
		text, ok := jsonNumber(s.src[s.pos:])
		if !ok {
			return nil, s.fail("malformed number")
		}
		n.Kind, n.Text = NodeNumber, text
		s.pos += len(text)
		return n, nil
	}
	for _, w := range [...]struct {
		word string
		kind NodeKind
	}{{"true", NodeBool}, {"false", NodeBool}, {"null", NodeNull}} {
		if bytes.HasPrefix(s.src[s.pos:], []byte(w.word)) {
			n.Kind = w.kind
			if w.kind == NodeBool {
				n.Text = w.word
			}
			s.pos += len(w.word)
			return n, nil
		}
	}
	r, _ := utf8.DecodeRune(s.src[s.pos:])
	return nil, s.fail("a JSON value cannot begin with %q", r)
}

func (s *scanner) list(n *Node, depth int) *syntaxError {
	n.Kind = NodeList
	s.pos++
	for first := true; ; first = false {
		s.space()
		if first && s.at(']') {
			s.pos++
			return nil
		}
		item, err := s.value(depth + 1)
		if err != nil {
			return err
		}
		n.Items = append(n.Items, item)
		s.space()
		switch {
		case s.at(','):
			s.pos++
		case s.at(']'):
			s.pos++
			return nil
		default:
			return s.fail("a list goes on with , or ends with ]")
		}
	}
}

func (s *scanner) object(n *Node, depth int) *syntaxError {
	n.Kind = NodeMap
	s.pos++
	var seen map[string]int
	for first := true; ; first = false {
		s.space()
		if first && s.at('}') {
			s.pos++
			return nil
		}
		if !s.at('"') {
			return s.fail("a map needs a name in double quotes here")
		}
		f := Field{}
		f.Line, f.Column = s.place()
		var err *syntaxError
		if f.Name, err = s.text(); err != nil {
			return err
		}
		s.space()
		if !s.at(':') {
			return s.fail("the name %q needs a : after it", clip(f.Name))
		}
		s.pos++
		if f.Value, err = s.value(depth + 1); err != nil {
			return err
		}
		if seen == nil {
			seen = map[string]int{}
		}
		if at, dup := seen[f.Name]; !dup {
			seen[f.Name] = len(n.Fields)
			n.Fields = append(n.Fields, f)
		} else if s.strict {
			s.d.duplicate(f, n.Fields[at].Line)
		} else {
			n.Fields[at] = f
		}
		s.space()
		switch {
		case s.at(','):
			s.pos++
		case s.at('}'):
			s.pos++
			return nil
		default:
			return s.fail("a map goes on with , or ends with }")
		}
	}
}

func (s *scanner) at(c byte) bool { return s.pos < len(s.src) && s.src[s.pos] == c }

// text reads a string from its opening to its closing quote.
func (s *scanner) text() (string, *syntaxError) {
	s.pos++
	start := s.pos
	for s.pos < len(s.src) { // the common case: nothing to unescape
		switch c := s.src[s.pos]; {
		case c == '"':
			text := string(s.src[start:s.pos])
			s.pos++
			return text, nil
		case c == '\\':
			return s.escaped(start)
		case c < ' ':
			return "", s.fail("a text holds a control character; write it as \\n, \\t or \\u%04x", c)
		}
		s.pos++
	}
	return "", s.fail("a text has no closing quote")
}

func (s *scanner) escaped(start int) (string, *syntaxError) {
	out := append([]byte(nil), s.src[start:s.pos]...)
	for s.pos < len(s.src) {
		c := s.src[s.pos]
		switch {
		case c == '"':
			s.pos++
			return string(out), nil
		case c < ' ':
			return "", s.fail("a text holds a control character; write it as \\n, \\t or \\u%04x", c)
		case c != '\\':
			out = append(out, c)
			s.pos++
			continue
		}
		r, size := unescape(s.src[s.pos:])
		if size == 0 {
			return "", s.fail("a text holds a malformed escape")
		}
		if r == 0 {
			return "", s.fail("a text holds NUL")
		}
		out = utf8.AppendRune(out, r)
		s.pos += size
	}
	return "", s.fail("a text has no closing quote")
}

// unescape reads the escape at the start of b; size 0 means it is malformed.
func unescape(b []byte) (r rune, size int) {
	if len(b) < 2 {
		return 0, 0
	}
	switch b[1] {
	case '"', '\\', '/':
		return rune(b[1]), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r = hex4(b[2:])
		if r < 0 {
			return 0, 0
		}
		if !utf16.IsSurrogate(r) {
			return r, 6
		}
		if len(b) >= 12 && b[6] == '\\' && b[7] == 'u' {
			if r = utf16.DecodeRune(r, hex4(b[8:])); r != utf8.RuneError {
				return r, 12
			}
		}
	}
	return 0, 0
}

func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	v, err := strconv.ParseUint(string(b[:4]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(v)
}

// jsonNumber returns the number at the start of b by JSON's grammar.
func jsonNumber(b []byte) (string, bool) {
	i := 0
	digits := func() bool {
		from := i
		for i < len(b) && b[i] >= '0' && b[i] <= '9' {
			i++
		}
		return i > from
	}
	if i < len(b) && b[i] == '-' {
		i++
	}
	zero := i < len(b) && b[i] == '0'
	from := i
	if !digits() || zero && i-from > 1 {
		return "", false
	}
	if i < len(b) && b[i] == '.' {
		i++
		if !digits() {
			return "", false
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if !digits() {
			return "", false
		}
	}
	return string(b[:i]), true
}
