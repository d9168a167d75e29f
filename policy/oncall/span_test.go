package oncall

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/belfry-go/belfry/policy"
)

// TestSpansAgreeWithLooking compares the index with a look at every span.
func TestSpansAgreeWithLooking(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	for n := range 60 {
		s := spans{}
		for k := range n {
			from := r.Int64N(1000)
			length := 1 + r.Int64N(20)
			if r.IntN(10) == 0 {
				length *= 40
			}
			s.list = append(s.list, span{policy.Instant(from), policy.Instant(from + length), k})
		}
		all := slices.Clone(s.list)
		s.index()
		for i := policy.Instant(-5); i < 2000; i++ {
			var want []int
			next := policy.Never
			for _, sp := range all {
				if sp.from <= i && i < sp.to {
					want = append(want, sp.index)
				}
				for _, edge := range []policy.Instant{sp.from, sp.to} {
					if edge > i {
						next = min(next, edge)
					}
				}
			}
			if got := s.running(i, nil); !slices.Equal(got, want) || len(want) > 0 && !s.any(i) {
				t.Fatalf("%d spans at %d: %v (any %v), want %v", n, i, got, s.any(i), want)
			}
			if got := s.until(i); got != next {
				t.Fatalf("%d spans after %d: %d, want %d", n, i, got, next)
			}
		}
	}
}
