package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

const (
	s = time.Second
	m = time.Minute
	h = time.Hour
)

func TestLadder(t *testing.T) {
	b := newBench(t, ladder)
	r := b.trigger(alertOf("db"))
	if want := ":db#1/1"; r.ID[len(r.ID)-len(want):] != want {
		t.Errorf("record id %q; want …%s", r.ID, want)
	}
	b.to(4 * m)
	b.told("+0s page user:alice via default db#1 initial")
	b.to(6 * m)
	b.told("+5m0s page user:bob via default db#1 no_ack_timeout")
	ack, err := b.e.Acknowledge(t.Context(), "db", bob)
	b.must("applied")(ack, err)
	b.to(2 * h)
	b.told()
	res, err := b.e.Resolve(t.Context(), "db", bob, "fixed")
	b.must("applied")(res, err)
	if res.State.Status.String() != "resolved" {
		t.Errorf("status %s; want resolved", res.State.Status)
	}
	b.to(3 * h)
	b.told("+2h0m0s over user:alice via default db#1 ")
	if next := b.e.Next(); next.Known() {
		t.Errorf("something is still due at %s", next)
	}
}

func TestSubmitAnswers(t *testing.T) {
	b := newBench(t, ladder)
	ctx := t.Context()
	svc := By(policy.Service("test"))

	r, err := b.e.Succeeded(ctx, "db", svc, "rotated")
	b.must("ignored(unknown)")(r, err)
	r, err = b.e.Resolve(ctx, "db", bob, "fixed")
	b.must("ignored(unknown)")(r, err)

	first := b.trigger(alertOf("db"), WithID("t1"))
	again, err := b.e.Trigger(ctx, alertOf("db"), svc, WithID("t1"))
	b.must("ignored(duplicate)")(again, err)
	if first.State.Count != 1 || again.State == nil || again.State.Count != 1 {
		t.Errorf("a duplicate counts: %v", again.State)
	}
	other := alertOf("db")
	other.Summary = "says something else"
	reused, err := b.e.Trigger(ctx, other, svc, WithID("t1"))
	b.must("applied")(reused, err)
	if !reused.Reused || reused.State.Count != 2 {
		t.Errorf("reused %v, count %d; want true, 2", reused.Reused, reused.State.Count)
	}
	if !b.recorded(func(r Record) bool {
		return r.Record.Event.Kind == escalation.EventNote && strings.HasPrefix(r.Record.Event.Text, "id_reused")
	}) {
		t.Error("no record says that an id was used again")
	}
	// Another author's event, and another kind, may have the same id.
	r, err = b.e.Note(ctx, "db", bob, "looking", WithID("t1"))
	b.must("applied")(r, err)

	r, err = b.e.Acknowledge(ctx, "db", alice, OfIncarnation(7))
	b.must("ignored(stale)")(r, err)
	r, err = b.e.Acknowledge(ctx, "db", svc)
	b.must("rejected(not_a_person)")(r, err)
	r, err = b.e.Acknowledge(ctx, "db", alice, WithID("a1"))
	b.must("applied")(r, err)
	r, err = b.e.Resolve(ctx, "db", bob, "fixed")
	b.must("applied")(r, err)
	r, err = b.e.Acknowledge(ctx, "db", alice)
	b.must("ignored(resolved)")(r, err)
	// The same trigger once more, late: it is no new problem.
	r, err = b.e.Trigger(ctx, alertOf("db"), svc, WithID("t1"))
	b.must("ignored(duplicate)")(r, err)
	r, err = b.e.Trigger(ctx, alertOf("db"), svc, WithID("t2"))
	b.must("applied")(r, err)
	if r.State.Incarnation != 2 {
		t.Errorf("incarnation %d; want 2", r.State.Incarnation)
	}
	// What was about the first alert and is sent again now is not about the second.
	r, err = b.e.Trigger(ctx, alertOf("db"), svc, WithID("t1"))
	b.must("ignored(duplicate)")(r, err)
	r, err = b.e.Acknowledge(ctx, "db", alice, WithID("a1"))
	b.must("ignored(duplicate)")(r, err)
	if r.State.Count != 1 || r.State.Status != escalation.StatusTriggered {
		t.Errorf("the second alert counts %d and is %s; want 1, triggered", r.State.Count, r.State.Status)
	}
}

