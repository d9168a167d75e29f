package notifytest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

var rules = []rule{
	{
		"TakesEveryKind", "a kind that a channel has nothing to do for is taken and answered with nil: an error is retried, then recorded as a failure to tell somebody",
		takesEveryKind,
	},
	{"TakesADigest", "Alerts may have many items; a message about many alerts is worth more than one about one", takesADigest},
	{
		"TakesOddText", "a text is cut and escaped to the vendor's rules, never refused: what a scanner wrote must not decide whether somebody is told",
		takesOddText,
	},
	{"TakesAFollowUp", "Prior holds the receipt of the last message, for an edit or a thread; the receipt is the Notifier's own and has to be enough", takesAFollowUp},
	{"TakesTheSameIDTwice", "delivery is at least once: the same ID comes again after a crash or an unknown outcome, and is no mistake", takesTheSameIDTwice},
	{"TakesManyAtOnce", "different notifications are sent at once by different goroutines (run the test with -race)", takesManyAtOnce},
	{"HeedsItsContext", "the engine bounds each attempt by its context; a Notifier that goes on holds a worker that others need", heedsItsContext},
	{"FailsForNowWhenTheContextIsDone", "a context that is done says nothing about the recipient: such a failure must be one that is retried", failsForNow},
	{"FailsForGoodWithoutRecipient", "an address that nobody has is told apart from a vendor that is down, so that the next contact rule comes at once", failsForGood},
	{"DoesNotPanicWithoutAlerts", "at least one alert is promised, but a broken caller must not take the program down", noPanicWithoutAlerts},
	{"LeavesAlertsAlone", "Alerts and what it points to are shared with other attempts and with the engine: to be read only", leavesAlertsAlone},
	{"KeepsNothing", "after Notify has returned the caller may use Alerts again (run the test with -race)", keepsNothing},
}

func takesEveryKind(ctx context.Context, s *subject) error {
	for k := notify.KindPage; k <= notify.KindLastResort; k++ {
		n := page(int(k))
		n.Kind = k
		if k == notify.KindOver || k == notify.KindUpdate {
			n.Alerts[0].Reason = policy.ReasonNone
		}
		if _, err := s.taken(ctx, n); err != nil {
			return fmt.Errorf("kind %v: %w", k, err)
		}
	}
	return nil
}

func takesADigest(ctx context.Context, s *subject) error {
	for _, size := range []int{2, 30, 1000} {
		n := page(0)
		n.Alerts = nil
		for i := range size {
			n.Alerts = append(n.Alerts, page(i).Alerts...)
		}
		if _, err := s.taken(ctx, n); err != nil {
			return fmt.Errorf("%d alerts: %w", size, err)
		}
	}
	return nil
}

func takesOddText(ctx context.Context, s *subject) error {
	for i, o := range oddities() {
		n := page(i)
		o.change(&n)
		if _, err := s.taken(ctx, n); err != nil {
			return fmt.Errorf("%s: %w", o.name, err)
		}
	}
	return nil
}

func takesAFollowUp(ctx context.Context, s *subject) error {
	first := page(0)
	r, err := s.taken(ctx, first)
	if err != nil {
		return err
	}
	for i, k := range []notify.Kind{notify.KindPage, notify.KindUpdate, notify.KindOver} {
		n := page(0)
		n.ID, n.Kind, n.Prior = fmt.Sprintf("ns:follow-up#1/%d/0", i), k, r
		n.Alerts[0].ID = n.ID
		next, err := s.taken(ctx, n)
		if err != nil {
			return fmt.Errorf("%v after receipt %+v: %w", k, r, err)
		}
		if !next.IsZero() {
			r = next
		}
	}
	return nil
}

func takesTheSameIDTwice(ctx context.Context, s *subject) error {
	for attempt := 1; attempt <= 2; attempt++ {
		n := page(0)
		n.Attempt = attempt
		if _, err := s.taken(ctx, n); err != nil {
			return fmt.Errorf("attempt %d: %w", attempt, err)
		}
	}
	return nil
}

func takesManyAtOnce(ctx context.Context, s *subject) error {
	const many = 32
	errs := make([]error, many)
	var wg sync.WaitGroup
	for i := range many {
		wg.Go(func() { _, errs[i] = s.taken(ctx, page(i)) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func heedsItsContext(ctx context.Context, s *subject) error {
	done, cancel := context.WithCancel(ctx)
	cancel()
	if a := s.send(done, page(0)); a.broken != nil {
		return fmt.Errorf("with a context that was done before: %w", a.broken)
	}
	// One that ends while the attempt is under way, as far as that can be
	// arranged from outside.
	ctx, cancel = context.WithCancel(ctx)
	defer cancel()
	go cancel()
	if a := s.send(ctx, page(1)); a.broken != nil {
		return fmt.Errorf("with a context that ended meanwhile: %w", a.broken)
	}
	return nil
}

func failsForNow(ctx context.Context, s *subject) error {
	done, cancel := context.WithCancel(ctx)
	cancel()
	a := s.send(done, page(0))
	if class, _ := notify.Classify(a.err); a.err != nil && !class.Retry() {
		return fmt.Errorf("class %v; want temporary or unknown: %w", class, a.err)
	}
	return a.broken
}

func failsForGood(ctx context.Context, s *subject) error {
	n := page(0)
	n.To, n.Via = policy.User("nobody-of-this-name"), "no-such-channel"
	// Not adapted: that would bring a known recipient back.
	a := (&subject{n: s.n, patience: s.patience}).send(ctx, n)
	if class, _ := notify.Classify(a.err); class.Retry() {
		return fmt.Errorf("class %v; want permanent, no_recipient, or taken where all goes to one place: %w", class, a.err)
	}
	return a.broken
}

func noPanicWithoutAlerts(ctx context.Context, s *subject) error {
	for _, n := range []notify.Notification{{}, {ID: "ns:none#1/0/0", Kind: notify.KindPage, To: policy.User("alice"), Via: "push"}} {
		if a := s.send(ctx, n); a.broken != nil {
			return a.broken
		}
	}
	return nil
}

func leavesAlertsAlone(ctx context.Context, s *subject) error {
	n, same := page(0), page(0)
	if a := s.send(ctx, n); a.broken != nil {
		return a.broken
	}
	if !reflect.DeepEqual(n.Alerts, same.Alerts) {
		return errors.New("the alerts were changed")
	}
	return nil
}

func keepsNothing(ctx context.Context, s *subject) error {
	n := page(0)
	if a := s.send(ctx, n); a.broken != nil {
		return a.broken
	}
	// Whoever still reads this on a goroutine of its own is in a race.
	a := n.Alerts[0].Alert
	a.Summary, a.Labels["team"], a.Links[0] = "reused", "reused", "reused"
	n.Alerts[0] = notify.Item{}
	_, err := s.taken(ctx, page(1))
	return err
}
