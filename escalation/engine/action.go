package engine

import (
	"context"
	"errors"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// Action is what a policy may have done to an identity. A host registers one
// under the name that policies give after `run:`.
//
// Act makes one attempt. It returns nil once the thing is done. Otherwise the
// error says what is known: [Refused], [Unverified] and [Unknown] make such
// errors; any other means that it was tried and failed. Act must
//
//   - return soon after ctx is done. Its deadline is the action's time-out;
//   - be safe for concurrent use;
//   - do nothing twice for one req.ID, if it says that it is [Idempotent]: where
//     a policy retries, the same ID comes again;
//   - act on req.Subjects and nothing else, by id and credential version as they
//     stand in the request, and refuse when they no longer match.
//
// A dry run never calls it. What it may do beyond is said by [Planner],
// [Verifier], [Undoer], [Idempotent], [Permissive] and [Limiter].
type Action interface {
	Act(ctx context.Context, req ActionRequest) (ActionResult, error)
}

// ActionFunc is a function as an [Action].
type ActionFunc func(ctx context.Context, req ActionRequest) (ActionResult, error)

// Act calls f.
func (f ActionFunc) Act(ctx context.Context, req ActionRequest) (ActionResult, error) {
	return f(ctx, req)
}

// ActionRequest is one attempt at an action.
type ActionRequest struct {
	// ID is opaque, and the same on every attempt, node and version: the
	// idempotency key to hand to whoever takes one.
	ID string
	// Run is the registered name, Name what the policy calls this use of it.
	Run, Name string
	// Undo: the action is to be taken back, or, of Verify, was.
	Undo bool
	// Handle is what the action answered, of a request to take it back.
	Handle string
	// Subject is the alert's identity, as it stood when the action was decided.
	Subject policy.Identity
	// Subjects are the identities that it is to be done to: what the action
	// planned, else the alert's alone. A Planner is asked without any.
	Subjects []Subject
	// Key and Incarnation name the alert; Alert is shared and read-only.
	Key         string
	Incarnation uint64
	Alert       *policy.Alert
	Policy      string
	// At is the instant for which the action was decided.
	At policy.Instant
	// Attempt counts from 1.
	Attempt int
}

// Subject is one identity that an action is done to, bound to the version of its
// credential.
type Subject struct {
	ID                string             `json:"id"`
	CredentialVersion string             `json:"credential_version,omitempty"`
	Criticality       policy.Criticality `json:"criticality,omitempty"`
	// Environment is where it lives. What lives elsewhere than the alert's
	// identity, where both say so, is left out.
	Environment string `json:"environment,omitempty"`
	// Weight is how much it counts in a budget.
	//
	// Defaults to 1, 2, 5 or 100 by Criticality, 100 where that is unknown, and
	// to what the alert's identity weighs without one.
	Weight int `json:"weight,omitempty"`
}

// ActionResult is what an action has to say. The zero value says nothing.
type ActionResult struct {
	// Subjects is how many identities it was done to.
	//
	// Defaults to all that it was asked for.
	Subjects int
	// Handle is what Undo will need to put things back as they were. It is kept,
	// and nothing in it may be secret.
	Handle string
	// Detail is for people, and is recorded: nothing in it may be secret.
	Detail string
}

// TimedNotifier is a [notify.Notifier] whose attempts take virtual time, as
// [TimedAction] is an Action.
type TimedNotifier interface {
	NotifyTimed(ctx context.Context, n notify.Notification) (r notify.Receipt, after time.Duration, err error)
}

// ActionError is an error of an [Action] that says more than that it failed.
type ActionError struct {
	Result escalation.Result // refused, unverified or unknown
	Err    error
}

// Error is the result and the redacted text of the cause.
func (e *ActionError) Error() string {
	if e.Err == nil {
		return "action " + e.Result.String()
	}
	return "action " + e.Result.String() + ": " + notify.Redact(e.Err)
}

// Unwrap returns the cause.
func (e *ActionError) Unwrap() error { return e.Err }

// Refused says that the host will not do it: the subject is protected, or is
// not any more what it was. Nothing was done.
func Refused(err error) error { return &ActionError{Result: escalation.ResultRefused, Err: err} }

// Unverified says that it was done, and that what it should have brought about
// is not there.
func Unverified(err error) error {
	return &ActionError{Result: escalation.ResultUnverified, Err: err}
}

// Unknown says that it may or may not have been done. It is not tried again
// blindly: it counts as failed, and people are told.
func Unknown(err error) error { return &ActionError{Result: escalation.ResultUnknown, Err: err} }

// actionOutcome is what err, returned by an action, means. Of a time-out, as of
// everything that says so, nobody knows whether it was done.
func actionOutcome(err error) (escalation.Result, string) {
	if err == nil {
		return escalation.ResultDone, ""
	}
	detail := notify.Redact(err)
	if ae, ok := errors.AsType[*ActionError](err); ok && ae != nil {
		switch ae.Result {
		case escalation.ResultRefused, escalation.ResultUnverified, escalation.ResultUnknown:
			return ae.Result, detail
		}
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return escalation.ResultUnknown, detail
	}
	return escalation.ResultFailed, detail
}
