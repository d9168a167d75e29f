package policy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/policy"
)

// plain turns a tree into what encoding/json makes of the same text, numbers
// as json.Number.
func plain(n *policy.Node) any {
	switch n.Kind {
	case policy.NodeBool:
		return n.Text == "true"
	case policy.NodeNumber:
		return json.Number(n.Text)
	case policy.NodeString:
		return n.Text
	case policy.NodeList:
		out := []any{}
		for _, item := range n.Items {
			out = append(out, plain(item))
		}
		return out
	case policy.NodeMap:
		out := map[string]any{}
		for _, f := range n.Fields {
			out[f.Name] = plain(f.Value)
		}
		return out
	}
	return nil
}

func decodeJSON(src string) (v any, err error) {
	dec := json.NewDecoder(strings.NewReader(src))
	dec.UseNumber()
	err = dec.Decode(&v)
	return v, err
}

func TestParseNodeReadsJSON(t *testing.T) {
	for _, src := range []string{
		`{}`, `[]`, `"a"`, `0`, `-0.5e+3`, `true`, `false`, `null`, " [ 1 , 2 ] \n",
		`{"a": [1, {"b": null}], "ü": "\u00fc\n\t\"\\\/\b\f\r"}`,
		`"\ud83d\ude00 \u0041"`, `[[],[[]],{"a":{}}]`, `[1E5, 1e-5, 10, 1.0]`,
	} {
		n, err := policy.ParseNode("", []byte(src))
		if err != nil {
			t.Errorf("ParseNode(%s): %v", src, err)
			continue
		}
		want, err := decodeJSON(src)
		if err != nil {
			t.Fatal(err)
		}
		if got := plain(n); !reflect.DeepEqual(got, want) {
			t.Errorf("ParseNode(%s) = %#v, want %#v", src, got, want)
		}
	}
}

func TestParseNodePlaces(t *testing.T) {
	n, err := policy.ParseNode("", []byte("{\n  \"ü\": 1, \"b\": [true,\n\t\t\"x\"]}"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		what      string
		line, col int
		wl, wc    int
	}{
		{"the map", n.Line, n.Column, 1, 1},
		{"name ü", n.Fields[0].Line, n.Fields[0].Column, 2, 3},
		{"value of ü", n.Fields[0].Value.Line, n.Fields[0].Value.Column, 2, 8},
		{"name b", n.Fields[1].Line, n.Fields[1].Column, 2, 11}, // in runes, not bytes
		{"first item", n.Fields[1].Value.Items[0].Line, n.Fields[1].Value.Items[0].Column, 2, 17},
		{"second item", n.Fields[1].Value.Items[1].Line, n.Fields[1].Value.Items[1].Column, 3, 3},
	} {
		if tt.line != tt.wl || tt.col != tt.wc {
			t.Errorf("%s is at %d:%d, want %d:%d", tt.what, tt.line, tt.col, tt.wl, tt.wc)
		}
	}
}

func TestParseNodeErrors(t *testing.T) {
	for _, tt := range []struct{ src, want string }{
		{"", "1:1: the document ends where a value should stand"},
		{"{", "1:2: a map needs a name in double quotes here"},
		{"{\"a\"", "1:5: the name \"a\" needs a : after it"},
		{"{\"a\":", "1:6: the document ends"},
		{"{\"a\":1", "1:7: a map goes on with , or ends with }"},
		{"{\"a\":1,}", "1:8: a map needs a name"},
		{"[1", "1:3: a list goes on with , or ends with ]"},
		{"[1,]", "1:4: a JSON value cannot begin with ']'"},
		{"[1 2]", "1:4: a list goes on"},
		{"'a'", "1:1: a JSON value cannot begin with '\\''"},
		{"\"a", "1:3: a text has no closing quote"},
		{"\"\\n", "1:4: a text has no closing quote"},
		{"\"a\nb\"", "1:3: a text holds a control character"},
		{"\"\\na\nb\"", "1:5: a text holds a control character"},
		{`"\x"`, "1:2: a text holds a malformed escape"},
		{`"\u12"`, "1:2: a text holds a malformed escape"},
		{`"\u12G4"`, "1:2: a text holds a malformed escape"},
		{`"\ud800"`, "1:2: a text holds a malformed escape"},
		{`"\ud800\u0041"`, "1:2: a text holds a malformed escape"},
		{`"\u0000"`, "1:2: a text holds NUL"},
		{"01", "1:1: malformed number"},
		{"-", "1:1: malformed number"},
		{"1.", "1:1: malformed number"},
		{"1e", "1:1: malformed number"},
		{"trueth", "1:5: there is something after the end"},
		{"tru", "1:1: a JSON value cannot begin with 't'"},
		{"{} x", "1:4: there is something after the end"},
		{"{\n\"a\": 1,\n\"a\": 2}", "3:1: \"a\" stands here a second time; the first is in line 2"},
		{"[\n\x00]", "2:1: the document holds NUL"},
		{"[\n \"\xff\"]", "2:3: the document is not valid UTF-8 here"},
		{strings.Repeat("[", 65), "1:65: values are nested deeper than 64"},
		{"[" + strings.Repeat("0,", policy.MaxNodes) + "0]", "the document has more than 200000 values"},
		{strings.Repeat(" ", policy.MaxSource+1), "the document is longer than 4 MiB"},
	} {
		_, err := policy.ParseNode("", []byte(tt.src))
		var errs policy.Errors
		if !errors.As(err, &errs) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("ParseNode(%.30q) = %.200v, want an error with %q", tt.src, err, tt.want)
		}
	}
}

