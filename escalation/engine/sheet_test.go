package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

func gateOn(alert, gate string, now, then escalation.Decision, turn policy.Instant, operations ...string) posted {
	return posted{alert: alert, gate: gate, operations: operations, now: now, then: then, turn: turn}
}

func TestSheetAnswers(t *testing.T) {
	s := newSheet("svc", []posted{
		gateOn("b#1", "z", escalation.Hold, escalation.Hold, policy.Never, "deploy", "use"),
		gateOn("a#1", "y", escalation.Deny, escalation.Allow, 100, "deploy"),
		gateOn("c#1", "x", escalation.Deny, escalation.Deny, policy.Never, "deploy"),
		gateOn("d#1", "w", escalation.Allow, escalation.Deny, 50, "sign"),
	})
	for _, tt := range []struct {
		at        policy.Instant
		operation string
		want      escalation.Decision
		gates     string
		alert     string
	}{
		{0, "deploy", escalation.Deny, "[x y]", "a#1"},
		{99, "deploy", escalation.Deny, "[x y]", "a#1"},
		{100, "deploy", escalation.Deny, "[x]", "c#1"},
		{0, "use", escalation.Hold, "[z]", "b#1"},
		{49, "sign", escalation.Allow, "[]", ""},
		{50, "sign", escalation.Deny, "[w]", "d#1"},
	} {
		got, named := s.at(tt.at, tt.operation)
		if !named || got.Decision != tt.want || fmt.Sprint(got.Gates) != tt.gates || got.Alert != tt.alert {
			t.Errorf("%s at %d: %s by %v of %q (named: %t); want %s by %s of %q",
				tt.operation, tt.at, got.Decision, got.Gates, got.Alert, named, tt.want, tt.gates, tt.alert)
		}
		if tt.at >= s.turn {
			continue
		}
		if d := s.answer(tt.operation); d == nil || d.Decision != got.Decision || !slices.Equal(d.Gates, got.Gates) || d.Reason != got.Reason {
			t.Errorf("%s was made beforehand as %+v; want %+v", tt.operation, d, got)
		}
	}
	if s.turn != 50 {
		t.Errorf("it turns at %d; want the first of its turns, 50", s.turn)
	}
	if _, named := s.at(0, "read"); named || s.answer("read") != nil {
		t.Error("an operation that no gate names has an answer")
	}
}

// TestSheetsFind holds the table to a map, through growth and removals.
func TestSheetsFind(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var table sheets
	want := map[string]*sheet{}
	subject := func() string { return fmt.Sprintf("svc-%d", rnd.IntN(300)) }
	if table.find("svc-1") != nil {
		t.Error("something is found in the zero table")
	}
	for range 5000 {
		name := subject()
		s := newSheet(name, nil)
		if rnd.IntN(3) > 0 {
			s = newSheet(name, []posted{gateOn("a#1", "g", escalation.Deny, escalation.Deny, policy.Never, "use")})
			want[name] = s
		} else {
			delete(want, name)
		}
		table.set(s)
		for range 3 {
			if ask := subject(); table.find(ask) != want[ask] {
				t.Fatalf("%q: found %v; want %v", ask, table.find(ask), want[ask])
			}
		}
	}
	if slots := len(table.table.Load().slots); slots < 4*len(want) || slots > 4096 {
		t.Errorf("%d slots for %d sheets", slots, len(want))
	}
}

// TestSheetsRace reads while the table grows: what was set before a reader began
// is found by it.
func TestSheetsRace(t *testing.T) {
	var table sheets
	always := newSheet("always", []posted{gateOn("a#1", "g", escalation.Deny, escalation.Deny, policy.Never, "use")})
	table.set(always)
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
				if table.find("always") != always {
					t.Error("a sheet is gone while the table grows")
					return
				}
			}
		})
	}
	for i := range 2000 {
		name := fmt.Sprintf("svc-%d", i)
		table.set(newSheet(name, always.gates))
		if i%3 == 0 {
			table.set(newSheet(name, nil))
		}
	}
	close(done)
	readers.Wait()
}
