package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// storeys is a policy of three tiers.
const storeys = `{"version": 1, "policies": [{"name": "p", "priority": "P3", "tiers": [
	{"name": "one", "notify": ["user:alice"], "wait": "5m"},
	{"name": "two", "notify": ["user:bob"], "wait": "5m"},
	{"name": "three", "notify": ["user:carol"], "wait": "1h"}]}]}`

// look ticks and delivers once, so long after the epoch, whatever the store says.
func (b *bench) look(d time.Duration) {
	b.t.Helper()
	b.clock.set(epoch.Add(d))
	if _, err := b.e.Tick(b.t.Context()); err != nil && !errors.Is(err, errCrash) {
		b.t.Fatal(err)
	}
	if _, err := b.e.Deliver(b.t.Context()); err != nil && !errors.Is(err, errCrash) {
		b.t.Fatal(err)
	}
}

// notes returns the texts of the notes on streams with a prefix.
func (b *bench) notes(prefix string) []string {
	var texts []string
	for _, r := range b.recs {
		if r.Record.Event.Kind == escalation.EventNote && strings.HasPrefix(r.Stream, prefix) {
			texts = append(texts, r.Record.Event.Text)
		}
	}
	return texts
}

// A store that disappears in mid-ladder: what falls due is told to the last
// resort, once, unjournaled; when the store is back the history says so, and
// the ladder goes on as after a gap.
func TestOutage(t *testing.T) {
	kept := &crashing{Store: store.NewMemory()}
	b := newBench(t, storeys, func(c *Config) { c.Store = kept })
	b.trigger(alertOf("db"))
	b.to(4 * m)
	b.told("+0s page user:alice via default db#1 initial")
	kept.set(true)
	for d := 4 * m; d <= 5*m+9*time.Second; d += time.Second {
		b.look(d)
	}
	b.lines(b.last, nil) // due, but not for longer than the bound
	for d := 5*m + 10*time.Second; d <= 11*m; d += time.Second {
		b.look(d)
	}
	b.told()
	b.lines(b.last, []string{
		"+5m10s last_resort last-resort via default db#1 no_ack_timeout",
		"+10m10s last_resort last-resort via default db#1 unreachable",
	})
	for i, who := range []string{"user:bob", "user:carol"} {
		n := b.last.seen[i]
		if it := n.Alerts[0]; !n.Unjournaled || len(n.Alerts) != 1 || it.Target.String() != who || !strings.Contains(it.Text, who) || !strings.HasPrefix(n.ID, "unjournaled:") {
			t.Errorf("told %+v; want %s named, unjournaled", n, who)
		}
	}
	if got := b.e.Stats().Unjournaled; got != 2 {
		t.Errorf("%d unjournaled; want 2", got)
	}
	kept.set(false)
	b.look(12 * m)
	b.told("+12m0s page user:carol via default db#1 catch_up")
	b.lines(b.last, nil)
	got := strings.Join(b.notes("alert/"), "\n")
	if strings.Count(got, "unjournaled: the last resort was told") != 2 || !strings.Contains(got, "user:bob") || !strings.Contains(got, "user:carol") {
		t.Errorf("notes %q; want both tellings", got)
	}
	if got := b.notes("engine/"); len(got) != 1 || !strings.Contains(got[0], "told of 2 messages unjournaled") {
		t.Errorf("notes of the engine %q; want one", got)
	}
	b.to(13 * m)
	b.told()
	if got := b.notes("alert/"); len(got) != 2 {
		t.Errorf("%d notes; want each telling recorded once", len(got))
	}
}

// A page that was committed and could not leave is told too; one that was taken,
// though nobody could record it, is not.
func TestOutageWithPagesUnderWay(t *testing.T) {
	for _, taken := range []bool{false, true} {
		t.Run(fmt.Sprint("taken ", taken), func(t *testing.T) {
			kept := &crashing{Store: store.NewMemory()}
			b := newBench(t, storeys, func(c *Config) { c.Store = kept })
			b.to(0)
			b.trigger(alertOf("db"))
			if taken {
				b.out.answer = func(notify.Notification) outcome { kept.set(true); return outcome{} }
				b.look(0)
			}
			kept.set(true)
			for d := time.Second; d < m; d += time.Second {
				b.look(d)
			}
			want := []string{"+11s last_resort last-resort via default db#1 initial"}
			if taken {
				want = nil
			}
			b.lines(b.last, want)
		})
	}
}

// A last resort that does not take what is unjournaled is tried again under the
// same id; an outage that ends before leaves nothing to record.
func TestOutageWithoutALastResort(t *testing.T) {
	kept := &crashing{Store: store.NewMemory()}
	b := newBench(t, storeys, func(c *Config) { c.Store = kept })
	b.trigger(alertOf("db"))
	b.to(4 * m)
	b.last.answer = func(n notify.Notification) outcome {
		return when(n.Attempt < 3, outcome{err: errors.New("no line")})
	}
	kept.set(true)
	for d := 4 * m; d < 6*m; d += time.Second {
		b.look(d)
	}
	seen := b.last.seen
	if len(seen) != 3 || seen[0].ID != seen[2].ID || seen[2].Attempt != 3 {
		t.Errorf("told %d times, %+v; want three attempts of one id", len(seen), seen)
	}
}

