package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// Each verb sends its kind of event, with what it is given.
func TestVerbs(t *testing.T) {
	b := newBench(t, ladder)
	ctx := t.Context()
	b.trigger(alertOf("db"))
	matter := Matter{Gate: "g"}
	for _, tt := range []struct {
		kind escalation.EventKind
		send func() (Result, error)
		want func(ev *escalation.Event) bool
	}{
		{
			escalation.EventUnacknowledge, func() (Result, error) { return b.e.Unacknowledge(ctx, "db", bob, OnTrack("main")) },
			func(ev *escalation.Event) bool { return ev.Track == "main" },
		},
		{
			escalation.EventEscalate, func() (Result, error) { return b.e.Escalate(ctx, "db", bob, OnTier("one")) },
			func(ev *escalation.Event) bool { return ev.Tier == "one" },
		},
		{
			escalation.EventDecline, func() (Result, error) { return b.e.Decline(ctx, "db", bob, ClaimedAt(epoch)) },
			func(ev *escalation.Event) bool { return ev.ClaimedAt == policy.InstantOf(epoch) },
		},
		{
			escalation.EventSnooze, func() (Result, error) { return b.e.Snooze(ctx, "db", bob, h) },
			func(ev *escalation.Event) bool { return ev.For == h },
		},
		{
			escalation.EventReassign, func() (Result, error) { return b.e.Reassign(ctx, "db", bob, policy.User("carol")) },
			func(ev *escalation.Event) bool { return ev.To == policy.User("carol") },
		},
		{
			escalation.EventAddResponder, func() (Result, error) { return b.e.AddResponder(ctx, "db", bob, policy.User("carol")) },
			func(ev *escalation.Event) bool { return ev.To == policy.User("carol") },
		},
		{escalation.EventRaise, func() (Result, error) {
			return b.e.Raise(ctx, "db", bob, Levels{Severity: policy.SeverityCritical}, "worse")
		}, func(ev *escalation.Event) bool {
			return ev.Severity == policy.SeverityCritical && ev.Reason == "worse"
		}},
		{escalation.EventLower, func() (Result, error) {
			return b.e.Lower(ctx, "db", bob, Levels{BlastRadius: policy.BlastIsolated}, "less")
		}, func(ev *escalation.Event) bool {
			return ev.BlastRadius == policy.BlastIsolated && ev.Reason == "less"
		}},
		{
			escalation.EventRequest, func() (Result, error) { return b.e.Request(ctx, "db", bob, matter, `{"a":1}`) },
			func(ev *escalation.Event) bool { return ev.Gate == "g" && ev.Ask == `{"a":1}` },
		},
		{
			escalation.EventVote, func() (Result, error) { return b.e.Vote(ctx, "db", bob, matter, "approve", InStage("s")) },
			func(ev *escalation.Event) bool { return ev.Gate == "g" && ev.Vote == "approve" && ev.Stage == "s" },
		},
		{
			escalation.EventUse, func() (Result, error) { return b.e.Use(ctx, "db", bob, "g") },
			func(ev *escalation.Event) bool { return ev.Gate == "g" },
		},
		{
			escalation.EventBreakGlass, func() (Result, error) { return b.e.BreakGlass(ctx, "db", bob, "g", "fire") },
			func(ev *escalation.Event) bool { return ev.Gate == "g" && ev.Reason == "fire" },
		},
		{
			escalation.EventNote, func() (Result, error) { return b.e.Note(ctx, "db", bob, "seen", WithEvidence("rotated")) },
			func(ev *escalation.Event) bool { return ev.Text == "seen" && ev.Evidence == "rotated" },
		},
		{
			escalation.EventRebase, func() (Result, error) { return b.e.Rebase(ctx, "db", bob, "p", true) },
			func(ev *escalation.Event) bool { return ev.Policy == "p" && ev.Mapping.Dry },
		},
	} {
		if _, err := tt.send(); err != nil {
			t.Errorf("%s: %v", tt.kind, err)
			continue
		}
		ev := &b.recs[len(b.recs)-1].Record.Event
		if ev.Kind != tt.kind || ev.By != bob || !tt.want(ev) {
			t.Errorf("%s: recorded %+v", tt.kind, *ev)
		}
	}
}

