package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// A new engine over what an old one left goes on where that stood: alerts under
// their documents, silences, gates.
func TestRestart(t *testing.T) {
	kept := store.NewMemory()
	on := func(c *Config) { c.Store = kept }
	old := newBench(t, gated, on)
	old.trigger(alertOf("db"))
	r, err := old.e.Silence(t.Context(), SilenceRequest{Name: "q", Match: []string{"labels.team = red"}, For: 2 * h, Reason: "drill"}, bob)
	old.must("applied")(r, err)
	old.to(12 * m)
	if d := old.e.Check("svc-db", "deploy"); d.Decision != escalation.Hold {
		t.Fatalf("before: %+v", d)
	}

	b := newBench(t, three, on)
	b.clock.set(epoch.Add(13 * m))
	b.to(13 * m)
	b.told()
	if d := b.e.Check("svc-db", "deploy"); d.Decision != escalation.Hold || d.Alert() != "db#1" {
		t.Errorf("after: %+v; want the gate shut", d)
	}
	red := alertOf("red")
	red.Labels = map[string]string{"team": "red"}
	if r := b.trigger(red); r.State.Status != escalation.StatusSilenced {
		t.Errorf("status %s; want silenced", r.State.Status)
	}
	if st := b.e.Stats(); st.Open != 2 {
		t.Errorf("%d alerts are open; want 2", st.Open)
	}
	b.to(16 * m)
	b.told() // under the old document's single tier, whose wait is not over
	res, err := b.e.Resolve(t.Context(), "db", alice, "fixed")
	b.must("applied")(res, err)
}

// An alert whose document is gone, or that cannot be read, holds up no other.
func TestPoison(t *testing.T) {
	kept := &losing{Store: store.NewMemory()}
	old := newBench(t, ladder, func(c *Config) { c.Store = kept })
	old.trigger(alertOf("db"))
	old.to(m)

	kept.lost = true
	b := newBench(t, three, func(c *Config) { c.Store = kept })
	b.clock.set(epoch.Add(2 * m))
	b.trigger(alertOf("new"))
	for range 15 {
		b.clock.set(b.clock.Now().Add(m))
		if err := b.e.Settle(t.Context()); err != nil && !strings.Contains(err.Error(), "is not in the store") {
			t.Fatal(err)
		}
	}
	if got := b.out.take(); len(got) < 2 || !strings.Contains(got[0], "user:alice via default new#1") || !strings.Contains(got[1], "user:bob via default new#1") {
		t.Errorf("sent %q; want the other alert's ladder", got)
	}
	if got := b.last.take(); len(got) != 1 || !strings.Contains(got[0], "db#0") {
		t.Errorf("last resort %q; want it told of db, once", got)
	}
	if d := b.e.Check("svc-new", "deploy"); d.Allowed() {
		t.Errorf("%+v; nobody knows what the unreadable alert's gates say", d)
	}
}

// Once the last alert is over, and once it was looked at, nothing is to come.
func TestNextEndsWithTheLadder(t *testing.T) {
	b := newBench(t, ladder)
	b.trigger(alertOf("db"))
	b.to(6 * m)
	r, err := b.e.Resolve(t.Context(), "db", bob, "fixed")
	b.must("applied")(r, err)
	if next := b.e.Next(); next > policy.InstantOf(epoch.Add(6*m)) {
		t.Errorf("next %s; want now: there is something to say", next)
	}
	if err := b.e.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if next := b.e.Next(); next != policy.Never {
		t.Errorf("next %s; want never", next)
	}
}

// losing is a store that lost its documents.
type losing struct {
	store.Store
	lost bool
}

func (l *losing) Document(ctx context.Context, d policy.Digest) ([]byte, error) {
	if l.lost {
		return nil, store.ErrNotFound
	}
	return l.Store.Document(ctx, d)
}

// Two engines on one store: each page goes out once, whoever of them is quicker,
// and what one committed the other goes on from.
func TestTwoEngines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := store.NewMemory()
		var mu sync.Mutex
		sent := map[string]int{}
		n := func(_ context.Context, n notify.Notification) error {
			mu.Lock()
			defer mu.Unlock()
			for _, it := range n.Alerts {
				sent[n.To.String()+" "+it.Name()]++
			}
			return nil
		}
		node := func(name string) func(*Config) { return func(c *Config) { c.Store, c.Node = kept, name } }
		a := run(t, ladder, clock.New(), n, node("a"))
		b := run(t, ladder, clock.New(), n, node("b"))
		const alerts = 50
		for i := range alerts {
			[]*started{a, b}[i%2].trigger(fmt.Sprint("k", i))
		}
		time.Sleep(time.Minute)
		for i := range alerts / 2 {
			res, err := []*started{b, a}[i%2].e.Acknowledge(t.Context(), fmt.Sprint("k", i), alice)
			if err != nil || !res.Applied() {
				t.Errorf("acknowledge: %s, %v", res.Verdict, err)
			}
		}
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		for i := range alerts {
			wantBob := 1
			if i < alerts/2 {
				wantBob = 0
			}
			if x, y := sent[fmt.Sprintf("user:alice k%d#1", i)], sent[fmt.Sprintf("user:bob k%d#1", i)]; x != 1 || y != wantBob {
				t.Errorf("k%d: alice was told %d times, bob %d; want 1, %d", i, x, y, wantBob)
			}
		}
		a.close()
		b.close()
	})
}

