package belfry_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/escalation/escalationtest"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/policyfile"
)

// The functions below are the Go blocks of the README; a test compares them.

// A rotation fails, its owner sleeps, and whoever is on call takes over: the
// real engine, on a clock that the program moves.
func Example() {
	ctx, clk := context.Background(), clock.NewMock()
	doc, err := policyfile.Load("testdata/rotation.yaml")
	if err != nil {
		log.Fatal(err) // every fault of the file, each with its line
	}
	pager := func(_ context.Context, n notify.Notification) (notify.Receipt, error) {
		fmt.Printf("%s %s %s %q\n", n.At.Time().Format("15:04"), n.Kind, n.To, n.Alerts[0].Reason)
		return notify.Receipt{}, nil
	}
	eng, err := engine.New(engine.Config{Policies: doc, Notifier: notify.NotifierFunc(pager), LastResort: notify.Writer(os.Stderr), Clock: clk})
	if err != nil {
		log.Fatal(err) // what is missing
	}
	rotator, ivan := engine.By(policy.Service("rotator")), engine.By(policy.User("ivan"))
	db := policy.Identity{ID: "svc-db", Owner: policy.User("olga")}

	eng.Trigger(ctx, policy.Alert{Key: "db/main", Kind: policy.RotationFailed, Identity: db}, rotator)
	eng.Settle(ctx) // what is due now, and the messages that follow from it
	clk.Add(10 * time.Minute)
	eng.Settle(ctx)
	eng.Acknowledge(ctx, "db/main", ivan)
	clk.Add(5 * time.Minute)
	eng.Settle(ctx)
	fmt.Println(eng.Check("svc-db", "deploy").Err())
	eng.Resolve(ctx, "db/main", ivan, "rotated by hand")
	eng.Settle(ctx)
	fmt.Println(eng.Check("svc-db", "deploy").Err())
	// Output:
	// 00:00 page user:olga "initial"
	// 00:10 page user:ivan "no_ack_timeout"
	// gate: not allowed: deploy of "svc-db": gate deploy of db/main#1
	// 00:15 over user:olga ""
	// <nil>
}

// In a service the engine runs beside everything else, on the real clock.
func Example_service() {
	ctx := context.Background()
	eng, err := engine.New(engine.Config{
		Policies: rotationPolicies(), Notifier: pagers(), LastResort: notify.Writer(os.Stderr),
	})
	if err != nil {
		log.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- eng.Run(ctx) }() // until ctx ends, or Close

	rotator := engine.By(policy.Service("rotator"))
	if failed := rotateSecret(ctx); failed != nil {
		_, err = eng.Trigger(ctx, policy.Alert{Key: "db/main", Kind: policy.RotationFailed, Summary: failed.Error()}, rotator)
	} else {
		_, err = eng.Succeeded(ctx, "db/main", rotator, "rotated") // resolves what is open; nothing open is no error
	}
	if err != nil {
		log.Print(err) // nothing is known to be committed: try again with the same engine.WithID
	}
	fmt.Println(eng.Close(ctx)) // nothing new begins, what is under way may end
	if err := <-ended; err != nil && !errors.Is(err, engine.ErrClosed) {
		log.Print(err)
	}
	// Output:
	// <nil>
}

// A forecast is the same machine without a host: what happens if nobody acts.
func Example_forecast() {
	start := policy.InstantOf(time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC))
	sim := escalation.Simulation{
		Document: rotationPolicies(), Start: start, Until: start.Add(30 * time.Minute),
		Alert: policy.Alert{Key: "db/main", Kind: policy.RotationFailed, Identity: policy.Identity{ID: "svc-db", Owner: policy.User("olga")}},
	}
	for record, err := range escalation.Simulate(context.Background(), sim) {
		if err != nil {
			log.Fatal(err)
		}
		for _, e := range record.Effects {
			if e.Kind == escalation.EffectNotify {
				fmt.Println(e.At.Sub(start), e.To, e.Reason)
			}
		}
	}
	// Output:
	// 0s user:olga initial
	// 10m0s user:ivan no_ack_timeout
	// 20m0s user:mara exhausted
}

// A test file is run by go test as well as by the command-line tool.
func Example_testFile() {
	for _, r := range escalationtest.Load("testdata/rotation.test.yaml").Run(context.Background()) {
		fmt.Println(r.Name, "-", r.Outcome)
	}
	// Output:
	// nobody answers - pass
}

// A document with faults says all of them at once.
func Example_faults() {
	_, err := policyfile.Parse("p.yaml", []byte(`version: 1
policies:
  - name: p
    tiers:
      - {name: owner, notify: [owner], wiat: 5m}
      - {name: next, notify: ["user:bob"], wait: 5}
`))
	fmt.Println(err)
	// Output:
	// p.yaml:5:40: unknown field "wiat" in tier "owner"
	//     5 |       - {name: owner, notify: [owner], wiat: 5m}
	//       |                                        ^ did you mean "wait"?
	// p.yaml:6:50: "wait" is the bare number 5; a duration has a unit, such as "5m"
	//     6 |       - {name: next, notify: ["user:bob"], wait: 5}
	//       |                                                  ^
}

// rotationPolicies reads the policies of the examples.
func rotationPolicies() *policy.Document {
	doc, err := policyfile.Load("testdata/rotation.yaml")
	if err != nil {
		log.Fatal(err)
	}
	return doc
}

// pagers would be the host's channels.
func pagers() notify.Notifier { return new(notify.Mux) }

// rotateSecret would be the host's work.
func rotateSecret(ctx context.Context) error { return ctx.Err() }