func TestRebase(t *testing.T) {
	with := func(tail string) string {
		return `{"version": 1, "authority": {"rebase": ["user:alice"]}, "policies": [{"name": "p", "priority": "P3", "tiers": [
			{"name": "one", "notify": ["user:alice"], "wait": "5m"}` + tail + `]}]}`
	}
	b := newBench(t, with(`, {"name": "two", "notify": ["user:bob"], "wait": "1d"}`))
	b.trigger(alertOf("db"))
	b.to(m)
	if err := b.e.Load(t.Context(), docOf(t, with(`, {"name": "two", "notify": ["user:carol"], "wait": "1d"}`))); err != nil {
		t.Fatal(err)
	}
	r, err := b.e.Rebase(t.Context(), "db", bob, "p", false)
	b.must("rejected(not_authorised)")(r, err)
	r, err = b.e.Rebase(t.Context(), "db", alice, "p", false)
	b.must("applied")(r, err)
	if r.State.Document != b.e.current.Load().Digest {
		t.Error("the alert is not pinned to the new document")
	}
	b.to(h)
	b.told("+0s page user:alice via default db#1 initial", "+5m0s page user:carol via default db#1 no_ack_timeout")
	// Also a new engine goes on under the new one.
	again := newBench(t, ladder, func(c *Config) { c.Store = b.e.store })
	again.clock.set(epoch.Add(h))
	again.to(h)
	r, err = again.e.Acknowledge(t.Context(), "db", By(policy.User("carol")))
	again.must("applied")(r, err)
}

// Tick and Deliver by themselves are enough: the loop that a host writes.
func TestTickAndDeliver(t *testing.T) {
	b := newBench(t, ladder)
	ctx := t.Context()
	b.trigger(alertOf("db"))
	if next, err := b.e.Tick(ctx); err != nil || next > policy.InstantOf(epoch) {
		t.Fatalf("Tick = %s, %v; want now: there is something to deliver", next, err)
	}
	if n, err := b.e.Deliver(ctx); n != 1 || err != nil {
		t.Fatalf("Deliver = %d, %v; want 1", n, err)
	}
	next, err := b.e.Tick(ctx)
	if want := policy.InstantOf(epoch.Add(5 * m)); next != want || err != nil {
		t.Fatalf("Tick = %s, %v; want %s", next, err, want)
	}
	if n, err := b.e.Deliver(ctx); n != 0 || err != nil {
		t.Fatalf("Deliver = %d, %v; want nothing", n, err)
	}
	b.clock.set(next.Time())
	if _, err := b.e.Tick(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := b.e.Deliver(ctx); err != nil {
		t.Fatal(err)
	}
	b.told("+0s page user:alice via default db#1 initial", "+5m0s page user:bob via default db#1 no_ack_timeout")

	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := b.e.Tick(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("Tick of an ended context: %v", err)
	}
}

func TestConfigIsChecked(t *testing.T) {
	n := &scripted{clock: newHopping()}
	good := Config{Policies: docOf(t, ladder), Notifier: n, LastResort: notify.Writer(new(strings.Builder))}
	for name, tt := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"nothing":           {func(c *Config) { *c = Config{} }, "Policies is missing"},
		"no notifier":       {func(c *Config) { c.Notifier = nil }, "Notifier is missing"},
		"no last resort":    {func(c *Config) { c.LastResort = nil }, "LastResort is missing"},
		"the same for both": {func(c *Config) { c.LastResort = notify.Chain(n, notify.Timeout(time.Second)) }, "must be another"},
		"a nil action":      {func(c *Config) { c.Actions = map[string]Action{"x": nil} }, `Actions["x"] is nil`},
		"too short a lease": {func(c *Config) { c.Lease, c.AttemptTimeout = time.Second, time.Minute }, "Lease"},
	} {
		cfg := good
		tt.change(&cfg)
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v; want %q", name, err, tt.want)
		}
	}
	if _, err := New(good); err != nil {
		t.Errorf("the least configuration: %v", err)
	}
}
