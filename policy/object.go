package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Object reads the fields of one map. Each method marks its field as known;
// [Object.Done] then reports the fields that nobody asked for. An Object of
// what is not a map reads as empty: the fault is recorded once.
type Object struct {
	d     *Decoder
	node  *Node
	path  string
	what  string // for messages: `tier "secondary"`
	known []string
	read  []bool   // by field of node
	lacks []string // fields that must be there and are not
}

// Object begins to read n, which stands at path and is called what in
// messages. `description` is a known text field of every map.
func (d *Decoder) Object(n *Node, path, what string) *Object {
	o := &Object{d: d, node: n, path: path, what: what}
	if n.Kind != NodeMap {
		o.node = &Node{Line: n.Line, Column: n.Column}
		d.faultf(n, path, "%s is %s; it must be a map", what, n.Kind)
	}
	o.read = make([]bool, len(o.node.Fields))
	o.Text("description")
	return o
}

// Node returns the value of a field, or nil when it is absent.
func (o *Object) Node(name string) *Node {
	o.known = append(o.known, name)
	for i := range o.node.Fields {
		if f := &o.node.Fields[i]; f.Name == name {
			o.read[i] = true
			return f.Value
		}
	}
	return nil
}

// Path is the path of a field.
func (o *Object) Path(name string) string { return join(o.path, name) }

// Need is Node for a field that must be there; its absence is a fault, unless
// Done finds it misspelt.
func (o *Object) Need(name string) *Node {
	n := o.Node(name)
	if n == nil && o.node.Kind == NodeMap && !slices.Contains(o.lacks, name) {
		o.lacks = append(o.lacks, name)
	}
	return n
}

// Text reads a text field; "" when absent.
func (o *Object) Text(name string) string {
	if n := o.Node(name); n != nil {
		s, _ := o.d.Text(n, o.Path(name))
		return s
	}
	return ""
}

// Name reads the field `name`, which must be there.
func (o *Object) Name() string {
	n := o.Need("name")
	if n == nil {
		return ""
	}
	s, ok := o.d.Text(n, o.Path("name"))
	if ok {
		o.d.checkName(n, o.Path("name"), s)
	}
	return s
}

// Scalar reads a field that is a text, a number or a bool, as text.
func (o *Object) Scalar(name string) string {
	if n := o.Node(name); n != nil {
		s, _ := o.d.Scalar(n, o.Path(name))
		return s
	}
	return ""
}

// Bool reads a field that is true or false; false when absent.
func (o *Object) Bool(name string) bool {
	if n := o.Node(name); n != nil {
		v, _ := o.d.Bool(n, o.Path(name))
		return v
	}
	return false
}

// Int reads a whole number from low to high; def when absent.
func (o *Object) Int(name string, def, low, high int) int {
	if n := o.Node(name); n != nil {
		if v, ok := o.d.Int(n, o.Path(name), low, high); ok {
			return v
		}
	}
	return def
}

// Duration reads a duration of at least low; def when absent.
func (o *Object) Duration(name string, def, low time.Duration) time.Duration {
	n := o.Node(name)
	if n == nil {
		return def
	}
	v, ok := o.d.Duration(n, o.Path(name))
	if !ok {
		return def
	}
	if v < low {
		if low <= time.Microsecond {
			o.d.faultf(n, o.Path(name), "%q must be longer than 0", name)
		} else {
			o.d.faultf(n, o.Path(name), "%q is %s; it must be at least %s", name, n.Text, short(low))
		}
		return def
	}
	return v
}

// Time reads an RFC 3339 instant; the zero time when absent.
func (o *Object) Time(name string) time.Time {
	if n := o.Node(name); n != nil {
		t, _ := o.d.Time(n, o.Path(name))
		return t
	}
	return time.Time{}
}

// Target reads a target; the zero Target when absent.
func (o *Object) Target(name string) Target {
	if n := o.Node(name); n != nil {
		t, _ := o.d.Target(n, o.Path(name))
		return t
	}
	return Target{}
}

// Targets reads a list of targets; nil when absent, else not nil.
func (o *Object) Targets(name string) []Target {
	if n := o.Node(name); n != nil {
		return o.d.Targets(n, o.Path(name))
	}
	return nil
}

// Texts reads a list of texts; nil when absent, else not nil.
func (o *Object) Texts(name string) []string {
	if n := o.Node(name); n != nil {
		return o.d.Texts(n, o.Path(name))
	}
	return nil
}

// List returns the items of a list field and the field's path.
func (o *Object) List(name string) ([]*Node, string) {
	if n := o.Node(name); n != nil {
		items, _ := o.d.List(n, o.Path(name))
		return items, o.Path(name)
	}
	return nil, ""
}

// Entries returns the entries of a field that is a map from names, and the
// field's path. A `description` with a text is left out: it is allowed
// everywhere.
func (o *Object) Entries(name string) ([]Field, string) {
	n := o.Node(name)
	if n == nil {
		return nil, ""
	}
	if n.Kind != NodeMap {
		o.d.wrongKind(n, o.Path(name), NodeMap)
		return nil, ""
	}
	out := make([]Field, 0, len(n.Fields))
	for _, f := range n.Fields {
		if f.Name == "description" && f.Value.Kind == NodeString {
			continue
		}
		o.d.checkName(&Node{Line: f.Line, Column: f.Column}, join(o.Path(name), f.Name), f.Name)
		out = append(out, f)
	}
	return out, o.Path(name)
}

// Enum reads a text that must be one of words and returns its index; def when
// absent.
func (o *Object) Enum(name string, def int, words ...string) int {
	n := o.Node(name)
	if n == nil {
		return def
	}
	text, ok := o.d.Scalar(n, o.Path(name))
	if !ok {
		return def
	}
	if i := slices.Index(words, text); i >= 0 {
		return i
	}
	o.d.FaultNear(n, o.Path(name), fmt.Sprintf("%q is %q; it must be %s", name, clip(text), orList(words)), text, words)
	return def
}

// Done records a fault for each field that no method asked for, and for each
// that must be there and is not, not even misspelt.
func (o *Object) Done() {
	for i, f := range o.node.Fields {
		if o.read[i] {
			continue
		}
		meant := closest(f.Name, o.known)
		o.lacks = slices.DeleteFunc(o.lacks, func(name string) bool { return name == meant })
		o.d.addNear(f.Line, f.Column, o.Path(f.Name), fmt.Sprintf("unknown field %q in %s", clip(f.Name), o.what), f.Name, o.known)
	}
	for _, name := range o.lacks {
		o.d.faultf(o.node, o.path, "%s has no %q", o.what, name)
	}
	o.lacks = nil
}

// checkName refuses names that could not be written in an anchor, a record or
// a test line.
func (d *Decoder) checkName(n *Node, path, name string) {
	const most = 128
	switch {
	case name == "":
		d.Fault(n, path, "a name is empty")
	case len(name) > most:
		d.faultf(n, path, "the name %q is longer than %d bytes", clip(name), most)
	case strings.TrimSpace(name) != name:
		d.faultf(n, path, "the name %q begins or ends with a blank", name)
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		d.faultf(n, path, "the name %q holds a control character", clip(name))
	}
}

// orList writes words as "a, b or c".
func orList(words []string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// short writes a duration without the zero parts that Go's form has.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
