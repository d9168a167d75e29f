package benchmarks

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/policy"
)

// hopping is a clock that stands until it is set: an engine without Run reads
// it and arms no timer. Setting a Mock takes a millisecond of real time.
type hopping struct {
	*clock.Mock
	at atomic.Int64 // policy.Instant
}

func newHopping(at policy.Instant) *hopping {
	c := &hopping{Mock: clock.NewMock()}
	c.at.Store(int64(at))
	return c
}

// Now implements clock.Clock.
func (c *hopping) Now() time.Time { return policy.Instant(c.at.Load()).Time() }

func (c *hopping) hop(to policy.Instant) { c.at.Store(int64(to)) }

// hopUntil drives e from deadline to deadline, to the last that is not after
// an instant, or until so many records are committed; 0: however many.
func hopUntil(tb testing.TB, e *engine.Engine, c *hopping, end policy.Instant, records uint64) {
	tb.Helper()
	ctx := tb.Context()
	for {
		if err := e.Settle(ctx); err != nil {
			tb.Fatal(err)
		}
		next := e.Next()
		if next > end || records > 0 && e.Stats().Records >= records {
			return
		}
		c.hop(next)
	}
}