// TestParseHostile: what is made to cost much is refused for little. There is
// no clock in the test: its budget is what a run of it can stand.
func TestParseHostile(t *testing.T) {
	many := func(n int, item func(i int) string) string {
		var b strings.Builder
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(item(i))
		}
		return b.String()
	}
	for name, src := range map[string]string{
		"ten megabytes":     `{"version":1,"description":"` + strings.Repeat("x", 10<<20) + `"}`,
		"deep":              strings.Repeat(`{"a":`, 1<<19),
		"unknown fields":    `{` + many(90_000, func(i int) string { return fmt.Sprintf(`"f%d":0`, i) }) + `}`,
		"unknown names":     `{"version":1,"directory":{"people":{` + many(20_000, func(i int) string { return fmt.Sprintf(`"p%d":{}`, i) }) + `},"teams":{"t":[` + many(20_000, func(i int) string { return fmt.Sprintf(`"q%d"`, i) }) + `]}}}`,
		"bare actions":      onePolicy(`"tiers":[{"name":"t","notify":["owner"],"run":[` + many(150_000, func(i int) string { return fmt.Sprintf(`"r%d"`, i) }) + `]}]`),
		"anchors":           onePolicy(`"deadlines":{` + many(40_000, func(i int) string { return fmt.Sprintf(`"d%d":{"at":"d%d"}`, i, i+1) }) + `}`),
		"table":             `{"version":1,"priority":[` + many(40_000, func(i int) string { return fmt.Sprintf(`{"when":["kind = k%d"],"is":"P1"}`, i) }) + `,{"is":"P3"}]}`,
		"table of one line": `{"version":1,"priority":[{"when":[` + many(100_000, func(i int) string { return fmt.Sprintf(`"kind = k%d"`, i) }) + `],"is":"P1"},{"is":"P3"}]}`,
		"overrides":         `{"version":1,"directory":{"schedules":{"s":{"overrides":[` + many(30_000, func(int) string { return `{"from":"2026-01-01T00:00Z","to":"2027-01-01T00:00Z","replaces":["a"]}` }) + `]}}}}`,
		"approvals":         onePolicy(`"reviews":[` + many(64, func(i int) string { return fmt.Sprintf(`{"name":"r%d","at":"open","approvals":64,"by":["user:a"]}`, i) }) + `]`),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := policy.Parse("hostile.json", []byte(src)); err == nil {
				t.Error("accepted")
			} else if len(err.Error()) > 1<<20 {
				t.Errorf("the error text has %d bytes", len(err.Error()))
			}
		})
	}
}
