package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// started is an engine in Run inside a bubble, on the clock that is given.
type started struct {
	t     *testing.T
	e     *Engine
	begun time.Time
	clock clock.Clock
	done  chan error

	mu   sync.Mutex
	sent []string
}

// run starts an engine. hook, if not nil, is called for each notification.
func run(t *testing.T, doc string, c clock.Clock, hook func(ctx context.Context, n notify.Notification) error, change ...func(*Config)) *started {
	t.Helper()
	r := &started{t: t, clock: c, begun: c.Now(), done: make(chan error, 1)}
	n := notify.NotifierFunc(func(ctx context.Context, n notify.Notification) (notify.Receipt, error) {
		r.mu.Lock()
		r.sent = append(r.sent, fmt.Sprintf("+%v %s %s %s", c.Now().Sub(r.begun), n.To, n.Alerts[0].Name(), n.Alerts[0].Reason))
		r.mu.Unlock()
		if hook == nil {
			return notify.Receipt{}, nil
		}
		return notify.Receipt{}, hook(ctx, n)
	})
	cfg := Config{Policies: docOf(t, doc), Notifier: n, LastResort: notify.Writer(new(strings.Builder)), Clock: c}
	for _, f := range change {
		f(&cfg)
	}
	e, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.e = e
	go func() { r.done <- e.Run(context.Background()) }()
	synctest.Wait()
	return r
}

func (r *started) trigger(key string) {
	r.t.Helper()
	if res, err := r.e.Trigger(r.t.Context(), alertOf(key), By(policy.Service("test"))); err != nil || !res.Applied() {
		r.t.Fatalf("trigger: %v, %v", res.Verdict, err)
	}
}

func (r *started) close() {
	r.t.Helper()
	if err := r.e.Close(context.Background()); err != nil {
		r.t.Errorf("Close: %v", err)
	}
	if err := <-r.done; err != nil {
		r.t.Errorf("Run: %v", err)
	}
}

func (r *started) lines() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.sent, "\n")
}

const wantLadder = "+0s user:alice db#1 initial\n+5m0s user:bob db#1 no_ack_timeout"

func TestRunOnTheRealClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := run(t, ladder, clock.New(), nil)
		r.trigger("db")
		time.Sleep(14 * time.Minute)
		synctest.Wait()
		if got := r.lines(); got != wantLadder {
			t.Errorf("sent:\n%s\nwant:\n%s", got, wantLadder)
		}
		if l := r.e.Stats().Lateness; l.Max != 0 || l.Count != 2 {
			t.Errorf("lateness %+v; want none", l)
		}
		if _, err := r.e.Tick(t.Context()); !errors.Is(err, ErrBusy) {
			t.Errorf("Tick beside Run: %v; want ErrBusy", err)
		}
		r.close()
		if _, err := r.e.Acknowledge(t.Context(), "db", bob); !errors.Is(err, ErrClosed) {
			t.Errorf("after Close: %v; want ErrClosed", err)
		}
	})
}

func TestRunOnAMockClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.NewMock()
		r := run(t, ladder, c, nil)
		r.trigger("db")
		synctest.Wait()
		c.Add(14 * time.Minute)
		synctest.Wait()
		if got := r.lines(); got != wantLadder {
			t.Errorf("sent:\n%s\nwant:\n%s", got, wantLadder)
		}
		r.close()
	})
}

// A notifier that hangs for one person delays nobody else, even when all pages
// to that person hang; what ignores its context is left behind.
func TestRunBesideAHungNotifier(t *testing.T) {
	const doc = `{"version": 1, "directory": {"people": {"alice": {"contact": [{"via": "push"}]}, "bob": {"contact": [{"via": "sms"}]}}},
		"policies": [{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice", "user:bob"], "wait": "1h"}]}]}`
	for _, heeds := range []bool{true, false} {
		t.Run(fmt.Sprint("heeds its context ", heeds), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var bobs atomic.Int64
				free := make(chan struct{})
				r := run(t, doc, clock.New(), func(ctx context.Context, n notify.Notification) error {
					if n.To == policy.User("bob") {
						bobs.Add(int64(len(n.Alerts)))
						return nil
					}
					if !heeds {
						<-free
						return nil
					}
					<-ctx.Done()
					return ctx.Err()
				})
				const alerts = 200
				for i := range alerts {
					r.trigger(fmt.Sprint("k", i))
				}
				time.Sleep(100 * time.Millisecond)
				synctest.Wait()
				if n := bobs.Load(); n != alerts {
					t.Errorf("bob was told of %d alerts; want %d at once", n, alerts)
				}
				time.Sleep(30 * time.Second)
				synctest.Wait()
				st := r.e.Stats()
				if heeds != (st.Abandoned == 0) || st.Hanging > maxAbandoned {
					t.Errorf("%d calls left behind, %d hang", st.Abandoned, st.Hanging)
				}
				ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
				defer cancel()
				before := time.Now()
				err := r.e.Close(ctx)
				if took := time.Since(before); took > 2*time.Second {
					t.Errorf("Close took %v; want at most its deadline", took)
				}
				if err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Close: %v", err)
				}
				close(free)
				<-r.done
			})
		})
	}
}

