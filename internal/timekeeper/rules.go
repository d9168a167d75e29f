package timekeeper

import (
	"time"

	"github.com/belfry-go/belfry/policy"
)

const (
	// jump is how far the wall clock may run ahead of the time elapsed before
	// it is asked a second time.
	jump = time.Hour
	// SecondLook is how long after the first look the second is taken, where
	// elapsed time can be told from the wall clock's.
	SecondLook = 5 * time.Second
	// agreement is how far two looks may differ and still agree.
	agreement = time.Minute
)

// reading is what the injected clock says at one moment.
type reading struct {
	wall policy.Instant
	// run is the time on a clock that no adjustment moves; it means something
	// only if steady, and then only against other readings of one engine.
	run    time.Duration
	steady bool
}

// readingOf is the one place where a time.Time becomes engine time: UTC, whole
// microseconds, the monotonic part apart. origin is any earlier time of the
// same clock.
func readingOf(t, origin time.Time) reading {
	r := reading{wall: policy.Instant(t.UnixMicro())}
	// A time without a monotonic part, such as a mock's, equals itself rounded.
	if t != t.Round(0) && origin != origin.Round(0) {
		r.run, r.steady = t.Sub(origin), true
	}
	return r
}

// rules make engine time of readings: the later of the wall clock and the
// last instant plus the time elapsed since. Engine time never goes back, so
// that noise comes early rather than late and quiet ends early. A jump of the
// wall clock of more than an hour beyond that is believed only when a second
// look agrees: one wrong answer of a time server must not end every silence of
// the coming year. The zero value is ready.
type rules struct {
	last  policy.Instant // what was told last
	run   time.Duration  // when that was, on the steady clock
	begun bool

	doubted bool
	first   reading // the look that was not believed
}

// look returns the engine time of a reading. ok is false when the wall clock
// jumped and was not believed: at is then the time without the jump, and a
// second look is wanted, after SecondLook if the reading is steady, at once if
// not.
func (k *rules) look(r reading) (at policy.Instant, ok bool) {
	if !k.begun {
		k.begun = true
		return k.tell(r, r.wall), true
	}
	floor := k.last
	if r.steady && r.run > k.run {
		floor = floor.Add(r.run - k.run)
	}
	if r.wall <= floor {
		k.doubted = false
		return k.tell(r, floor), true
	}
	if r.wall.Sub(floor) <= jump || k.agrees(r) {
		k.doubted = false
		return k.tell(r, r.wall), true
	}
	if !k.doubted || !k.same(r) {
		k.doubted, k.first = true, r
	}
	return k.tell(r, floor), false
}

// tell remembers at as what was told at r.
func (k *rules) tell(r reading, at policy.Instant) policy.Instant {
	k.last = at
	if r.steady {
		k.run = r.run
	}
	return at
}

// agrees reports whether r is a second look that confirms the first.
func (k *rules) agrees(r reading) bool {
	if !k.doubted || !k.same(r) {
		return false
	}
	return !r.steady || r.run-k.first.run >= SecondLook
}

// same reports whether r shows the jump that the first look showed.
func (k *rules) same(r reading) bool {
	if r.steady != k.first.steady {
		return false
	}
	d := r.wall.Sub(k.first.wall)
	if r.steady {
		d -= r.run - k.first.run
	}
	return d <= agreement && d >= -agreement
}
