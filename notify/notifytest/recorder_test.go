package notifytest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"

	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/notify/notifytest"
	"github.com/belfry-go/belfry/policy"
)

func TestConformance(t *testing.T) {
	rec := func(*testing.T) notify.Notifier { return new(notifytest.Recorder) }
	notifiers := map[string]func(*testing.T) notify.Notifier{
		"Recorder": rec,
		"Writer":   func(*testing.T) notify.Notifier { return notify.Writer(io.Discard) },
		"Slog": func(*testing.T) notify.Notifier {
			return notify.Slog(slog.New(slog.NewJSONHandler(io.Discard, nil)))
		},
		"Mux": func(t *testing.T) notify.Notifier {
			m := new(notify.Mux)
			m.Handle(policy.TargetUser, "push", rec(t))
			return m
		},
		"Tee":      func(t *testing.T) notify.Notifier { return notify.Tee(rec(t), rec(t)) },
		"Failover": func(t *testing.T) notify.Notifier { return notify.Failover(notifytest.Panic("x"), rec(t)) },
		"Chain": func(t *testing.T) notify.Notifier {
			quiet := slog.New(slog.DiscardHandler)
			return notify.Chain(rec(t), notify.Log(quiet), notify.Recover(), notify.MaxInFlight(2), notify.Timeout(0))
		},
		"released Hold": func(t *testing.T) notify.Notifier {
			h := notifytest.Hold(rec(t))
			h.ReleaseAll()
			return h
		},
	}
	for name, newNotifier := range notifiers {
		t.Run(name, func(t *testing.T) { notifytest.Run(t, newNotifier) })
	}
}

func page(id string) notify.Notification {
	return notify.Notification{
		ID: id, Kind: notify.KindPage, To: policy.User("alice"), Via: "push", Attempt: 1,
		Alerts: []notify.Item{{ID: id, Key: id, Incarnation: 1}},
	}
}

func TestRecorder(t *testing.T) {
	var r notifytest.Recorder
	if _, ok := r.Last(); ok || r.Len() != 0 || len(r.All()) != 0 {
		t.Fatal("the zero Recorder is not empty")
	}
	for i, id := range []string{"a", "b"} {
		n := page(id)
		receipt, err := r.Notify(t.Context(), n)
		if want := (notify.Receipt{ProviderID: id, Thread: fmt.Sprint(i + 1)}); err != nil || receipt != want {
			t.Errorf("receipt %+v, %v; want %+v", receipt, err, want)
		}
		n.Alerts[0].Key = "reused by the caller"
	}
	all := r.All()
	if len(all) != 2 || all[0].ID != "a" || all[1].Alerts[0].Key != "b" {
		t.Errorf("All() = %+v; want a, b as they were sent", all)
	}
	all[0].ID = "changed by the test"
	if got := r.All()[0].ID; got != "a" {
		t.Errorf("All shares its slice: first id is %q", got)
	}
	if n, ok := r.Last(); !ok || n.ID != "b" {
		t.Errorf("Last() = %q, %v; want b", n.ID, ok)
	}
	if got := r.Clear(); len(got) != 2 || r.Len() != 0 {
		t.Errorf("Clear returned %d and left %d; want 2, 0", len(got), r.Len())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.Notify(ctx, page("c")); err == nil || r.Len() != 0 {
		t.Errorf("with a done context: error %v, %d recorded; want an error and none", err, r.Len())
	}
}

func TestFaults(t *testing.T) {
	boom := errors.New("boom")
	var r notifytest.Recorder

	twice := notifytest.FailN(&r, 2, boom)
	for i, want := range []error{boom, boom, nil, nil} {
		if _, err := twice.Notify(t.Context(), page("a")); !errors.Is(err, want) {
			t.Errorf("FailN, attempt %d: %v; want %v", i+1, err, want)
		}
	}
	if got := len(r.Clear()); got != 2 {
		t.Errorf("FailN passed on %d; want 2", got)
	}

	choosy := notifytest.Fail(&r, func(n notify.Notification) error {
		if n.ID == "bad" {
			return notify.Permanent(boom)
		}
		return nil
	})
	if _, err := choosy.Notify(t.Context(), page("bad")); !errors.Is(err, boom) {
		t.Errorf("Fail let the bad one pass: %v", err)
	}
	if _, err := choosy.Notify(t.Context(), page("good")); err != nil || r.Len() != 1 {
		t.Errorf("Fail did not pass on the good one: %v", err)
	}

	r.Clear()
	_, err := notifytest.Lost(&r, boom).Notify(t.Context(), page("a"))
	if class, _ := notify.Classify(err); class != notify.ClassUnknown || r.Len() != 1 {
		t.Errorf("Lost: class %v, %d recorded; want unknown, 1", class, r.Len())
	}
	if _, err := notifytest.Lost(twiceFailing(boom), boom).Notify(t.Context(), page("a")); !errors.Is(err, boom) {
		t.Errorf("Lost hides the error of what is inside: %v", err)
	}

	if notifytest.Block() == notifytest.Block() {
		t.Error("two values of Block are equal; want each to be its own")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(boom)
	if _, err := notifytest.Block().Notify(ctx, page("a")); !errors.Is(err, context.Canceled) {
		t.Errorf("Block: %v; want the context's error", err)
	}

	defer func() {
		if v := recover(); v != boom {
			t.Errorf("Panic panicked with %v; want %v", v, boom)
		}
	}()
	notifytest.Panic(boom).Notify(t.Context(), page("a"))
}

func twiceFailing(err error) notify.Notifier { return notifytest.FailN(nil, 2, err) }

func TestHold(t *testing.T) {
	var r notifytest.Recorder
	h := notifytest.Hold(&r)
	done := make(chan error)
	send := func(ctx context.Context, id string) {
		go func() {
			_, err := h.Notify(ctx, page(id))
			done <- err
		}()
	}

	send(t.Context(), "a")
	if n := <-h.Arrived(); n.ID != "a" {
		t.Errorf("arrived %q; want a", n.ID)
	}
	if r.Len() != 0 {
		t.Error("passed on before it was released")
	}
	h.Release()
	if err := <-done; err != nil || r.Len() != 1 {
		t.Errorf("after Release: %v, %d taken; want 1", err, r.Len())
	}

	ctx, cancel := context.WithCancel(t.Context())
	send(ctx, "b")
	<-h.Arrived()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) || r.Len() != 1 {
		t.Errorf("after cancel: %v, %d taken; want cancelled, 1", err, r.Len())
	}

	send(t.Context(), "c") // whose arrival nobody looks at
	h.Release()
	if err := <-done; err != nil {
		t.Errorf("released unseen: %v", err)
	}

	send(t.Context(), "d")
	<-h.Arrived()
	h.ReleaseAll()
	h.ReleaseAll()
	h.Release()
	if err := <-done; err != nil || r.Len() != 3 {
		t.Errorf("after ReleaseAll: %v, %d taken; want 3", err, r.Len())
	}
	if _, err := h.Notify(t.Context(), page("e")); err != nil {
		t.Errorf("one after ReleaseAll: %v", err)
	}
}
