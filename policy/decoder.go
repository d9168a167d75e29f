package policy

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Decoder reads typed values out of a [Node] tree and collects every fault
// with its place, so that a file is mended in one go. Documents are read by
// it, and so are test files. A Decoder is for one goroutine.
type Decoder struct {
	file    string
	src     []byte
	lines   []string // of src, split when the first excerpt is needed
	errs    Errors
	dropped int
}

// maxFaults bounds how many faults are kept: a reader mends the first few, and
// a hostile document could have a fault in every byte.
const maxFaults = 1000

// NewDecoder returns a Decoder whose faults name file and quote src. src may
// be nil; the faults then have no excerpt.
func NewDecoder(file string, src []byte) *Decoder { return &Decoder{file: file, src: src} }

// use makes the faults from here on name another file. Those so far are kept.
func (d *Decoder) use(file string, src []byte) {
	same := len(d.src) == len(src) && (len(src) == 0 || &d.src[0] == &src[0])
	if d.file != file || !same {
		d.file, d.src, d.lines = file, src, nil
	}
}

// Err returns all faults as an [Errors] in the order of their places, or nil.
func (d *Decoder) Err() error {
	if len(d.errs) == 0 {
		return nil
	}
	errs := d.errs.sorted()
	if d.dropped > 0 {
		errs = append(errs, &Error{File: d.file, Msg: fmt.Sprintf("%d further faults are not shown", d.dropped)})
	}
	return errs
}

// Failed reports whether there is a fault so far.
func (d *Decoder) Failed() bool { return len(d.errs) > 0 }

// Fault records a fault at n, which stands at path. near, if not empty, are
// the names that got could have meant.
func (d *Decoder) Fault(n *Node, path, msg string) {
	if n == nil {
		d.add(0, 0, path, msg)
		return
	}
	d.add(n.Line, n.Column, path, msg)
}

// FaultNear is Fault with the suggestion of the name in names that is closest
// to got, if one is close.
func (d *Decoder) FaultNear(n *Node, path, msg, got string, names []string) {
	d.addNear(n.Line, n.Column, path, msg, got, names)
}

// faultMeant is Fault with a suggestion that is known; "" is none.
func (d *Decoder) faultMeant(n *Node, path, msg, suggestion string) {
	before := len(d.errs)
	d.Fault(n, path, msg)
	if len(d.errs) > before {
		d.errs[before].Suggestion = suggestion
	}
}

func (d *Decoder) faultf(n *Node, path, format string, args ...any) {
	d.Fault(n, path, fmt.Sprintf(format, args...))
}

func (d *Decoder) add(line, col int, path, msg string) { d.addNear(line, col, path, msg, "", nil) }

func (d *Decoder) addNear(line, col int, path, msg, got string, names []string) {
	if len(d.errs) >= maxFaults {
		d.dropped++
		return
	}
	e := &Error{File: d.file, Line: line, Column: col, Path: path, Msg: msg, Suggestion: closest(got, names)}
	if d.lines == nil && d.src != nil {
		d.lines = strings.Split(string(d.src), "\n")
	}
	e.Excerpt, e.caret = excerpt(d.lines, line, col)
	d.errs = append(d.errs, e)
}

func (d *Decoder) duplicate(f Field, firstLine int) {
	d.add(f.Line, f.Column, f.Name, fmt.Sprintf("%q stands here a second time; the first is in line %d", clip(f.Name), firstLine))
}

// CheckText records a fault and returns false when the text is not one that a
// document may be: too long, not UTF-8, or with NUL in it.
func (d *Decoder) CheckText() bool {
	switch at := bytes.IndexByte(d.src, 0); {
	case len(d.src) > MaxSource:
		d.src = nil // an excerpt of it is of no use
		d.add(0, 0, "", fmt.Sprintf("the document is longer than %d MiB", MaxSource>>20))
		return false
	case at >= 0:
		d.faultAt(at, "the document holds NUL; it is not text")
		return false
	}
	if utf8.Valid(d.src) {
		return true
	}
	for at := 0; at < len(d.src); {
		r, size := utf8.DecodeRune(d.src[at:])
		if r == utf8.RuneError && size == 1 {
			d.faultAt(at, "the document is not valid UTF-8 here")
			break
		}
		at += size
	}
	return false
}

// faultAt records a fault at a byte offset.
func (d *Decoder) faultAt(at int, msg string) {
	before := d.src[:at]
	start := bytes.LastIndexByte(before, '\n') + 1
	d.add(bytes.Count(before, []byte{'\n'})+1, utf8.RuneCount(before[start:])+1, "", msg)
}

// Text reads a text.
func (d *Decoder) Text(n *Node, path string) (string, bool) {
	if n.Kind == NodeString {
		return n.Text, true
	}
	if n.scalar() {
		d.faultf(n, path, "%s is %s; write it as a text, %q", last(path), n.Kind, n.Text)
		return "", false
	}
	d.wrongKind(n, path, NodeString)
	return "", false
}

