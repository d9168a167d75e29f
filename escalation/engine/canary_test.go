package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/audit"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// canary is in every secret of the test. Each kind of secret takes the form in
// which such ones are found: a token, a URL's path or password, a key in PEM.
const canary = "C4n4ryC4n4ryC4n4ryC4n4ryC4n4ryC4n4ry"

var (
	tokenCanary = "ghp_" + canary
	linkCanary  = "https://ci.example/run?access_token=" + canary
	pemCanary   = "-----BEGIN PRIVATE KEY-----\n" + canary + "\n-----END PRIVATE KEY-----"
	errCanary   = fmt.Errorf("vendor: %w", &url.Error{Op: "Post", URL: "https://app:" + canary + "@hooks.example/" + canary, Err: errors.New("authorization: Bearer " + canary)})
)

// leaky plugs everything in that can go wrong with a secret on its lips.
type leaky struct {
	mu    sync.Mutex
	turn  int
	heard bytes.Buffer // everything that was sent to people
}

func (l *leaky) Notify(_ context.Context, n notify.Notification) (notify.Receipt, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.turn++
	fmt.Fprintf(&l.heard, "%+v\n", n)
	for _, it := range n.Alerts {
		fmt.Fprintf(&l.heard, "%+v\n", it.Alert)
	}
	switch l.turn % 4 {
	case 1:
		return notify.Receipt{}, notify.Temporary(errCanary)
	case 2:
		panic(errCanary)
	case 3:
		return notify.Receipt{}, notify.Permanent(errCanary)
	}
	return notify.Receipt{ProviderID: tokenCanary, Thread: linkCanary, URL: linkCanary}, nil
}

// leakyAction fails, plans, does and takes back, each with a secret in what it
// says.
type leakyAction struct{ turn int }

func (a *leakyAction) Plan(_ context.Context, r ActionRequest) ([]Subject, error) {
	return []Subject{{ID: r.Subject.ID, Criticality: policy.CriticalityLow}}, nil
}

func (a *leakyAction) Act(context.Context, ActionRequest) (ActionResult, error) {
	a.turn++
	switch a.turn {
	case 1:
		return ActionResult{}, errCanary
	case 2:
		return ActionResult{}, Refused(errCanary)
	}
	return ActionResult{Detail: "rotated " + tokenCanary + " by " + linkCanary}, nil
}

func (*leaky) Resolve(context.Context, []escalation.Question) ([]escalation.Answer, error) {
	return nil, errCanary
}

