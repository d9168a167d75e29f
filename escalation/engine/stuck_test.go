package engine

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// garbling is a store that has lost what one stream's state says, or that never
// takes a commit to it.
type garbling struct {
	store.Store
	unread, unwritten string // streams
}

func (g *garbling) Load(ctx context.Context, stream string, into *store.Snapshot) error {
	err := g.Store.Load(ctx, stream, into)
	if err == nil && stream == g.unread {
		into.State = []byte{0xff}
	}
	return err
}

func (g *garbling) Due(ctx context.Context, ask store.Ask, into []store.Snapshot) ([]store.Snapshot, policy.Instant, error) {
	due, next, err := g.Store.Due(ctx, ask, into)
	for i := range due {
		if due[i].Stream == g.unread {
			due[i].State = []byte{0xff}
		}
	}
	return due, next, err
}

func (g *garbling) Commit(ctx context.Context, batch ...*store.Commit) error {
	var first error
	for _, c := range batch {
		if c.Stream == g.unwritten {
			c.Err = errCrash
		} else {
			_ = g.Store.Commit(ctx, c)
		}
		first = errors.Join(first, c.Err)
	}
	return first
}

// An alert whose state cannot be read, and whose page waits in the outbox,
// stands still alone: the pages behind it go out, and the last resort is told
// once.
func TestStuckInTheOutbox(t *testing.T) {
	kept := &garbling{Store: store.NewMemory()}
	on := func(c *Config) { c.Store = kept }
	a := newBench(t, storeys, on)
	a.trigger(alertOf("a"))
	a.trigger(alertOf("b"))
	kept.unread = "alert/a#1"
	b := newBench(t, storeys, on)
	for d := time.Duration(0); d < 4*m; d += 10 * time.Second {
		b.clock.set(epoch.Add(d))
		if err := b.e.Settle(t.Context()); err != nil && !errors.Is(err, errStuck) {
			t.Fatal(err)
		}
	}
	b.told("+0s page user:alice via default b#1 initial")
	if got := b.last.take(); len(got) != 1 || !strings.Contains(b.last.seen[0].Alerts[0].Text, "cannot go on with alert/a#1") {
		t.Errorf("last resort: %q; want to be told of a once", got)
	}
	kept.unread = ""
	b.to(5*m - time.Second)
	b.told("+4m0s page user:alice via default a#1 initial")
}

// The same in Run; and an alert to which no commit goes through keeps no page
// of another back.
func TestStuckInRun(t *testing.T) {
	for _, unread := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			kept := &garbling{Store: store.NewMemory()}
			c := clock.New()
			on := func(cfg *Config) { cfg.Store, cfg.Clock = kept, c }
			before := newBench(t, ladder, on)
			before.trigger(alertOf("a"))
			before.trigger(alertOf("b"))
			if unread {
				kept.unread = "alert/a#1"
			} else {
				kept.unwritten = "alert/a#1"
			}
			r := run(t, ladder, c, nil, on)
			time.Sleep(6 * time.Minute)
			synctest.Wait()
			if got := strings.ReplaceAll(r.lines(), "user:alice a#1,", ""); !strings.HasPrefix(got, "+0s user:alice ") || !strings.Contains(got, "+5m0s user:bob b#1 no_ack_timeout") {
				t.Errorf("unread %v, sent:\n%s\nwant b's pages in time", unread, got)
			}
			r.close()
		})
	}
}

// A last resort that hangs when it is told of alerts that are stuck holds up no
// page of another.
func TestAlarmHoldsUpNoPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &garbling{Store: store.NewMemory(), unread: "alert/a#1"}
		c := clock.New()
		alarmed := 0
		on := func(cfg *Config) {
			cfg.Store, cfg.Clock = kept, c
			cfg.LastResort = notify.NotifierFunc(func(ctx context.Context, _ notify.Notification) (notify.Receipt, error) {
				alarmed++
				<-ctx.Done()
				return notify.Receipt{}, ctx.Err()
			})
		}
		before := newBench(t, ladder, on)
		before.trigger(alertOf("a"))
		before.trigger(alertOf("b"))
		r := run(t, ladder, c, nil, on)
		time.Sleep(time.Minute)
		synctest.Wait()
		if got, want := r.lines(), "+0s user:alice b#1 initial"; got != want || alarmed != 1 {
			t.Errorf("told the last resort %d times, and sent:\n%s\nwant:\n%s", alarmed, got, want)
		}
		r.close()
	})
}

// A store that can be read and takes no commit, as one whose disk is full, is
// one that fails: looking for what is due comes to an end, and the last resort
// is told.
func TestUnwritable(t *testing.T) {
	for _, node := range []string{"", "n"} {
		kept := &garbling{Store: store.NewMemory()}
		b := newBench(t, storeys, func(c *Config) { c.Store, c.Node = kept, node })
		b.trigger(alertOf("a"))
		b.to(4 * m)
		b.told("+0s page user:alice via default a#1 initial")
		kept.unwritten = "alert/a#1"
		for d := 4 * m; d < 6*m; d += time.Second {
			b.clock.set(epoch.Add(d))
			if _, err := b.e.Tick(t.Context()); err != nil && !errors.Is(err, errCrash) {
				t.Fatal(err)
			}
		}
		b.lines(b.last, []string{"+5m10s last_resort last-resort via default a#1 no_ack_timeout"})
		if _, err := b.e.Acknowledge(t.Context(), "a", alice); !errors.Is(err, errCrash) || errors.Is(err, ErrUnknownOutcome) {
			t.Errorf("acknowledged: %v; want the store's error, and to know that nothing was written", err)
		}
	}
}

// What cannot be recorded after an outage, since its alert can be read no more,
// does not keep the engine from what comes after one.
func TestOutageOfWhatIsStuck(t *testing.T) {
	kept := &garbling{}
	down := &crashing{Store: store.NewMemory()}
	kept.Store = down
	b := newBench(t, storeys, func(c *Config) { c.Store = kept })
	b.trigger(alertOf("a"))
	b.trigger(alertOf("b"))
	b.to(4 * m)
	down.set(true)
	for d := 4 * m; d < 6*m; d += time.Second {
		b.look(d)
	}
	b.lines(b.last, []string{"+5m10s last_resort last-resort via default a#1,b#1 no_ack_timeout"})
	down.set(false)
	b.e.cache = newCache(1) // which holds nothing yet
	kept.unread = "alert/a#1"
	for d := 6 * m; d < 7*m; d += time.Second {
		b.clock.set(epoch.Add(d))
		if _, err := b.e.Tick(t.Context()); err != nil && !errors.Is(err, errStuck) {
			t.Fatal(err)
		}
	}
	if got := b.notes("engine/"); len(got) != 1 || !strings.HasSuffix(got[0], "told of 2 messages unjournaled; 1 alerts have no record of it") {
		t.Errorf("notes of the engine %q; want one that says what is not recorded", got)
	}
	if got := b.notes("alert/b#1"); len(got) != 1 {
		t.Errorf("notes %q; want one", got)
	}
}
