// Command rotation is a rotator whose nightly run fails for a credential that can
// do everything. Application engineering and identity governance are told side by
// side, and each answers for itself; an operator who needs the identity meanwhile
// asks governance, and gets one session:
//
//	go run ./examples/rotation
package main

import (
	"context"
	_ "embed"
	"errors"
	"io"
	"log"
	"os"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/examples/internal/stage"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/policyfile"
)

//go:embed policies.yaml
var policies []byte

func main() {
	if err := run(context.Background(), os.Stdout, os.Stderr); err != nil {
		log.Fatal(err)
	}
}

// rotator is the host. Whether a rotation works depends on the database.
type rotator struct {
	*stage.Stage
	down bool
}

func run(ctx context.Context, out, lastResort io.Writer) error {
	doc, err := policyfile.Parse("policies.yaml", policies)
	if err != nil {
		return err
	}
	r := &rotator{stage.New(time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC), out), true}
	r.Engine, err = engine.New(engine.Config{
		Policies:   doc,
		Notifier:   r, // prints
		LastResort: notify.Writer(lastResort),
		Actions:    map[string]engine.Action{"rotate": engine.ActionFunc(r.retry)},
		Store:      r.Store,
		Clock:      r.Clock,
	})
	if err != nil {
		return err
	}
	r.night(ctx)
	return r.Err()
}

const key = "db/main"

func (r *rotator) night(ctx context.Context) {
	erin, olga, dora := engine.By(policy.User("erin")), engine.By(policy.User("olga")), engine.By(policy.User("dora"))

	r.After(ctx, 0, "the nightly rotation")
	r.rotate(ctx)

	r.After(ctx, 4*time.Minute, "erin has it, for engineering")
	r.Answered(r.Engine.Acknowledge(ctx, key, erin))

	r.After(ctx, 8*time.Minute, "dora has it, for governance, where dan is silent")
	r.Answered(r.Engine.Acknowledge(ctx, key, dora))

	r.After(ctx, 10*time.Minute, "olga needs the database")
	r.session(ctx, olga)

	r.After(ctx, 3*time.Minute, "dora approves")
	r.Answered(r.Engine.Vote(ctx, key, dora, engine.Matter{Gate: "admin"}, "approve"))

	r.After(ctx, time.Minute, "olga tries again, and once more")
	r.session(ctx, olga)
	r.session(ctx, olga)

	r.After(ctx, 20*time.Minute, "the database is back; the next rotation")
	r.down = false
	r.rotate(ctx)
	r.session(ctx, olga)

	r.Evidence(ctx, key)
}

// rotate is the host's own work. Whether it went well or not, the engine hears
// of it.
func (r *rotator) rotate(ctx context.Context) {
	self := engine.By(policy.Service("rotator"))
	if err := r.try(); err != nil {
		r.Answered(r.Engine.Trigger(ctx, policy.Alert{
			Key: key, Kind: policy.RotationFailed, Severity: policy.SeverityHigh, BlastRadius: policy.BlastProduction, Summary: err.Error(),
			Identity: policy.Identity{ID: "svc-db-admin", Owner: policy.User("olga"), Criticality: policy.CriticalityCritical},
		}, self))
		return
	}
	r.Answered(r.Engine.Succeeded(ctx, key, self, "rotated"))
}

func (r *rotator) try() error {
	if r.down {
		return errors.New("the standby does not answer")
	}
	return nil
}

// retry is what the policy has done after twenty minutes. That it fails is told
// to those who have the alert.
func (r *rotator) retry(_ context.Context, req engine.ActionRequest) (engine.ActionResult, error) {
	r.Say("» %s of %s", req.Run, req.Subject.ID)
	return engine.ActionResult{}, r.try()
}

// session opens one, if the identity may be used. Where a gate holds, the guard
// has asked its review; what the review opens is used up by one session.
func (r *rotator) session(ctx context.Context, by escalation.Author) {
	err := r.Engine.Guard(ctx, by, "svc-db-admin", "admin", func(context.Context) error {
		r.Say("a session is open")
		return nil
	})
	if err != nil {
		r.Say("no session: %v", err)
	}
}
