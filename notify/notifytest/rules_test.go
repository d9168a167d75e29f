package notifytest

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/belfry-go/belfry/notify"
)

type call = func(ctx context.Context, n notify.Notification) (notify.Receipt, error)

var errBad = errors.New("bad")

func refuseIf(bad func(notify.Notification) bool) call {
	return func(ctx context.Context, n notify.Notification) (notify.Receipt, error) {
		if ctx.Err() != nil {
			return notify.Receipt{}, ctx.Err()
		}
		if bad(n) {
			return notify.Receipt{}, notify.Permanent(errBad)
		}
		return notify.Receipt{}, nil
	}
}

// TestEachRuleCatchesWhoBreaksIt holds a Notifier for each rule that breaks it,
// in the way a real one did or would.
func TestEachRuleCatchesWhoBreaksIt(t *testing.T) {
	var seen atomic.Pointer[string]
	var busy atomic.Int32
	unheld := make(chan struct{})
	defer close(unheld)
	breakers := []struct {
		rule, how string
		notify    call
	}{
		{"TakesEveryKind", "cannot edit", refuseIf(func(n notify.Notification) bool { return n.Kind == notify.KindUpdate })},
		{"TakesADigest", "too long a list", refuseIf(func(n notify.Notification) bool { return len(n.Alerts) > 100 })},
		{"TakesOddText", "an empty summary", refuseIf(func(n notify.Notification) bool { return n.Alerts[0].Summary() == "" })},
		{"TakesOddText", "too long a summary", refuseIf(func(n notify.Notification) bool { return len(n.Alerts[0].Summary()) > 1<<16 })},
		{"TakesOddText", "not UTF-8", refuseIf(func(n notify.Notification) bool { return !utf8.ValidString(n.Alerts[0].Key) })},
		{"TakesOddText", "a line end in a header", refuseIf(func(n notify.Notification) bool { return strings.Contains(n.Alerts[0].Summary(), "\n") })},
		{"TakesOddText", "no alert", func(_ context.Context, n notify.Notification) (notify.Receipt, error) {
			return notify.Receipt{ProviderID: n.Alerts[0].Alert.Key}, nil // a nil dereference
		}},
		{"TakesAFollowUp", "a receipt it cannot read back", func(_ context.Context, n notify.Notification) (notify.Receipt, error) {
			if !n.Prior.IsZero() {
				return notify.Receipt{}, notify.Permanent(errBad)
			}
			return notify.Receipt{Thread: "t"}, nil
		}},
		{"TakesTheSameIDTwice", "takes it for a replay", func(_ context.Context, n notify.Notification) (notify.Receipt, error) {
			if before := seen.Swap(&n.ID); before != nil && *before == n.ID {
				return notify.Receipt{}, notify.Permanent(errBad)
			}
			return notify.Receipt{}, nil
		}},
		{"TakesManyAtOnce", "one at a time, else an error", func(context.Context, notify.Notification) (notify.Receipt, error) {
			if busy.Add(1) > 1 {
				return notify.Receipt{}, errBad // the first stays busy for ever
			}
			return notify.Receipt{}, nil
		}},
		{"HeedsItsContext", "hangs", func(context.Context, notify.Notification) (notify.Receipt, error) {
			<-unheld
			return notify.Receipt{}, nil
		}},
		{"HeedsItsContext", "panics", Panic(errBad).Notify},
		{"FailsForNowWhenTheContextIsDone", "says never", func(ctx context.Context, _ notify.Notification) (notify.Receipt, error) {
			return notify.Receipt{}, notify.Permanent(ctx.Err())
		}},
		{"FailsForGoodWithoutRecipient", "tries for ever", func(context.Context, notify.Notification) (notify.Receipt, error) {
			return notify.Receipt{}, errors.New("404")
		}},
		{"DoesNotPanicWithoutAlerts", "looks at the first", func(_ context.Context, n notify.Notification) (notify.Receipt, error) {
			return notify.Receipt{ProviderID: n.Alerts[0].Key}, nil
		}},
		{"LeavesAlertsAlone", "truncates in place", func(_ context.Context, n notify.Notification) (notify.Receipt, error) {
			n.Alerts[0].Alert.Summary = n.Alerts[0].Alert.Summary[:3]
			return notify.Receipt{}, nil
		}},
		{"LeavesAlertsAlone", "drops a label", func(_ context.Context, n notify.Notification) (notify.Receipt, error) {
			delete(n.Alerts[0].Alert.Labels, "team")
			return notify.Receipt{}, nil
		}},
		{"KeepsNothing", "fails afterwards; the rest is the race detector's", FailN(new(Recorder), 2, errBad).Notify},
	}
	covered := map[string]bool{}
	for _, b := range breakers {
		t.Run(b.rule+"/"+b.how, func(t *testing.T) {
			r := ruleNamed(t, b.rule)
			err := r.check(t.Context(), &subject{n: notify.NotifierFunc(b.notify), patience: 200 * time.Millisecond})
			if err == nil {
				t.Errorf("rule %s found nothing wrong", b.rule)
			}
		})
		covered[b.rule] = true
	}
	for _, r := range rules {
		if !covered[r.name] {
			t.Errorf("no Notifier here breaks rule %s", r.name)
		}
	}
}

func ruleNamed(t *testing.T, name string) rule {
	t.Helper()
	for _, r := range rules {
		if r.name == name {
			return r
		}
	}
	t.Fatalf("no rule %s", name)
	return rule{}
}

func TestAdaptChangesWhatIsSent(t *testing.T) {
	rec := new(Recorder)
	s := &subject{n: rec, patience: patience, adapt: []func(*notify.Notification){
		func(n *notify.Notification) { n.Via = "sms" },
		func(n *notify.Notification) { n.To.ID += "2" },
	}}
	if _, err := s.taken(t.Context(), page(0)); err != nil {
		t.Fatal(err)
	}
	if n, _ := rec.Last(); n.Via != "sms" || n.To.ID != "alice2" {
		t.Errorf("sent to %v via %q; want user:alice2 via sms", n.To, n.Via)
	}
}
