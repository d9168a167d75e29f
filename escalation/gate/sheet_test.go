package gate

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// gateOn is a gate that says what it says from ever, and then from each turn on.
func gateOn(alert, gate string, says escalation.Decision, then []step, operations ...string) posted {
	return posted{
		place: Place{Key: alert, Incarnation: 1, Gate: gate}, alert: alert + "#1", operations: operations,
		steps: append([]step{{from: 0, says: says}}, then...),
	}
}

// at is the sheet that is good at an instant, found as Check finds it.
func (s *sheet) at(now policy.Instant) *sheet {
	for now >= s.turn {
		s = s.later
	}
	return s
}

func TestSheetAnswers(t *testing.T) {
	opened := []step{{from: 60, says: escalation.Allow, opened: true}, {from: 70, says: escalation.Deny}}
	s := newSheet("svc", []posted{
		gateOn("b", "z", escalation.Hold, nil, "deploy", "use"),
		gateOn("a", "y", escalation.Deny, []step{{from: 100, says: escalation.Allow}}, "deploy"),
		gateOn("c", "x", escalation.Deny, nil, "deploy"),
		gateOn("d", "w", escalation.Allow, append([]step{{from: 50, says: escalation.Deny}}, opened...), "sign"),
	})
	for _, tt := range []struct {
		at        policy.Instant
		operation string
		want      escalation.Decision
		cause     Cause
		gates     string
		alert     string
	}{
		{0, "deploy", escalation.Deny, CauseGate, "[x y]", "a#1"},
		{99, "deploy", escalation.Deny, CauseGate, "[x y]", "a#1"},
		{100, "deploy", escalation.Deny, CauseGate, "[x]", "c#1"},
		{0, "use", escalation.Hold, CauseGate, "[z]", "b#1"},
		{49, "sign", escalation.Allow, CauseNothing, "[]", ""},
		{50, "sign", escalation.Deny, CauseGate, "[w]", "d#1"},
		{60, "sign", escalation.Allow, CauseOpening, "[w]", "d#1"},
		{69, "sign", escalation.Allow, CauseOpening, "[w]", "d#1"},
		{70, "sign", escalation.Deny, CauseGate, "[w]", "d#1"},
		{1 << 40, "sign", escalation.Deny, CauseGate, "[w]", "d#1"},
	} {
		a := s.at(tt.at).answer(tt.operation)
		if a == nil {
			t.Errorf("%s at %d has no answer", tt.operation, tt.at)
			continue
		}
		d := Decision{Decision: a.says, because: a.because}
		if d.Decision != tt.want || d.Cause() != tt.cause || fmt.Sprint(d.Gates()) != tt.gates || d.Alert() != tt.alert {
			t.Errorf("%s at %d: %s for %s by %v of %q; want %s for %s by %s of %q",
				tt.operation, tt.at, d.Decision, d.Cause(), d.Gates(), d.Alert(), tt.want, tt.cause, tt.gates, tt.alert)
		}
	}
	if s.at(0).answer("read") != nil {
		t.Error("an operation that no gate names has an answer")
	}
}

// TestTableFind holds the table to a map, through growth and removals.
func TestTableFind(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	table := newTable()
	want := map[string]*sheet{}
	subject := func() string { return fmt.Sprintf("svc-%d", rnd.IntN(300)) }
	if table.find("svc-1") != nil || table.find("") != nil {
		t.Error("something is found in a new table")
	}
	for range 5000 {
		name := subject()
		s := newSheet(name, nil)
		if rnd.IntN(3) > 0 {
			s = newSheet(name, []posted{gateOn("a", "g", escalation.Deny, nil, "use")})
			want[name] = s
		} else {
			delete(want, name)
		}
		table = table.set(s)
		for range 3 {
			if ask := subject(); table.find(ask) != want[ask] {
				t.Fatalf("%q: found %v; want %v", ask, table.find(ask), want[ask])
			}
		}
	}
	if n := len(table.slots); n < 2*len(want) || n > 2048 {
		t.Errorf("%d slots for %d sheets", n, len(want))
	}
}

// TestBoardRace reads while the table grows: what was set before a reader began
// is found by it.
func TestBoardRace(t *testing.T) {
	b := newBoard(t, `"operations": {"use": "allow"}, "policies": []`)
	gates := []posted{gateOn("a", "g", escalation.Deny, nil, "use")}
	put := func(alert, subject string, seq uint64, gates []posted) {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.update(alert, subject, seq, gates) {
			b.publish()
		}
	}
	put("a#1", "always", 1, gates)
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if d := b.Check("always", "use"); d.Allowed() || !slices.Equal(d.Gates(), []string{"g"}) {
					t.Errorf("while the table grows: %s by %v", d.Decision, d.Gates())
					return
				}
			}
		})
	}
	for i := range 2000 {
		alert, subject := fmt.Sprintf("k-%d#1", i), fmt.Sprintf("svc-%d", i)
		put(alert, subject, 1, []posted{gateOn(fmt.Sprintf("k-%d", i), "g", escalation.Deny, nil, "use")})
		if i%3 == 0 {
			put(alert, subject, 2, nil)
			if !b.Check(subject, "use").Allowed() {
				t.Fatalf("%s is still denied", subject)
			}
		}
	}
	close(done)
	readers.Wait()
}
