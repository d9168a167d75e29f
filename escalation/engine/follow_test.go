package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/gate"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// cutOff is a store that says what has changed only while it is not down.
type cutOff struct {
	*store.Memory
	down bool
}

func (c *cutOff) Changes(ctx context.Context, since uint64) ([]store.Change, uint64, error) {
	if c.down {
		return nil, 0, errors.New("the network is down")
	}
	return c.Memory.Changes(ctx, since)
}

const shared = `{"version": 1, "authority": {"verify": ["services"]}, "policies": [
	{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice"], "wait": "9h"}],
		"gates": [{"name": "deploy", "operations": ["deploy"], "close": "open"}]}]}`

// pair is two engines over one store, the second of which may be cut off from
// it, and when each gate was last open, by the store.
type pair struct {
	one, two *bench
	cut      *cutOff
	key      string
	open     bool
	wasOpen  policy.Instant // the last instant at which the gate was open
}

func newPair(t *testing.T, maxStale time.Duration) *pair {
	st := store.NewMemory()
	p := &pair{cut: &cutOff{Memory: st}, key: "db", open: true}
	p.one = newBench(t, shared, func(c *Config) { c.Store, c.Node = st, "one" })
	p.two = newBench(t, shared, func(c *Config) { c.Store, c.Node, c.MaxStale, c.Clock = p.cut, "two", maxStale, p.one.clock })
	p.two.clock = p.one.clock
	return p
}

func (p *pair) now() policy.Instant { return p.one.e.now() }

// act does one random thing, and returns what is wrong with what the second
// engine answers then.
func (p *pair) act(rnd *rand.Rand, bound time.Duration) string {
	ctx, svc := p.one.t.Context(), By(policy.Service("rotator"))
	if p.open {
		p.wasOpen = p.now()
	}
	switch rnd.IntN(8) {
	case 0:
		a := alertOf(p.key)
		r, err := p.one.e.Trigger(ctx, a, svc)
		p.one.must("applied")(r, err)
		p.open = false
	case 1:
		_, err := p.one.e.Resolve(ctx, p.key, svc, "")
		if err != nil {
			p.one.t.Fatal(err)
		}
		p.open, p.wasOpen = true, p.now()
	case 2:
		p.cut.down = !p.cut.down
	case 3:
		if err := p.two.e.Settle(ctx); err != nil { // a look at the store that fails fails nothing else
			p.one.t.Fatal(err)
		}
	default:
		p.one.clock.set(p.one.clock.Now().Add(time.Duration(rnd.IntN(int(9 * time.Second)))))
		if p.open {
			p.wasOpen = p.now()
		}
	}
	d := p.two.e.Check("svc-db", "deploy")
	if ago := p.now().Sub(p.wasOpen); d.Allowed() && ago > bound {
		return fmt.Sprintf("allowed %v after the gate was last open", ago)
	}
	if strict := p.two.e.CheckStrict(ctx, "svc-db", "deploy"); strict.Allowed() && (!p.open || p.cut.down) {
		return fmt.Sprintf("strictly allowed; open %t, cut off %t", p.open, p.cut.down)
	}
	return ""
}

// walk does so many random things, and returns what first went wrong.
func (p *pair) walk(seed uint64, steps int, bound time.Duration) string {
	rnd := rand.New(rand.NewPCG(seed, 33))
	for i := range steps {
		if wrong := p.act(rnd, bound); wrong != "" {
			return fmt.Sprintf("seed %d, step %d: %s", seed, i, wrong)
		}
	}
	return ""
}

// I-33 across nodes: what another engine has shut is not allowed here for longer
// than MaxStale, whatever becomes of the store; and strictly not at all.
func TestStaleAllowIsBounded(t *testing.T) {
	const bound = 15 * time.Second
	for seed := range uint64(150) {
		if wrong := newPair(t, bound).walk(seed, 120, bound); wrong != "" {
			t.Fatal(wrong)
		}
	}
	// A board without the bound is found out.
	for seed := range uint64(150) {
		if newPair(t, 24*time.Hour).walk(seed, 120, bound) != "" {
			return
		}
	}
	t.Error("a board that is never stale passes as well")
}

// An engine is not denied what another has opened, once it has looked; a single
// engine is never stale.
func TestFollow(t *testing.T) {
	p := newPair(t, 0)
	ctx, svc := t.Context(), By(policy.Service("rotator"))
	check := func(b *bench, want escalation.Decision, cause gate.Cause) {
		t.Helper()
		if d := b.e.Check("svc-db", "deploy"); d.Decision != want || d.Cause() != cause {
			t.Errorf("+%v: %s for %s; want %s for %s", b.clock.Now().Sub(epoch), d.Decision, d.Cause(), want, cause)
		}
	}
	for _, b := range []*bench{p.one, p.two} {
		if err := b.e.Settle(ctx); err != nil {
			t.Fatal(err)
		}
	}
	r, err := p.one.e.Trigger(ctx, alertOf("db"), svc)
	p.one.must("applied")(r, err)
	check(p.one, escalation.Deny, gate.CauseGate)
	check(p.two, escalation.Allow, gate.CauseNothing) // it has not looked
	if err := p.two.e.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	check(p.two, escalation.Deny, gate.CauseGate)
	r, err = p.one.e.Resolve(ctx, "db", svc, "")
	p.one.must("applied")(r, err)
	if err := p.two.e.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	check(p.two, escalation.Allow, gate.CauseNothing)
	p.one.clock.set(epoch.Add(15 * time.Second)) // three times LookAgain
	check(p.two, escalation.Allow, gate.CauseNothing)
	p.one.clock.set(epoch.Add(15*time.Second + time.Microsecond))
	check(p.two, escalation.Deny, gate.CauseStale)

	alone := newBench(t, shared)
	alone.to(0)
	alone.clock.set(epoch.Add(30 * 24 * time.Hour))
	check(alone, escalation.Allow, gate.CauseNothing)
}

// A board without an engine follows the store of engines that are elsewhere.
func TestBoardWithoutEngine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := store.NewMemory()
		b := newBench(t, shared, func(c *Config) { c.Store = st })
		board, err := gate.NewBoard(gate.Config{Store: st, Policies: docOf(t, shared), Clock: b.clock})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error)
		go func() { ran <- board.Run(ctx) }()
		synctest.Wait()
		if d := board.Check("svc-db", "deploy"); !d.Allowed() {
			t.Errorf("before anything happened: %v", d.Err())
		}
		b.trigger(alertOf("db"))
		synctest.Wait() // the store has hinted
		if d := board.Check("svc-db", "deploy"); d.Cause() != gate.CauseGate {
			t.Errorf("after the trigger: %s for %s", d.Decision, d.Cause())
		}
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}
