package notify_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/notify/notifytest"
	"github.com/belfry-go/belfry/policy"
)

// A last resort that needs no vendor: one line on standard output.
func ExampleWriter() {
	lastResort := notify.Writer(os.Stdout)
	_, err := lastResort.Notify(context.Background(), notify.Notification{
		ID: "ns:db/main#1/9/0", Kind: notify.KindLastResort, To: policy.Target{ID: "stdout"}, Via: "default",
		At: policy.InstantOf(time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC)), Attempt: 1,
		Alerts: []notify.Item{{
			Key: "db/main", Incarnation: 1, Priority: policy.P1, Status: "exhausted", Reason: policy.ReasonExhausted,
			Alert: &policy.Alert{Summary: "rotation failed\nand nobody answers"},
		}},
	})
	fmt.Println(err)
	// Output:
	// 2026-03-10T14:00:00Z last_resort stdout via default: P1 db/main#1 exhausted exhausted "rotation failed\nand nobody answers" id=ns:db/main#1/9/0
	// <nil>
}

// Push for people, a chat room by its name, and an error that helps whoever
// forgot the rest.
func ExampleMux() {
	var push, chat notifytest.Recorder // in earnest: vendors
	var mux notify.Mux
	mux.Handle(policy.TargetUser, "push", &push)
	mux.Handle(policy.TargetChannel, "incidents", &chat)

	send := func(to policy.Target, via string) {
		_, err := mux.Notify(context.Background(), notify.Notification{To: to, Via: via})
		fmt.Println(to, via, err)
	}
	send(policy.User("alice"), "push")
	send(policy.Channel("incidents"), "incidents")
	send(policy.User("alice"), "sms")
	// Output:
	// user:alice push <nil>
	// channel:incidents incidents <nil>
	// user:alice sms notify: no_recipient: no notifier for "user:alice" via "sms"; registered: channel/incidents, user/push
}

// What most hosts put around a vendor. The first is the outermost.
func ExampleChain() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	vendor := notifytest.Panic("index out of range")
	pager := notify.Chain(vendor,
		notify.Log(logger),
		notify.Recover(),
		notify.MaxInFlight(4),
		notify.Timeout(10*time.Second),
	)
	pager.Notify(context.Background(), notify.Notification{ID: "ns:a#1/0/0", Kind: notify.KindPage, To: policy.User("alice"), Via: "sms", Attempt: 1})
	// Output:
	// level=ERROR msg="notification failed for good" id=ns:a#1/0/0 kind=page to=user:alice via=sms attempt=1 alerts=0 class=permanent error="notify: permanent: notifier panicked: index out of range"
}

// A second vendor for when the first is down.
func ExampleFailover() {
	var second notifytest.Recorder
	sms := notify.Failover(
		notifytest.FailN(nil, 1, errors.New("503 Service Unavailable")),
		&second,
	)
	receipt, err := sms.Notify(context.Background(), notify.Notification{ID: "ns:a#1/0/0"})
	fmt.Println(receipt.ProviderID, err)
	// Output: ns:a#1/0/0 <nil>
}

// An error says what may be done about it.
func ExampleClassify() {
	for _, err := range []error{
		nil,
		errors.New("503 Service Unavailable"),
		notify.RateLimited(errors.New("429 Too Many Requests"), 30*time.Second),
		notify.NoRecipient(errors.New("no such number")),
		fmt.Errorf("post: %w", context.DeadlineExceeded),
	} {
		class, after := notify.Classify(err)
		fmt.Println(class, class.Retry(), after)
	}
	// Output:
	// ok false 0s
	// temporary true 0s
	// rate_limited true 30s
	// no_recipient false 0s
	// unknown true 0s
}

// The secret of a chat webhook is its URL, and the URL is part of the error.
func ExampleRedact() {
	err := errors.New(`Post "https://hooks.example.com/services/T024/B01/s3cr3t": connection reset`)
	fmt.Println(notify.Redact(err))
	fmt.Println(notify.Unknown(err))
	// Output:
	// Post "https://hooks.example.com/…": connection reset
	// notify: unknown: Post "https://hooks.example.com/…": connection reset
}

func ExampleParseRetryAfter() {
	now := time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC)
	fmt.Println(notify.ParseRetryAfter("30", now))
	fmt.Println(notify.ParseRetryAfter("Tue, 10 Mar 2026 14:01:00 GMT", now))
	fmt.Println(notify.ParseRetryAfter("soon", now))
	// Output:
	// 30s true
	// 1m0s true
	// 0s false
}

// A text message went out at 14:00. Half a minute later two pages are due: the
// P1 goes at once, and what is due at the same instant goes with it; the one
// due before it waits until the channel's two minutes are over.
func ExampleChannel_PlanAt() {
	sms := notify.Channel{Bundle: 2 * time.Minute}
	start := policy.InstantOf(time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC))
	page := func(key string, p policy.Priority, due time.Duration) notify.Pending {
		return notify.Pending{Kind: notify.KindPage, Due: start.Add(due), Item: notify.Item{Key: key, Priority: p}}
	}
	pending := []notify.Pending{
		page("renew/api", policy.P3, 10*time.Second),
		page("renew/web", policy.P3, 30*time.Second),
		page("leak/root", policy.P1, 30*time.Second),
	}
	plan := sms.PlanAt(start.Add(30*time.Second), []policy.Instant{start}, pending)
	for _, m := range plan.Now {
		for _, i := range m.Items {
			fmt.Println("now", m.Kind, pending[i].Item.Key)
		}
	}
	for _, i := range plan.Held {
		fmt.Println(plan.Next, pending[i].Item.Key)
	}
	// Output:
	// now page leak/root
	// now page renew/web
	// 2026-03-10T14:02:00Z renew/api
}
