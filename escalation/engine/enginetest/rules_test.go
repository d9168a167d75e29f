package enginetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/internal/faket"
)

// disable is an action as it should be, with room for faults.
type disable struct {
	mu       sync.Mutex
	version  string
	disabled bool
	changes  int
	done     map[string]bool
	acts     int
	fault    string
}

func (d *disable) Plan(context.Context, engine.ActionRequest) ([]engine.Subject, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fault == "plan changes" {
		d.change(true)
	}
	id := "svc"
	if d.fault == "plan wavers" {
		d.acts++
		id = fmt.Sprint("svc", d.acts)
	}
	if d.fault == "plan without an id" {
		id = ""
	}
	return []engine.Subject{{ID: id, CredentialVersion: d.version}}, nil
}

func (d *disable) Act(ctx context.Context, req engine.ActionRequest) (engine.ActionResult, error) {
	if ctx.Err() != nil && d.fault != "deaf" {
		return engine.ActionResult{}, ctx.Err()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.fault == "lazy":
		return engine.ActionResult{}, nil
	case req.Subjects[0].CredentialVersion != d.version && d.fault != "any key":
		return engine.ActionResult{}, engine.Refused(errors.New("another credential"))
	case d.done[req.ID] && d.fault != "twice":
		return engine.ActionResult{}, nil
	}
	d.done[req.ID] = true
	was := d.disabled
	d.change(true)
	return engine.ActionResult{Handle: fmt.Sprint(was)}, nil
}

func (d *disable) change(to bool) {
	d.disabled = to
	d.changes++
}

func (d *disable) Undo(_ context.Context, req engine.ActionRequest) (engine.ActionResult, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fault != "no way back" {
		d.change(req.Handle == "true")
		d.changes -= 2 // the world reads as before
	}
	return engine.ActionResult{}, nil
}

func (d *disable) Verify(_ context.Context, req engine.ActionRequest) (engine.Standing, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	st := engine.Standing{Done: d.disabled != req.Undo, Fingerprint: fmt.Sprint(d.changes)}
	switch d.fault {
	case "verify changes":
		d.change(d.disabled)
	case "sure":
		st.Done = true
	case "blind":
		st.Fingerprint = "same"
	case "no reading back":
		return st, errors.ErrUnsupported
	}
	return st, nil
}

func (d *disable) Limits(context.Context, engine.ActionRequest) (engine.Limits, error) {
	if d.fault == "beyond limits" {
		return engine.Limits{Percent: 200}, nil
	}
	return engine.Limits{Concurrent: 3}, nil
}

func (d *disable) Idempotent() bool { return true }

func (d *disable) fixture(testing.TB) Fixture {
	return Fixture{
		Action: d, Subjects: []engine.Subject{{ID: "svc", CredentialVersion: d.version}},
		Read: func() string {
			d.mu.Lock()
			defer d.mu.Unlock()
			return fmt.Sprint(d.disabled, d.changes)
		},
		Touch: func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			d.change(d.disabled)
		},
	}
}

func TestAnActionAsItShouldBe(t *testing.T) {
	RunAction(t, func(t testing.TB) Fixture {
		return (&disable{version: "1", done: map[string]bool{}}).fixture(t)
	})
}

// bare is an action with its one method.
type bare struct{ engine.Action }

func TestABareAction(t *testing.T) {
	RunAction(t, func(t testing.TB) Fixture {
		d := &disable{version: "1", done: map[string]bool{}}
		f := d.fixture(t)
		f.Action, f.Touch = bare{d}, nil
		return f
	})
}

func TestFaultsAreFound(t *testing.T) {
	for fault, rule := range map[string]string{
		"lazy": "Acts", "twice": "ActsOnceForOneID", "deaf": "HeedsItsContext", "any key": "RefusesAnotherCredential",
		"plan changes": "PlansWithoutActing", "plan wavers": "PlansWithoutActing", "plan without an id": "PlansWithoutActing",
		"verify changes": "VerifiesWhatStands", "sure": "VerifiesWhatStands", "blind": "SeesAnothersHand",
		"no way back": "TakesBackWhatItDid", "no reading back": "TakesBackWhatItDid", "beyond limits": "KnowsItsLimits",
	} {
		found := false
		for i := range rules {
			r := faket.Observe(func(t testing.TB) {
				rules[i].try(contextual{t}, (&disable{version: "1", done: map[string]bool{}, fault: fault}).fixture)
			})
			found = found || r.Failed && rules[i].name == rule && strings.Contains(r.Log, rules[i].why)
		}
		if !found {
			t.Errorf("%s: %s does not find it", fault, rule)
		}
	}
}

// contextual gives an observed test a context.
type contextual struct{ testing.TB }

func (contextual) Context() context.Context { return context.Background() }

func TestAnEmptyFixture(t *testing.T) {
	if r := faket.Observe(func(t testing.TB) {
		rules[0].try(contextual{t}, func(testing.TB) Fixture { return Fixture{} })
	}); !r.Stopped {
		t.Error("an empty fixture is no failure")
	}
}
