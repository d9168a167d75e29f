package engine

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
)

// An action that hangs, panics or ends its goroutine delays no page, and counts
// as failed.
func TestRunBesideABadAction(t *testing.T) {
	for name, act := range map[string]func(ctx context.Context) error{
		"hangs":              func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"panics":             func(context.Context) error { panic("bug") },
		"ends its goroutine": func(context.Context) error { runtime.Goexit(); return nil },
		"is done":            func(context.Context) error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var result atomic.Int64
				p := &planning{n: 1, ActionFunc: func(ctx context.Context, _ ActionRequest) (ActionResult, error) { return ActionResult{}, act(ctx) }}
				r := run(t, running, clock.New(), nil, func(c *Config) {
					c.Actions = map[string]Action{"rotate": p}
					c.Subscribe = func(r Record) {
						if x := r.Record.Event.Report.Result; x >= escalation.ResultStarted {
							result.Store(int64(x))
						}
					}
				})
				r.trigger("db")
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				want := escalation.ResultFailed
				if name == "is done" {
					want = escalation.ResultDone
				}
				if got := escalation.Result(result.Load()); got != want {
					t.Errorf("result %s; want %s", got, want)
				}
				told := r.lines()
				if !strings.HasPrefix(told, "+0s user:alice db#1 initial") || strings.Contains(told, "user:bob db#1 action_failed") != (want == escalation.ResultFailed) {
					t.Errorf("told %q", told)
				}
				r.close()
			})
		})
	}
}

// A directory that hangs, and does not heed its context, delays a page by its
// time-out, and others not even by that.
func TestRunBesideAHungDirectory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		free := make(chan struct{})
		d := &stuck{free: free}
		var lastResort atomic.Int64
		r := run(t, ladder, clock.New(), nil, func(c *Config) {
			c.Directory = d
			c.LastResort = notify.NotifierFunc(func(context.Context, notify.Notification) (notify.Receipt, error) {
				lastResort.Add(1)
				return notify.Receipt{}, nil
			})
		})
		begun := time.Now()
		for _, key := range []string{"a", "b", "c"} {
			r.trigger(key)
		}
		if took := time.Since(begun); took > 3*time.Second {
			t.Errorf("three triggers took %v; want about one time-out", took)
		}
		time.Sleep(time.Second)
		if lastResort.Load() == 0 {
			t.Error("nobody can be told, and the last resort is not")
		}
		r.close()
		close(free)
	})
}

// stuck is a directory that hangs until it is freed.
type stuck struct{ free chan struct{} }

func (d *stuck) Resolve(context.Context, []escalation.Question) ([]escalation.Answer, error) {
	<-d.free
	return nil, errors.New("too late")
}

// While the store fails nobody can be told by the usual way: the last resort is,
// directly, and not too often.
func TestRunOnAFailingStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &crashing{Store: store.NewMemory()}
		var alarms atomic.Int64
		r := run(t, ladder, clock.New(), nil, func(c *Config) {
			c.Store = kept
			c.LastResort = notify.NotifierFunc(func(_ context.Context, n notify.Notification) (notify.Receipt, error) {
				if strings.Contains(n.Alerts[0].Text, "nothing can be recorded") {
					alarms.Add(1)
				}
				return notify.Receipt{}, nil
			})
		})
		r.trigger("db")
		time.Sleep(time.Second)
		synctest.Wait()
		kept.set(true)
		time.Sleep(8 * time.Minute)
		synctest.Wait()
		if n := alarms.Load(); n != 2 {
			t.Errorf("the last resort was told %d times in 8 minutes; want twice", n)
		}
		kept.set(false)
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		if !strings.Contains(r.lines(), "user:bob") {
			t.Errorf("sent %q; want bob's page once the store is back", r.lines())
		}
		r.close()
	})
}
