package timekeeper

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/policy"
)

// set is a clock that says what it is set to.
type set struct {
	clock.Clock
	now time.Time
}

func (s *set) Now() time.Time { return s.now }

// What Peek says is what Now would say, and never before what Now has said.
func TestPeek(t *testing.T) {
	start := time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC)
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		c := &set{now: start}
		k := New(c)
		if got, want := k.Peek(), policy.InstantOf(start); got != want {
			t.Fatalf("before all: %s; want %s", got, want)
		}
		var told policy.Instant
		for range 50 {
			step := time.Duration(rnd.IntN(int(2*time.Minute))) - time.Minute
			c.now = c.now.Add(step)
			if rnd.IntN(10) == 0 {
				c.now = c.now.Add(3 * time.Hour)
			}
			peek := k.Peek()
			if peek < told {
				t.Fatalf("Peek is %s after %s was told", peek, told)
			}
			if rnd.IntN(2) == 0 {
				if told = k.Now(); peek != told {
					t.Fatalf("Peek says %s and Now %s", peek, told)
				}
			}
		}
	}
}

// With a steady clock time goes on from what was told, whatever the wall clock.
func TestPeekSteady(t *testing.T) {
	began := time.Now() // of the real clock, for its steady part
	c := &set{now: began}
	k := New(c)
	first := k.Now()
	c.now = began.Add(time.Second)
	if got := k.Peek().Sub(first); got != time.Second {
		t.Errorf("a second later it is %v later", got)
	}
	c.now = began.Add(2 * time.Hour) // more than a jump, but it is elapsed time
	if got := k.Peek().Sub(first); got != 2*time.Hour {
		t.Errorf("two hours later it is %v later", got)
	}
}