func TestSubmitRefusesWhatCanNeverBeRight(t *testing.T) {
	b := newBench(t, ladder)
	for name, in := range map[string]Input{
		"no author":          {Key: "k", Event: escalation.Event{Kind: escalation.EventAcknowledge}},
		"a team as author":   {Key: "k", Event: escalation.Event{Kind: escalation.EventAcknowledge, By: By(policy.Target{Kind: policy.TargetTeam, ID: "x"})}},
		"a tick":             {Key: "k", Event: escalation.Event{Kind: escalation.EventTick, By: bob}},
		"a report":           {Key: "k", Event: escalation.Event{Kind: escalation.EventReport, By: bob}},
		"no kind":            {Key: "k", Event: escalation.Event{By: bob}},
		"no alert":           {Key: "k", Event: escalation.Event{Kind: escalation.EventTrigger, By: bob}},
		"nameless silence":   {Key: "k", Event: escalation.Event{Kind: escalation.EventSilence, By: bob, For: h, Reason: "r"}},
		"silence of nothing": {Event: escalation.Event{Kind: escalation.EventSilence, By: bob, For: h, Reason: "r", Name: "n"}},
		"malformed match":    {Match: []string{"kind ~ x"}, Event: escalation.Event{Kind: escalation.EventSilence, By: bob, For: h, Reason: "r", Name: "n"}},
	} {
		if _, err := b.e.Submit(t.Context(), in); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v; want ErrInvalid", name, err)
		}
	}
	if len(b.recs) != 0 {
		t.Errorf("%d records; want none", len(b.recs))
	}
}

// What the sender may not say is not taken from the event.
func TestSubmitTakesNoFacts(t *testing.T) {
	b := newBench(t, ladder)
	a := alertOf("db")
	in := Input{Event: escalation.Event{
		Kind: escalation.EventTrigger, By: bob, Alert: &a, At: 1,
		Prior: &escalation.Prior{Incarnation: 9}, Silences: []escalation.SilenceFact{{Name: "x", Until: policy.Never - 1}},
		Answers: []escalation.Answer{{Question: escalation.Question{Kind: escalation.QuestionResolve, Target: policy.User("alice")}}},
	}}
	r, err := b.e.Submit(t.Context(), in)
	b.must("applied")(r, err)
	if r.State.At != policy.InstantOf(epoch) || r.State.Incarnation != 1 || r.State.Status != escalation.StatusTriggered {
		t.Errorf("at %s, incarnation %d, %s; want the engine's own", r.State.At, r.State.Incarnation, r.State.Status)
	}
	a.Labels = map[string]string{"later": "changed"}
	b.to(m)
	b.told("+0s page user:alice via default db#1 initial")
}

// A key that is too long, or no text, is cut the same way whatever is sent.
func TestOddKeys(t *testing.T) {
	b := newBench(t, ladder)
	for _, key := range []string{strings.Repeat("é", 300), "a\x00b", "with#2", "slash/x", "ü"} {
		a := alertOf("x")
		a.Key = key
		r := b.trigger(a)
		ack, err := b.e.Acknowledge(t.Context(), key, alice)
		b.must("applied")(ack, err)
		if r.State.Key != ack.State.Key || r.State.Incarnation != 1 || len(r.State.Key) > policy.MaxKeyText {
			t.Errorf("%q: opened as %q#%d, acknowledged as %q", key, r.State.Key, r.State.Incarnation, ack.State.Key)
		}
	}
	a := alertOf("")
	if r := b.trigger(a); r.State.Key != "rotation_failed/svc-" {
		t.Errorf("an empty key became %q", r.State.Key)
	}
}

func TestWithdrawal(t *testing.T) {
	b := newBench(t, ladder)
	b.out.answer = func(notify.Notification) outcome { return outcome{err: errors.New("busy")} }
	b.trigger(alertOf("db"))
	b.to(5 * s)
	b.told("+0s page user:alice via default db#1 initial", "+1s page user:alice via default db#1 initial attempt 2", "+3s page user:alice via default db#1 initial attempt 3")
	r, err := b.e.Acknowledge(t.Context(), "db", alice)
	b.must("applied")(r, err)
	b.to(m)
	b.told()
	if !b.recorded(func(r Record) bool { return r.Record.Event.Report.Result == escalation.ResultWithdrawn }) {
		t.Error("no record says that the page was withdrawn")
	}
}

