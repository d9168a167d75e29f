package escalationtest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// world is everything outside the engine, as a test scripts it: channels that
// fail, actions that come to something, people on call.
type world struct {
	given Given
	start policy.Instant
	clock *hopClock
	out   *Timeline
	count func(key string) int // triggers of an alert so far
	items map[string]int       // what was taken down of a message, by the item's id
	tried map[string]int       // attempts at an action so far
	begun map[string]bool      // executions of actions, by id
}

func newWorld(c *Case, clock *hopClock, out *Timeline) *world {
	return &world{
		given: c.Given, start: c.Start, clock: clock, out: out,
		items: map[string]int{}, tried: map[string]int{}, begun: map[string]bool{},
	}
}

// elapsed is the time since the start.
func (w *world) elapsed() time.Duration { return w.clock.now().Sub(w.start) }

// channel is the notifier of the people, or of the last resort.
type channel struct {
	w    *world
	last bool
}

var (
	_ notify.Notifier      = (*channel)(nil)
	_ engine.TimedNotifier = (*channel)(nil)
)

var errScripted = errors.New("the test says that it fails")

// Notify implements notify.Notifier.
func (ch *channel) Notify(ctx context.Context, n notify.Notification) (notify.Receipt, error) {
	r, _, err := ch.NotifyTimed(ctx, n)
	return r, err
}

// NotifyTimed implements engine.TimedNotifier.
func (ch *channel) NotifyTimed(_ context.Context, n notify.Notification) (notify.Receipt, time.Duration, error) {
	w := ch.w
	class, after := w.outcome(n, ch.last)
	for i := range n.Alerts {
		w.takeDown(&n, &n.Alerts[i], class == notify.ClassOK)
	}
	switch class {
	case notify.ClassOK:
		return notify.Receipt{ProviderID: n.ID}, after, nil
	case notify.ClassPermanent:
		return notify.Receipt{}, after, notify.Permanent(errScripted)
	}
	return notify.Receipt{}, after, notify.Temporary(errScripted)
}

// outcome is what the first entry of `fail` that fits makes of an attempt.
func (w *world) outcome(n notify.Notification, last bool) (notify.Class, time.Duration) {
	at := w.elapsed()
	for _, f := range w.given.Fail {
		switch {
		case !f.holds(at), f.Via != "" && f.Via != n.Via:
		case f.To == n.To.String(), f.To == "" && !last, last && slices.Contains(w.given.LastResort, f.To):
			return f.Class, f.After
		}
	}
	return notify.ClassOK, 0
}

// takeDown notes one alert of a message when it is first tried, and whether any
// try was taken.
func (w *world) takeDown(n *notify.Notification, it *notify.Item, taken bool) {
	i, known := w.items[it.ID]
	if !known {
		i = w.out.add(Seen{
			At: w.elapsed(), Type: SeenNotify, Key: it.Key, Incarnation: it.Incarnation,
			Track: it.Track, Tier: it.Tier, Pass: it.Pass, To: n.To.String(), Target: it.Target.String(), Via: n.Via,
			Kind: n.Kind, Reason: it.Reason.String(), Text: it.Text, Bundle: len(n.Alerts), Count: w.count(it.Key),
		})
		w.items[it.ID] = i
	}
	if taken {
		w.out.Seen[i].Delivered = true
	}
}

// action is a scripted action.
type action struct{ w *world }

var (
	_ engine.Action      = action{}
	_ engine.TimedAction = action{}
)

// Act implements engine.Action.
func (a action) Act(ctx context.Context, req engine.ActionRequest) (engine.ActionResult, error) {
	res, _, err := a.ActTimed(ctx, req)
	return res, err
}

// ActTimed implements engine.TimedAction.
func (a action) ActTimed(_ context.Context, req engine.ActionRequest) (engine.ActionResult, time.Duration, error) {
	w, n := a.w, a.w.subjects(req.Run)
	if req.DryRun {
		return engine.ActionResult{Subjects: n}, 0, nil
	}
	typ, script := SeenRun, w.given.Actions[req.Run]
	if req.Undo {
		typ, script = SeenUndo, w.given.Undo[req.Run]
	}
	if !w.begun[req.ID] {
		w.begun[req.ID] = true
		w.out.add(Seen{
			At: w.elapsed(), Type: typ, Key: req.Key, Incarnation: req.Incarnation,
			Run: req.Run, Name: req.Name, Result: escalation.ResultStarted.String(), Subjects: n,
		})
	}
	return engine.ActionResult{Subjects: n}, w.attempt(string(typ)+" "+req.Run, script).After, w.attemptError(string(typ)+" "+req.Run, script)
}

// attempt is what the present attempt comes to; the last of the script repeats.
func (w *world) attempt(name string, script []Attempt) Attempt {
	if len(script) == 0 {
		return Attempt{Result: "ok"}
	}
	return script[min(w.tried[name], len(script)-1)]
}

// attemptError is the error of the present attempt, and goes on to the next.
func (w *world) attemptError(name string, script []Attempt) error {
	a := w.attempt(name, script)
	w.tried[name]++
	switch a.Result {
	case "fail":
		return errScripted
	case "unknown":
		return engine.Unknown(errScripted)
	case "refuse":
		return engine.Refused(errScripted)
	case "unverified":
		return engine.Unverified(errScripted)
	}
	return nil
}

// subjects is how many identities an action is done to.
func (w *world) subjects(run string) int {
	s, ok := w.given.Subjects[run]
	switch {
	case !ok:
		return 1
	case s.IDs != nil:
		return len(s.IDs)
	}
	return s.N
}

// directory is a document's directory with the test's people on call.
func (w *world) directory(doc *policy.Document) escalation.Directory {
	script := make(map[string][]escalation.OnCall, len(w.given.OnCall))
	for name, shifts := range w.given.OnCall {
		script[name] = []escalation.OnCall{}
		for _, s := range shifts {
			until := policy.Never
			if s.Until < forever {
				until = w.start.Add(s.Until)
			}
			script[name] = append(script[name], escalation.OnCall{From: w.start.Add(s.From), Until: until, Who: s.Who})
		}
	}
	return escalation.NewDirectory(doc, escalation.WithOnCall(script))
}
