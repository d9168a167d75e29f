package oncall_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
)

func table(shifts ...oncall.Shift) string {
	var b strings.Builder
	for _, sh := range shifts {
		fmt.Fprintf(&b, "%v %v %s\n", sh.From, sh.To, names(sh.OnCall))
	}
	return b.String()
}

func TestBetween(t *testing.T) {
	s := turns("Europe/Berlin", every(1, policy.Daily, "2026-03-27T09:00"), "alice", "bob")
	s.Layers = append(s.Layers, policy.Layer{Windows: []policy.DayWindow{dayWindow("08:00", "10:00", time.Sunday)}})
	s.Overrides = []policy.Override{{From: wall("2026-03-28T12:00"), To: wall("2026-03-28T13:00")}}
	// 09:00 is 08:00Z, and 07:00Z from the 29th on, a Sunday, when the window has
	// alice before and after the hand-off to her.
	want := `2026-03-28T00:00:00Z 2026-03-28T08:00:00Z alice
2026-03-28T08:00:00Z 2026-03-28T11:00:00Z bob
2026-03-28T11:00:00Z 2026-03-28T12:00:00Z -
2026-03-28T12:00:00Z 2026-03-29T06:00:00Z bob
2026-03-29T06:00:00Z 2026-03-30T07:00:00Z alice
2026-03-30T07:00:00Z 2026-03-30T12:00:00Z bob
`
	c := compile(t, &s)
	if got := table(slices.Collect(c.Between(at("2026-03-28T00:00:00Z"), at("2026-03-30T12:00:00Z")))...); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	want = "2026-03-28T11:00:00Z 2026-03-28T12:00:00Z -\n"
	if got := table(slices.Collect(c.Gaps(at("2026-03-28T00:00:00Z"), at("2026-03-30T12:00:00Z")))...); got != want {
		t.Errorf("gaps: got\n%swant\n%s", got, want)
	}
}

func TestBetweenOfNothing(t *testing.T) {
	s := turns("UTC", every(1, policy.Daily, "2026-03-27T09:00"), "alice", "bob")
	c, i := compile(t, &s), at("2026-03-28T00:00:00Z")
	for range c.Between(i, i) {
		t.Error("a shift in an empty span")
	}
	for range c.Between(i, i-1) {
		t.Error("a shift in a span that ends before it begins")
	}
}

// TestBetweenForEver: a loop over all of time may stop, and what never changes
// is one shift.
func TestBetweenForEver(t *testing.T) {
	s := turns("Europe/Berlin", every(1, policy.Hourly, "2026-03-27T09:00"), "alice", "bob")
	n := 0
	for sh := range compile(t, &s).Between(math.MinInt64, policy.Never) {
		if n++; n == 1000 {
			break
		}
		if sh.To <= sh.From {
			t.Fatalf("shift %v to %v", sh.From, sh.To)
		}
	}
	for sh := range compile(t, &s).Between(policy.Never-5e6, policy.Never) {
		n, s.Name = n+1, fmt.Sprint(sh.To)
	}
	if s.Name != "never" {
		t.Errorf("the last shift ends at %s", s.Name)
	}
	still := policy.Schedule{Layers: []policy.Layer{{Always: people("alice")}}}
	if got := slices.Collect(compile(t, &still).Between(math.MinInt64, policy.Never)); len(got) != 1 {
		t.Errorf("a schedule that never changes has %d shifts", len(got))
	}
}

