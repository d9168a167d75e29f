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
	given  Given
	start  policy.Instant
	clock  *hopClock
	scribe *scribe
	tells  func(n *notify.Notification, taken bool) // each attempt; nil: nobody asks
	tried  map[string]int                           // attempts at an action so far
	stands map[deed]standing                        // what the last attempt of each came to
}

// deed is an action of one alert, or the taking back of it.
type deed struct {
	run, key    string
	incarnation uint64
	undo        bool
}

// standing is what an attempt came to, or will have come to at an instant.
type standing struct {
	result string
	at     policy.Instant
}

func deedOf(req *engine.ActionRequest) deed { return deed{req.Run, req.Key, req.Incarnation, req.Undo} }

func newWorld(c *Case, clock *hopClock) *world {
	w := &world{given: c.Given, start: c.Start, clock: clock, tried: map[string]int{}, stands: map[deed]standing{}}
	w.scribe = newScribe(c.Start, w.subjects)
	return w
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
	w.scribe.message(w.clock.now(), &n, class == notify.ClassOK)
	if w.tells != nil {
		w.tells(&n, class == notify.ClassOK)
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
