package escalationtest

import (
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/policy"
)

// hopClock is a clock that hops from one instant to the next. It embeds a
// *clock.Mock to be a clock.Clock, and says the time itself: setting a Mock
// takes a millisecond of real time, and a year of tiers has many instants.
// Timers of it never fire; an engine in pump mode arms none.
type hopClock struct {
	*clock.Mock
	at atomic.Int64 // policy.Instant
}

func newHopClock(at policy.Instant) *hopClock {
	c := &hopClock{Mock: clock.NewMock()}
	c.at.Store(int64(at))
	return c
}

// hop moves the clock to an instant; never back.
func (c *hopClock) hop(at policy.Instant) {
	if at > c.now() {
		c.at.Store(int64(at))
	}
}

func (c *hopClock) now() policy.Instant { return policy.Instant(c.at.Load()) }

// Now implements clock.Clock.
func (c *hopClock) Now() time.Time { return c.now().Time() }

// Since implements clock.Clock.
func (c *hopClock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }

// Until implements clock.Clock.
func (c *hopClock) Until(t time.Time) time.Duration { return t.Sub(c.Now()) }
