//go:build unix

package nodes

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
)

// patience is how long a client waits for one node before it asks another.
const patience = time.Second

// clients work on alerts through all nodes, and write down what they see.
type clients struct {
	f  *fleet
	mu sync.Mutex
	// history is what they did and saw.
	history []porcupine.Operation
	lives   int // alerts that came and went
	silent  []string
}

// do sends one operation, by one id, to one node after the other until one
// answers.
func (c *clients) do(verb verb, key string) output {
	const most = 100
	c.mu.Lock()
	id := fmt.Sprintf("%s-%d", verb, len(c.history))
	at := len(c.history)
	in := input{verb: verb, key: key}
	c.history = append(c.history, porcupine.Operation{Input: in, Output: output{}, Call: called(verb), Return: never})
	c.mu.Unlock()
	for try := range most {
		asked := called(verb)
		answer, ok := c.f.call(c.f.below(len(c.f.nodes)), patience, verb, key, id)
		if !ok {
			continue
		}
		out := read(answer)
		changes := verb != opLook && !verb.asks()
		if changes && try > 0 {
			// An earlier node may have done it, and this one not.
			out.sure = false
		}
		c.mu.Lock()
		c.history[at].Output, c.history[at].Return = out, micros()
		if !changes {
			// Of what was asked and not answered nothing is left: this is another.
			c.history[at].Call = asked
		}
		c.mu.Unlock()
		return out
	}
	c.f.t.Errorf("%s of %s: no answer in %d tries", verb, key, most)
	return output{}
}

// called is when an operation that begins now may have happened at the earliest.
func called(verb verb) int64 {
	if verb == opGlance {
		return micros() - maxStale.Microseconds()
	}
	return micros()
}

// never is the return of an operation that did not.
const never = int64(1) << 62

// read reads an answer: the verdict, and behind it of some operations the
// incarnation, how many triggers, the tier, the status, who has acknowledged.
func read(answer string) output {
	var n, count, tier int
	var verdict, status, by string
	_, _ = fmt.Sscan(answer, &verdict, &n, &count, &tier, &status, &by)
	if by == "-" {
		by = ""
	}
	if (status == "acknowledged") != (by != "") && status != "resolved" {
		by = status + " by " + by // which nobody has said
	}
	if n == 0 {
		return output{sure: verdict != "" && verdict != "doubt", verdict: verdict}
	}
	return output{
		sure: !strings.Contains(verdict, "duplicate"), verdict: verdict,
		found: register{
			n: n, open: status != "resolved", by: by, tier: tier, count: count,
		},
	}
}

// work lets alerts come and go, one after the other, until ctx ends.
func (c *clients) work(ctx context.Context) {
	for ctx.Err() == nil {
		c.mu.Lock()
		c.lives++
		key := fmt.Sprint("k", c.lives)
		c.mu.Unlock()
		if c.f.below(3) == 0 {
			c.nobody(key)
		} else {
			c.life(key)
		}
	}
}

// life is an alert that a scanner triggers a few times, while people look at it,
// and take it at some time. When all that is over it is resolved, by two at
// once, and a second alert of the key opens: a node that was paused may come to
// it late with what was about the first.
func (c *clients) life(key string) {
	c.do(opTrigger, key)
	var wg sync.WaitGroup
	each := func(times int, most time.Duration, verbs ...verb) {
		wg.Go(func() {
			for range times {
				pass(c.f.between(time.Millisecond, most))
				for _, verb := range verbs {
					c.do(verb, key)
				}
			}
		})
	}
	each(4, 500*time.Millisecond, opTrigger)
	each(1, 2500*time.Millisecond, opAckSam, opLook)
	each(c.f.below(2), 2500*time.Millisecond, opAckOmar, opLook)
	each(5, 500*time.Millisecond, opLook, opGlance, opCheck)
	wg.Wait()
	each(1, 2*time.Millisecond, opResolve, opLook, opGlance)
	each(1, 2*time.Millisecond, opAckSam, opResolve, opCheck)
	wg.Wait()
	c.do(opTrigger, key)
	each(2, 500*time.Millisecond, opLook, opTrigger, opCheck)
	each(1, 2500*time.Millisecond, opAckOmar, opResolve)
	wg.Wait()
}

// nobody takes this alert: every tier must be told.
func (c *clients) nobody(key string) {
	c.do(opTrigger, key)
	c.do(opGlance, key)
	for _, tier := range tiers() {
		if !c.f.seen(key+"#1", tier, 30*time.Second) {
			c.f.t.Errorf("%s: tier %s was not told within half a minute", key, tier)
		}
	}
	c.do(opLook, key)
	c.do(opResolve, key)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.silent = append(c.silent, key)
}

// tiers are those of the policy.
func tiers() []string { return []string{"owner", "soc", "lead", "manager"} }
