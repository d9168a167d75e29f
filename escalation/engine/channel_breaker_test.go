package engine

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

func TestChannelBreaker(t *testing.T) {
	const s = time.Second
	type step struct {
		at   time.Duration
		do   string // ask, ok, or whose message failed
		want string // of ask: ok, or how long to wait
	}
	fail := func(at time.Duration, n int) []step {
		var list []step
		for i := range n {
			list = append(list, step{at, fmt.Sprint("u", i%2), ""})
		}
		return list
	}
	for name, steps := range map[string][]step{
		"closed until five failed":  append(fail(0, 4), step{0, "ask", "ok"}),
		"open after five":           append(fail(0, 5), step{0, "ask", "15s"}, step{14 * s, "ask", "1s"}),
		"a success begins anew":     append(append(fail(0, 4), step{0, "ok", ""}), append(fail(0, 4), step{0, "ask", "ok"})...),
		"one recipient is no proof": {{0, "u1", ""}, {0, "u1", ""}, {0, "u1", ""}, {0, "u1", ""}, {0, "u1", ""}, {0, "u1", ""}, {0, "ask", "ok"}, {0, "u2", ""}, {0, "ask", "15s"}},
		"half open: one probe": append(fail(0, 5), step{15 * s, "ask", "ok"}, step{15 * s, "ask", "1s"},
			step{16 * s, "ok", ""}, step{16 * s, "ask", "ok"}, step{16 * s, "ask", "ok"}),
		"a probe that fails": append(fail(0, 5), step{15 * s, "ask", "ok"}, step{16 * s, "u0", ""}, step{16 * s, "ask", "30s"},
			step{46 * s, "ask", "ok"}, step{46 * s, "u0", ""}, step{46 * s, "ask", "1m0s"}),
		"a probe of which nobody hears": append(fail(0, 5), step{15 * s, "ask", "ok"}, step{25 * s, "ask", "1s"}, step{26 * s, "ask", "ok"}),
		"what began before it opened":   append(fail(0, 9), step{0, "ask", "15s"}),
	} {
		t.Run(name, func(t *testing.T) {
			var b channelBreaker
			for i, x := range steps {
				at := policy.InstantOf(epoch.Add(x.at))
				switch x.do {
				case "ok":
					b = b.taken()
				case "ask":
					next, ok, until := b.admits(at, 11*s)
					got := "ok"
					if !ok {
						got = until.Sub(at).String()
					}
					if b = next; got != x.want {
						t.Errorf("step %d, at %v: %s; want %s", i, x.at, got, x.want)
					}
				default:
					b = b.failed(at, policy.User(x.do), 0, 5)
				}
			}
		})
	}
	var b channelBreaker
	at := policy.InstantOf(epoch)
	for i := range 5 {
		b = b.failed(at, policy.User(fmt.Sprint(i)), time.Hour, 5)
	}
	if b.until != at.Add(breakMost) {
		t.Errorf("a wish to wait an hour: until %s; want at most %v", b.until, breakMost)
	}
	for range 100 {
		_, _, _ = b.admits(b.until, 0)
		b, _, _ = b.admits(b.until, time.Second)
		b = b.failed(b.until, policy.User("x"), 0, 5)
	}
	if b.opened > 101 || b.until.Sub(at) > 102*breakMost {
		t.Errorf("%+v; want it bounded", b)
	}
}

// storm is a policy that pages one person of many each; carl has a second rule.
const storm = `{"version": 1, "directory": {"channels": {"push": {"give_up": "3m"}}, "people": {
	"u0": {"contact": [{"via": "push"}]}, "u1": {"contact": [{"via": "push"}]}, "u2": {"contact": [{"via": "push"}]},
	"carl": {"contact": [{"via": "push"}, {"via": "sms", "after": "10m"}]}}},
	"policies": [
	{"name": "grave", "match": ["severity = critical"], "priority": "P1", "tiers": [{"name": "one", "notify": ["user:u2"], "wait": "1h"}]},
	{"name": "carl", "match": ["labels.who = carl"], "priority": "P3", "tiers": [{"name": "one", "notify": ["user:carl"], "wait": "1h"}]},
	{"name": "u0", "match": ["labels.who = u0"], "priority": "P3", "tiers": [{"name": "one", "notify": ["user:u0"], "wait": "1h"}]},
	{"name": "u1", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:u1"], "wait": "1h"}]}]}`