// No secret that is planted in any input comes out anywhere: in no record, state,
// log, error, message, export or report.
func TestCanary(t *testing.T) {
	const doc = `{"version": 1, "directory": {"people": {"alice": {"contact": [{"via": "push"}, {"via": "sms", "after": "1m"}]}, "bob": {}}},
		"policies": [{"name": "p", "priority": "P3",
		"tiers": [{"name": "one", "notify": ["user:alice"], "wait": "5m"}, {"name": "two", "notify": ["user:bob"], "wait": "10m"}],
		"actions": [{"run": "fix", "at": "open", "mode": "auto"}, {"run": "fix", "name": "again", "at": "open + 1m", "mode": "auto"}, {"run": "fix", "name": "once more", "at": "open + 2m", "mode": "auto"}],
		"gates": [{"name": "g", "operations": ["deploy"], "close": "open", "open": "review", "review": {"stages": [{"name": "s", "by": ["user:bob"], "approvals": 1}]}}]}]}`
	kept := &crashing{Store: store.NewMemory()}
	l := &leaky{}
	var log, errs bytes.Buffer
	failing := false
	b := newBench(t, doc, func(c *Config) {
		c.Store, c.Notifier, c.LastResort = kept, l, notify.NotifierFunc(l.Notify)
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.Actions = map[string]Action{"fix": &leakyAction{}}
		c.Evidence = audit.SinkFunc(func(context.Context, []audit.Entry) error {
			if failing {
				return errCanary
			}
			return nil
		})
	})
	say := func(_ Result, err error) {
		if err != nil {
			fmt.Fprintln(&errs, err)
		}
	}
	ctx := t.Context()
	a := alertOf("leak/" + tokenCanary)
	a.Summary, a.Source, a.Links = "found "+tokenCanary+" and "+pemCanary, "scan "+linkCanary, []string{linkCanary, "https://u:" + canary + "@a.example/"}
	a.Labels = map[string]string{"token": tokenCanary, tokenCanary: "name", "header": "Bearer " + canary}
	a.Identity.CredentialVersion, a.Identity.Owner = tokenCanary, policy.User("alice")
	svc := By(policy.Service("scanner"))
	say(b.e.Trigger(ctx, a, svc, WithID("event "+tokenCanary)))
	b.to(4 * m)
	failing = true
	say(b.e.Trigger(ctx, a, svc, WithID("event "+tokenCanary)))
	say(b.e.Submit(ctx, Input{Key: a.Key, Event: escalation.Event{Kind: escalation.EventNote, By: svc, Text: "see " + linkCanary, Evidence: tokenCanary}}))
	say(b.e.Submit(ctx, Input{Key: a.Key, Event: escalation.Event{Kind: escalation.EventRequest, By: svc, Gate: "g", Ask: `{"why":"` + tokenCanary + `"}`}}))
	say(b.e.Silence(ctx, SilenceRequest{Name: "q " + tokenCanary, Match: []string{"labels.token = " + tokenCanary}, For: h, Reason: "because " + tokenCanary}, bob))
	say(b.e.Submit(ctx, Input{Key: "nothing " + tokenCanary, Event: escalation.Event{Kind: escalation.EventResolve, By: bob, Outcome: linkCanary}}))
	say(b.e.StopActions(ctx, bob, "stop "+tokenCanary))
	b.to(20 * m)
	say(b.e.Resolve(ctx, a.Key, bob, "rotated "+tokenCanary))
	b.to(30 * m)
	say(b.e.Submit(ctx, Input{Key: a.Key, Event: escalation.Event{Kind: escalation.EventResolve}}))

	// A directory that fails says so, too.
	lost := newBench(t, doc, func(c *Config) {
		c.Notifier, c.LastResort, c.Directory = l, notify.NotifierFunc(l.Notify), l
		c.Logger = slog.New(slog.NewTextHandler(&log, nil))
	})
	say(lost.e.Trigger(ctx, a, svc))
	lost.to(m)
	b.recs = append(b.recs, lost.recs...)

	// A store that fails says so, with its password.
	kept.set(true)
	say(b.e.Trigger(ctx, a, svc))
	if err := b.e.Settle(ctx); err != nil {
		fmt.Fprintln(&errs, err)
	}
	kept.set(false)

	var file bytes.Buffer
	if err := audit.Export(ctx, kept.Store, &file); err != nil {
		t.Fatal(err)
	}
	places := map[string]string{"the log": log.String(), "an error": errs.String(), "a message": l.heard.String()}
	var all strings.Builder
	for stream, err := range kept.Store.Streams(ctx, store.StreamQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		all.WriteString(stream + "\n" + stored(t, kept.Store, stream))
		if key, ok := strings.CutPrefix(stream, alertStreams); ok {
			key = key[:strings.LastIndexByte(key, '#')]
			rep, err := audit.NewReport(bytes.NewReader(file.Bytes()), key, 0, audit.Trust{})
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := errors.Join(rep.WriteMarkdown(&out), rep.WriteJSON(&out), rep.WriteHTML(&out)); err != nil {
				t.Fatal(err)
			}
			places["a report"] += out.String()
		}
	}
	for i := range b.recs {
		for _, line := range b.recs[i].Lines() {
			places["a line"] += fmt.Sprintf("%+v\n", line)
		}
	}
	places["the store"], places["the export"] = all.String(), file.String()
	var events bytes.Buffer
	if _, err := audit.WriteOCSF(bytes.NewReader(file.Bytes()), &events); err != nil {
		t.Fatal(err)
	}
	places["an event for others"] = events.String()
	for where, text := range places {
		if len(text) < 40 {
			t.Errorf("%s is %q: nothing to look at", where, text)
		}
		if i := strings.Index(text, canary); i >= 0 {
			t.Errorf("%s has the secret: …%s…", where, text[max(0, i-200):min(len(text), i+60)])
		}
	}
	if !strings.Contains(places["a report"], "github token") {
		t.Error("the reports do not say that there was a token")
	}
}
