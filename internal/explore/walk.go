package explore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// StepFunc is the machine with its driver, as [escalation.Drive] is; a test puts
// a broken one in its place, to see that it is found out. The error is the
// directory's.
type StepFunc func(doc *policy.Document, next, prev *escalation.State, ev *escalation.Event, dir escalation.Directory, buf []escalation.Effect) ([]escalation.Effect, escalation.Verdict, error)

// Shipped is the machine as it is shipped.
func Shipped(doc *policy.Document, next, prev *escalation.State, ev *escalation.Event, dir escalation.Directory, buf []escalation.Effect) ([]escalation.Effect, escalation.Verdict, error) {
	return escalation.Drive(context.Background(), doc, next, prev, ev, dir, buf)
}

// Walk is one alert on its way through what happens to it. It holds every step
// to everything that [Transition.Check] asks for, and besides to this: the
// function is pure, its two forms agree, and its short ways do what the long way
// does.
type Walk struct {
	Doc *policy.Document
	Dir escalation.Directory
	// To is where the next rebase leads: the walk goes on under it. Its mapping
	// is to be bound. Defaults to Doc.
	To    *policy.Document
	State escalation.State
	// Records is the history so far.
	Records []escalation.Record

	spare         escalation.State // reused by every step, with what it held before
	before, after []byte
}

// Step applies ev and returns what did not hold. The state goes on even if
// something did not, as far as it can.
func (w *Walk) Step(ev escalation.Event) (v escalation.Verdict, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	w.before = encode(w.before[:0], &w.State)
	effects, v, err := escalation.Drive(context.Background(), w.Doc, &w.spare, &w.State, &ev, w.Dir, nil)
	if err != nil {
		return v, err
	}
	t := Transition{Doc: w.Doc, To: w.To, Prev: &w.State, Next: &w.spare, Event: &ev, Effects: effects, Verdict: v}
	if w.spare.Document == w.Doc.Digest {
		t.To = nil
	}
	err = errors.Join(t.Check(), w.pure(&ev, effects, v), w.unchanged(v))
	if v.Kind == escalation.Need {
		return v, err
	}
	w.Records = append(w.Records, escalation.Record{Seq: w.spare.Seq, Event: ev, Verdict: v, Effects: effects})
	w.State, w.spare = w.spare, w.State
	if t.To != nil {
		w.Doc, w.To = w.To, nil
	}
	return v, err
}

// unchanged checks that the state before is as it was, and that an event that
// was not applied changed nothing but the number of records and the instant.
func (w *Walk) unchanged(v escalation.Verdict) error {
	w.after = encode(w.after[:0], &w.State)
	if !bytes.Equal(w.before, w.after) {
		return errors.New("the step wrote to the state before it")
	}
	if v.Kind == escalation.Applied {
		return nil
	}
	same := w.spare
	same.Seq, same.At = w.State.Seq, w.State.At
	if w.after = encode(w.after[:0], &same); !bytes.Equal(w.before, w.after) {
		return fmt.Errorf("%s, and the state changed", v)
	}
	return nil
}

// pure steps the event again, by value and with answers in another form, and
// checks that nothing differs.
func (w *Walk) pure(ev *escalation.Event, effects []escalation.Effect, v escalation.Verdict) error {
	next, again, v2 := escalation.Step(w.Doc, w.State, *ev)
	if err := w.equal("Step and StepInto", &next, again, v2, effects, v); err != nil {
		return err
	}
	// An answer to what nobody asked keeps the machine off its short ways, and
	// must mean nothing.
	long := *ev
	long.Answers = append(append([]escalation.Answer{{Question: escalation.Question{Kind: escalation.QuestionAuthor, Name: "nobody asked"}}}, ev.Answers...), ev.Answers...)
	next, again, v2 = escalation.Step(w.Doc, w.State, long)
	if err := w.equal("the short way and the long way", &next, again, v2, effects, v); err != nil {
		return err
	}
	// The state that comes back from its bytes is the same state.
	var back escalation.State
	if err := escalation.DecodeState(escalation.AppendState(nil, &w.State), &back); err != nil {
		return fmt.Errorf("decode: %w", err)
	}
	back.Alert = w.State.Alert
	next, again, v2 = escalation.Step(w.Doc, back, *ev)
	return w.equal("the state and what comes back from its bytes", &next, again, v2, effects, v)
}

// equal compares a step with the one that the walk goes on with.
func (w *Walk) equal(what string, next *escalation.State, again []escalation.Effect, v2 escalation.Verdict, effects []escalation.Effect, v escalation.Verdict) error {
	if v.Kind != v2.Kind || v.Reason != v2.Reason || !reflect.DeepEqual(v.Questions, v2.Questions) {
		return fmt.Errorf("%s differ: %s, %s", what, v, v2)
	}
	a := escalation.AppendRecord(nil, &escalation.Record{Seq: 1, Effects: effects})
	b := escalation.AppendRecord(nil, &escalation.Record{Seq: 1, Effects: again})
	if !bytes.Equal(a, b) {
		return fmt.Errorf("%s differ in their effects:\n%+v\n%+v", what, effects, again)
	}
	if a, b := encode(nil, &w.spare), encode(nil, next); !bytes.Equal(a, b) {
		return fmt.Errorf("%s differ in the next state:\n%+v\n%+v", what, w.spare, *next)
	}
	return nil
}

// encode is a state's bytes with its alert's after them.
func encode(dst []byte, s *escalation.State) []byte {
	dst = escalation.AppendState(dst, s)
	if s.Alert != nil {
		dst = escalation.AppendAlert(dst, s.Alert)
	}
	return dst
}
