//go:build unix

package nodes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"
)

// The verbs of operations. A look reads from the store where the alert stands; a
// check asks the gate strictly, and a glance asks for what the node has at hand.
// enter is the engines' own: the ladder climbs a tier.
const (
	opTrigger verb = "trigger"
	opAckSam  verb = "ack-sam"
	opAckOmar verb = "ack-omar"
	opResolve verb = "resolve"
	opLook    verb = "look"
	opCheck   verb = "check"
	opGlance  verb = "glance"
	opEnter   verb = "enter"
)

type verb string

// asks reports whether an operation asks a gate.
func (v verb) asks() bool { return v == opCheck || v == opGlance }

// register is what the model knows of one key: how many alerts it had, whether the
// last is open, who has acknowledged it, on which tier it stands, and how many
// triggers it counts.
type register struct {
	n           int
	open        bool
	by          string // "", "omar", "sam" or "omar+sam"
	tier, count int
}

// input is one operation.
type input struct {
	verb verb
	key  string
	n    int // of enter: which alert of the key
	tier int // of enter
}

// output is how it was answered. Of an operation that is not sure nobody knows
// whether it took effect: no node answered it, or one that had seen it before.
type output struct {
	sure    bool
	verdict string
	found   register // where the alert stood then
}

// apply is what an operation does to a register, by the rules.
func (r register) apply(in input) (register, string) {
	switch {
	case in.verb == opLook:
		return r, "applied"
	case in.verb.asks() && r.open:
		return r, "deny"
	case in.verb.asks():
		return r, "allow"
	case in.verb == opTrigger && !r.open:
		return register{n: r.n + 1, open: true, count: 1}, "applied"
	case r.n == 0:
		return r, "ignored(unknown)"
	case !r.open:
		return r, "ignored(resolved)"
	case in.verb == opTrigger:
		r.count++
	case in.verb == opAckSam, in.verb == opAckOmar:
		r.by = added(r.by, strings.TrimPrefix(string(in.verb), "ack-"))
	case in.verb == opResolve:
		r.open = false
	case in.verb == opEnter && (in.n != r.n || r.by != "" || in.tier != r.tier+1):
		return r, "rejected"
	case in.verb == opEnter:
		r.tier = in.tier
	}
	return r, "applied"
}

// added is a list of people with one more.
func added(list, name string) string {
	names := strings.FieldsFunc(list, func(r rune) bool { return r == '+' })
	if !slices.Contains(names, name) {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, "+")
}

// saw reports whether an operation found the alert as the rules have it. A
// resolved alert tells no more who has acknowledged it.
func (r register) saw(in input, out output) bool {
	if in.verb == opEnter || in.verb.asks() {
		return true // its verdict is all that it says
	}
	found := out.found
	if !r.open {
		found.by = r.by
	}
	return found == r
}

// model is a register for each key.
func model() porcupine.Model {
	m := porcupine.NondeterministicModel{
		Partition: partition,
		Init:      func() []any { return []any{register{}} },
		Step: func(state, in, out any) []any {
			before, o := state.(register), out.(output)
			after, verdict := before.apply(in.(input))
			switch {
			case !o.sure && before == after:
				return []any{before}
			case !o.sure:
				return []any{before, after}
			case verdict != o.verdict || !after.saw(in.(input), o):
				return nil
			}
			return []any{after}
		},
		DescribeOperation: func(in, out any) string { return fmt.Sprintf("%+v: %+v", in, out) },
	}
	return m.ToModel()
}

// partition splits a history by key: the registers have nothing to do with each
// other.
func partition(history []porcupine.Operation) [][]porcupine.Operation {
	at := map[string]int{}
	var parts [][]porcupine.Operation
	for _, op := range history {
		key := op.Input.(input).key
		i, ok := at[key]
		if !ok {
			i = len(parts)
			at[key] = i
			parts = append(parts, nil)
		}
		parts[i] = append(parts[i], op)
	}
	return parts
}
