// Command deploy-window is a pipeline that asks before it deploys. The token that
// it deploys with expires around the deployment window. Its owner says "I have
// it", and renews nothing; so IAM is told before the window opens, the automation
// is paused, and the release waits until the token is renewed:
//
//	go run ./examples/deploy-window
package main

import (
	"context"
	_ "embed"
	"io"
	"log"
	"os"
	"time"

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

// pipeline is the host: it asks the engine before it deploys.
type pipeline struct{ *stage.Stage }

func run(ctx context.Context, out, lastResort io.Writer) error {
	doc, err := policyfile.Parse("policies.yaml", policies)
	if err != nil {
		return err
	}
	p := pipeline{stage.New(time.Date(2026, 11, 20, 8, 12, 0, 0, time.UTC), out)}
	p.Engine, err = engine.New(engine.Config{
		Policies:   doc,
		Notifier:   p, // prints
		LastResort: notify.Writer(lastResort),
		Actions:    map[string]engine.Action{"pause-automation": engine.ActionFunc(p.pause)},
		Store:      p.Store,
		Clock:      p.Clock,
	})
	if err != nil {
		return err
	}
	p.morning(ctx)
	return p.Err()
}

func (p pipeline) morning(ctx context.Context) {
	certManager := engine.By(policy.Service("cert-manager"))
	paula, ines := engine.By(policy.User("paula")), engine.By(policy.User("ines"))
	opens := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	token := policy.Alert{
		Key: "payments-token", Kind: policy.CredentialExpiring, Severity: policy.SeverityHigh, BlastRadius: policy.BlastProduction,
		Identity:  policy.Identity{ID: "payments-deployer", Owner: policy.User("paula"), Criticality: policy.CriticalityHigh},
		Window:    policy.Window{Opens: opens, Closes: opens.Add(4 * time.Hour)},
		ExpiresAt: opens.Add(time.Hour),
	}

	p.After(ctx, 0, "cert-manager cannot renew the token")
	p.Answered(p.Engine.Trigger(ctx, token, certManager))

	p.After(ctx, 3*time.Minute, "a hotfix is to go out")
	p.deploy(ctx)

	p.After(ctx, 5*time.Minute, "paula has it, she says")
	p.Answered(p.Engine.Acknowledge(ctx, token.Key, paula))

	p.After(ctx, 75*time.Minute, "ines has it")
	p.Answered(p.Engine.Acknowledge(ctx, token.Key, ines))

	p.After(ctx, 17*time.Minute, "the release is to go out")
	p.deploy(ctx)

	p.After(ctx, 4*time.Minute, "cert-manager has renewed the token")
	p.Answered(p.Engine.Succeeded(ctx, token.Key, certManager, "renewed"))

	p.After(ctx, 4*time.Minute, "the window opens, and the release is to go out")
	p.deploy(ctx)

	p.Evidence(ctx, token.Key)
}

// deploy asks, and then deploys or does not.
func (p pipeline) deploy(ctx context.Context) {
	err := p.Engine.Guard(ctx, engine.By(policy.Service("pipeline")), "payments-deployer", "deploy", func(context.Context) error {
		p.Say("it is out")
		return nil
	})
	if err != nil {
		p.Say("it waits: %v", err)
	}
}

// pause is what the policy has done when the gate closes.
func (p pipeline) pause(_ context.Context, req engine.ActionRequest) (engine.ActionResult, error) {
	p.Say("» the automation of %s is paused", req.Subject.ID)
	return engine.ActionResult{}, nil
}
