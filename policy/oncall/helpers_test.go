package oncall_test

import (
	"testing"
	"time"
	_ "time/tzdata" // the vectors must not depend on the machine's zone files

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
)

// at is the instant of an RFC 3339 text.
func at(text string) policy.Instant {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return policy.InstantOf(t)
}

// civil is the wall time of a text such as 2026-01-05T09:00.
func civil(text string) policy.Civil {
	t, err := time.Parse("2006-01-02T15:04", text)
	if err != nil {
		panic(err)
	}
	return civilOf(t)
}

func civilOf(t time.Time) policy.Civil {
	return policy.Civil{Year: t.Year(), Month: t.Month(), Day: t.Day(), Hour: t.Hour(), Min: t.Minute(), Sec: t.Second()}
}

// wall is a wall time in the schedule's zone; abs an absolute one.
func wall(text string) policy.When { return policy.When{Abs: policy.Never, Civil: civil(text)} }
func abs(text string) policy.When  { return policy.When{Abs: at(text)} }

func people(names ...string) (refs []policy.Ref) {
	for _, n := range names {
		refs = append(refs, policy.Ref{Person: n})
	}
	return refs
}

func rotations(names ...string) (refs []policy.Ref) {
	for _, n := range names {
		refs = append(refs, policy.Ref{Rotation: n})
	}
	return refs
}

func days(list ...time.Weekday) (set [7]bool) {
	for _, d := range list {
		set[d] = true
	}
	return set
}

func compile(tb testing.TB, s *policy.Schedule) *oncall.Schedule {
	tb.Helper()
	c, err := oncall.Compile(s)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}
