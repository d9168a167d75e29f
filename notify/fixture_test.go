package notify_test

import (
	"context"
	"time"

	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// epoch is the instant at which the tests' pages are due.
var epoch = policy.InstantOf(time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC))

// page is a page to alice about one alert.
func page() notify.Notification {
	return notify.Notification{
		ID: "ns:db/main#1/4/0", Kind: notify.KindPage, To: policy.User("alice"), Via: "push", At: epoch, Attempt: 1,
		Alerts: []notify.Item{item("db/main", policy.P2, policy.SeverityHigh)},
	}
}

func item(key string, p policy.Priority, s policy.Severity) notify.Item {
	return notify.Item{
		ID: "ns:" + key + "#1/4/0", Key: key, Incarnation: 1, Policy: "rotation", Track: "main", Tier: "owner", Pass: 1,
		Target: policy.Target{Kind: policy.TargetOwner}, Reason: policy.ReasonInitial, Priority: p, Status: "triggered",
		Alert: &policy.Alert{Key: key, Kind: policy.RotationFailed, Severity: s, Summary: "rotation failed 3 times"},
	}
}

// answer is a Notifier that gives the same answer to everything.
func answer(r notify.Receipt, err error) notify.NotifierFunc {
	return func(context.Context, notify.Notification) (notify.Receipt, error) { return r, err }
}
