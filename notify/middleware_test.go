package notify_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/notify/notifytest"
	"github.com/belfry-go/belfry/policy"
)

func TestChainPutsTheFirstOutside(t *testing.T) {
	var order []string
	mark := func(name string) notify.Middleware {
		return func(next notify.Notifier) notify.Notifier {
			return notify.NotifierFunc(func(ctx context.Context, n notify.Notification) (notify.Receipt, error) {
				order = append(order, name)
				return next.Notify(ctx, n)
			})
		}
	}
	var rec notifytest.Recorder
	if _, err := notify.Chain(&rec, mark("a"), mark("b")).Notify(t.Context(), page()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(order, " "); got != "a b" || rec.Len() != 1 {
		t.Errorf("order %q, %d taken; want a b, 1", got, rec.Len())
	}
	if got := notify.Chain(&rec); got != notify.Notifier(&rec) {
		t.Errorf("an empty chain is %v; want the notifier itself", got)
	}
}

func TestTimeoutBoundsAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		_, err := notify.Timeout(10*time.Second)(notifytest.Block()).Notify(t.Context(), page())
		if took := time.Since(begin); took != 10*time.Second {
			t.Errorf("took %v; want 10s", took)
		}
		if class, _ := notify.Classify(err); class != notify.ClassUnknown {
			t.Errorf("class %v (%v); want unknown", class, err)
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin = time.Now()
		notify.Timeout(0)(notifytest.Block()).Notify(ctx, page())
		if took := time.Since(begin); took != time.Second {
			t.Errorf("Timeout(0) took %v; want the context's own 1s", took)
		}
	})
}

func TestRecoverMakesAPanicPermanent(t *testing.T) {
	boom := errors.New("boom")
	r, err := notify.Recover()(notifytest.Panic(boom)).Notify(t.Context(), page())
	if class, _ := notify.Classify(err); class != notify.ClassPermanent || !r.IsZero() {
		t.Errorf("class %v, receipt %+v; want permanent and none", class, r)
	}
	p, ok := errors.AsType[*notify.PanicError](err)
	if !ok || p.Value != boom || !bytes.Contains(p.Stack, []byte("panicking")) {
		t.Errorf("AsType = %v, %v; want the value and a stack that shows where", p, ok)
	}
	if !errors.Is(err, boom) {
		t.Errorf("errors.Is(%v, boom) = false", err)
	}
	if got, want := err.Error(), "notify: permanent: notifier panicked: boom"; got != want {
		t.Errorf("text %q; want %q", got, want)
	}
	if _, err := notify.Recover()(notifytest.Panic(7)).Notify(t.Context(), page()); !strings.Contains(err.Error(), "panicked: 7") {
		t.Errorf("text %q of a panic with 7", err)
	}
	if _, err := notify.Recover()(new(notifytest.Recorder)).Notify(t.Context(), page()); err != nil {
		t.Errorf("error without a panic: %v", err)
	}
}

func TestMaxInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var rec notifytest.Recorder
		held := notifytest.Hold(&rec)
		limited := notify.MaxInFlight(0)(held) // counts as 1
		result := make(chan error, 8)
		send := func(ctx context.Context, to, via string) {
			n := page()
			n.To, n.Via = policy.User(to), via
			go func() {
				_, err := limited.Notify(ctx, n)
				result <- err
			}()
		}
		arrived := func() string {
			synctest.Wait()
			select {
			case n := <-held.Arrived():
				return n.To.ID + "/" + n.Via
			default:
				return "nobody"
			}
		}
		expect := func(want string) {
			t.Helper()
			if got := arrived(); got != want {
				t.Errorf("%s under way; want %s", got, want)
			}
		}

		send(t.Context(), "alice", "sms")
		expect("alice/sms")
		ctx, cancel := context.WithCancel(t.Context())
		send(ctx, "alice", "sms")
		expect("nobody")
		send(t.Context(), "alice", "push") // another channel
		expect("alice/push")
		send(t.Context(), "bob", "sms") // another person
		expect("bob/sms")

		cancel()
		err := <-result
		if class, _ := notify.Classify(err); class != notify.ClassTemporary || !errors.Is(err, context.Canceled) {
			t.Errorf("who gave up waiting: class %v (%v); want temporary, cancelled", class, err)
		}
		send(t.Context(), "alice", "sms")
		expect("nobody")
		held.Release() // one of the three; then whoever waited comes
		held.Release()
		held.Release()
		expect("alice/sms")
		held.ReleaseAll()
		for range 4 {
			if err := <-result; err != nil {
				t.Errorf("released: %v", err)
			}
		}
		if rec.Len() != 4 {
			t.Errorf("%d taken; want 4", rec.Len())
		}
		send(ctx, "alice", "sms") // free, but the context is done already
		if err := <-result; !errors.Is(err, context.Canceled) {
			t.Errorf("with a done context: %v; want cancelled", err)
		}
	})
}

