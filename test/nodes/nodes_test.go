//go:build unix

package nodes

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// TestNodes kills and pauses two, and three, engines on one PostgreSQL while
// clients work through them. BELFRY_ROUNDS says how often; see make nodes.
func TestNodes(t *testing.T) {
	total := rounds(t, 6)
	for _, count := range []int{2, 3} {
		t.Run(fmt.Sprint(count, " nodes"), func(t *testing.T) {
			t.Parallel()
			f := newFleet(t, postgres(t), noBug, count)
			c := &clients{f: f}
			ctx, cancel := context.WithCancel(t.Context())
			var working sync.WaitGroup
			for range 4 {
				working.Go(func() { c.work(ctx) })
			}
			n := (total + 1) / 2
			paused := 0
			for range n {
				pass(f.between(50*time.Millisecond, 400*time.Millisecond))
				if f.disturb() {
					paused++
				}
			}
			cancel()
			working.Wait()
			f.end()
			t.Logf("%d rounds, %d of them pauses, %d alerts: %s", n, paused, c.lives, c.judge(t))
		})
	}
}

// disturb kills a node and starts it again, or pauses it for a while; another
// may be killed meanwhile.
func (f *fleet) disturb() (paused bool) {
	i := f.below(len(f.nodes))
	if f.below(2) == 0 {
		f.restart(i)
		return false
	}
	f.pause(i)
	if f.below(3) == 0 {
		f.restart((i + 1) % len(f.nodes))
	}
	// Leases last 1.2 seconds: some pauses outlast them.
	pass(f.between(100*time.Millisecond, 2*time.Second))
	f.resume(i)
	return true
}

// rounds is how many rounds are asked for.
func rounds(t *testing.T, normally int) int {
	t.Helper()
	text := os.Getenv("BELFRY_ROUNDS")
	if text == "" {
		return normally
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("BELFRY_ROUNDS=%q is no number of rounds", text)
	}
	return n
}