// An alert that somebody resolves is told no more, and a store that fails for a
// moment causes nothing.
func TestNoOutage(t *testing.T) {
	kept := &crashing{Store: store.NewMemory()}
	b := newBench(t, storeys, func(c *Config) { c.Store = kept })
	b.trigger(alertOf("db"))
	b.trigger(alertOf("two"))
	b.to(m)
	r, err := b.e.Resolve(t.Context(), "db", alice, "fixed")
	b.must("applied")(r, err)
	r, err = b.e.Acknowledge(t.Context(), "two", alice)
	b.must("applied")(r, err)
	b.to(2 * m)
	kept.set(true)
	for d := 2 * m; d < 20*m; d += time.Second {
		b.look(d)
	}
	b.lines(b.last, nil)
	kept.set(false)
	b.look(21 * m)
	if got := append(b.notes("engine/"), b.notes("alert/")...); len(got) != 0 {
		t.Errorf("notes %q; want none: nobody was told", got)
	}
}

// After a restart an engine knows what is due without having committed it, and
// so does a node of what another committed.
func TestOutageOfWhatOthersCommitted(t *testing.T) {
	kept := &crashing{Store: store.NewMemory()}
	on := func(name string) func(*Config) { return func(c *Config) { c.Store, c.Node = kept, name } }
	a := newBench(t, storeys, on("a"))
	a.trigger(alertOf("db"))
	a.to(m)
	b := newBench(t, storeys, on("b"))
	b.look(2 * m)
	kept.set(true)
	for d := 2 * m; d < 6*m; d += time.Second {
		b.look(d)
		a.look(d)
	}
	for _, v := range []*bench{a, b} {
		v.lines(v.last, []string{"+5m10s last_resort last-resort via default db#1 no_ack_timeout"})
	}
	if x, y := a.last.seen[0].ID, b.last.seen[0].ID; x != y {
		t.Errorf("told under %q and %q; want one id on both nodes", x, y)
	}
	kept.set(false)
	a.look(7 * m)
	b.look(7 * m)
	if n := len(a.notes("alert/")) + len(b.notes("alert/")); n != 2 {
		t.Errorf("%d notes; want one of each node's telling", n)
	}
}

// Whichever operation of the store fails while it comes back, each telling is
// recorded once.
func TestOutageIsRecordedOnce(t *testing.T) {
	for at := 1; at < 40; at++ {
		for _, after := range []bool{false, true} {
			kept := &crashing{Store: store.NewMemory()}
			b := newBench(t, storeys, func(c *Config) { c.Store = kept })
			b.trigger(alertOf("db"))
			b.to(4 * m)
			kept.set(true)
			for d := 4 * m; d < 6*m; d += time.Second {
				b.look(d)
			}
			kept.set(false)
			kept.at, kept.after = kept.n+at, after
			b.look(6 * m)
			kept.set(false)
			b.look(6*m + time.Second)
			b.look(6*m + 2*time.Second)
			notes := 0
			for entry, err := range kept.Store.History(t.Context(), "alert/db#1", 0) {
				if err != nil {
					t.Fatal(err)
				}
				if r, err := escalation.DecodeRecord(entry.Body); err == nil && strings.HasPrefix(r.Event.Text, "unjournaled:") {
					notes++
				}
			}
			if notes != 1 {
				t.Errorf("operation %d fails, after %v: %d notes; want one", at, after, notes)
			}
		}
	}
}

// What waits to be told unjournaled when Run ends is told by whoever goes on,
// and does not keep the outage open.
func TestOutageOutlivesRun(t *testing.T) {
	kept := &crashing{Store: store.NewMemory()}
	b := newBench(t, storeys, func(c *Config) { c.Store = kept })
	b.to(0)
	waits := &standIn{next: policy.InstantOf(epoch), flying: true, note: notify.Notification{
		ID: "unjournaled:x", Alerts: []notify.Item{{ID: "unjournaled:x", Key: "db"}},
	}}
	b.e.shadow.outage = outage{since: policy.InstantOf(epoch), queue: []*standIn{waits}, told: 1}
	kept.set(true)
	ctx, end := context.WithCancel(t.Context())
	end()
	if err := b.e.Run(ctx); err != nil {
		t.Fatal(err)
	}
	b.look(time.Second)
	if got := b.last.take(); len(got) != 1 {
		t.Errorf("told %q; want what waited", got)
	}
}

// The shadow is bounded, and keeps the gravest and of these what is due first.
func TestShadowIsBounded(t *testing.T) {
	var s shadow
	s.init(nil)
	for i := range shadowed + 1 {
		sh := &shade{stream: fmt.Sprintf("alert/k%06d#1", i), rank: uint8(i % 4), due: policy.Instant(i)}
		s.keep(sh)
	}
	if n := len(s.byStream); n != shadowed*3/4 {
		t.Fatalf("%d are kept; want %d", n, shadowed*3/4)
	}
	for _, sh := range s.byStream {
		if sh.rank == 3 {
			t.Fatalf("%s is kept, of the least rank", sh.stream)
		}
	}
}
