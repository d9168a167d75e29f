package escalationtest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/notify/notifytest"
	"github.com/belfry-go/belfry/policy"
)

// Config is what a [Harness] is made of. Policies is required.
type Config struct {
	Policies *policy.Document

	// Start is when the clock begins.
	//
	// Defaults to Monday, 5 January 2026, 09:00 UTC.
	Start time.Time

	// Notifier tells people, after the harness has taken down the message.
	//
	// Defaults to Harness.Notifier, a recorder that takes everything.
	Notifier notify.Notifier

	// Actions are what policies may run.
	//
	// Defaults to an action that succeeds, under every name that Policies run.
	Actions map[string]engine.Action

	// Directory says who people are and who is on call.
	//
	// Defaults to that of Policies, with OnCall in the place of its schedules.
	Directory escalation.Directory

	// OnCall is who is on call in a schedule, by its name: people, such as bob.
	//
	// Defaults to what the schedules say.
	OnCall map[string][]string

	// Store keeps everything. A store that one Harness has used may be given to
	// the next: that is a restart.
	//
	// Defaults to a new store in memory.
	Store store.Store
}

// Harness is the real engine under the hands of a test: its clock stands still
// until the test moves it, and everything that is due is done before a method
// returns. It starts no goroutine and never sleeps. Its methods fail the test
// when something goes wrong, and are for one goroutine.
type Harness struct {
	// Engine is the engine itself, for what the harness has no method for. Call
	// Settle of it, or Advance(0), after changing something behind its back.
	Engine *engine.Engine
	// Notifier is what people were told, LastResort what the last resort was.
	Notifier   *notifytest.Recorder
	LastResort *notifytest.Recorder

	t      testing.TB
	clock  *hopClock
	start  policy.Instant
	scribe *scribe
}

// New makes a harness and settles what its store has due.
func New(t testing.TB, cfg Config) *Harness {
	t.Helper()
	if cfg.Policies == nil {
		t.Fatal("escalationtest: Config.Policies is missing; policyfile.Load reads one from a file")
	}
	start := policy.InstantOf(cfg.Start)
	if cfg.Start.IsZero() {
		start = policy.InstantOf(defaultStart)
	}
	h := &Harness{
		Notifier: new(notifytest.Recorder), LastResort: new(notifytest.Recorder),
		t: t, clock: newHopClock(start), start: start,
		scribe: newScribe(start, func(string) int { return 1 }),
	}
	people := cfg.Notifier
	if people == nil {
		people = h.Notifier
	}
	ec := engine.Config{
		Policies: cfg.Policies, Notifier: &observed{h, people}, LastResort: &observed{h, h.LastResort},
		Actions: cfg.Actions, Directory: cfg.Directory, Store: cfg.Store, Clock: h.clock, Subscribe: h.scribe.record,
		BreakAfter: -1, // what is tested is the policy
	}
	if ec.Actions == nil {
		ec.Actions = succeeding(cfg.Policies)
	}
	if ec.Directory == nil && len(cfg.OnCall) > 0 {
		ec.Directory = escalation.NewDirectory(cfg.Policies, escalation.WithOnCall(always(cfg.OnCall)))
	}
	actions := make(map[string]engine.Action, len(ec.Actions))
	for name, a := range ec.Actions {
		actions[name] = &observedAction{h, a}
	}
	ec.Actions = actions
	var err error
	if h.Engine, err = engine.New(ec); err != nil {
		t.Fatalf("escalationtest: %v", err)
	}
	h.settle()
	return h
}

// succeeding is an action that succeeds under every name that a document runs.
func succeeding(doc *policy.Document) map[string]engine.Action {
	out := map[string]engine.Action{}
	for _, pol := range doc.Policies {
		for i := range pol.Actions {
			out[pol.Actions[i].Run] = engine.ActionFunc(func(context.Context, engine.ActionRequest) (engine.ActionResult, error) {
				return engine.ActionResult{}, nil
			})
		}
	}
	return out
}

func always(oncall map[string][]string) map[string][]escalation.OnCall {
	out := make(map[string][]escalation.OnCall, len(oncall))
	for name, who := range oncall {
		out[name] = []escalation.OnCall{{Until: policy.Never, Who: who}}
	}
	return out
}

// observed takes down what goes through a notifier.
type observed struct {
	h    *Harness
	next notify.Notifier
}

