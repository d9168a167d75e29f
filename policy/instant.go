package policy

import (
	"math"
	"time"
)

// Instant is a point in time in whole microseconds since the Unix epoch, UTC.
// It is what the machine computes with: comparable, eight bytes, and the same
// after a round trip through any store, which a time.Time is not.
type Instant int64

// Never is the instant that does not come: the value of an absent deadline.
// It is the largest instant, so that the earliest of several is their minimum.
const Never Instant = math.MaxInt64

// InstantOf returns t in whole microseconds, rounded down. The zero time is
// [Never]: an absent instant.
func InstantOf(t time.Time) Instant {
	if t.IsZero() {
		return Never
	}
	return Instant(t.UnixMicro())
}

// Time returns i as a UTC time; the zero time for [Never].
func (i Instant) Time() time.Time {
	if i == Never {
		return time.Time{}
	}
	return time.UnixMicro(int64(i)).UTC()
}

// Known reports whether i is not [Never].
func (i Instant) Known() bool { return i != Never }

// Add returns i + d, saturating. [Never] plus anything is [Never].
func (i Instant) Add(d time.Duration) Instant {
	if i == Never {
		return Never
	}
	us := int64(d / time.Microsecond)
	s := int64(i) + us
	if us > 0 && s < int64(i) {
		return Never - 1
	}
	if us < 0 && s > int64(i) {
		return math.MinInt64
	}
	return Instant(s)
}

// Sub returns i − j, saturating at the range of time.Duration.
func (i Instant) Sub(j Instant) time.Duration {
	us := int64(i) - int64(j)
	switch {
	case us > math.MaxInt64/1000:
		return math.MaxInt64
	case us < math.MinInt64/1000:
		return math.MinInt64
	}
	return time.Duration(us) * time.Microsecond
}

// String is the RFC 3339 form, or "never".
func (i Instant) String() string {
	if i == Never {
		return "never"
	}
	return i.Time().Format(time.RFC3339Nano)
}
