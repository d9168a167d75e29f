// Command partner is a service that a partner calls. The partner's identity was
// not used for longer than was agreed: it is disabled at once, and the gate denies
// every call until two people have looked at it and at the evidence. Who asks for
// it does not vote:
//
//	go run ./examples/partner
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

// service is the host: partners call it, and it asks before it answers.
type service struct{ *stage.Stage }

func run(ctx context.Context, out, lastResort io.Writer) error {
	doc, err := policyfile.Parse("policies.yaml", policies)
	if err != nil {
		return err
	}
	s := service{stage.New(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), out)}
	s.Engine, err = engine.New(engine.Config{
		Policies:   doc,
		Notifier:   s, // prints
		LastResort: notify.Writer(lastResort),
		Actions: map[string]engine.Action{
			"disable": engine.ActionFunc(s.toggle),
			"enable":  engine.ActionFunc(s.toggle),
		},
		Store: s.Store,
		Clock: s.Clock,
	})
	if err != nil {
		return err
	}
	s.day(ctx)
	return s.Err()
}

func (s service) day(ctx context.Context) {
	inventory, vault := engine.By(policy.Service("inventory")), engine.By(policy.Service("vault"))
	pat, stella, dan := engine.By(policy.User("pat")), engine.By(policy.User("stella")), engine.By(policy.User("dan"))
	reEnable := engine.Matter{Gate: "re-enable"}
	inactive := policy.Alert{
		Key: "partner-acme", Kind: policy.IdentityInactive, Severity: policy.SeverityLow, BlastRadius: policy.BlastService,
		Summary: "not used for 97 days, 90 are agreed",
		Identity: policy.Identity{
			ID: "partner-acme", Owner: policy.User("stella"), Criticality: policy.CriticalityMedium, ThirdParty: true,
		},
	}

	s.After(ctx, 0, "the inventory finds acme inactive")
	s.Answered(s.Engine.Trigger(ctx, inactive, inventory))

	s.After(ctx, time.Hour, "acme calls")
	s.call(ctx)

	s.After(ctx, time.Minute, "pat, of acme, asks to have it back, and approves")
	s.Answered(s.Engine.Request(ctx, inactive.Key, pat, reEnable, `{"scope":"inbox"}`))
	s.Answered(s.Engine.Vote(ctx, inactive.Key, pat, reEnable, "approve"))

	s.After(ctx, 10*time.Minute, "stella, who sponsors acme, approves")
	s.Answered(s.Engine.Vote(ctx, inactive.Key, stella, reEnable, "approve"))

	s.After(ctx, 15*time.Minute, "the evidence comes in")
	s.Answered(s.Engine.Note(ctx, inactive.Key, vault, "version 8", engine.WithEvidence("credential_rotated")))
	s.Answered(s.Engine.Note(ctx, inactive.Key, pat, "inbox only", engine.WithEvidence("scope_attested")))
	s.call(ctx)

	s.After(ctx, 15*time.Minute, "dan, of governance, approves")
	s.Answered(s.Engine.Vote(ctx, inactive.Key, dan, reEnable, "approve"))

	s.After(ctx, time.Minute, "acme calls")
	s.call(ctx)

	s.Evidence(ctx, inactive.Key)
}

// call is a request of the partner: asked first, then answered or not.
func (s service) call(ctx context.Context) {
	err := s.Engine.Guard(ctx, engine.By(policy.Service("acme")), "partner-acme", "use", func(context.Context) error {
		s.Say("200")
		return nil
	})
	if err != nil {
		s.Say("403: %v", err)
	}
}

// toggle is what the policy has done to the identity when it is found, and when
// its review has ended well.
func (s service) toggle(_ context.Context, req engine.ActionRequest) (engine.ActionResult, error) {
	s.Say("» %s %s", req.Run, req.Subject.ID)
	return engine.ActionResult{}, nil
}