// A silence that one engine began holds what another opens, and one that it ended
// holds nothing, however lately the other has looked.
func TestTwoEnginesOnOneSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := store.NewMemory()
		node := func(name string) func(*Config) { return func(c *Config) { c.Store, c.Node = kept, name } }
		a, b := run(t, three, clock.New(), nil, node("a")), run(t, three, clock.New(), nil, node("b"))
		q := SilenceRequest{Name: "q", Match: []string{"kind = rotation_failed"}, For: h, Reason: "drill"}
		if r, err := a.e.Silence(t.Context(), q, bob); err != nil || !r.Applied() {
			t.Fatal(r.Verdict, err)
		}
		time.Sleep(6 * time.Second)
		b.trigger("db")
		time.Sleep(time.Minute)
		if got := a.lines() + b.lines(); got != "" {
			t.Errorf("told in spite of the silence: %s", got)
		}
		if r, err := a.e.Unsilence(t.Context(), "q", bob); err != nil || !r.Applied() {
			t.Fatal(r.Verdict, err)
		}
		time.Sleep(time.Second)
		b.trigger("new")
		time.Sleep(time.Minute)
		if got := a.lines() + b.lines(); !strings.Contains(got, "db#1 silence_over") || !strings.Contains(got, "new#1 initial") {
			t.Errorf("told %q; want both alerts", got)
		}
		a.close()
		b.close()
	})
}

// conflicting is a store where somebody else always comes first, so many times.
type conflicting struct {
	store.Store
	races atomic.Int64
}

func (c *conflicting) Commit(ctx context.Context, batch ...*store.Commit) error {
	if c.races.Add(-1) >= 0 {
		for _, k := range batch {
			k.Err = store.ErrConflict
		}
		return store.ErrConflict
	}
	return c.Store.Commit(ctx, batch...)
}

func TestLostRacesAreRunAgain(t *testing.T) {
	kept := &conflicting{Store: store.NewMemory()}
	b := newBench(t, ladder, func(c *Config) { c.Store = kept })
	b.to(0)
	kept.races.Store(5)
	b.trigger(alertOf("db"))
	kept.races.Store(5)
	b.to(6 * m)
	b.told("+0s page user:alice via default db#1 initial", "+5m0s page user:bob via default db#1 no_ack_timeout")
	kept.races.Store(5)
	r, err := b.e.Acknowledge(t.Context(), "db", bob)
	b.must("applied")(r, err)
	kept.races.Store(1 << 40)
	if _, err := b.e.Acknowledge(t.Context(), "db", bob); !errors.Is(err, store.ErrConflict) {
		t.Errorf("a race that is always lost: %v; want ErrConflict", err)
	}
}

// Whatever way a secret takes into an error, it comes out in no log and no
// record.
func TestNoSecretInLogsAndRecords(t *testing.T) {
	const canary = "s3cr3tCanary"
	var log bytes.Buffer
	url := "https://hooks.example.com/services/" + canary + "?token=" + canary
	b := newBench(t, running, func(c *Config) {
		c.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		c.Actions = map[string]Action{"rotate": &acting{err: errors.New("post " + url)}}
		c.Directory = &moody{mood: "errs"}
	})
	answers := []outcome{{err: errors.New("post " + url)}, {err: notify.Unknown(errors.New(url))}, {err: notify.Permanent(errors.New(url))}}
	b.out.answer = func(n notify.Notification) outcome { return answers[n.Attempt%len(answers)] }
	b.last.answer = func(n notify.Notification) outcome {
		if n.Attempt == 2 {
			panic(url)
		}
		return when(n.Attempt < 5, outcome{err: errors.New(url)})
	}
	b.e.watched.dir = escalation.NewDirectory(docOf(t, running))
	b.trigger(alertOf("db"))
	b.to(2 * h)
	b.e.watched.dir = &moody{mood: "panics"}
	b.trigger(alertOf("two"))
	b.to(4 * h)
	for _, r := range b.recs {
		if body := escalation.AppendRecord(nil, &r.Record); bytes.Contains(body, []byte(canary)) {
			t.Errorf("in record %s: %+v", r.ID, r.Record.Event.Report)
		}
	}
	if strings.Contains(log.String(), canary) || log.Len() == 0 {
		t.Errorf("the log (%d bytes):\n%s", log.Len(), &log)
	}
}

// A commit that was written, and of which nobody could say so, is answered as of
// unknown outcome, with the event's id; sending it again is safe.
func TestUnknownOutcome(t *testing.T) {
	kept := &crashing{Store: store.NewMemory()}
	b := newBench(t, ladder, func(c *Config) { c.Store = kept })
	b.to(0)
	// A trigger of a new key asks for the key's last alert, then commits.
	kept.at, kept.after = kept.n+2, true
	_, err := b.e.Trigger(t.Context(), alertOf("db"), bob, WithID("t1"))
	unknown, ok := errors.AsType[*UnknownOutcomeError](err)
	if !ok || !errors.Is(err, ErrUnknownOutcome) || !errors.Is(err, errCrash) || unknown.ID != "t1" || unknown.Stream != "alert/db#1" || unknown.Seq != 1 {
		t.Fatalf("%v; want the outcome unknown, of t1", err)
	}
	if !strings.Contains(err.Error(), "send it again") {
		t.Errorf("%q does not say what to do", err)
	}
	kept.set(false)
	r, err := b.e.Trigger(t.Context(), alertOf("db"), bob, WithID("t1"))
	b.must("ignored(duplicate)")(r, err)
	if r.State == nil || r.State.Count != 1 {
		t.Errorf("state %+v; want one trigger", r.State)
	}
	// What the store failed at before it began is known not to be there.
	kept.at, kept.after, kept.once = kept.n+2, false, true
	if _, err := b.e.Trigger(t.Context(), alertOf("two"), bob, WithID("t2")); !errors.Is(err, store.ErrConflict) && err != nil {
		t.Errorf("%v; want it to be tried again", err)
	}
}
