package engine_test

import (
	"context"
	"fmt"
	"io"
	"log"

	"golang.org/x/sync/errgroup"

	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// A host runs the engine beside its own work, and ends it with Close.
func Example_errgroup() {
	doc, err := policy.Parse("inline", []byte(`{"version": 1, "policies": [{"name": "p", "tiers": [{"name": "owner", "notify": ["owner"]}]}]}`))
	if err != nil {
		log.Fatal(err)
	}
	eng, err := engine.New(engine.Config{Policies: doc, Notifier: notify.Writer(io.Discard), LastResort: notify.Writer(io.Discard)})
	if err != nil {
		log.Fatal(err)
	}
	g, ctx := errgroup.WithContext(context.Background())
	g.Go(func() error { return eng.Run(ctx) })

	alert := policy.Alert{Key: "db/main", Kind: policy.RotationFailed, Identity: policy.Identity{ID: "svc-db", Owner: policy.User("olga")}}
	r, err := eng.Trigger(ctx, alert, engine.By(policy.Service("rotator")))
	fmt.Println(r.Verdict, err)
	fmt.Println(eng.Close(ctx), g.Wait())
	// Output:
	// applied <nil>
	// <nil> <nil>
}
