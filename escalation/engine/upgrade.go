package engine

import (
	"context"
	"errors"
	"time"
)

// What an [Action] may do beyond its one method is found by assertion. An action
// that wraps another has the methods of all of them, and answers
// [errors.ErrUnsupported] where the other has none: that counts as not having it.
// All of them are called within the action's time-out, and must be safe for
// concurrent use.

// Planner says beforehand to whom an action would be done. Plan changes nothing.
//
// It is asked when the action is decided, and again before each later attempt:
// to whom the first answer did not name nothing is ever done, and who is not in
// the last, or has another credential by then, is left out. With no subject
// nothing is done, and it counts as refused.
type Planner interface {
	Plan(ctx context.Context, req ActionRequest) ([]Subject, error)
}

// Verifier reads back what stands. Verify changes nothing.
//
// It is asked after each attempt that says it was done: what is not there then
// counts as not verified. It is asked instead of a second attempt where nobody
// knows what became of the first (a time-out, a process that died, [Unknown]).
// And it is asked before an action is taken back, which is not done unless all
// stands as the action left it.
type Verifier interface {
	Verify(ctx context.Context, req ActionRequest) (Standing, error)
}

// Standing is what a [Verifier] reads.
type Standing struct {
	// Done: what the action brings about is there, for each of req.Subjects;
	// of a request with Undo, that it is taken back.
	Done bool
	// Fingerprint names what stands, such as a version or an entity tag. It
	// changes whenever somebody changes the subjects. It is kept, and nothing
	// in it may be secret.
	Fingerprint string
	// Detail is for people, and is recorded: nothing in it may be secret.
	Detail string
}

// Undoer takes an action back. The request has the ID of this undo, Undo set, the
// subjects that the action was done to, and the Handle that it answered with. An
// action that is no [Verifier] as well is never taken back, and neither is an
// execution whose answer was lost: nobody could say whether the subjects are still
// as the action left them.
type Undoer interface {
	Undo(ctx context.Context, req ActionRequest) (ActionResult, error)
}

// Idempotent says that an attempt may be repeated: the same ID is never carried
// out twice. Only then do the `retries` of a policy count.
type Idempotent interface {
	Idempotent() bool
}

// Permissive says that an action gives something back (it enables, resumes,
// opens). Such an action is not run automatically unless people granted it, a
// review opened the gate that it waits for, or the end of the alert is verified;
// and never for an identity whose leaked secret is an open alert.
type Permissive interface {
	Permissive() bool
}

// Limiter bounds an action beyond the `budget` of the policy.
type Limiter interface {
	Limits(ctx context.Context, req ActionRequest) (Limits, error)
}

// Limits are bounds of one kind of action, over all alerts and nodes. What is over
// is held, as over budget.
type Limits struct {
	// Concurrent is how many executions may be under way at once.
	//
	// Defaults to no bound.
	Concurrent int
	// Percent is how much of Population the action may be done to inside the
	// span of the budget. With a Population that is not known nothing is done:
	// no number is not a small one.
	//
	// Defaults to no bound.
	Percent    int
	Population int
}

// TimedAction is an [Action] whose attempts take virtual time, as a simulation's
// do: where after is positive, the result counts as known that much later on
// the engine's clock; one that takes longer than the action's time-out ends there,
// its outcome unknown. In [Engine.Run] it is not looked for. It takes back as well
// where the request says so.
type TimedAction interface {
	ActTimed(ctx context.Context, req ActionRequest) (res ActionResult, after time.Duration, err error)
}

// lacks reports whether an action's answer is that it has no such method.
func lacks(err error) bool { return errors.Is(err, errors.ErrUnsupported) }

func isIdempotent(a Action) bool {
	i, ok := a.(Idempotent)
	return ok && i.Idempotent()
}

func isPermissive(a Action) bool {
	p, ok := a.(Permissive)
	return ok && p.Permissive()
}