func TestRunSurvivesWhatPanics(t *testing.T) {
	const doc = `{"version": 1, "directory": {"people": {"alice": {"contact": [{"via": "push"}, {"via": "sms", "after": "1m"}, {"via": "voice", "after": "2m"}]}}},
		"policies": [{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice"], "wait": "1h"}]}]}`
	synctest.Test(t, func(t *testing.T) {
		var heard atomic.Int64
		r := run(t, doc, clock.New(), func(_ context.Context, n notify.Notification) error {
			switch n.Via {
			case "push":
				panic("bug")
			case "sms":
				runtime.Goexit()
			}
			heard.Add(1)
			return nil
		}, func(c *Config) { c.Subscribe = func(Record) { panic("bug") } })
		r.trigger("db")
		time.Sleep(time.Second)
		synctest.Wait()
		if heard.Load() != 1 {
			t.Errorf("heard %d times by voice; want once, at once:\n%s", heard.Load(), r.lines())
		}
		r.close()
	})
}

// A subscriber that never returns holds up neither pages nor the end of Run.
func TestRunBesideAHungSubscriber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		r := run(t, ladder, clock.New(), nil, func(c *Config) { c.Subscribe = func(Record) { <-free } })
		for i := range feedLength + 10 {
			r.trigger(fmt.Sprint("k", i%10))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if st := r.e.Stats(); st.Lost == 0 || !strings.Contains(r.lines(), "alice") {
			t.Errorf("%d records lost, sent %q; want some, and alice told", st.Lost, r.lines())
		}
		r.close()
		close(free)
	})
}

func TestRunStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var records atomic.Int64
		r := run(t, ladder, clock.New(), nil, func(c *Config) { c.Subscribe = func(Record) { records.Add(1) } })
		var wg sync.WaitGroup
		const senders, each = 8, 50
		for i := range senders {
			wg.Go(func() {
				for j := range each {
					key := fmt.Sprint("k", j) // all senders on the same keys: races for each
					if _, err := r.e.Trigger(context.Background(), alertOf(key), By(policy.Service(fmt.Sprint("s", i)))); err != nil {
						t.Errorf("trigger: %v", err)
					}
					if _, err := r.e.Acknowledge(context.Background(), key, bob); err != nil {
						t.Errorf("acknowledge: %v", err)
					}
				}
			})
		}
		wg.Wait()
		time.Sleep(time.Minute)
		synctest.Wait()
		st := r.e.Stats()
		if st.Opened != each {
			t.Errorf("%d alerts opened; want %d", st.Opened, each)
		}
		if got := uint64(records.Load()); got+st.Lost != st.Records {
			t.Errorf("%d records told and %d lost of %d", got, st.Lost, st.Records)
		}
		for j := range each {
			res, err := r.e.Note(context.Background(), fmt.Sprint("k", j), bob, "x")
			if err != nil || res.State.Count != senders {
				t.Errorf("k%d counts %v triggers, %v; want %d", j, res.State.Count, err, senders)
			}
		}
		r.close()
	})
}

// Inside the bubble, whatever goroutine is left fails the test by deadlock.
func TestStartStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for range 1000 {
			r := run(t, ladder, clock.New(), nil)
			r.trigger("db")
			synctest.Wait()
			r.close()
			if err := r.e.Close(context.Background()); err != nil {
				t.Fatalf("the second Close: %v", err)
			}
		}
	})
}

func TestCloseBeforeRun(t *testing.T) {
	b := newBench(t, ladder)
	if err := b.e.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.e.Run(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("Run after Close: %v; want ErrClosed", err)
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		n := notify.NotifierFunc(func(ctx context.Context, _ notify.Notification) (notify.Receipt, error) {
			<-ctx.Done()
			return notify.Receipt{}, ctx.Err()
		})
		e, err := New(Config{Policies: docOf(t, ladder), Notifier: n, LastResort: notify.Writer(new(strings.Builder))})
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- e.Run(ctx) }()
		synctest.Wait()
		if _, err := e.Trigger(ctx, alertOf("db"), bob); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		// The page was cut short; its outcome is unknown, and it is tried again.
		var again []notify.Notification
		e.notifier = notify.NotifierFunc(func(_ context.Context, n notify.Notification) (notify.Receipt, error) {
			again = append(again, n)
			return notify.Receipt{}, nil
		})
		time.Sleep(time.Minute)
		if err := e.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(again) == 0 || again[0].To != policy.User("alice") || again[0].Attempt != 2 {
			t.Errorf("after the restart: %+v; want alice's page again", again)
		}
	})
}