func forWhom(key, who string) policy.Alert {
	a := alertOf(key)
	a.Labels = map[string]string{"who": who}
	return a
}

// down has push fail until an instant.
func (b *bench) down(until time.Duration) {
	b.out.answer = func(n notify.Notification) outcome {
		return when(n.Via == "push" && b.clock.Now().Before(epoch.Add(until)), outcome{err: errors.New("push is down")})
	}
}

// While a channel fails for all it is held back: who has another rule is told by
// that at once, P1 is tried all the same, the others wait and are told when a
// probe went through.
func TestChannelHeldBack(t *testing.T) {
	b := newBench(t, storm)
	b.down(40 * time.Second)
	b.trigger(forWhom("a", "u0"))
	b.trigger(forWhom("b", "u1"))
	b.to(4 * time.Second) // 0s, 1s and 3s: six failures
	if n := b.e.Stats().Broken; n != 1 {
		t.Fatalf("%d channels are held back; want one", n)
	}
	b.out.take()
	b.trigger(forWhom("c", "carl"))
	b.trigger(forWhom("d", "u1"))
	grave := forWhom("g", "u1")
	grave.Severity = policy.SeverityCritical
	b.trigger(grave)
	b.to(5 * time.Second)
	b.told("+4s page user:u2 via push g#1 initial", "+4s page user:carl via sms c#1 initial", "+5s page user:u2 via push g#1 initial attempt 2")
	b.to(3 * m)
	got := strings.Join(b.out.take(), "\n")
	for _, want := range []string{"user:u0 via push a#1", "user:u1 via push b#1", "user:u1 via push d#1", "user:u2 via push g#1"} {
		if !strings.Contains(got, want) {
			t.Errorf("sent %q; want %s", got, want)
		}
	}
	// The probes at 18s and, after that failed, at 48s; the urgent one's own
	// attempts are its own.
	if n := strings.Count(got, "user:u0") + strings.Count(got, "user:u1"); n > 5 {
		t.Errorf("sent %q; want no more than a probe and three messages", got)
	}
	if n := b.e.Stats().Broken; n != 0 {
		t.Errorf("%d channels are held back; want none", n)
	}
	if !b.recorded(func(r Record) bool {
		return r.Key == "c" && r.Record.Event.Report.Result == escalation.ResultUndeliverable && strings.Contains(r.Record.Event.Report.Detail, "push fails for all")
	}) {
		t.Error("no record says why carl was told by sms at once")
	}
}

// What is held back is given up when its time is over, from when it was first to
// go, though it was never tried: the machine goes on.
func TestHeldBackIsGivenUpInTime(t *testing.T) {
	b := newBench(t, storm)
	b.down(2 * h)
	b.trigger(forWhom("a", "u0"))
	b.trigger(forWhom("b", "u1"))
	b.to(10 * time.Second)
	b.trigger(forWhom("d", "u1"))
	b.to(3*m + 9*time.Second)
	gone := func(r Record) bool {
		return r.Key == "d" && r.Record.Event.Report.Result == escalation.ResultUndeliverable
	}
	if b.recorded(gone) {
		t.Error("given up before 3m10s")
	}
	b.to(3*m + 11*time.Second)
	if !b.recorded(gone) {
		t.Error("not given up at 3m10s")
	}
	if len(b.last.take()) == 0 {
		t.Error("nobody was reached, and the last resort not told")
	}
}

// Without breakers all is tried as often as its own schedule says.
func TestNeverHeldBack(t *testing.T) {
	b := newBench(t, storm, func(c *Config) { c.BreakAfter = -1 })
	b.down(2 * h)
	b.trigger(forWhom("a", "u0"))
	b.trigger(forWhom("b", "u1"))
	b.to(m)
	if got := b.out.take(); len(got) != 12 { // 0 1 3 7 15 31
		t.Errorf("%d attempts; want 12: %q", len(got), got)
	}
}
