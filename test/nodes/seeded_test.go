//go:build unix

package nodes

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// What passes TestNodes would not if the store had one of these bugs: the
// checker is shown to see them.
func TestSeededBugs(t *testing.T) {
	for _, bug := range []string{lostUpdate, noMemory, noNews} {
		t.Run(bug, func(t *testing.T) {
			t.Parallel()
			const most = 40 // bursts; the first few do
			f := newFleet(t, postgres(t), bug, 2)
			c := &clients{f: f}
			for burst := range most {
				c.burst(burst)
				if v := c.check(t, c.history); v.result == porcupine.Illegal {
					t.Logf("caught after %d operations", len(c.history))
					return
				}
			}
			t.Errorf("%d operations, and the bug is not seen", len(c.history))
		})
	}
	t.Run(noBug, func(t *testing.T) {
		t.Parallel()
		f := newFleet(t, postgres(t), noBug, 2)
		c := &clients{f: f}
		for burst := range 5 {
			c.burst(burst)
		}
		c.check(t, c.history)
	})
}

// burst is one alert that everybody is at, at once, through both nodes; some who
// trigger it say so twice, as one does who heard no answer. And it is another
// that comes through one node, while the gates of both are asked about it.
func (c *clients) burst(number int) {
	key := fmt.Sprint(standingKeys, number)
	c.do(opTrigger, key)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() { c.twice(opTrigger, key) })
		wg.Go(func() { c.do(opTrigger, key) })
		wg.Go(func() { c.do(opAckSam, key) })
	}
	wg.Wait()
	c.do(opLook, key)
	lone := fmt.Sprint(standingKeys, "-lone-", number)
	c.do(opTrigger, lone)
	pass(maxStale) // what a gate says after that is no older than the trigger
	for range 6 {
		c.do(opGlance, lone) // the one node knows it by itself, the other from the store
	}
}

// twice sends an operation to the first node and then, as if that had not
// answered, to the second.
func (c *clients) twice(verb verb, key string) {
	c.mu.Lock()
	at := len(c.history)
	id := fmt.Sprint("twice-", at)
	c.history = append(c.history, porcupine.Operation{Input: input{verb: verb, key: key}, Output: output{}, Call: micros(), Return: never})
	c.mu.Unlock()
	_, first := c.f.call(0, time.Minute, verb, key, id)
	_, second := c.f.call(1, time.Minute, verb, key, id)
	if !first || !second {
		return
	}
	c.mu.Lock()
	c.history[at].Return = micros()
	c.mu.Unlock()
}
