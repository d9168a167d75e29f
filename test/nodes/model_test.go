package nodes

import (
	"fmt"

	"github.com/anishathalye/porcupine"
)

// The verbs of operations. enter is the engines' own: the ladder climbs a tier.
const (
	opTrigger = "trigger"
	opAck     = "ack"
	opResolve = "resolve"
	opLook    = "look"
	opEnter   = "enter"
)

// register is what the model knows of one key: whether its alert is open and
// acknowledged, on which tier it stands, and how many triggers it counts.
type register struct {
	exists, open, acked bool
	tier, count         int
}

// input is one operation.
type input struct {
	verb, key string
	tier      int // of enter
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
	case in.verb == opTrigger && !r.exists:
		return register{exists: true, open: true, count: 1}, "applied"
	case !r.exists:
		return r, "ignored(unknown)"
	case !r.open:
		return r, "ignored(resolved)"
	case in.verb == opTrigger:
		r.count++
	case in.verb == opAck:
		r.acked = true
	case in.verb == opResolve:
		r.open = false
	case in.verb == opEnter && (r.acked || in.tier != r.tier+1):
		return r, "rejected"
	case in.verb == opEnter:
		r.tier = in.tier
	}
	return r, "applied"
}

// saw reports whether an answer is the one that the rules give. A resolved alert
// tells no more whether it was acknowledged.
func (r register) saw(out output) bool {
	found := out.found
	if !r.open {
		found.acked = r.acked
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
			case verdict != o.verdict || in.(input).verb != opEnter && !after.saw(o):
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
