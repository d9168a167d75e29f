package enginetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/engine"
)

var rules = []rule{
	{"Acts", "with a nil error the thing is done, and there is something to see of it", acts},
	{"ActsOnceForOneID", "an action that says it is Idempotent is given the same ID again after a crash and by retries; nothing may be done twice", actsOnce},
	{"HeedsItsContext", "the time-out of a policy is the context's; what is done after it is done behind everybody's back", heedsItsContext},
	{"RefusesAnotherCredential", "an execution is bound to the version of the credential for which it was decided; nobody else's key is touched", refusesAnother},
	{"PlansWithoutActing", "Plan shows and changes nothing; a dry run is nothing but Plan", plans},
	{"VerifiesWhatStands", "Verify reads, and changes nothing; before the action it is not done, after it it is", verifies},
	{"SeesAnothersHand", "the fingerprint changes when anybody changes a subject: what somebody touched is not taken back", seesAnother},
	{"TakesBackWhatItDid", "after Undo all stands as before, and Verify of the undo says so", takesBack},
	{"KnowsItsLimits", "Limits is asked before each execution, and changes nothing", knowsLimits},
	{"ReadsAtOnce", "everything but Act and Undo is called by many goroutines at once (run the test with -race)", readsAtOnce},
}

func lacks(err error) bool { return errors.Is(err, errors.ErrUnsupported) }

func acts(ctx context.Context, f *fixture) string {
	before := f.Read()
	if _, err := f.Action.Act(ctx, f.request("once", 1)); err != nil {
		return fmt.Sprintf("Act: %v", err)
	}
	if f.Read() == before {
		return "nothing changed"
	}
	return ""
}

func actsOnce(ctx context.Context, f *fixture) string {
	if !f.idempotent() {
		return ""
	}
	if _, err := f.Action.Act(ctx, f.request("once", 1)); err != nil {
		return fmt.Sprintf("Act: %v", err)
	}
	once := f.Read()
	if _, err := f.Action.Act(ctx, f.request("once", 2)); err != nil {
		return fmt.Sprintf("the second attempt of the same ID: %v; want nil, for it is done", err)
	}
	if twice := f.Read(); twice != once {
		return fmt.Sprintf("the second attempt of the same ID changed %s into %s", once, twice)
	}
	return ""
}

func heedsItsContext(ctx context.Context, f *fixture) string {
	ended, cancel := context.WithCancel(ctx)
	cancel()
	before := f.Read()
	_, err := f.Action.Act(ended, f.request("late", 1))
	switch changed := f.Read() != before; {
	case err == nil:
		return "its context had ended, and it answered that it was done"
	case changed && !unknown(err):
		return fmt.Sprintf("its context had ended, it answered %q, and something changed", err)
	}
	return ""
}

// unknown reports whether an error says that nobody knows.
func unknown(err error) bool {
	ae, ok := errors.AsType[*engine.ActionError](err)
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || ok && ae.Result == escalation.ResultUnknown
}

func refusesAnother(ctx context.Context, f *fixture) string {
	req := f.request("other", 1)
	if !slices.ContainsFunc(req.Subjects, func(s engine.Subject) bool { return s.CredentialVersion != "" }) {
		return ""
	}
	for i := range req.Subjects {
		req.Subjects[i].CredentialVersion = "no-such-version"
	}
	req.Subject.CredentialVersion = "no-such-version"
	before := f.Read()
	if _, err := f.Action.Act(ctx, req); err == nil {
		return "it answered that it was done to a credential that there is not"
	}
	if f.Read() != before {
		return "it was done to another credential"
	}
	return ""
}

func plans(ctx context.Context, f *fixture) string {
	p, ok := f.Action.(engine.Planner)
	if !ok {
		return ""
	}
	req := f.request("plan", 1)
	req.Subjects = nil
	before := f.Read()
	first, err := p.Plan(ctx, req)
	if err != nil {
		if lacks(err) {
			return ""
		}
		return fmt.Sprintf("Plan: %v", err)
	}
	second, err := p.Plan(ctx, req)
	switch {
	case err != nil:
		return fmt.Sprintf("Plan, asked again: %v", err)
	case f.Read() != before:
		return "it changed something"
	case !slices.Equal(first, second):
		return fmt.Sprintf("nothing changed, and it answers %v, then %v", first, second)
	}
	for i, s := range first {
		if s.ID == "" || slices.ContainsFunc(first[:i], func(o engine.Subject) bool { return o.ID == s.ID }) {
			return fmt.Sprintf("it names %v, which has no id or comes twice", s)
		}
	}
	return ""
}

