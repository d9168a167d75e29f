package escalationtest

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// field is one field that a `record` line wants, with the value as written.
type field struct {
	name  string
	value *policy.Node
}

// matchFields reports whether got, the JSON of one line of a record decoded by
// [encoding/json], has every field that is wanted. Instants in it count from
// start.
func matchFields(want []field, got map[string]any, start policy.Instant) bool {
	for _, f := range want {
		v, ok := got[f.name]
		if !ok {
			v = nil
		}
		if !matchValue(f.value, v, start) {
			return false
		}
	}
	return true
}

// matchValue compares a value as written with one of a record. Durations and
// instants are compared by what they mean: `90m`, `1h30m0s` and the instant
// 90 minutes after the start are the same. A list wants each of its items, in
// any order; an empty one wants no item.
func matchValue(want *policy.Node, got any, start policy.Instant) bool {
	switch want.Kind {
	case policy.NodeNull:
		return isEmpty(got)
	case policy.NodeList:
		return matchList(want, got, start)
	case policy.NodeMap:
		m, ok := got.(map[string]any)
		if !ok {
			return false
		}
		for _, f := range want.Fields {
			if !matchValue(f.Value, m[f.Name], start) {
				return false
			}
		}
		return true
	}
	return matchScalar(want, got, start)
}

func matchList(want *policy.Node, got any, start policy.Instant) bool {
	items, ok := got.([]any)
	if !ok {
		return len(want.Items) == 0 && isEmpty(got)
	}
	if len(want.Items) == 0 {
		return len(items) == 0
	}
	used := make([]bool, len(items))
next:
	for _, w := range want.Items {
		for i, item := range items {
			if !used[i] && matchValue(w, item, start) {
				used[i] = true
				continue next
			}
		}
		return false
	}
	return true
}

func matchScalar(want *policy.Node, got any, start policy.Instant) bool {
	switch v := got.(type) {
	case nil:
		// An absent field is what it is when it is left out: false, 0, "".
		return want.Text == "" || want.Kind == policy.NodeBool && want.Text == "false" || isZeroNumber(want.Text)
	case bool:
		return strconv.FormatBool(v) == want.Text
	case float64:
		w, err := strconv.ParseFloat(want.Text, 64)
		return err == nil && w == v
	case json.Number:
		w, err := strconv.ParseFloat(want.Text, 64)
		g, gerr := v.Float64()
		return err == nil && gerr == nil && w == g
	case string:
		return v == want.Text || sameTime(want.Text, v, start)
	case []any:
		// One value where a record has a list of one.
		return len(v) == 1 && matchScalar(want, v[0], start)
	}
	return false
}

// isZeroNumber reports whether s is 0 as a number or a duration.
func isZeroNumber(s string) bool {
	if d, ok := parseSpan(s); ok {
		return d == 0
	}
	n, err := strconv.ParseFloat(s, 64)
	return err == nil && n == 0
}

func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// sameTime reports whether two texts mean the same span, or the same instant.
func sameTime(want, got string, start policy.Instant) bool {
	w, wSpan, ok := parseTime(want, start)
	if !ok {
		return false
	}
	g, gSpan, ok := parseTime(got, start)
	if !ok {
		return false
	}
	if wSpan && gSpan {
		return w.Sub(start) == g.Sub(start)
	}
	return w == g
}

// parseTime reads an RFC 3339 instant, or a span from start.
func parseTime(s string, start policy.Instant) (at policy.Instant, span, ok bool) {
	if d, ok := parseSpan(s); ok {
		return start.Add(d), true, true
	}
	if len(s) < len("2006-01-02T15:04Z") {
		return 0, false, false
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return 0, false, false
	}
	return policy.InstantOf(t), false, true
}

// parseSpan reads a duration that may be negative, in the rule language's form,
// of which Go's is a part.
func parseSpan(s string) (time.Duration, bool) {
	text, negative := strings.CutPrefix(s, "-")
	if text == "" || text[0] < '0' || text[0] > '9' {
		return 0, false
	}
	d, err := policy.ParseDuration(text)
	if err != nil {
		return 0, false
	}
	if negative {
		d = -d
	}
	return d, true
}
