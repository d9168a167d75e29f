package notify

import (
	"time"

	"github.com/belfry-go/belfry/policy"
)

// DefaultGiveUp is how long after its first attempt a message that is not
// taken counts as failed for good, where the channel does not say.
const DefaultGiveUp = policy.DefaultGiveUp

// Channel is what the directory says about how often, and for how long, one
// contact channel may be used for one person. The zero Channel holds nothing
// back.
type Channel struct {
	// Bundle is how long after a message what follows is gathered.
	//
	// Defaults to nothing: each instant is a message of its own.
	Bundle time.Duration
	// Limits bound the messages to one person; all of them hold.
	Limits []Limit
	// GiveUp is the time from the first attempt after which a temporary
	// failure is for good.
	//
	// Defaults to [DefaultGiveUp].
	GiveUp time.Duration
}

// Limit allows Max messages to one person in any interval [t, t+Per). One
// whose Max or Per is not positive limits nothing: a mistake in a limit must
// not silence a channel.
type Limit = policy.Limit

// ChannelOf is the part of a directory's settings that delivery needs. It
// shares the limits.
func ChannelOf(s policy.ChannelSettings) Channel {
	return Channel{Bundle: s.Bundle, Limits: s.Limits, GiveUp: s.GiveUp}
}

// Backoff is the least time between the end of a failed attempt, counted from
// 1, and the next: 1s, 2s, 4s … 1m.
func Backoff(attempt int) time.Duration { return doubling(attempt, time.Minute) }

// LastResortBackoff is [Backoff] for the last resort, which is never given up:
// 1s, 2s, 4s … 5m.
func LastResortBackoff(attempt int) time.Duration { return doubling(attempt, 5*time.Minute) }

func doubling(attempt int, most time.Duration) time.Duration {
	const enough = 10 // 2^10 s is beyond every bound
	return min(time.Second<<min(max(attempt, 1)-1, enough), most)
}

// Retry returns when to try again a message whose first attempt began at first
// and whose given attempt, counted from 1, ended at failed with class c and the
// vendor's wish to wait for after, as [Classify] returns them. Where again is
// false, the message has failed for good at the instant at: at once if c is not
// to be retried, else when [Channel.GiveUp] is over, which may lie between two
// tries.
func (ch Channel) Retry(first, failed policy.Instant, attempt int, c Class, after time.Duration) (at policy.Instant, again bool) {
	if !c.Retry() {
		return failed, false
	}
	giveUp := ch.GiveUp
	if giveUp <= 0 {
		giveUp = DefaultGiveUp
	}
	end := first.Add(giveUp)
	next := failed.Add(max(Backoff(attempt), after))
	if next >= end {
		return max(end, failed), false
	}
	return next, true
}

// RetryLastResort returns when to try the last resort again after the given
// attempt, counted from 1, ended at failed. It is tried for ever, whatever the
// class, and at most 5m apart, whatever the vendor wishes.
func RetryLastResort(failed policy.Instant, attempt int, after time.Duration) policy.Instant {
	return failed.Add(min(max(LastResortBackoff(attempt), after), 5*time.Minute))
}
