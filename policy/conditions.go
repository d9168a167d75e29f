package policy

import (
	"slices"
	"strings"
)

// Conditions is a list of conditions that must all hold. The zero value always
// holds. It is immutable and may be read by any number of goroutines.
type Conditions struct{ all []test }

// test is one condition, with negations pushed down to the leaves: a test on
// an unordered field that the alert lacks is false with and without a `not`
// before it, and only at a leaf can that be told.
type test struct {
	op    operator
	not   bool // of a leaf
	field field
	label string // of fieldLabel; the name of fieldHours

	text   string // classText: the value; for a pattern, its source
	list   []string
	owner  []Target // fieldOwner: text or list, parsed
	re     *pattern
	number int64  // a level, a count, a duration, or 1 for true
	levels uint16 // opIn on a scale: bit l for level l

	kids []test // of opAny and opAll
}

type operator uint8

const (
	opEqual operator = iota
	opNotEqual
	opLess
	opLessEqual
	opGreater
	opGreaterEqual
	opIn
	opMatches
	opNotMatches
	opHours // hours(NAME)
	opAny
	opAll
)

var operatorNames = [...]string{"=", "!=", "<", "<=", ">", ">=", "in", "=~", "!~"}

// Holds evaluates the conditions over f, without allocation unless a pattern
// is matched against identity.owner. It is Unknown only if the result really
// hangs on hours that f does not hold. f.Alert must not be nil.
func (c *Conditions) Holds(f *Facts) Truth { return every(c.all, f) }

func every(tests []test, f *Facts) Truth {
	result := True
	for i := range tests {
		switch tests[i].holds(f) {
		case False:
			return False
		case Unknown:
			result = Unknown
		}
	}
	return result
}

func some(tests []test, f *Facts) Truth {
	result := False
	for i := range tests {
		switch tests[i].holds(f) {
		case True:
			return True
		case Unknown:
			result = Unknown
		}
	}
	return result
}

func (t *test) holds(f *Facts) Truth {
	switch t.op {
	case opAny:
		return some(t.kids, f)
	case opAll:
		return every(t.kids, f)
	case opHours:
		for i := range f.Hours {
			if f.Hours[i].Name == t.label {
				return truth(f.Hours[i].Open != t.not)
			}
		}
		return Unknown
	}
	switch t.field.class() {
	case classText:
		return t.holdsText(f.Alert)
	case classScale:
		l := t.field.level(f)
		if t.op == opIn {
			return truth((t.levels>>l&1 == 1) != t.not)
		}
		return truth(compare(t.op, int64(l), t.number) != t.not)
	case classBool:
		v := int64(0)
		if f.Alert.Identity.ThirdParty {
			v = 1
		}
		return truth(compare(t.op, v, t.number) != t.not)
	}
	v := int64(f.Count)
	switch t.field {
	case fieldAge:
		v = int64(f.Age)
	case fieldConfidence:
		v = int64(f.Alert.Confidence)
	}
	return truth(compare(t.op, v, t.number) != t.not)
}

// holdsText is holds for unordered fields; absent is False, negated or not.
func (t *test) holdsText(a *Alert) Truth {
	if t.field == fieldOwner && t.re == nil {
		if a.Identity.Owner.IsZero() {
			return False
		}
		in := slices.Contains(t.owner, a.Identity.Owner)
		return truth((in == (t.op != opNotEqual)) != t.not)
	}
	v, ok := t.field.text(a, t.label)
	if !ok {
		return False
	}
	switch t.op {
	case opEqual:
		ok = v == t.text
	case opNotEqual:
		ok = v != t.text
	case opIn:
		ok = slices.Contains(t.list, v)
	case opMatches:
		ok = t.re.MatchString(v)
	case opNotMatches:
		ok = !t.re.MatchString(v)
	}
	return truth(ok != t.not)
}

func compare(op operator, v, w int64) bool {
	switch op {
	case opEqual:
		return v == w
	case opNotEqual:
		return v != w
	case opLess:
		return v < w
	case opLessEqual:
		return v <= w
	case opGreater:
		return v > w
	}
	return v >= w
}

func truth(b bool) Truth {
	if b {
		return True
	}
	return False
}

// String names the truth for messages.
func (t Truth) String() string {
	return [...]string{"false", "true", "unknown"}[min(t, Unknown)]
}

// walk calls visit for each leaf, in order.
func walk(tests []test, visit func(*test)) {
	for i := range tests {
		if tests[i].op == opAny || tests[i].op == opAll {
			walk(tests[i].kids, visit)
			continue
		}
		visit(&tests[i])
	}
}

// HoursNamed returns the names of the hours that the conditions read, sorted.
func (c *Conditions) HoursNamed() []string {
	var names []string
	walk(c.all, func(t *test) {
		if t.op == opHours {
			names = append(names, t.label)
		}
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// Static reports whether the conditions read nothing that can change while an
// alert is open: neither levels nor count, age or hours, nor what a later
// trigger may merge into the alert. Such conditions need evaluating once.
func (c *Conditions) Static() bool {
	static := true
	walk(c.all, func(t *test) { static = static && t.op != opHours && t.field.static() })
	return static
}

// Len is the number of conditions in the list; none means always.
func (c *Conditions) Len() int { return len(c.all) }

// Clause is one condition of a list, and whether it holds.
type Clause struct {
	Text  string
	Truth Truth
}

// Clauses evaluates each condition for itself, to explain a result.
func (c *Conditions) Clauses(f *Facts) []Clause {
	out := make([]Clause, len(c.all))
	for i := range c.all {
		out[i] = Clause{Text: c.all[i].String(), Truth: c.all[i].holds(f)}
	}
	return out
}

// Texts returns each condition in the form that [ParseMatch] reads.
func (c *Conditions) Texts() []string {
	out := make([]string, len(c.all))
	for i := range c.all {
		out[i] = c.all[i].String()
	}
	return out
}

// String is the conditions in one line; "always" when there are none.
func (c *Conditions) String() string {
	if len(c.all) == 0 {
		return "always"
	}
	return strings.Join(c.Texts(), ", ")
}
