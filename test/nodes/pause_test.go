//go:build unix

package nodes

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// TestPausedNode stops the engine that has told the first tier (kill -STOP),
// has somebody acknowledge through the other, and lets the first go on (kill
// -CONT) when its leases and all tiers are long over: it must tell nobody.
// BELFRY_PAUSE says for how long it is stopped; see make pause.
func TestPausedNode(t *testing.T) {
	pause := 2 * lease
	if text := os.Getenv("BELFRY_PAUSE"); text != "" {
		var err error
		if pause, err = time.ParseDuration(text); err != nil || pause <= lease {
			t.Fatalf("BELFRY_PAUSE=%q; want a time longer than a lease of %v", text, lease)
		}
	}
	f := newFleet(t, postgres(t), noBug, 2)
	c := &clients{f: f}
	const most = 5 // a machine that stands still for a whole ladder shows nothing
	stood := len(tiers()) - 1
	for try := 0; stood == len(tiers())-1; try++ {
		if try == most {
			t.Fatalf("in %d tries nobody acknowledged before the last tier", most)
		}
		stood = c.stopped(t, fmt.Sprint("key", try), fmt.Sprint("after", try), pause)
	}
	f.end()
	t.Logf("stopped for %v, with leases of %v, acknowledged on tier %q: %s", pause, lease, tiers()[stood], c.judge(t))
}

// stopped stops the first node while it has an alert, and returns the tier on
// which the alert was acknowledged through the second: the last that was told.
func (c *clients) stopped(t *testing.T, key, after string, pause time.Duration) (stood int) {
	t.Helper()
	f := c.f
	c.only(t, 1, opLook, key) // it has begun, and is not stopped in the middle of that
	f.pause(1)                // so that it is the first node which tells, and holds the alert
	c.only(t, 0, opTrigger, key)
	if !f.seen(key+"#1", tiers()[0], time.Minute) {
		t.Fatal("the first tier was not told")
	}
	f.pause(0)
	f.resume(1)
	stood = c.only(t, 1, opAckSam, key).found.tier
	pass(pause)
	f.resume(0)
	// A second alert climbs to its end through the engine that was stopped: had
	// it anything left to say about the first, it has said it by then.
	c.only(t, 0, opTrigger, after)
	f.pause(1)
	for _, tier := range tiers() {
		if !f.seen(after+"#1", tier, time.Minute) {
			t.Fatalf("tier %s of the second alert was not told by the engine that was stopped", tier)
		}
	}
	f.resume(1)
	if out := c.only(t, 0, opLook, key); out.found.by != "sam" || out.found.tier != stood {
		t.Errorf("acknowledged on tier %d, the engine that was stopped sees %+v", stood, out.found)
	}
	for _, tier := range tiers()[stood+1:] {
		if f.told(key+"#1", tier) != never {
			t.Errorf("tier %s was told behind the acknowledgement on %s", tier, tiers()[stood])
		}
	}
	return stood
}

// only has one node do an operation.
func (c *clients) only(t *testing.T, node int, verb verb, key string) output {
	t.Helper()
	call := micros()
	answer, ok := c.f.call(node, time.Minute, verb, key, string(verb)+"-"+key)
	out := read(answer)
	if !ok || out.verdict != "applied" {
		t.Fatalf("%s of %s: %q", verb, key, answer)
	}
	c.history = append(c.history, porcupine.Operation{
		Input: input{verb: verb, key: key}, Output: out, Call: call, Return: micros(),
	})
	return out
}
