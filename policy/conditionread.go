package policy

import (
	"fmt"
	"strings"
)

// scope is where conditions stand; it decides what they may read.
type scope uint8

const (
	scopeMatch scope = iota // a policy's match, a silence: what the alert says
	scopeTable              // the priority table
	scopeTrack              // a track's when: read at open and at each rise
	scopeGuard              // a tier's when, an action's guard: anything
)

// forbids says why a field may not be read in a scope; "" when it may.
func (s scope) forbids(f field) string {
	switch {
	case s < scopeTrack && f >= fieldCount:
		return fmt.Sprintf("%s is for guards only: the `when` of a track or a tier, an action's `guard`", f)
	case s <= scopeTable && f == fieldPriority:
		return "priority follows from the policy, so that it cannot be tested here"
	}
	return ""
}

// String is the field as messages call it.
func (f field) String() string {
	switch f {
	case fieldHours:
		return "hours(…)"
	case fieldLabel:
		return "labels.…"
	}
	return fieldNames[f]
}

// conditionError is a fault in the text of a condition.
type conditionError struct {
	msg   string
	got   string   // a word that was not known
	known []string // what it could have been
}

func (e *conditionError) Error() string {
	if near := closest(e.got, e.known); near != "" {
		return fmt.Sprintf("%s; did you mean %q?", e.msg, near)
	}
	return e.msg
}

func badCondition(format string, args ...any) *conditionError {
	return &conditionError{msg: fmt.Sprintf(format, args...)}
}

// ParseMatch reads conditions that must all hold, each written as in a
// policy's `match`: `kind = secret_leaked`, `severity >= high`. Groups are
// written not(…) and any(…). It is for matchers that come from elsewhere than
// a document, such as a silence's.
func ParseMatch(conditions ...string) (Conditions, error) {
	var c Conditions
	for _, text := range conditions {
		t, err := parseCondition(text, scopeMatch)
		if err != nil {
			return Conditions{}, fmt.Errorf("condition %q: %w", clip(text), err)
		}
		c.all = append(c.all, t)
	}
	return c, nil
}

// Match reads a list of conditions as a policy's `match` is read.
func (d *Decoder) Match(n *Node, path string) Conditions {
	return Conditions{all: d.conditions(n, path, scopeMatch, nil)}
}

// conditions reads a list; hours, if not nil, is told each hours(NAME).
func (d *Decoder) conditions(n *Node, path string, s scope, hours func(n *Node, path, name string)) []test {
	items, ok := d.List(n, path)
	if !ok {
		return nil
	}
	var out []test
	for i, item := range items {
		at := index(path, i)
		if item.Kind == NodeMap {
			if t, ok := d.group(item, at, s, hours); ok {
				out = append(out, t)
			}
			continue
		}
		text, ok := d.Text(item, at)
		if !ok {
			continue
		}
		t, err := parseCondition(text, s)
		if err != nil {
			d.FaultNear(item, at, err.msg, err.got, err.known)
			continue
		}
		if hours != nil {
			walk([]test{t}, func(t *test) {
				if t.op == opHours {
					hours(item, at, t.label)
				}
			})
		}
		out = append(out, t)
	}
	return out
}

// group reads {not: […]} or {any: […]}.
func (d *Decoder) group(n *Node, path string, s scope, hours func(*Node, string, string)) (test, bool) {
	if len(n.Fields) == 1 && n.Fields[0].Value.scalar() {
		f := n.Fields[0]
		d.faultf(n, path, "a condition is a text; write %q", f.Name+" = "+f.Value.Text)
		return test{}, false
	}
	o := d.Object(n, path, "a condition")
	not, any := o.Node("not"), o.Node("any")
	o.Done()
	if (not == nil) == (any == nil) {
		d.Fault(n, path, "a condition that is a map has either `not` or `any`")
		return test{}, false
	}
	name, list := "any", any
	if not != nil {
		name, list = "not", not
	}
	kids := d.conditions(list, o.Path(name), s, hours)
	if len(kids) == 0 {
		if list.Kind == NodeList && len(list.Items) == 0 {
			d.faultf(list, o.Path(name), "%q lists no condition", name)
		}
		return test{}, false
	}
	if not != nil {
		return negate(test{op: opAll, kids: kids}), true
	}
	return test{op: opAny, kids: kids}, true
}

// negate pushes a `not` down to the leaves.
func negate(t test) test {
	if t.op != opAny && t.op != opAll {
		t.not = !t.not
		return t
	}
	kids := make([]test, len(t.kids))
	for i := range kids {
		kids[i] = negate(t.kids[i])
	}
	if len(kids) == 1 {
		return kids[0]
	}
	op := opAny
	if t.op == opAny {
		op = opAll
	}
	return test{op: op, kids: kids}
}

func parseCondition(text string, s scope) (test, *conditionError) {
	text = strings.TrimSpace(text)
	if open := strings.IndexByte(text, '('); open > 0 && text[len(text)-1] == ')' {
		body := strings.TrimSpace(text[open+1 : len(text)-1])
		switch word := text[:open]; word {
		case "hours":
			return parseHours(body, s)
		case "not", "any", "all":
			return parseGroup(word, body, s)
		}
	}
	end := strings.IndexAny(text, " \t=!<>")
	if end < 0 {
		return test{}, badCondition("condition %q has no operator; write one such as kind = secret_leaked", clip(text))
	}
	name, rest := text[:end], strings.TrimSpace(text[end:])
	f, label, ok := fieldNamed(name)
	if !ok {
		return test{}, &conditionError{fmt.Sprintf("condition %q tests the unknown field %q", clip(text), clip(name)), name, knownFields()}
	}
	if why := s.forbids(f); why != "" {
		return test{}, badCondition("condition %q: %s", clip(text), why)
	}
	op, value, err := cutOperator(rest)
	if err != nil {
		return test{}, badCondition("condition %q: %s", clip(text), err.msg)
	}
	t := test{op: op, field: f, label: label}
	if err := t.setValue(value); err != nil {
		return test{}, &conditionError{fmt.Sprintf("condition %q: %s", clip(text), err.msg), err.got, err.known}
	}
	return t, nil
}

func parseHours(name string, s scope) (test, *conditionError) {
	if why := s.forbids(fieldHours); why != "" {
		return test{}, badCondition("condition %q: %s", "hours("+clip(name)+")", why)
	}
	if name == "" {
		return test{}, badCondition("hours() names no hours; write hours(business)")
	}
	return test{op: opHours, field: fieldHours, label: name}, nil
}

func parseGroup(word, body string, s scope) (test, *conditionError) {
	group := test{op: opAny}
	if word != "any" {
		group.op = opAll
	}
	for _, part := range splitList(body) {
		kid, err := parseCondition(part, s)
		if err != nil {
			return test{}, err
		}
		group.kids = append(group.kids, kid)
	}
	if word == "not" {
		return negate(group), nil
	}
	return group, nil
}

func knownFields() []string {
	names := []string{"criticality"}
	for f, n := range fieldNames {
		if field(f) != fieldLabel && field(f) != fieldHours {
			names = append(names, n)
		}
	}
	return names
}