// Notify implements notify.Notifier.
func (o *observed) Notify(ctx context.Context, n notify.Notification) (notify.Receipt, error) {
	r, err := o.next.Notify(ctx, n)
	o.h.scribe.message(o.h.clock.now(), &n, err == nil)
	return r, err
}

// NotifyTimed implements engine.TimedNotifier for a notifier that does.
func (o *observed) NotifyTimed(ctx context.Context, n notify.Notification) (notify.Receipt, time.Duration, error) {
	timed, ok := o.next.(engine.TimedNotifier)
	if !ok {
		r, err := o.Notify(ctx, n)
		return r, 0, err
	}
	r, after, err := timed.NotifyTimed(ctx, n)
	o.h.scribe.message(o.h.clock.now(), &n, err == nil)
	return r, after, err
}

// settle does everything that is due now.
func (h *Harness) settle() {
	h.t.Helper()
	if err := settle(h.t.Context(), h.Engine); err != nil {
		h.t.Fatalf("escalationtest: at %s: %v", h.Elapsed(), err)
	}
}

// Advance moves the clock by d, hopping to every instant at which something is
// due: a year of tiers and a minute of it are the same to the engine.
func (h *Harness) Advance(d time.Duration) {
	h.t.Helper()
	if d < 0 {
		h.t.Fatalf("escalationtest: Advance(%s): time does not go back", d)
	}
	end := h.clock.now().Add(d)
	h.settle()
	for {
		next := h.Engine.Next()
		if next >= end {
			break
		}
		if next <= h.clock.now() {
			h.t.Fatalf("escalationtest: at %s: something stays due; is the store at fault?", h.Elapsed())
		}
		h.clock.hop(next)
		h.settle()
	}
	h.clock.hop(end)
	h.settle()
}

// Sleep moves the clock by d without letting the engine run, as when the
// process was down; then it runs again. What fell due more than a minute ago is
// a gap for it.
func (h *Harness) Sleep(d time.Duration) {
	h.t.Helper()
	h.clock.hop(h.clock.now().Add(d))
	h.settle()
}

// Now is the time on the harness's clock.
func (h *Harness) Now() time.Time { return h.clock.Now() }

// Elapsed is the time since the start.
func (h *Harness) Elapsed() time.Duration { return h.clock.now().Sub(h.start) }

// Seen is everything that happened so far, records and all.
func (h *Harness) Seen() []Seen { return h.scribe.out.Seen }

// Timeline is what people and machines saw so far: messages, actions, gates and
// statuses, one a line, the same on every run.
//
//	0s         notify user:alice via default: page initial main/owner
//	5m0s       status acknowledged
func (h *Harness) Timeline() string {
	tl := Timeline{Start: h.start}
	for i := range h.scribe.out.Seen {
		if s := &h.scribe.out.Seen[i]; s.Type != SeenRecord && s.Type != SeenReview {
			tl.Seen = append(tl.Seen, *s)
		}
	}
	return tl.String()
}

// Told lists who was told so far, as "0s user:alice": the short form of a
// timeline, for tests that only ask that.
func (h *Harness) Told() string {
	var b strings.Builder
	for i := range h.scribe.out.Seen {
		if s := &h.scribe.out.Seen[i]; s.Type == SeenNotify {
			b.WriteString(s.At.String() + " " + s.To + "\n")
		}
	}
	return b.String()
}

// Status is the status of the key's last alert; "" when there is none.
func (h *Harness) Status(key string) string {
	hd := h.scribe.heads.of(key, 0)
	if hd == nil {
		return ""
	}
	return hd.state.Status.String()
}

// State is the key's last alert as it stands; ok is false when there is none.
func (h *Harness) State(key string) (s escalation.State, ok bool) {
	hd := h.scribe.heads.of(key, 0)
	if hd == nil {
		return escalation.State{}, false
	}
	return hd.state.Clone(), true
}

// Check asks what a host asks before it acts.
func (h *Harness) Check(subject, operation string) engine.Decision {
	return h.Engine.Check(subject, operation)
}

// WantCheck fails the test unless the operation is answered as wanted.
func (h *Harness) WantCheck(subject, operation string, want escalation.Decision) {
	h.t.Helper()
	if d := h.Check(subject, operation); d.Decision != want {
		h.t.Errorf("at %s: check of %s on %s: %s, want %s (%s)", h.Elapsed(), operation, subject, d.Decision, want, d.Reason())
	}
}
