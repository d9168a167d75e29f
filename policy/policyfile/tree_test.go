package policyfile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/policyfile"
)

// write is a tree in a form that shows its kinds.
func write(n *policy.Node) string {
	switch n.Kind {
	case policy.NodeNull:
		return "null"
	case policy.NodeString:
		return fmt.Sprintf("%q", n.Text)
	case policy.NodeList:
		parts := make([]string, len(n.Items))
		for i, item := range n.Items {
			parts[i] = write(item)
		}
		return "[" + strings.Join(parts, " ") + "]"
	case policy.NodeMap:
		parts := make([]string, len(n.Fields))
		for i, f := range n.Fields {
			parts[i] = f.Name + ":" + write(f.Value)
		}
		return "{" + strings.Join(parts, " ") + "}"
	}
	return n.Text
}

func TestTree(t *testing.T) {
	for _, tt := range []struct{ src, want string }{
		{"a: 1\nb: x\n", `{a:1 b:"x"}`},
		{"\ufeffa: 1\n", `{a:1}`},
		{`{"a": [1, true, null, "x"]}`, `{a:[1 true null "x"]}`},
		{`{a: [1, true, ~, x]}`, `{a:[1 true null "x"]}`}, // YAML that begins like JSON
		{"- yes\n- on\n- off\n- True\n- FALSE\n", `["yes" "on" "off" true false]`},
		{"- 2026-03-10T14:00:00Z\n- 2026-03-10\n- 09:00\n- 5m\n", `["2026-03-10T14:00:00Z" "2026-03-10" "09:00" "5m"]`},
		{"- 1.10\n- '1.10'\n- 0x10\n- -7\n", `[1.10 "1.10" 0x10 -7]`},
		{"- !!str 7\n", `["7"]`},
		{"a: &x {n: 1}\nb: *x\n", `{a:{n:1} b:{n:1}}`},
		{"a: &x {n: 1, m: 2}\nb: {<<: *x, n: 3}\n", `{a:{n:1 m:2} b:{n:3 m:2}}`},
		{"a: &x {n: 1}\nb: &y {n: 2, o: 2}\nc: {<<: [*x, *y]}\n", `{a:{n:1} b:{n:2 o:2} c:{n:1 o:2}}`},
		{"a: |\n  two\n  lines\nb: >-\n  one\n  line\n", `{a:"two\nlines\n" b:"one line"}`},
		{"7: a\ntrue: b\n", `{7:"a" true:"b"}`},
		{"a:\nb: ''\n", `{a:null b:""}`},
		{"---\n", `null`},
		{"# only a comment above\n---\na: 1\n...\n", `{a:1}`},
	} {
		n, err := policyfile.Tree("t.yaml", []byte(tt.src))
		if err != nil {
			t.Errorf("Tree(%q): %v", tt.src, err)
			continue
		}
		if got := write(n); got != tt.want {
			t.Errorf("Tree(%q) = %s, want %s", tt.src, got, tt.want)
		}
	}
}

func TestTreePlaces(t *testing.T) {
	n, err := policyfile.Tree("t.yaml", []byte("ü: {b: 1}\nlist:\n  - x\n  -\n    y: z\n"))
	if err != nil {
		t.Fatal(err)
	}
	at := func(line, col int) string { return fmt.Sprintf("%d:%d", line, col) }
	list := n.Fields[1].Value
	for _, tt := range []struct{ what, got, want string }{
		{"the value of ü", at(n.Fields[0].Value.Line, n.Fields[0].Value.Column), "1:4"},
		{"the name b", at(n.Fields[0].Value.Fields[0].Line, n.Fields[0].Value.Fields[0].Column), "1:5"},
		{"the first item", at(list.Items[0].Line, list.Items[0].Column), "3:5"},
		{"the value of y", at(list.Items[1].Fields[0].Value.Line, list.Items[1].Fields[0].Value.Column), "5:8"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s is at %s, want %s", tt.what, tt.got, tt.want)
		}
	}
}

// bomb is a few lines that stand for more values than a machine has bytes.
func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 20; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
	}
	return b.String()
}

func TestTreeRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ src, want string }{
		"empty":              {"", "empty"},
		"only a comment":     {"# nothing\n", "empty"},
		"syntax":             {"a: [1\nb: 2\n", "not valid YAML"},
		"two documents":      {"a: 1\n---\nb: 2\n", "t.yaml:2:1: a second document begins here"},
		"tab":                {"a:\n\tb: 1\n", "not valid YAML"},
		"too long":           {"a: " + strings.Repeat("x", policy.MaxSource), "longer than 4 MiB"},
		"NUL":                {"a: \x00\n", "t.yaml:1:4: the document holds NUL"},
		"not UTF-8":          {"a: 1\nb: \xff\n", "t.yaml:2:4: the document is not valid UTF-8"},
		"deep flow":          {strings.Repeat("[", 1<<20), "nested deeper than 64"},
		"deep block":         {deepBlock(200), "nested deeper than 64"},
		"deep by aliases":    {deepAliases(200), "nested deeper than 64"},
		"alias bomb":         {bomb(), "more than 200000 values"},
		"wide":               {"[" + strings.Repeat("1,", policy.MaxNodes) + "]", "more than 200000 values"},
		"alias in itself":    {"a: &a {b: [*a]}\n", "stands inside what it names"},
		"alias of nothing":   {"a: *b\n", "not valid YAML"},
		"duplicate":          {"a: 1\nb: 2\na: 3\n", "t.yaml:3:1: \"a\" stands here a second time; the first is in line 1"},
		"a tag":              {"a: !binary x\n", "the tag !binary has no meaning"},
		"a tagged list":      {"a: !!omap [b: 1]\n", "has no meaning"},
		"a list as a name":   {"? [a]\n: 1\n", "the name of a field must be a text"},
		"merging a text":     {"a: {<<: x}\n", "<< merges maps only"},
		"JSON in a .yaml":    {`{"a": 1,, "b"}`, "t.yaml:1:9: a map needs a name"},
		"two JSON documents": {"{\"a\": 1}\n{\"b\": 1}", "after the end of the document"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := policyfile.Tree("t.yaml", []byte(tt.src))
			var errs policy.Errors
			if !errors.As(err, &errs) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Tree = %.300v, want an error with %q", err, tt.want)
			}
			if err != nil && len(err.Error()) > 10_000 {
				t.Errorf("the error text has %d bytes", len(err.Error()))
			}
		})
	}
}

func deepBlock(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String()
}

func deepAliases(n int) string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x]\n")
	for i := 1; i < n; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [*a%d]\n", i, i, i-1)
	}
	return b.String()
}

func TestJSONByName(t *testing.T) {
	if _, err := policyfile.Tree("t.json", []byte("a: 1\n")); err == nil || !strings.Contains(err.Error(), "t.json:1:1: a JSON value cannot begin") {
		t.Errorf("YAML in a file called .json: %v", err)
	}
}
