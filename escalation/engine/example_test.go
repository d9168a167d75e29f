package engine_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/benbjohnson/clock"
	"golang.org/x/sync/errgroup"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// at is a clock that stands until it is set.
type at struct {
	clock.Clock
	now time.Time
}

func (c *at) Now() time.Time { return c.now }

// screen prints what it is told.
var screen = notify.NotifierFunc(func(_ context.Context, n notify.Notification) (notify.Receipt, error) {
	fmt.Println(n.At.Time().Format("15:04"), n.Kind, n.To, n.Alerts[0].Name(), n.Alerts[0].Reason)
	return notify.Receipt{}, nil
})

func mustParse(text string) *policy.Document {
	doc, err := policy.Parse("policies.json", []byte(text))
	if err != nil {
		panic(err)
	}
	return doc
}

var ladder = mustParse(`{"version": 1, "policies": [{"name": "rotation", "priority": "P3",
	"tiers": [{"name": "owner", "notify": ["user:alice"], "wait": "5m"}, {"name": "backup", "notify": ["user:bob"], "wait": "30m"}],
	"gates": [{"name": "deploy", "operations": ["deploy"], "close": "open + 10m"}]}],
	"operations": {"read": "allow"}}`)

var problem = policy.Alert{
	Key: "db/main", Kind: policy.RotationFailed, Severity: policy.SeverityHigh,
	Identity: policy.Identity{ID: "svc-deployer", Criticality: policy.CriticalityMedium},
}

// drive pumps from deadline to deadline.
func drive(ctx context.Context, e *engine.Engine, c *at, until time.Time) {
	for {
		if err := e.Settle(ctx); err != nil {
			panic(err)
		}
		next := e.Next()
		if next > policy.InstantOf(until) {
			c.now = until
			return
		}
		c.now = next.Time()
	}
}

func newEngine(c clock.Clock) *engine.Engine {
	e, err := engine.New(engine.Config{Policies: ladder, Notifier: screen, LastResort: notify.Writer(os.Stderr), Clock: c})
	if err != nil {
		panic(err)
	}
	return e
}

// A test, or a program with a loop of its own, pumps: no goroutine is started.
func Example() {
	ctx := context.Background()
	c := &at{now: time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC)}
	eng := newEngine(c)

	if _, err := eng.Trigger(ctx, problem, engine.By(policy.Service("rotator"))); err != nil {
		panic(err)
	}
	drive(ctx, eng, c, c.now.Add(7*time.Minute))
	r, err := eng.Acknowledge(ctx, "db/main", engine.By(policy.User("bob")))
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Verdict, r.State.Status)
	drive(ctx, eng, c, c.now.Add(time.Hour))
	r, err = eng.Succeeded(ctx, "db/main", engine.By(policy.Service("rotator")), "rotated")
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Verdict, r.State.Status)
	// Output:
	// 14:00 page user:alice db/main#1 initial
	// 14:05 page user:bob db/main#1 no_ack_timeout
	// applied acknowledged
	// applied resolved
}

// A service starts Run, and closes the engine when it ends.
func ExampleEngine_Run() {
	told := make(chan struct{})
	eng, err := engine.New(engine.Config{
		Policies: ladder,
		Notifier: notify.NotifierFunc(func(_ context.Context, n notify.Notification) (notify.Receipt, error) {
			fmt.Println(n.Kind, n.To)
			close(told)
			return notify.Receipt{}, nil
		}),
		LastResort: notify.Writer(os.Stderr),
	})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	var g errgroup.Group
	g.Go(func() error { return eng.Run(ctx) })

	if _, err := eng.Trigger(ctx, problem, engine.By(policy.Service("rotator"))); err != nil {
		panic(err)
	}
	<-told
	fmt.Println("closed:", eng.Close(ctx), g.Wait())
	// Output:
	// page user:alice
	// closed: <nil> <nil>
}

// Whoever is about to do something asks first.
func ExampleEngine_Check() {
	ctx := context.Background()
	c := &at{now: time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC)}
	eng := newEngine(c)
	if _, err := eng.Trigger(ctx, problem, engine.By(policy.Service("rotator"))); err != nil {
		panic(err)
	}
	fmt.Println(eng.Check("svc-deployer", "deploy").Allowed())
	c.now = c.now.Add(10 * time.Minute)
	d := eng.Check("svc-deployer", "deploy")
	fmt.Println(d.Decision, d.Err())
	fmt.Println(errors.Is(d.Err(), engine.ErrDenied), eng.Check("svc-deployer", "read").Allowed())
	// Output:
	// true
	// deny gate: not allowed: deploy of "svc-deployer": gate deploy of db/main#1
	// true true
}

// Subscribers see every record, and what it says in lines.
func ExampleEngine_Subscribe() {
	ctx := context.Background()
	c := &at{now: time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC)}
	eng := newEngine(c)
	cancel := eng.Subscribe(func(r engine.Record) {
		for _, l := range r.Lines() {
			fmt.Println(r.Stream, l.Event, l.Verdict)
		}
	})
	defer cancel()
	if _, err := eng.Acknowledge(ctx, "no such key", engine.By(policy.User("bob"))); err != nil {
		panic(err)
	}
	// Output:
	// engine/main acknowledge ignored
}

// An action is registered under the name that policies give after `run:`.
func ExampleAction() {
	doc := mustParse(`{"version": 1, "policies": [{"name": "leak", "tiers": [{"name": "owner", "notify": ["user:alice"]}],
		"actions": [{"run": "disable-key", "at": "open", "mode": "auto"}]}]}`)
	disable := engine.ActionFunc(func(_ context.Context, req engine.ActionRequest) (engine.ActionResult, error) {
		if req.Subject.CredentialVersion != "7" {
			return engine.ActionResult{}, engine.Refused(errors.New("the key was replaced meanwhile"))
		}
		fmt.Println("disabled", req.Subject.ID, "version", req.Subject.CredentialVersion)
		return engine.ActionResult{}, nil
	})
	c := &at{now: time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC)}
	eng, err := engine.New(engine.Config{
		Policies: doc, Notifier: screen, LastResort: notify.Writer(os.Stderr), Clock: c,
		Actions: map[string]engine.Action{"disable-key": disable},
	})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	leak := problem
	leak.Kind, leak.Identity.CredentialVersion = policy.SecretLeaked, "7"
	if _, err := eng.Trigger(ctx, leak, engine.By(policy.Service("scanner"))); err != nil {
		panic(err)
	}
	if err := eng.Settle(ctx); err != nil {
		panic(err)
	}
	// Output:
	// 14:00 page user:alice db/main#1 initial
	// disabled svc-deployer version 7
}

// The same event with the same id counts once, however often it is sent.
func ExampleWithID() {
	ctx := context.Background()
	eng := newEngine(&at{now: time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC)})
	for range 2 {
		r, err := eng.Trigger(ctx, problem, engine.By(policy.Service("rotator")), engine.WithID("job-4711"))
		if err != nil {
			panic(err)
		}
		fmt.Println(r.Verdict, r.State.Count, r.Verdict.Kind == escalation.Applied)
	}
	// Output:
	// applied 1 true
	// ignored(duplicate) 1 false
}
