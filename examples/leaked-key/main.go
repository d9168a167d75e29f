// Command leaked-key is a service whose API key shows up in a CI log. The log is
// closed at once, and the key is revoked when a person has said so. Who pushed it
// may not wave it through, the owner is silent, and a deploy that would use the
// key is refused until it is replaced:
//
//	go run ./examples/leaked-key
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

// vault is the host: it keeps keys, and the engine tells it what to do to them.
type vault struct{ *stage.Stage }

func run(ctx context.Context, out, lastResort io.Writer) error {
	doc, err := policyfile.Parse("policies.yaml", policies)
	if err != nil {
		return err
	}
	v := vault{stage.New(time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC), out)}
	v.Engine, err = engine.New(engine.Config{
		Policies:   doc,
		Notifier:   v, // prints
		LastResort: notify.Writer(lastResort),
		Actions: map[string]engine.Action{
			"restrict-logs": engine.ActionFunc(v.restrict),
			"revoke-key":    engine.ActionFunc(v.revoke),
		},
		Store: v.Store,
		Clock: v.Clock,
	})
	if err != nil {
		return err
	}
	v.morning(ctx)
	return v.Err()
}

func (v vault) morning(ctx context.Context) {
	self, scanner := engine.By(policy.Service("vault")), engine.By(policy.Service("ci-scanner"))
	sam, bea, sofia := engine.By(policy.User("sam")), engine.By(policy.User("bea")), engine.By(policy.User("sofia"))
	octocat := policy.User("octocat")
	leak := policy.Alert{
		Key: "ci/4711", Kind: policy.SecretLeaked, Severity: policy.SeverityHigh, BlastRadius: policy.BlastService,
		Summary: "the billing key is in the log of build 4711", Parties: []policy.Target{octocat},
		Labels: map[string]string{"location": "ci_log"},
		Identity: policy.Identity{
			ID: "billing-key", Owner: policy.User("omar"), Criticality: policy.CriticalityHigh, CredentialVersion: "7",
		},
	}

	v.After(ctx, 0, "the scanner finds a key in a CI log")
	v.Answered(v.Engine.Trigger(ctx, leak, scanner))

	v.After(ctx, 2*time.Minute, "sam has it, for security")
	v.Answered(v.Engine.Acknowledge(ctx, leak.Key, sam))

	v.After(ctx, time.Minute, "octocat, who pushed it, has it")
	v.Answered(v.Engine.Acknowledge(ctx, leak.Key, engine.By(octocat), engine.OnTrack("owner")))

	v.After(ctx, time.Minute, "sofia lets the key be revoked")
	v.Answered(v.Engine.Vote(ctx, leak.Key, sofia, engine.Matter{Action: "revoke-key"}, "approve"))

	v.After(ctx, 4*time.Minute, "bea has it, for the owner, who is silent")
	v.Answered(v.Engine.Acknowledge(ctx, leak.Key, bea))

	v.After(ctx, time.Minute, "sam sees nobody use the key")
	v.Answered(v.Engine.Succeeded(ctx, leak.Key, sam, "contained"))

	v.After(ctx, time.Minute, "billing is to be deployed")
	v.deploy(ctx)

	v.After(ctx, 15*time.Minute, "billing has a new key, and the old one is gone")
	v.Answered(v.Engine.Resolve(ctx, leak.Key, self, "replaced"))
	v.deploy(ctx)

	v.Evidence(ctx, leak.Key)
}

// deploy asks, and then deploys or does not.
func (v vault) deploy(ctx context.Context) {
	err := v.Engine.Guard(ctx, engine.By(policy.Service("pipeline")), "billing-key", "deploy", func(context.Context) error {
		v.Say("deployed")
		return nil
	})
	if err != nil {
		v.Say("not deployed: %v", err)
	}
}

// restrict is done at once: it gives nothing away and is easily taken back.
func (v vault) restrict(_ context.Context, req engine.ActionRequest) (engine.ActionResult, error) {
	v.Say("» the log of %s is closed", req.Key)
	return engine.ActionResult{}, nil
}

// revoke is done when somebody has approved it. The subject is the key as it was
// when that was decided, by its version.
func (v vault) revoke(_ context.Context, req engine.ActionRequest) (engine.ActionResult, error) {
	for _, key := range req.Subjects {
		v.Say("» %s, version %s, is revoked", key.ID, key.CredentialVersion)
	}
	return engine.ActionResult{}, nil
}
