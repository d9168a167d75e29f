package escalationtest

import (
	"context"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/policy"
)

// The verbs below send one event and settle. Each fails the test when the event
// is not applied; [Harness.Submit] is for events that are to be refused. who is
// an author: user:alice, or service:rotator.

// Submit sends an event and settles. It fails the test on an error, not on a
// verdict.
func (h *Harness) Submit(in engine.Input) engine.Result {
	h.t.Helper()
	r, err := h.Engine.Submit(h.t.Context(), in)
	if err != nil {
		h.t.Fatalf("escalationtest: at %s: %s: %v", h.Elapsed(), in.Event.Kind, err)
	}
	h.settle()
	return r
}

// Trigger says that there is a problem. Its author is service:test.
func (h *Harness) Trigger(a policy.Alert, details ...engine.Detail) engine.Result {
	h.t.Helper()
	return h.apply("service:test", func(by escalation.Author) (engine.Result, error) {
		return h.Engine.Trigger(h.ctx(), a, by, details...)
	})
}

// Acknowledge says "I have it".
func (h *Harness) Acknowledge(key, who string, details ...engine.Detail) engine.Result {
	h.t.Helper()
	return h.apply(who, func(by escalation.Author) (engine.Result, error) {
		return h.Engine.Acknowledge(h.ctx(), key, by, details...)
	})
}

// Unacknowledge takes acknowledgements back.
func (h *Harness) Unacknowledge(key, who string, details ...engine.Detail) engine.Result {
	h.t.Helper()
	return h.apply(who, func(by escalation.Author) (engine.Result, error) {
		return h.Engine.Unacknowledge(h.ctx(), key, by, details...)
	})
}

// Resolve says that the problem is over.
func (h *Harness) Resolve(key, who string, details ...engine.Detail) engine.Result {
	h.t.Helper()
	return h.apply(who, func(by escalation.Author) (engine.Result, error) {
		return h.Engine.Resolve(h.ctx(), key, by, "", details...)
	})
}

// Succeeded says that what is expected was done.
func (h *Harness) Succeeded(key, who, outcome string, details ...engine.Detail) engine.Result {
	h.t.Helper()
	return h.apply(who, func(by escalation.Author) (engine.Result, error) {
		return h.Engine.Succeeded(h.ctx(), key, by, outcome, details...)
	})
}

// Escalate enters the next tier now.
func (h *Harness) Escalate(key, who string, details ...engine.Detail) engine.Result {
	h.t.Helper()
	return h.apply(who, func(by escalation.Author) (engine.Result, error) {
		return h.Engine.Escalate(h.ctx(), key, by, details...)
	})
}

// Decline says "not me".
func (h *Harness) Decline(key, who string, details ...engine.Detail) engine.Result {
	h.t.Helper()
	return h.apply(who, func(by escalation.Author) (engine.Result, error) {
		return h.Engine.Decline(h.ctx(), key, by, details...)
	})
}

// Snooze holds the alert's tracks for a while.
func (h *Harness) Snooze(key, who string, d time.Duration, details ...engine.Detail) engine.Result {
	h.t.Helper()
	return h.apply(who, func(by escalation.Author) (engine.Result, error) {
		return h.Engine.Snooze(h.ctx(), key, by, d, details...)
	})
}

// Reassign gives the current tier to another.
func (h *Harness) Reassign(key, who, to string, details ...engine.Detail) engine.Result {
	h.t.Helper()
	target := h.target(to)
	return h.apply(who, func(by escalation.Author) (engine.Result, error) {
		return h.Engine.Reassign(h.ctx(), key, by, target, details...)
	})
}

// AddResponder tells one more.
func (h *Harness) AddResponder(key, who, to string, details ...engine.Detail) engine.Result {
	h.t.Helper()
	target := h.target(to)
	return h.apply(who, func(by escalation.Author) (engine.Result, error) {
		return h.Engine.AddResponder(h.ctx(), key, by, target, details...)
	})
}

// Raise says that it is graver than was thought.
func (h *Harness) Raise(key, who string, to engine.Levels, details ...engine.Detail) engine.Result {
	h.t.Helper()
	return h.apply(who, func(by escalation.Author) (engine.Result, error) {
		return h.Engine.Raise(h.ctx(), key, by, to, "", details...)
	})
}

// Request asks for a gate to be opened, or for what else a review decides.
func (h *Harness) Request(key, who string, m engine.Matter, details ...engine.Detail) engine.Result {
	h.t.Helper()
	return h.apply(who, func(by escalation.Author) (engine.Result, error) {
		return h.Engine.Request(h.ctx(), key, by, m, "", details...)
	})
}

// Vote is one person's vote in a review.
func (h *Harness) Vote(key, who string, m engine.Matter, vote string, details ...engine.Detail) engine.Result {
	h.t.Helper()
	return h.apply(who, func(by escalation.Author) (engine.Result, error) {
		return h.Engine.Vote(h.ctx(), key, by, m, vote, details...)
	})
}

// Note adds words, and with [engine.WithEvidence] evidence, to the history.
func (h *Harness) Note(key, who, text string, details ...engine.Detail) engine.Result {
	h.t.Helper()
	return h.apply(who, func(by escalation.Author) (engine.Result, error) {
		return h.Engine.Note(h.ctx(), key, by, text, details...)
	})
}

// apply sends an event that must be applied.
func (h *Harness) apply(who string, send func(by escalation.Author) (engine.Result, error)) engine.Result {
	h.t.Helper()
	r, err := send(engine.By(h.target(who)))
	switch {
	case err != nil:
		h.t.Fatalf("escalationtest: at %s: %v", h.Elapsed(), err)
	case !r.Applied():
		h.t.Fatalf("escalationtest: at %s: the event of %s was answered %s; Submit is for events that are to be refused", h.Elapsed(), who, r.Verdict)
	}
	h.settle()
	return r
}

func (h *Harness) target(text string) policy.Target {
	h.t.Helper()
	t, err := policy.ParseTarget(text)
	if err != nil {
		h.t.Fatalf("escalationtest: %v", err)
	}
	return t
}

func (h *Harness) ctx() context.Context { return h.t.Context() }