// Alice acknowledges while she is told: bob's page of the same instant, which
// has not been sent, is withdrawn.
func TestAcknowledgeFromInsideNotifier(t *testing.T) {
	b := newBench(t, `{"version": 1, "policies": [{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice", "user:bob"]}]}]}`)
	b.out.answer = func(n notify.Notification) outcome {
		if n.Kind == notify.KindPage {
			r, err := b.e.Acknowledge(context.Background(), "db", By(n.To))
			b.must("applied")(r, err)
			if _, err := b.e.Tick(context.Background()); !errors.Is(err, ErrBusy) {
				t.Errorf("Tick from inside: %v; want ErrBusy", err)
			}
		}
		return outcome{}
	}
	b.trigger(alertOf("db"))
	b.to(m)
	b.told("+0s page user:alice via default db#1 initial")
}

func TestGiveUp(t *testing.T) {
	const contact = `{"version": 1, "directory": {"people": {"alice": {"contact": [{"via": "push"}, {"via": "sms", "after": "10m"}]}, "bob": {}}, "channels": {"push": {"give_up": "10s"}}},
		"policies": [{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice"], "wait": "30m"}, {"name": "two", "notify": ["user:bob"]}]}]}`
	tests := []struct {
		name   string
		answer func(n notify.Notification) outcome
		want   []string
	}{
		{
			"temporary: between tries, the next rule", func(n notify.Notification) outcome { return when(n.Via == "push", outcome{err: errors.New("busy")}) },
			[]string{
				"+0s page user:alice via push db#1 initial", "+1s page user:alice via push db#1 initial attempt 2",
				"+3s page user:alice via push db#1 initial attempt 3", "+7s page user:alice via push db#1 initial attempt 4",
				"+10s page user:alice via sms db#1 initial",
			},
		},
		{
			"temporary, and slow to say so", func(n notify.Notification) outcome { return when(n.Via == "push", outcome{errors.New("busy"), 4 * s}) },
			[]string{
				"+0s page user:alice via push db#1 initial", "+5s page user:alice via push db#1 initial attempt 2",
				"+10s page user:alice via sms db#1 initial",
			},
		},
		{
			"permanent: at once", func(n notify.Notification) outcome {
				return when(n.Via == "push", outcome{err: notify.Permanent(errors.New("no"))})
			},
			[]string{"+0s page user:alice via push db#1 initial", "+0s page user:alice via sms db#1 initial"},
		},
		{
			"permanent, and slow to say so", func(n notify.Notification) outcome {
				return when(n.Via == "push", outcome{notify.Permanent(errors.New("no")), 5 * s})
			},
			[]string{"+0s page user:alice via push db#1 initial", "+5s page user:alice via sms db#1 initial"},
		},
		{
			"unknown: the same id again", func(n notify.Notification) outcome {
				return when(n.Via == "push" && n.Attempt == 1, outcome{err: notify.Unknown(errors.New("reset"))})
			},
			[]string{"+0s page user:alice via push db#1 initial", "+1s page user:alice via push db#1 initial attempt 2"},
		},
		{
			"all of alice fails: bob", func(n notify.Notification) outcome {
				return when(n.To == policy.User("alice"), outcome{err: notify.Permanent(errors.New("no"))})
			},
			[]string{
				"+0s page user:alice via push db#1 initial", "+0s page user:alice via sms db#1 initial",
				"+0s page user:bob via default db#1 unreachable",
			},
		},
		{
			"a panic is for good", func(n notify.Notification) outcome {
				if n.Via == "push" {
					panic("bug")
				}
				return outcome{}
			},
			[]string{"+0s page user:alice via push db#1 initial", "+0s page user:alice via sms db#1 initial"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, contact)
			b.out.answer = tt.answer
			b.trigger(alertOf("db"))
			b.to(5 * m)
			b.told(tt.want...)
			ids := map[string]string{}
			for _, n := range b.out.seen {
				if at := n.To.String() + n.Via; ids[at] != "" && ids[at] != n.ID {
					t.Errorf("id %q; want %q as before", n.ID, ids[at])
				} else {
					ids[at] = n.ID
				}
			}
		})
	}
}

func when(yes bool, o outcome) outcome {
	if yes {
		return o
	}
	return outcome{}
}

func TestLastResortIsTriedForEver(t *testing.T) {
	b := newBench(t, `{"version": 1, "policies": [{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice"]}]}]}`)
	b.out.answer = func(notify.Notification) outcome { return outcome{err: notify.Permanent(errors.New("no"))} }
	b.last.answer = func(n notify.Notification) outcome {
		return when(n.Attempt < 12, outcome{err: notify.Permanent(errors.New("no"))})
	}
	b.trigger(alertOf("db"))
	b.to(25 * m)
	got := b.last.take()
	if len(got) != 12 || !strings.HasPrefix(got[11], "+18m31s last_resort last-resort via default") {
		t.Errorf("last resort:\n%s\nwant 12 attempts, the last at 18m31s", strings.Join(got, "\n"))
	}
}

