package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// ring is a policy that tells one of three in turn.
const ring = `{"version": 1, "policies": [{"name": "p", "priority": "P3", "tiers": [
	{"name": "one", "notify": ["user:alice", "user:bob", "user:carol"], "pick": "next", "wait": "1w"}]}]}`

// The turns go on after a restart, in whatever order the alerts' names are.
func TestTurnsOutliveTheEngine(t *testing.T) {
	kept := store.NewMemory()
	var got []string
	for i := range 7 {
		b := newBench(t, ring, func(c *Config) { c.Store = kept })
		b.clock.set(epoch.Add(time.Duration(i) * m))
		b.trigger(alertOf(fmt.Sprint("k", 9-i)))
		b.to(time.Duration(i)*m + time.Second)
		for _, n := range b.out.seen {
			got = append(got, n.To.ID)
		}
	}
	if s := strings.Join(got, " "); s != "alice bob carol alice bob carol alice" {
		t.Errorf("told %s", s)
	}
}

// Two engines share the turns.
func TestTurnsAcrossEngines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := store.NewMemory()
		node := func(name string) func(*Config) { return func(c *Config) { c.Store, c.Node = kept, name } }
		a, b := run(t, ring, clock.New(), nil, node("a")), run(t, ring, clock.New(), nil, node("b"))
		for i := range 6 {
			[]*started{a, b}[i%2].trigger(fmt.Sprint("k", i))
			time.Sleep(6 * time.Second)
			synctest.Wait()
		}
		all := a.lines() + "\n" + b.lines()
		for _, who := range []string{"alice", "bob", "carol"} {
			if n := strings.Count(all, "user:"+who); n != 2 {
				t.Errorf("%s was told %d times; want twice:\n%s", who, n, all)
			}
		}
		a.close()
		b.close()
	})
}

// A turn that could not be saved is saved at the next look.
func TestTurnsAreSavedAgain(t *testing.T) {
	kept := &crashing{Store: store.NewMemory()}
	b := newBench(t, ring, func(c *Config) { c.Store = kept })
	b.trigger(alertOf("a"))
	kept.set(true)
	b.look(0)
	kept.set(false)
	b.look(time.Second)
	var snap store.Snapshot
	if err := kept.Load(context.Background(), turnStreams+"p", &snap); err != nil {
		t.Fatal(err)
	}
	var saved []turn
	if err := json.Unmarshal(snap.State, &saved); err != nil || len(saved) != 1 || saved[0].Target != policy.User("alice") {
		t.Errorf("saved %+v, %v; want alice's turn", saved, err)
	}
	if b.e.told.merge("p", nil)[0].Turn != saved[0].Turn {
		t.Error("what is saved is not what is known")
	}
}
