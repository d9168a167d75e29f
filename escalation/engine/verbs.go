package engine

import (
	"context"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// Detail says more about an event that a verb sends.
type Detail func(*Input)

// WithID gives the event an id: sending it again with the same id has no
// further effect.
func WithID(id string) Detail { return func(in *Input) { in.ID = id } }

// OnTrack means one track of the alert.
func OnTrack(name string) Detail { return func(in *Input) { in.Event.Track = name } }

// OnTier says on which tier a person decided: an escalation of a track that has
// moved since is stale.
func OnTier(name string) Detail { return func(in *Input) { in.Event.Tier = name } }

// OfIncarnation means the n-th alert of the key: once there is another, the
// event is stale.
func OfIncarnation(n uint64) Detail { return func(in *Input) { in.Event.Incarnation = n } }

// ClaimedAt keeps the sender's time with the event. It decides nothing.
func ClaimedAt(t time.Time) Detail {
	return func(in *Input) { in.Event.ClaimedAt = policy.InstantOf(t) }
}

// InStage means one stage of a review.
func InStage(name string) Detail { return func(in *Input) { in.Event.Stage = name } }

// WithEvidence says what a note is evidence of.
func WithEvidence(name string) Detail { return func(in *Input) { in.Event.Evidence = name } }

// Meeting means one expectation, where a key has several.
func Meeting(expectation string) Detail { return func(in *Input) { in.Expectation = expectation } }

// send is what all verbs do.
func (e *Engine) send(ctx context.Context, key string, ev escalation.Event, details []Detail) (Result, error) {
	in := Input{Key: key, Event: ev}
	for _, d := range details {
		d(&in)
	}
	return e.Submit(ctx, in)
}

// Trigger says that there is a problem. It opens an alert, or counts on one that
// is open under the same key. An alert without a key gets kind/identity.id.
func (e *Engine) Trigger(ctx context.Context, a policy.Alert, by escalation.Author, details ...Detail) (Result, error) {
	return e.send(ctx, a.Key, escalation.Event{Kind: escalation.EventTrigger, By: by, Alert: &a}, details)
}

// Acknowledge says "I have it": the climb of a track stops. Without [OnTrack] it
// counts for the tracks that told this person.
func (e *Engine) Acknowledge(ctx context.Context, key string, by escalation.Author, details ...Detail) (Result, error) {
	return e.send(ctx, key, escalation.Event{Kind: escalation.EventAcknowledge, By: by}, details)
}

// Unacknowledge takes acknowledgements back: the current tier is entered again.
func (e *Engine) Unacknowledge(ctx context.Context, key string, by escalation.Author, details ...Detail) (Result, error) {
	return e.send(ctx, key, escalation.Event{Kind: escalation.EventUnacknowledge, By: by}, details)
}

// Resolve says that the problem is over. Gates open only when the author may
// verify that.
func (e *Engine) Resolve(ctx context.Context, key string, by escalation.Author, outcome string, details ...Detail) (Result, error) {
	return e.send(ctx, key, escalation.Event{Kind: escalation.EventResolve, By: by, Outcome: outcome}, details)
}

// Succeeded says that what is expected was done: it meets the key's expectations
// and resolves what is open. With an outcome that a deadline names it meets that
// deadline only. Where there is neither, it is ignored(unknown), and that is the
// usual case.
func (e *Engine) Succeeded(ctx context.Context, key string, by escalation.Author, outcome string, details ...Detail) (Result, error) {
	return e.send(ctx, key, escalation.Event{Kind: escalation.EventSucceeded, By: by, Outcome: outcome}, details)
}

// Escalate enters the next tier now.
func (e *Engine) Escalate(ctx context.Context, key string, by escalation.Author, details ...Detail) (Result, error) {
	return e.send(ctx, key, escalation.Event{Kind: escalation.EventEscalate, By: by}, details)
}

// Decline says "not me": the person is told no more, and with nobody left the
// track climbs on.
func (e *Engine) Decline(ctx context.Context, key string, by escalation.Author, details ...Detail) (Result, error) {
	return e.send(ctx, key, escalation.Event{Kind: escalation.EventDecline, By: by}, details)
}

// Snooze holds a track, or all that run, for a while.
func (e *Engine) Snooze(ctx context.Context, key string, by escalation.Author, d time.Duration, details ...Detail) (Result, error) {
	return e.send(ctx, key, escalation.Event{Kind: escalation.EventSnooze, By: by, For: d}, details)
}

// SilenceRequest is a silence to begin.
type SilenceRequest struct {
	Name   string        // by which it is ended, or replaced
	For    time.Duration // at most seven days
	Reason string        // a person's words; required
	Key    string        // the alerts of one key,
	Match  []string      // or those that match, as a policy's `match`
}

// Silence holds all alerts of a key, or all that match, also those that are yet
// to open.
func (e *Engine) Silence(ctx context.Context, req SilenceRequest, by escalation.Author, details ...Detail) (Result, error) {
	ev := escalation.Event{Kind: escalation.EventSilence, By: by, Name: req.Name, For: req.For, Reason: req.Reason}
	return e.send(ctx, req.Key, ev, append([]Detail{func(in *Input) { in.Match = req.Match }}, details...))
}

// Unsilence ends a silence before its time.
func (e *Engine) Unsilence(ctx context.Context, name string, by escalation.Author, details ...Detail) (Result, error) {
	return e.send(ctx, "", escalation.Event{Kind: escalation.EventUnsilence, By: by, Name: name}, details)
}

// Reassign gives the current tier of a track to another.
func (e *Engine) Reassign(ctx context.Context, key string, by escalation.Author, to policy.Target, details ...Detail) (Result, error) {
	return e.send(ctx, key, escalation.Event{Kind: escalation.EventReassign, By: by, To: to}, details)
}

// AddResponder tells one more, and moves nothing.
func (e *Engine) AddResponder(ctx context.Context, key string, by escalation.Author, to policy.Target, details ...Detail) (Result, error) {
	return e.send(ctx, key, escalation.Event{Kind: escalation.EventAddResponder, By: by, To: to}, details)
}

// Levels is what Raise and Lower set; what is empty is left.
type Levels struct {
	Severity    policy.Severity
	Criticality policy.Criticality
	BlastRadius policy.BlastRadius
}

// Raise says that it is graver than was thought.
func (e *Engine) Raise(ctx context.Context, key string, by escalation.Author, to Levels, reason string, details ...Detail) (Result, error) {
	return e.send(ctx, key, to.event(escalation.EventRaise, by, reason), details)
}

// Lower says that it is less grave than was thought. It needs a person and a
// reason.
func (e *Engine) Lower(ctx context.Context, key string, by escalation.Author, to Levels, reason string, details ...Detail) (Result, error) {
	return e.send(ctx, key, to.event(escalation.EventLower, by, reason), details)
}

func (l Levels) event(k escalation.EventKind, by escalation.Author, reason string) escalation.Event {
	return escalation.Event{Kind: k, By: by, Reason: reason, Severity: l.Severity, Criticality: l.Criticality, BlastRadius: l.BlastRadius}
}

// Matter is what a review is about; one of its fields is set.
type Matter struct {
	Gate, Action, Undo string
	Review             string // an access review, of a vote
}

func (m Matter) event(k escalation.EventKind, by escalation.Author) escalation.Event {
	return escalation.Event{Kind: k, By: by, Gate: m.Gate, Action: m.Action, Undo: m.Undo, Review: m.Review}
}

// Request asks for a gate to be opened, an action to be run, or one to be taken
// back. ask is what exactly is asked, as canonical JSON; votes are bound to it.
func (e *Engine) Request(ctx context.Context, key string, by escalation.Author, m Matter, ask string, details ...Detail) (Result, error) {
	ev := m.event(escalation.EventRequest, by)
	ev.Ask = ask
	return e.send(ctx, key, ev, details)
}

// Vote is one person's "approve", "reject", or answer to an access review.
func (e *Engine) Vote(ctx context.Context, key string, by escalation.Author, m Matter, vote string, details ...Detail) (Result, error) {
	ev := m.event(escalation.EventVote, by)
	ev.Vote = vote
	return e.send(ctx, key, ev, details)
}

// Use consumes the opening of a gate.
func (e *Engine) Use(ctx context.Context, key string, by escalation.Author, gate string, details ...Detail) (Result, error) {
	return e.send(ctx, key, escalation.Event{Kind: escalation.EventUse, By: by, Gate: gate}, details)
}

// BreakGlass bypasses a gate. It needs a reason, and is told at once.
func (e *Engine) BreakGlass(ctx context.Context, key string, by escalation.Author, gate, reason string, details ...Detail) (Result, error) {
	return e.send(ctx, key, escalation.Event{Kind: escalation.EventBreakGlass, By: by, Gate: gate, Reason: reason}, details)
}

// Note adds words to the history, and with [WithEvidence] evidence.
func (e *Engine) Note(ctx context.Context, key string, by escalation.Author, text string, details ...Detail) (Result, error) {
	return e.send(ctx, key, escalation.Event{Kind: escalation.EventNote, By: by, Text: text}, details)
}

// AsPlanned means the very rebase that a dry run showed: if the alert has moved
// since, the event is stale. It leads to the document of the plan, also when
// another was loaded meanwhile.
func AsPlanned(plan *escalation.Mapping) Detail {
	return func(in *Input) {
		m := *plan
		m.Dry = in.Event.Mapping != nil && in.Event.Mapping.Dry
		in.Event.Mapping = &m
	}
}

// Rebase moves an alert to a policy of the document that was loaded last; without
// a name, to the one of the same name. What it stands on is carried over by
// name. dry says only what would become of it: the result has the mapping, and
// with [AsPlanned] the rebase is that very one.
func (e *Engine) Rebase(ctx context.Context, key string, by escalation.Author, policyName string, dry bool, details ...Detail) (Result, error) {
	ev := escalation.Event{Kind: escalation.EventRebase, By: by, Policy: policyName, Mapping: &escalation.Mapping{Dry: dry}}
	return e.send(ctx, key, ev, details)
}