// Scalar reads a text, a number or a bool as the text it was written as.
func (d *Decoder) Scalar(n *Node, path string) (string, bool) {
	if n.scalar() {
		return n.Text, true
	}
	d.wrongKind(n, path, NodeString)
	return "", false
}

// Bool reads true or false.
func (d *Decoder) Bool(n *Node, path string) (bool, bool) {
	if n.Kind == NodeBool {
		return n.Text == "true", true
	}
	d.wrongKind(n, path, NodeBool)
	return false, false
}

// Int reads a whole number of at least low and at most high.
func (d *Decoder) Int(n *Node, path string, low, high int) (int, bool) {
	if n.Kind != NodeNumber {
		d.wrongKind(n, path, NodeNumber)
		return 0, false
	}
	v, err := strconv.Atoi(n.Text)
	if err != nil {
		d.faultf(n, path, "%s is %q; it must be a whole number", last(path), clip(n.Text))
		return 0, false
	}
	if v < low || v > high {
		d.faultf(n, path, "%s is %d; it must be from %d to %d", last(path), v, low, high)
		return 0, false
	}
	return v, true
}

// Duration reads a duration; see [ParseDuration].
func (d *Decoder) Duration(n *Node, path string) (time.Duration, bool) {
	if n.Kind == NodeNumber {
		d.faultf(n, path, "%s is the bare number %s; a duration has a unit, such as %q", last(path), clip(n.Text), clip(n.Text)+"m")
		return 0, false
	}
	if n.Kind != NodeString {
		d.wrongKind(n, path, NodeString)
		return 0, false
	}
	v, err := ParseDuration(n.Text)
	if err != nil {
		d.faultf(n, path, "%s: %s", last(path), err)
		return 0, false
	}
	return v, true
}

// Time reads an RFC 3339 instant.
func (d *Decoder) Time(n *Node, path string) (time.Time, bool) {
	if n.Kind != NodeString {
		d.wrongKind(n, path, NodeString)
		return time.Time{}, false
	}
	t, err := time.Parse(time.RFC3339, n.Text)
	if err != nil {
		d.faultf(n, path, "%s is %q; write an instant such as 2026-03-10T15:30:00Z", last(path), clip(n.Text))
		return time.Time{}, false
	}
	return t.UTC(), true
}

// Target reads a target; see [ParseTarget].
func (d *Decoder) Target(n *Node, path string) (Target, bool) {
	text, ok := d.Text(n, path)
	if !ok {
		return Target{}, false
	}
	t, err := ParseTarget(text)
	if err != nil {
		kind, _, _ := strings.Cut(text, ":")
		d.FaultNear(n, path, err.Error(), kind, targetKinds)
		return Target{}, false
	}
	return t, true
}

var targetKinds = []string{"user", "team", "role", "schedule", "channel", "service", "owner"}

// List returns the items of a list.
func (d *Decoder) List(n *Node, path string) ([]*Node, bool) {
	if n.Kind == NodeList {
		return n.Items, true
	}
	if n.scalar() {
		d.faultf(n, path, "%s must be a list; write [%s]", last(path), clip(n.Text))
		return nil, false
	}
	d.wrongKind(n, path, NodeList)
	return nil, false
}

// Texts reads a list of texts.
func (d *Decoder) Texts(n *Node, path string) []string {
	items, _ := d.List(n, path)
	out := make([]string, 0, len(items))
	for i, item := range items {
		if s, ok := d.Text(item, index(path, i)); ok {
			out = append(out, s)
		}
	}
	return out
}

// Targets reads a list of targets.
func (d *Decoder) Targets(n *Node, path string) []Target {
	items, _ := d.List(n, path)
	out := make([]Target, 0, len(items))
	for i, item := range items {
		if t, ok := d.Target(item, index(path, i)); ok {
			out = append(out, t)
		}
	}
	return out
}

// wrongKind records that n is not of the wanted kind.
func (d *Decoder) wrongKind(n *Node, path string, want NodeKind) {
	if n.Kind == NodeNull {
		d.faultf(n, path, "%s has no value; give it one (%s) or leave it out", last(path), want)
		return
	}
	d.faultf(n, path, "%s is %s; it must be %s", last(path), n.Kind, want)
}

// join and index extend a path.
func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// last is how a message calls the value at path: its field in quotes.
func last(path string) string {
	if path == "" {
		return "the document"
	}
	name := path[strings.LastIndexByte(path, '.')+1:]
	if at := strings.IndexByte(name, '['); at > 0 {
		return "an item of " + strconv.Quote(name[:at])
	}
	return strconv.Quote(name)
}
