package escalation_test

import (
	"context"
	"slices"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/internal/explore"
	"github.com/belfry-go/belfry/policy"
)

// after is the machine with something done to the outcome of every event that
// was applied.
func after(spoil func(ev *escalation.Event, prev, next *escalation.State, effects []escalation.Effect) []escalation.Effect) explore.StepFunc {
	return func(doc *policy.Document, next, prev *escalation.State, ev *escalation.Event, dir escalation.Directory, buf []escalation.Effect) ([]escalation.Effect, escalation.Verdict, error) {
		effects, v, err := explore.Shipped(doc, next, prev, ev, dir, buf)
		if v.Kind == escalation.Applied {
			effects = spoil(ev, prev, next, effects)
		}
		return effects, v, err
	}
}

// seeded are machines with one bug each, and who must find it: the explorer, by
// the invariants, or the reference model.
var seeded = []struct {
	name     string
	explorer bool
	model    bool
	step     explore.StepFunc
}{
	{"an acknowledgement opens the gates", true, false, after(func(ev *escalation.Event, _, next *escalation.State, effects []escalation.Effect) []escalation.Effect {
		if ev.Kind == escalation.EventAcknowledge {
			for i := range next.Gates {
				next.Gates[i].Closed, next.Gates[i].Close = false, policy.Never
			}
		}
		return effects
	})},
	{"an acknowledgement never times out", true, true, after(func(ev *escalation.Event, _, next *escalation.State, effects []escalation.Effect) []escalation.Effect {
		if ev.Kind == escalation.EventAcknowledge {
			next.Due = policy.Never
			for i := range next.Tracks {
				next.Tracks[i].AckEnd = policy.Never
			}
		}
		return effects
	})},
	{"an acknowledgement meets the deadlines", true, false, after(func(ev *escalation.Event, _, next *escalation.State, effects []escalation.Effect) []escalation.Effect {
		if ev.Kind == escalation.EventAcknowledge {
			for i := range next.Deadlines {
				next.Deadlines[i].Met = true
			}
		}
		return effects
	})},
	{"a snooze has no end", true, false, after(func(ev *escalation.Event, _, next *escalation.State, effects []escalation.Effect) []escalation.Effect {
		if ev.Kind == escalation.EventSnooze {
			for i := range next.Tracks {
				next.Tracks[i].Snooze = policy.Never
			}
		}
		return effects
	})},
	{"the second page of a step is lost", false, true, after(func(_ *escalation.Event, _, next *escalation.State, effects []escalation.Effect) []escalation.Effect {
		pages := 0
		return slices.DeleteFunc(effects, func(e escalation.Effect) bool {
			if e.Kind == escalation.EffectNotify {
				pages++
			}
			return e.Kind == escalation.EffectNotify && pages == 2
		})
	})},
	{"a tick stays due", true, false, after(func(ev *escalation.Event, prev, next *escalation.State, effects []escalation.Effect) []escalation.Effect {
		if ev.Kind == escalation.EventTick {
			next.Due = prev.Due
		}
		return effects
	})},
	{"a wait is a minute too long", false, true, after(func(ev *escalation.Event, _, next *escalation.State, effects []escalation.Effect) []escalation.Effect {
		if ev.Kind == escalation.EventTick && next.Tracks[0].End.Known() && next.Due == next.Tracks[0].End {
			next.Tracks[0].End = next.Tracks[0].End.Add(60e9)
			next.Due = next.Tracks[0].End
		}
		return effects
	})},
	{"the state before is written to", true, false, after(func(ev *escalation.Event, prev, _ *escalation.State, effects []escalation.Effect) []escalation.Effect {
		if ev.Kind == escalation.EventNote && prev.More != nil && len(prev.More.Acks) > 0 {
			prev.More.Acks[0].Track++
		}
		return effects
	})},
	{"two effects have one id", true, false, after(func(_ *escalation.Event, _, _ *escalation.State, effects []escalation.Effect) []escalation.Effect {
		if len(effects) > 1 {
			effects[1].ID = effects[0].ID
		}
		return effects
	})},
	{"a party is told", true, false, after(func(_ *escalation.Event, _, next *escalation.State, effects []escalation.Effect) []escalation.Effect {
		for i := range effects {
			if effects[i].To == policy.User("zoe") {
				effects[i].To = policy.User("mallory")
			}
		}
		return effects
	})},
	{"a record has no number of its own", true, false, after(func(ev *escalation.Event, prev, next *escalation.State, effects []escalation.Effect) []escalation.Effect {
		if ev.Kind == escalation.EventAcknowledge {
			next.Seq = prev.Seq
		}
		return effects
	})},
	{"what is due goes before an event of the same instant", false, true, func(doc *policy.Document, next, prev *escalation.State, ev *escalation.Event, dir escalation.Directory, buf []escalation.Effect) ([]escalation.Effect, escalation.Verdict, error) {
		if ev.Kind == escalation.EventAcknowledge && prev.Due == ev.At {
			tick := escalation.Event{Kind: escalation.EventTick, At: ev.At, ClaimedAt: policy.Never}
			var mid escalation.State
			if _, _, err := escalation.Drive(context.Background(), doc, &mid, prev, &tick, dir, nil); err != nil {
				return buf, escalation.Verdict{}, err
			}
			prev = &mid
		}
		return explore.Shipped(doc, next, prev, ev, dir, buf)
	}},
}

// A harness that finds nothing is worth what it finds when there is something.
func TestSeededBugs(t *testing.T) {
	t.Parallel()
	if foundByExplorer(t, explore.Shipped) || foundByModel(t, explore.Shipped) {
		t.Fatal("the shipped machine has a bug: what is found in one with another says nothing")
	}
	for _, bug := range seeded {
		t.Run(bug.name, func(t *testing.T) {
			t.Parallel()
			if bug.explorer && !foundByExplorer(t, bug.step) {
				t.Error("the explorer does not find it")
			}
			if bug.model && !foundByModel(t, bug.step) {
				t.Error("the reference model does not find it")
			}
		})
	}
}

// foundByExplorer reports whether the explorer finds a fault in a machine that
// it does not find in the shipped one.
func foundByExplorer(t *testing.T, step explore.StepFunc) bool {
	t.Helper()
	doc := exploredDocument(t, explored[1].policy)
	e := explore.Explorer{
		Doc: doc, Alphabet: explore.AlphabetOf(doc.Policies[doc.Default], exploredAlert()),
		Dir: escalation.NewDirectory(doc), Step: step, States: 3000,
	}
	return len(e.Run().Faults) > 0
}

func foundByModel(t *testing.T, step explore.StepFunc) (found bool) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil {
			found = true // the seeded machine broke down before it disagreed
		}
	}()
	return compareLadders(t, 50, 20, step) != ""
}
