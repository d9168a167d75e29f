// Package timekeeper makes engine time of a clock: the one time by which an
// engine, and whoever reads the same store beside it, decides what is due.
package timekeeper

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/policy"
)

// Keeper reads a clock. All its methods may be called from many goroutines.
type Keeper struct {
	clock  clock.Clock
	origin time.Time // its first reading

	mu    sync.Mutex
	rules rules

	// For those who only look: what was told last, and how far engine time is
	// ahead of the steady clock, which grows only.
	last   atomic.Int64
	offset atomic.Int64
}

// New returns a keeper that reads c; of c only Now is called.
func New(c clock.Clock) *Keeper {
	k := &Keeper{clock: c, origin: c.Now()}
	k.last.Store(math.MinInt64)
	return k
}

// Now is engine time.
func (k *Keeper) Now() policy.Instant {
	k.mu.Lock()
	defer k.mu.Unlock()
	r := readingOf(k.clock.Now(), k.origin)
	at, ok := k.rules.look(r)
	if !ok && !r.steady {
		r = readingOf(k.clock.Now(), k.origin)
		at, _ = k.rules.look(r)
	}
	k.last.Store(int64(at))
	if r.steady {
		k.offset.Store(int64(at) - r.run.Microseconds())
	}
	return at
}

// Peek is engine time without a lock, and for permissions only: it believes no
// jump that Now has not believed, and tells nobody what it saw. It is never
// before what Now has told.
func (k *Keeper) Peek() policy.Instant {
	r := readingOf(k.clock.Now(), k.origin)
	floor := policy.Instant(k.last.Load())
	if floor == math.MinInt64 {
		return r.wall // Now was never called
	}
	if r.steady {
		floor = max(floor, policy.Instant(k.offset.Load()+r.run.Microseconds()))
		if r.wall.Sub(floor) > jump {
			return floor
		}
	}
	return max(floor, r.wall)
}

// Doubts reports whether the wall clock has jumped and waits for a second look.
func (k *Keeper) Doubts() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.rules.doubted
}