func TestBundles(t *testing.T) {
	const doc = `{"version": 1, "directory": {"people": {"alice": {"contact": [{"via": "sms"}]}, "bob": {}}, "channels": {"sms": {"bundle": "2m"}}},
		"policies": [{"name": "leak", "match": ["kind = secret_leaked"], "tiers": [{"name": "one", "notify": ["user:alice"], "wait": "1d"}]},
			{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice"], "wait": "1d"}]}]}`
	b := newBench(t, doc)
	b.trigger(alertOf("a"))
	b.trigger(alertOf("b"))
	b.to(30 * s)
	b.told("+0s page user:alice via sms a#1,b#1 initial")
	b.trigger(alertOf("c"))
	b.trigger(alertOf("d"))
	b.to(m)
	leak := alertOf("leak")
	leak.Kind = policy.SecretLeaked
	b.trigger(leak)
	r, err := b.e.Resolve(t.Context(), "d", bob, "done")
	b.must("applied")(r, err)
	b.to(90 * s)
	b.told("+1m0s page user:alice via sms leak#1 initial")
	b.to(10 * m)
	b.told("+2m0s page user:alice via sms c#1 initial", "+2m0s over user:alice via sms d#1 ")
	if n := len(b.out.seen[0].Alerts); n != 2 || b.out.seen[0].ID != b.out.seen[0].Alerts[0].ID {
		t.Errorf("the first message has %d items and id %q", n, b.out.seen[0].ID)
	}
	delivered := map[string]int{}
	for _, r := range b.recs {
		if r.Record.Event.Kind == escalation.EventReport {
			delivered[r.Key+" "+r.Record.Event.Report.Result.String()]++
		}
	}
	for _, want := range []string{"a delivered", "b delivered", "c delivered", "d withdrawn", "leak delivered"} {
		if delivered[want] != 1 {
			t.Errorf("%q is recorded %d times; want once", want, delivered[want])
		}
	}
}

func TestGap(t *testing.T) {
	b := newBench(t, ladder)
	b.trigger(alertOf("db"))
	b.to(m)
	b.told("+0s page user:alice via default db#1 initial")
	// The engine does not run from 1m to 1h. What came meanwhile is committed
	// then, before what is overdue.
	b.clock.set(epoch.Add(h))
	r, err := b.e.Acknowledge(t.Context(), "db", alice)
	b.must("applied")(r, err)
	if d := b.recs[len(b.recs)-1].Record.Event.Down; d == nil || d.To != policy.InstantOf(epoch.Add(h)) {
		t.Errorf("the event says it waited: %v; want until 1h", d)
	}
	b.to(2 * h)
	b.told()

	c := newBench(t, ladder)
	c.trigger(alertOf("db"))
	c.to(m)
	c.told("+0s page user:alice via default db#1 initial")
	c.clock.set(epoch.Add(5*m + 59*s))
	c.to(5*m + 59*s)
	c.told("+5m59s page user:bob via default db#1 no_ack_timeout") // late, and no gap
	c.clock.set(epoch.Add(3 * h))
	c.to(3 * h)
	if !c.recorded(func(r Record) bool { return r.Record.Event.Kind == escalation.EventTick && r.Record.Event.Down != nil }) {
		t.Error("no tick says that the engine did not run")
	}
}

// One look that is late and many that are on time give the same history.
func TestLateLookGivesTheSameRecords(t *testing.T) {
	one, many := newBench(t, ladder), newBench(t, ladder)
	for _, b := range []*bench{one, many} {
		b.trigger(alertOf("db"))
	}
	many.to(15*m + 50*s)
	for _, d := range []time.Duration{5*m + 50*s, 15*m + 50*s} {
		one.clock.set(epoch.Add(d))
		one.to(d)
	}
	ticks := func(b *bench) (list []string) {
		for _, r := range b.recs {
			if r.Record.Event.Kind == escalation.EventTick {
				list = append(list, fmt.Sprint(r.Record.Event.At, len(r.Record.Effects), r.State.Due))
			}
		}
		return list
	}
	if a, z := fmt.Sprint(ticks(one)), fmt.Sprint(ticks(many)); a != z {
		t.Errorf("late:\n%s\non time:\n%s", a, z)
	}
}