func TestNext(t *testing.T) {
	s := turns("UTC", every(1, policy.Weekly, "2026-01-05T09:00"), "alice", "bob", "carol")
	s.Layers = append(s.Layers, policy.Layer{Shifts: []policy.Shift{{From: wall("2026-01-20T00:00"), To: wall("2026-01-21T00:00"), Who: people("dan", "carol")}}})
	s.Overrides = []policy.Override{{From: wall("2026-01-13T00:00"), To: wall("2026-01-14T00:00"), Who: people("erin"), Replaces: []string{"frank"}}}
	c := compile(t, &s)
	for _, tt := range []struct{ person, after, want string }{
		{"alice", "2026-01-05T08:00:00Z", "2026-01-05T09:00:00Z 2026-01-12T09:00:00Z alice"},
		{"alice", "2026-01-06T00:00:00Z", "2026-01-06T00:00:00Z 2026-01-12T09:00:00Z alice"},
		{"alice", "2026-01-12T09:00:00Z", "2026-01-26T09:00:00Z 2026-02-02T09:00:00Z alice"},
		// Carol stays on through the day on which dan joins her.
		{"carol", "2026-01-12T09:00:00Z", "2026-01-19T09:00:00Z 2026-01-26T09:00:00Z carol"},
		{"dan", "2026-01-12T09:00:00Z", "2026-01-20T00:00:00Z 2026-01-21T00:00:00Z dan carol"},
		{"dan", "2026-01-21T00:00:00Z", ""},
		{"erin", "2026-01-12T09:00:00Z", ""}, // the person to replace is never on
		{"mallory", "2026-01-12T09:00:00Z", ""},
	} {
		sh, ok := c.Next(tt.person, at(tt.after))
		got := ""
		if ok {
			got = strings.TrimSpace(table(sh))
		}
		if got != tt.want {
			t.Errorf("Next(%s, %s) = %q, want %q", tt.person, tt.after, got, tt.want)
		}
	}
	if _, ok := c.Next("alice", policy.Never); ok {
		t.Error("somebody is on call after Never")
	}
	still := policy.Schedule{Layers: []policy.Layer{{Always: people("alice")}}}
	if sh, ok := compile(t, &still).Next("alice", at("2026-01-12T09:00:00Z")); !ok || sh.To != policy.Never {
		t.Errorf("always on call: %v %v", sh, ok)
	}
}

// TestAskedAtOnce: many goroutines get the answers that one gets. Run it with
// -race.
func TestAskedAtOnce(t *testing.T) {
	g := newGenerator(11, "Europe/Berlin")
	s := g.schedule()
	alone, shared := compile(t, s), compile(t, s)
	from := policy.InstantOf(g.center.Add(-around))
	var wg sync.WaitGroup
	for k := range 8 {
		wg.Go(func() {
			for n := range 2000 {
				i := from.Add(time.Duration(n*(k+1)) * time.Minute)
				if got, want := shared.At(i), alone.At(i); !slices.Equal(got, want) {
					t.Errorf("At(%v) = %v, want %v", i, got, want)
					return
				}
			}
		})
	}
	wg.Wait()
}

// TestQueriesAllocateNothing once the same people were on call before.
func TestQueriesAllocateNothing(t *testing.T) {
	c := compile(t, realistic())
	h := hours(t, "Europe/Berlin", dayWindow("09:00", "17:00"))
	from := at("2026-01-05T00:00:00Z")
	ask := func() {
		for i := from; i < from.Add(90*24*time.Hour); i = i.Add(time.Hour) {
			c.At(i)
			h.NextOpen(i)
		}
	}
	ask()
	if n := testing.AllocsPerRun(5, ask); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestManyOnCall: more people and overrides than a query has room for on the
// stack.
func TestManyOnCall(t *testing.T) {
	s := policy.Schedule{Layers: []policy.Layer{{}}}
	var want []string
	for k := range 300 {
		name := fmt.Sprintf("p%03d", k)
		want = append(want, name)
		if k < 150 {
			s.Layers[0].Always = append(s.Layers[0].Always, people(name, "p000")...)
			continue
		}
		s.Overrides = append(s.Overrides, policy.Override{From: wall("2026-01-01T00:00"), To: wall("2026-01-02T00:00"), Who: people(name)})
	}
	c := compile(t, &s)
	for range 2 {
		if got := c.At(at("2026-01-01T12:00:00Z")); !slices.Equal(got, want) {
			t.Fatalf("on call: %v", got)
		}
	}
}

// TestAnswersStayRight when the groups meet in more ways than are remembered.
func TestAnswersStayRight(t *testing.T) {
	s := policy.Schedule{Layers: []policy.Layer{{}}}
	for k := range 13 { // 2^13 sets of people, told apart by hours of a binary clock
		r := every(1<<k, policy.Hourly, "2026-01-01T00:00")
		r.Name = fmt.Sprint("r", k)
		r.Members = [][]string{{fmt.Sprint("even", k)}, {fmt.Sprint("odd", k)}}
		s.Rotations = append(s.Rotations, r)
		s.Layers[0].Always = append(s.Layers[0].Always, rotations(r.Name)...)
	}
	c := compile(t, &s)
	for n := range 1 << 13 {
		got := c.At(at("2026-01-01T00:30:00Z").Add(time.Duration(n) * time.Hour))
		for k := range 13 {
			want := fmt.Sprint("even", k)
			if n>>k&1 == 1 {
				want = fmt.Sprint("odd", k)
			}
			if got[k] != want {
				t.Fatalf("hour %d: %v, want %s at %d", n, got, want, k)
			}
		}
	}
}
