package notify_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/notify/notifytest"
)

func TestTeeTellsAll(t *testing.T) {
	var first, last notifytest.Recorder
	tee := notify.Tee(
		notifytest.Panic("x"), answer(notify.Receipt{}, notify.Permanent(nil)), &first,
		answer(notify.Receipt{ProviderID: "later"}, nil), &last,
	)
	r, err := tee.Notify(t.Context(), page())
	if err != nil || r.ProviderID != page().ID {
		t.Errorf("receipt %+v, %v; want the first taker's", r, err)
	}
	if first.Len() != 1 || last.Len() != 1 {
		t.Errorf("taken %d and %d times; want once each", first.Len(), last.Len())
	}
}

func TestFailoverStopsAtTheFirstTaker(t *testing.T) {
	var second, third notifytest.Recorder
	for name, first := range map[string]notify.Notifier{
		"permanent": answer(notify.Receipt{}, notify.Permanent(nil)),
		"temporary": answer(notify.Receipt{}, errors.New("down")),
		"unknown":   answer(notify.Receipt{}, notify.Unknown(nil)),
		"panic":     notifytest.Panic("x"),
	} {
		second.Clear()
		r, err := notify.Failover(first, &second, &third).Notify(t.Context(), page())
		if err != nil || r.ProviderID != page().ID || second.Len() != 1 || third.Len() != 0 {
			t.Errorf("%s: receipt %+v, %v; taken by second %d, third %d; want second alone", name, r, err, second.Len(), third.Len())
		}
	}
}

func TestFailoverStopsWhenTheContextIsDone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	hung := notify.NotifierFunc(func(ctx context.Context, _ notify.Notification) (notify.Receipt, error) {
		cancel()
		return notify.Receipt{}, notify.Permanent(ctx.Err())
	})
	var second notifytest.Recorder
	_, err := notify.Failover(hung, &second).Notify(ctx, page())
	if class, _ := notify.Classify(err); class != notify.ClassTemporary || second.Len() != 0 {
		t.Errorf("class %v (%v), second asked %d times; want temporary, for the second may take it yet, and not asked", class, err, second.Len())
	}
}

func TestCombinedErrorPromisesTheMost(t *testing.T) {
	down := errors.New("down")
	tests := []struct {
		name  string
		errs  []error
		class notify.Class
		after time.Duration
	}{
		{"none", nil, notify.ClassNoRecipient, 0},
		{"one", []error{notify.RateLimited(down, time.Minute)}, notify.ClassRateLimited, time.Minute},
		{"retry before permanent", []error{notify.Permanent(down), down}, notify.ClassTemporary, 0},
		{"whichever comes first", []error{down, notify.Permanent(down)}, notify.ClassTemporary, 0},
		{"the sooner", []error{notify.RateLimited(down, time.Minute), notify.RetryAfter(down, time.Second)}, notify.ClassTemporary, time.Second},
		{"not the later", []error{notify.Unknown(down), notify.RateLimited(down, time.Minute)}, notify.ClassUnknown, 0},
		{"permanent before missing", []error{notify.NoRecipient(down), notify.Permanent(down)}, notify.ClassPermanent, 0},
		{"all missing", []error{notify.NoRecipient(down), notify.NoRecipient(down)}, notify.ClassNoRecipient, 0},
	}
	for _, tt := range tests {
		var ns []notify.Notifier
		for _, err := range tt.errs {
			ns = append(ns, answer(notify.Receipt{}, err))
		}
		for how, n := range map[string]notify.Notifier{"Tee": notify.Tee(ns...), "Failover": notify.Failover(ns...)} {
			_, err := n.Notify(t.Context(), page())
			if class, after := notify.Classify(err); class != tt.class || after != tt.after {
				t.Errorf("%s, %s: class %v after %v (%v); want %v after %v", how, tt.name, class, after, err, tt.class, tt.after)
			}
			if len(tt.errs) > 0 && !errors.Is(err, down) {
				t.Errorf("%s, %s: %v does not wrap the cause", how, tt.name, err)
			}
		}
	}
}