func TestMaxInFlightGivesItsPlaceBackAfterAPanic(t *testing.T) {
	failing := notifytest.Fail(new(notifytest.Recorder), func(n notify.Notification) error {
		if n.Attempt == 1 {
			panic("first")
		}
		return nil
	})
	limited := notify.Recover()(notify.MaxInFlight(1)(failing))
	n := page()
	if _, err := limited.Notify(t.Context(), n); err == nil {
		t.Fatal("no panic")
	}
	n.Attempt = 2
	if _, err := limited.Notify(t.Context(), n); err != nil {
		t.Errorf("after a panic: %v", err)
	}
}

func TestLog(t *testing.T) {
	var buf bytes.Buffer
	drop := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}
	logger := slog.New(slog.NewTextHandler(&buf, &slog.HandlerOptions{ReplaceAttr: drop}))
	const same = `id=ns:db/main#1/4/0 kind=page to=user:alice via=push attempt=1 alerts=1`
	for _, tt := range []struct {
		err  error
		want string
	}{
		{nil, `level=INFO msg="notification taken" ` + same + ` class=ok`},
		{errors.New("down\nlevel=ERROR"), `level=WARN msg="notification not taken" ` + same + ` class=temporary error="down level=ERROR"`},
		{notify.RateLimited(errors.New("slow"), time.Minute), `level=WARN msg="notification not taken" ` + same + ` class=rate_limited retry_after=1m0s error="notify: rate_limited: slow"`},
		{notify.NoRecipient(errors.New("gone")), `level=ERROR msg="notification failed for good" ` + same + ` class=no_recipient error="notify: no_recipient: gone"`},
	} {
		buf.Reset()
		r, err := notify.Log(logger)(answer(notify.Receipt{ProviderID: "p"}, tt.err)).Notify(t.Context(), page())
		if !errors.Is(err, tt.err) || r.ProviderID != "p" {
			t.Errorf("passed on %+v, %v; want what was inside", r, err)
		}
		if got := strings.TrimSpace(buf.String()); got != tt.want {
			t.Errorf("log\n got %s\nwant %s", got, tt.want)
		}
	}
}

func TestSame(t *testing.T) {
	a, b := new(notifytest.Recorder), new(notifytest.Recorder)
	f := answer(notify.Receipt{}, nil)
	w := notify.Writer(io.Discard)
	tests := []struct {
		name string
		a, b notify.Notifier
		want bool
	}{
		{"itself", a, a, true},
		{"another", a, b, false},
		{"behind middleware", notify.Chain(a, notify.Recover(), notify.MaxInFlight(1)), notify.Timeout(0)(a), true},
		{"another behind middleware", notify.Recover()(a), notify.Recover()(b), false},
		{"one writer", w, w, true},
		{"two writers to one place", w, notify.Writer(io.Discard), false},
		{"two loggers", notify.Slog(nil), notify.Slog(nil), false},
		{"two combinations", notify.Tee(a), notify.Tee(a), false},
		{"a function, which does not compare", f, f, false},
		{"a struct with a function", holder{f}, holder{f}, false},
		{"other types", a, w, false},
		{"nil and something", nil, a, false},
		{"nil and nil", nil, nil, true},
	}
	for _, tt := range tests {
		if got := notify.Same(tt.a, tt.b); got != tt.want {
			t.Errorf("%s: Same = %v; want %v", tt.name, got, tt.want)
		}
		if got := notify.Same(tt.b, tt.a); got != tt.want {
			t.Errorf("%s, the other way round: Same = %v; want %v", tt.name, got, tt.want)
		}
	}
}

type holder struct{ notify.Notifier }
