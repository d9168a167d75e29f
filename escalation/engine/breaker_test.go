package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

func TestBreakerValue(t *testing.T) {
	t0 := policy.InstantOf(epoch)
	var b breaker
	id := func(i int) string { return fmt.Sprint("run", i) }
	for i := range breakerTrips {
		if !b.admits(id(i), t0) {
			t.Fatalf("after %d failures it is open", i)
		}
		b = b.begin(id(i), t0).failed(id(i), t0)
	}
	if b.admits("x", t0.Add(breakerRest-1)) || !b.admits("x", t0.Add(breakerRest)) {
		t.Errorf("open until %v; want for %v", b.Until.Sub(t0), breakerRest)
	}
	if late := b.failed("an old one", t0.Add(s)); late.Until != b.Until {
		t.Error("one that began before it opened makes it rest anew")
	}
	at := t0.Add(breakerRest)
	b = b.begin("probe", at)
	if b.admits("another", at) || !b.admits("probe", at) {
		t.Error("while one tries, another begins")
	}
	if b.admits("another", at.Add(breakerLongest-1)) || !b.admits("another", at.Add(breakerLongest)) {
		t.Error("one that comes to no end tries for ever, or not for an hour")
	}
	if again := b.ended("probe"); !again.admits("another", at) {
		t.Error("after one that came to nothing, no other may try")
	}
	if worse := b.failed("probe", at); worse.admits("x", at.Add(2*breakerRest-1)) || !worse.admits("x", at.Add(2*breakerRest)) {
		t.Errorf("after a failed try it rests %v; want %v", worse.Until.Sub(at), 2*breakerRest)
	}
	if b = b.succeeded("an old one"); !b.Open {
		t.Error("one that began before it opened closes it")
	}
	if b = b.succeeded("probe"); b.Open || b.Failures != 0 {
		t.Errorf("after a success: %+v", b)
	}
	for i := range 3 * breakerTrips {
		b = b.failed(id(i), t0.Add(time.Duration(i)*breakerSpan))
	}
	if b.Open {
		t.Error("failures an hour apart open it")
	}
	for i := range 2 * breakerTrips {
		if b = b.failed(id(i), t0); i%2 == 1 {
			b = b.succeeded(id(i))
		}
	}
	if b.Open {
		t.Error("failures that are not in a row open it")
	}
}

// Where an action fails again and again its kind is stopped: what is due then is
// held, each told once, until one execution is let through and succeeds.
func TestBreaker(t *testing.T) {
	w := newEstate("a", "b", "c", "d", "e", "f", "g", "h")
	broken := true
	w.before = failing(&broken)
	b := benchOf(t, w, disabling(`"budget": {"max": 100, "weight": 1000, "per": "1h"}`))
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		b.trigger(about(id))
	}
	b.to(2 * m)
	b.wantEnds("failed 1: connection reset", "failed", "failed", "failed", "failed")
	for _, id := range []string{"f", "g", "h"} {
		b.trigger(about(id))
	}
	b.to(5 * m)
	if n := len(w.calls); n != 5 {
		t.Fatalf("it was tried %d times; want five", n)
	}
	b.recs = nil
	b.out.take()

	b.to(6*m + s) // its rest is over: one tries, and fails
	if n := len(w.calls); n != 6 {
		t.Fatalf("after the rest it was tried %d times in all; want six", n)
	}
	b.wantEnds("failed 1: connection reset")
	broken = false
	b.to(h)
	b.wantEnds("failed 1", "done 1", "done 1")
	b.told("+6m0s notice user:bob via default f#1 action_failed")
	if w.disabled() != "g h" {
		t.Errorf("disabled %q; want g and h", w.disabled())
	}
	for _, r := range b.recs {
		if r.Stream == "breaker/disable" && r.Record.Event.By != self() {
			t.Errorf("moved by %v", r.Record.Event.By)
		}
	}
}

// What was held while its alert was resolved does not keep the others.
func TestBreakerPassesOverWhatIsOver(t *testing.T) {
	w := newEstate("a", "b", "c", "d", "e", "f", "g")
	broken := true
	w.before = failing(&broken)
	b := benchOf(t, w, disabling(`"budget": {"max": 100, "weight": 1000, "per": "1h"}`))
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		b.trigger(about(id))
	}
	b.to(2 * m)
	b.trigger(about("f"))
	b.trigger(about("g"))
	b.to(4 * m)
	r, err := b.e.Resolve(t.Context(), "f", alice, "")
	b.must("applied")(r, err)
	broken = false
	b.to(h)
	if w.disabled() != "g" {
		t.Errorf("disabled %q; want g alone", w.disabled())
	}
}

// One that tries and is stopped does not keep the breaker from the next.
func TestBreakerOutlivesAStop(t *testing.T) {
	w := newEstate("a", "b", "c", "d", "e", "f", "g")
	broken := true
	w.before = failing(&broken)
	b := benchOf(t, w, disabling(`"retries": 3, "budget": {"max": 100, "weight": 1000, "per": "1h"}`))
	for _, id := range []string{"a", "b", "c", "d", "e"} {
		b.trigger(about(id))
	}
	b.to(2 * m)
	b.trigger(about("f"))
	b.trigger(about("g"))
	b.to(6*m + 8*s) // f tries, and is to be tried again
	r, err := b.e.StopActions(t.Context(), alice, "drill")
	b.must("applied")(r, err)
	b.to(10 * m)
	for _, who := range []escalation.Author{alice, bob} {
		r, err := b.e.ReleaseActions(t.Context(), who, "over")
		b.must("applied")(r, err)
	}
	broken = false
	b.to(h)
	if w.disabled() != "f g" {
		t.Errorf("disabled %q; want f and g", w.disabled())
	}
}

// A refusal is no failure.
func TestRefusalsOpenNoBreaker(t *testing.T) {
	w := newEstate()
	w.before = func(ActionRequest) error { return Refused(errNetwork) }
	b := benchOf(t, w, disabling(`"budget": {"max": 100, "weight": 1000, "per": "1h"}`))
	for i := range 3 * breakerTrips {
		id := fmt.Sprint("n", i)
		w.accounts[id] = &account{version: "1", criticality: policy.CriticalityLow}
		b.trigger(about(id))
	}
	b.to(h)
	if len(w.calls) != 3*breakerTrips {
		t.Errorf("it was tried %d times; want %d", len(w.calls), 3*breakerTrips)
	}
	if b.recorded(func(r Record) bool { return r.Record.Event.Report.Result == escalation.ResultHeld }) {
		t.Error("something is held")
	}
}

// failing answers an error for as long as broken says so.
func failing(broken *bool) func(ActionRequest) error {
	return func(ActionRequest) error {
		if *broken {
			return errNetwork
		}
		return nil
	}
}
