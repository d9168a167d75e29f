package policy

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
)

// cutOperator reads the operator at the start of s; longer ones come first.
func cutOperator(s string) (operator, string, *conditionError) {
	for _, o := range [...]struct {
		text string
		op   operator
	}{
		{"=~", opMatches},
		{"!~", opNotMatches},
		{"!=", opNotEqual},
		{"<=", opLessEqual},
		{">=", opGreaterEqual},
		{"==", opEqual},
		{"=", opEqual},
		{"<", opLess},
		{">", opGreater},
	} {
		if rest, ok := strings.CutPrefix(s, o.text); ok {
			if o.text == "==" {
				return 0, "", badCondition("equality is written =")
			}
			return o.op, strings.TrimSpace(rest), nil
		}
	}
	if rest, ok := strings.CutPrefix(s, "in"); ok && strings.HasPrefix(strings.TrimSpace(rest), "[") {
		return opIn, strings.TrimSpace(rest), nil
	}
	return 0, "", badCondition("after the field stands one of = != < <= > >= in =~ !~; `in` takes a list such as in [a, b]")
}

// setValue reads the value by the class of the field and the operator.
func (t *test) setValue(value string) *conditionError {
	if value == "" {
		return badCondition("there is no value; an empty one is written \"\"")
	}
	class := t.field.class()
	ordered := t.op >= opLess && t.op <= opGreaterEqual
	pattern := t.op == opMatches || t.op == opNotMatches
	switch {
	case ordered && (class == classText || class == classBool):
		return badCondition("%s has no order; it takes = != in =~ !~", t.field)
	case pattern && class != classText:
		return badCondition("%s takes no pattern", t.field)
	case t.op == opIn && class != classText && class != classScale:
		return badCondition("%s takes no list", t.field)
	case t.op == opIn:
		return t.setList(value)
	}
	word, err := bareValue(value, pattern)
	if err != nil {
		return err
	}
	switch class {
	case classText:
		return t.setText(word, pattern)
	case classScale:
		l, ok := t.field.levelNamed(word)
		if !ok {
			return unknownLevel(t.field, word)
		}
		t.number = int64(l)
	case classBool:
		if word != "true" && word != "false" {
			return badCondition("%s is true or false, not %q", t.field, clip(word))
		}
		if word == "true" {
			t.number = 1
		}
	case classTime:
		d, err := ParseDuration(word)
		if err != nil {
			return badCondition("%s", err)
		}
		t.number = int64(d)
	default:
		n, err := strconv.ParseInt(word, 10, 32)
		if err != nil {
			return badCondition("%s is a whole number, not %q", t.field, clip(word))
		}
		t.number = n
	}
	return nil
}

func unknownLevel(f field, word string) *conditionError {
	words := f.words()
	return &conditionError{fmt.Sprintf("%q is not a value of %s (%s)", clip(word), f, strings.Join(words, " ")), word, words}
}

func (t *test) setText(word string, pattern bool) *conditionError {
	t.text = word
	if pattern {
		const most = 1000
		if len(word) > most {
			return badCondition("the pattern is longer than %d bytes", most)
		}
		if patternSize(word) > maxPattern {
			return badCondition("the pattern is too large once its repetitions are written out")
		}
		re, err := newPattern(word)
		if err != nil {
			return badCondition("the pattern is not valid RE2: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
		}
		t.re = re
		return nil
	}
	if t.field == fieldOwner {
		return t.setOwner(word)
	}
	return nil
}

// maxPattern bounds what a pattern compiles to, in steps: a few bytes of
// counted repetitions can ask for a hundred megabytes.
const maxPattern = 10_000

// patternSize estimates the steps of a pattern; 0 when it is malformed.
func patternSize(pattern string) int {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0
	}
	return stepsOf(re)
}

func stepsOf(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		n += stepsOf(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return n
}

func (t *test) setOwner(word string) *conditionError {
	owner, err := ParseTarget(word)
	if err != nil {
		return badCondition("%s", err)
	}
	t.owner = append(t.owner, owner)
	return nil
}

func (t *test) setList(value string) *conditionError {
	if value[len(value)-1] != ']' {
		return badCondition("a list is written [a, b]")
	}
	body := strings.TrimSpace(value[1 : len(value)-1])
	if body == "" {
		return badCondition("the list is empty, so that nothing could ever be in it")
	}
	for _, part := range splitList(body) {
		word, err := bareValue(part, false)
		if err != nil {
			return err
		}
		switch {
		case t.field.class() == classScale:
			l, ok := t.field.levelNamed(word)
			if !ok {
				return unknownLevel(t.field, word)
			}
			t.levels |= 1 << l
		case t.field == fieldOwner:
			t.list = append(t.list, word)
			if err := t.setOwner(word); err != nil {
				return err
			}
		case !slices.Contains(t.list, word):
			t.list = append(t.list, word)
		}
	}
	return nil
}

// bareValue reads one value, quoted or not. What looks like a second condition
// must be quoted: read as a value it would silently never match.
func bareValue(s string, pattern bool) (string, *conditionError) {
	if s == "" {
		return "", badCondition("a value is empty; an empty one is written \"\"")
	}
	if s[0] == '"' || s[0] == '\'' {
		v, ok := unquoteValue(s)
		if !ok {
			return "", badCondition("the quotes of %s do not close where the value ends", clip(s))
		}
		return v, nil
	}
	if pattern {
		return s, nil
	}
	for _, sign := range [...]string{"=", "<", ">", " and ", " or ", "&&", "||", `"`} {
		if strings.Contains(s, sign) {
			return "", badCondition("the value holds %q; write one condition to an item, or put the value in quotes", strings.TrimSpace(sign))
		}
	}
	return s, nil
}
