package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// What waits for its turn when the engine is closed is free at once for the next.
func TestCloseGivesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := store.NewMemory()
		free := make(chan struct{})
		one := func(c *Config) { c.Store, c.Workers = kept, 1 }
		a := run(t, ladder, clock.New(), func(context.Context, notify.Notification) error { <-free; return nil }, one)
		const alerts = 10
		for i := range alerts {
			a.trigger(fmt.Sprint("k", i))
			synctest.Wait()
		}
		closed := make(chan error)
		go func() { closed <- a.e.Close(context.Background()) }()
		synctest.Wait()
		close(free) // what is under way ends well
		if err := <-closed; err != nil {
			t.Errorf("Close: %v", err)
		}
		<-a.done
		var told atomic.Int64
		b := run(t, ladder, clock.New(), func(_ context.Context, n notify.Notification) error { told.Add(int64(len(n.Alerts))); return nil }, func(c *Config) { c.Store = kept })
		time.Sleep(time.Second)
		synctest.Wait()
		if n := told.Load(); n != alerts-1 {
			t.Errorf("told of %d alerts a second after the restart; want %d", n, alerts-1)
		}
		b.close()
	})
}

// hanging is a store that hangs until the context of a call ends.
type hanging struct {
	store.Store
	on atomic.Bool
}

func (s *hanging) Due(ctx context.Context, ask store.Ask, into []store.Snapshot) ([]store.Snapshot, policy.Instant, error) {
	if s.on.Load() {
		<-ctx.Done()
		return nil, policy.Never, ctx.Err()
	}
	return s.Store.Due(ctx, ask, into)
}

func (s *hanging) Commit(ctx context.Context, batch ...*store.Commit) error {
	if s.on.Load() {
		<-ctx.Done()
		for _, c := range batch {
			c.Err = ctx.Err()
		}
		return ctx.Err()
	}
	return s.Store.Commit(ctx, batch...)
}

// Close keeps its deadline whatever hangs, and what heeds its context ends then.
func TestCloseBesideWhatHangs(t *testing.T) {
	for _, what := range []string{"notifier", "last resort", "action", "store"} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				wait := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
				kept := &hanging{Store: store.NewMemory()}
				r := run(t, running, clock.New(), func(ctx context.Context, _ notify.Notification) error {
					switch what {
					case "notifier":
						return wait(ctx)
					case "last resort":
						return notify.Permanent(errors.New("nobody there"))
					}
					return nil
				}, func(c *Config) {
					c.Store = kept
					c.Actions = map[string]Action{"rotate": ActionFunc(func(ctx context.Context, _ ActionRequest) (ActionResult, error) {
						if what == "action" {
							return ActionResult{}, wait(ctx)
						}
						return ActionResult{}, nil
					})}
					if what == "last resort" {
						c.LastResort = notify.NotifierFunc(func(ctx context.Context, _ notify.Notification) (notify.Receipt, error) {
							return notify.Receipt{}, wait(ctx)
						})
					}
				})
				r.trigger("db")
				synctest.Wait()
				kept.on.Store(what == "store")
				time.Sleep(6 * time.Second)
				ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
				defer cancel()
				before := time.Now()
				if err := r.e.Close(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Close: %v", err)
				}
				if took := time.Since(before); took > 500*time.Millisecond {
					t.Errorf("Close took %v; want at most its deadline", took)
				}
				if err := <-r.done; err != nil { // and the bubble fails on whatever is left
					t.Errorf("Run: %v", err)
				}
			})
		})
	}
}

// Outside a bubble, too, nothing is left of an engine that was started, used and
// closed, a thousand times over.
func TestNoGoroutineIsLeft(t *testing.T) {
	before := runtime.NumGoroutine()
	for range 1000 {
		e, err := New(Config{Policies: docOf(t, ladder), Notifier: notify.NotifierFunc(func(context.Context, notify.Notification) (notify.Receipt, error) {
			return notify.Receipt{}, nil
		}), LastResort: notify.Slog(nil)})
		if err != nil {
			t.Fatal(err)
		}
		ran := make(chan error, 1)
		go func() { ran <- e.Run(context.Background()) }()
		if _, err := e.Trigger(t.Context(), alertOf("db"), bob); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-ran; err != nil && !errors.Is(err, ErrClosed) {
			t.Fatal(err)
		}
	}
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines more than before:\n%s", runtime.NumGoroutine()-before, buf[:runtime.Stack(buf, true)])
		}
	}
}