func verifies(ctx context.Context, f *fixture) string {
	req := f.request("once", 1)
	before := f.Read()
	st, ok, err := f.verify(ctx, req)
	switch {
	case !ok:
		return ""
	case err != nil:
		return fmt.Sprintf("Verify, before anything was done: %v", err)
	case st.Done:
		return "it says that it is done before anything was done"
	case f.Read() != before:
		return "it changed something"
	}
	if _, err := f.Action.Act(ctx, req); err != nil {
		return fmt.Sprintf("Act: %v", err)
	}
	after := f.Read()
	st, _, err = f.verify(ctx, req)
	switch {
	case err != nil:
		return fmt.Sprintf("Verify, after Act: %v", err)
	case !st.Done:
		return "it says that it is not done after it was"
	case f.Read() != after:
		return "it changed something"
	}
	if again, _, err := f.verify(ctx, req); err != nil || again.Fingerprint != st.Fingerprint {
		return fmt.Sprintf("nothing changed, and the fingerprint is %q, then %q, %v", st.Fingerprint, again.Fingerprint, err)
	}
	return ""
}

func seesAnother(ctx context.Context, f *fixture) string {
	req := f.request("once", 1)
	if _, ok, _ := f.verify(ctx, req); !ok || f.Touch == nil {
		return ""
	}
	if _, ok := f.Action.(engine.Undoer); !ok {
		return "" // nobody compares
	}
	if _, err := f.Action.Act(ctx, req); err != nil {
		return fmt.Sprintf("Act: %v", err)
	}
	left, _, err := f.verify(ctx, req)
	if err != nil {
		return fmt.Sprintf("Verify: %v", err)
	}
	f.Touch()
	if now, _, err := f.verify(ctx, req); err == nil && now.Done && now.Fingerprint == left.Fingerprint {
		return fmt.Sprintf("somebody touched it, and the fingerprint is still %q", now.Fingerprint)
	}
	return ""
}

func takesBack(ctx context.Context, f *fixture) string {
	u, ok := f.Action.(engine.Undoer)
	if !ok {
		return ""
	}
	if _, ok, _ := f.verify(ctx, f.request("once", 1)); !ok {
		return "it knows how to take back and cannot read back, so that it is never asked to"
	}
	before := f.Read()
	res, err := f.Action.Act(ctx, f.request("once", 1))
	if err != nil {
		return fmt.Sprintf("Act: %v", err)
	}
	req := f.request("undo", 1)
	req.Undo, req.Handle = true, res.Handle
	if st, _, err := f.verify(ctx, req); err != nil || st.Done {
		return fmt.Sprintf("before it is taken back, it says that it is: %+v, %v", st, err)
	}
	if _, err := u.Undo(ctx, req); err != nil {
		return fmt.Sprintf("Undo: %v", err)
	}
	if st, _, err := f.verify(ctx, req); err != nil || !st.Done {
		return fmt.Sprintf("after it was taken back, it says: %+v, %v", st, err)
	}
	if after := f.Read(); after != before {
		return fmt.Sprintf("taken back, it reads %s; before, it read %s", after, before)
	}
	return ""
}

func knowsLimits(ctx context.Context, f *fixture) string {
	l, ok := f.Action.(engine.Limiter)
	if !ok {
		return ""
	}
	before := f.Read()
	lim, err := l.Limits(ctx, f.request("limits", 1))
	switch {
	case err != nil && lacks(err):
		return ""
	case err != nil:
		return fmt.Sprintf("Limits: %v", err)
	case f.Read() != before:
		return "it changed something"
	case lim.Concurrent < 0 || lim.Percent < 0 || lim.Percent > 100 || lim.Population < 0:
		return fmt.Sprintf("%+v are no limits", lim)
	}
	return ""
}

func readsAtOnce(ctx context.Context, f *fixture) string {
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			_, _, _ = f.verify(ctx, f.request("once", 1))
			if p, ok := f.Action.(engine.Planner); ok {
				_, _ = p.Plan(ctx, f.request("once", 1))
			}
			if l, ok := f.Action.(engine.Limiter); ok {
				_, _ = l.Limits(ctx, f.request("once", 1))
			}
		})
	}
	all.Wait()
	return ""
}
