package main

import (
	"context"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/policy"
)

// step is one thing that happens in the day.
type step struct {
	at time.Time
	do func(context.Context, *host) error

	file  string // that it comes from, and which source wrote it; then at and do
	parse parser // are what it says
}

// payload is a step that brings an event from outside, at the time it says.
func payload(file string, parse parser) step { return step{file: file, parse: parse} }

// read parses the step's payload, if it is one.
func (s *step) read(inv inventory) error {
	if s.file == "" {
		return nil
	}
	src, err := files.ReadFile("events/" + s.file)
	if err != nil {
		return err
	}
	in, err := s.parse(src, inv)
	if err != nil {
		return err
	}
	s.at = in.At
	s.do = func(ctx context.Context, h *host) error { return h.receive(ctx, in) }
	return nil
}

// day returns what comes in and what people do, in order.
func day(inv inventory) ([]step, error) {
	steps := script()
	for i := range steps {
		if err := steps[i].read(inv); err != nil {
			return nil, err
		}
	}
	return steps, nil
}

// verb is what a person does: a call of one of the engine's verbs.
type verb func(ctx context.Context, eng *engine.Engine, by escalation.Author) (engine.Result, error)

// person is a step in which somebody does something; what says what, for people.
func person(clock, who, what string, v verb) step {
	return author(clock, policy.User(who), what, v)
}

func author(clock string, who policy.Target, what string, v verb) step {
	return step{at: onTheDay(clock), do: func(ctx context.Context, h *host) error {
		r, err := v(ctx, h.eng, escalation.Author{Principal: who})
		if err != nil {
			return err
		}
		h.answered(who.ID+" "+what, who, &r)
		return nil
	}}
}

// ask is a step in which the host asks whether an operation may go on, as it
// does before each.
func ask(clock, subject, operation string) step {
	return step{at: onTheDay(clock), do: func(_ context.Context, h *host) error {
		d := h.eng.Check(subject, operation)
		h.out.print(entry{
			At: h.clock.Now(), Type: "check", Subject: subject, Operation: operation,
			Decision: d.Decision.String(), Reason: d.Reason(),
		})
		return nil
	}}
}

// onTheDay is a time of the day from which the payloads are.
func onTheDay(clock string) time.Time {
	t, err := time.Parse(time.DateTime, "2026-11-20 "+clock)
	if err != nil {
		panic(err) // a constant of this file is no time
	}
	return t
}

// script is the day before its payloads are read.
func script() []step {
	const (
		rotation = "prod/payments/db"
		token    = "payments/payments-tls"
		leak     = "example-org/hello-world/42"
		partners = "partner-acme-sync"
	)
	reEnable := engine.Matter{Gate: "re-enable"}
	return []step{
		// A rotation job fails for a high-privilege identity: two teams.
		payload("secretsmanager-rotation-failed.json", secretsManager),
		person("00:54:20", "erin", "acknowledges for engineering", acknowledge(rotation, "engineering")),
		person("01:02:20", "dora", "acknowledges for governance", acknowledge(rotation, "governance")),
		payload("secretsmanager-rotation-succeeded.json", secretsManager),

		// A token expires in a deployment window.
		payload("certmanager-failing.json", certManager),
		ask("08:15:00", "payments-deployer", "deploy"),
		person("08:20:00", "paula", "acknowledges, and renews nothing", acknowledge(token, "main")),
		person("09:08:00", "ines", "acknowledges", acknowledge(token, "main")),
		ask("09:20:10", "payments-deployer", "deploy"),
		payload("certmanager-issued.json", certManager),
		ask("09:21:00", "payments-deployer", "deploy"),

		// An API key shows up in a CI log; later the log is found to be public.
		payload("github-created.json", gitHub),
		person("10:02:00", "sam", "acknowledges for security", acknowledge(leak, "security")),
		person("10:03:30", "octocat", "acknowledges for the owner", acknowledge(leak, "owner")),
		person("10:08:00", "bea", "acknowledges for the owner", acknowledge(leak, "owner")),
		payload("github-publicly-leaked.json", gitHub),
		person("11:31:30", "sam", "acknowledges for security", acknowledge(leak, "security")),
		person("11:33:00", "bea", "acknowledges for the owner", acknowledge(leak, "owner")),
		payload("github-validated-inactive.json", gitHub),
		payload("github-resolved.json", gitHub),

		// A partner's identity is inactive beyond its window.
		ask("12:29:00", "partner-acme-sync", "use"),
		payload("partner-inactive.json", partner),
		ask("12:31:00", "partner-acme-sync", "use"),
		person("12:40:00", "pat", "requests re-enable", request(partners, reEnable, `{"scope":"partner-inbox"}`)),
		person("12:42:00", "pat", "votes approve", vote(partners, reEnable, "approve")),
		person("12:50:00", "stella", "votes approve", vote(partners, reEnable, "approve")),
		author("13:05:00", policy.Service("vault"), "notes credential_rotated", note(partners, "credential_rotated")),
		person("13:06:00", "pat", "notes scope_attested", note(partners, "scope_attested")),
		person("13:20:00", "dan", "votes approve", vote(partners, reEnable, "approve")),
		ask("13:21:00", "partner-acme-sync", "use"),
	}
}

func acknowledge(key, track string) verb {
	return func(ctx context.Context, eng *engine.Engine, by escalation.Author) (engine.Result, error) {
		return eng.Acknowledge(ctx, key, by, engine.OnTrack(track))
	}
}

func request(key string, m engine.Matter, what string) verb {
	return func(ctx context.Context, eng *engine.Engine, by escalation.Author) (engine.Result, error) {
		return eng.Request(ctx, key, by, m, what)
	}
}

func vote(key string, m engine.Matter, answer string) verb {
	return func(ctx context.Context, eng *engine.Engine, by escalation.Author) (engine.Result, error) {
		return eng.Vote(ctx, key, by, m, answer)
	}
}

func note(key, evidence string) verb {
	return func(ctx context.Context, eng *engine.Engine, by escalation.Author) (engine.Result, error) {
		return eng.Note(ctx, key, by, "", engine.WithEvidence(evidence))
	}
}
