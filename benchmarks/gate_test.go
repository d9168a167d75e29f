package benchmarks

import (
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/policy"
)

const (
	gated = `{"version": 1, "operations": {"read": "allow"}, "policies": [{"name": "p", "priority": "P3",
		"tiers": [{"name": "one", "notify": ["user:bob"], "wait": "9h"}],
		"gates": [{"name": "deploy", "operations": ["deploy"], "close": "open", "decision": "deny", "open": "resolved"}]}]}`
	gatedAlerts = 1024
)

// gateWorld has a gate closed on so many identities, and one more whose alert
// opens and is resolved again.
func gateWorld(tb testing.TB) *world {
	tb.Helper()
	w := newWorld(tb, gated)
	for i := range gatedAlerts {
		w.trigger(tb, i)
	}
	return w
}

func subjectNumber(i int) string { return fmt.Sprintf("svc-db-%07d", i) }

// change opens and closes a gate, as an alert comes and goes.
func (w *world) change(tb testing.TB) {
	tb.Helper()
	w.trigger(tb, gatedAlerts)
	if _, err := w.engine.Resolve(tb.Context(), alertNumber(gatedAlerts).Key, engine.By(policy.Service("rotator")), "resolved"); err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkGate is P4: may this identity do that, among a thousand that may
// not, while gates change ten thousand times a second. The same engine commits
// the same changes beside every candidate; the peers write them into their maps
// as well.
func BenchmarkGate(b *testing.B) {
	subjects := make([]string, 2*gatedAlerts) // the second half is not there
	for i := range subjects {
		subjects[i] = subjectNumber(i + i/gatedAlerts) // not the one that changes
	}
	for _, set := range []struct {
		name     string
		subjects []string
	}{{"hit", subjects[:gatedAlerts]}, {"miss", subjects[gatedAlerts:]}} {
		b.Run("who=belfry/find="+set.name, func(b *testing.B) {
			w := gateWorld(b)
			stop := changing(func() { w.change(b) })
			defer stop()
			var denied atomic.Int64
			b.ReportAllocs()
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				n := int64(0)
				for i := 0; pb.Next(); i++ {
					if !w.engine.Check(set.subjects[i%gatedAlerts], "deploy").Allowed() {
						n++
					}
				}
				denied.Add(n)
			})
			if got, want := denied.Load() > 0, set.name == "hit"; got != want {
				b.Fatalf("denied: %t; want %t", got, want)
			}
		})
		for _, peer := range []struct {
			name string
			make func() (check func(string) bool, change func(on bool))
		}{{"pointer", pointerGate}, {"pointer-pair", pairGate}, {"rwmutex", rwmutexGate}} {
			b.Run("who="+peer.name+"/find="+set.name, func(b *testing.B) {
				w := gateWorld(b)
				check, change := peer.make()
				stop := changing(func() { w.change(b); change(true); change(false) })
				defer stop()
				b.ReportAllocs()
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for i := 0; pb.Next(); i++ {
						if check(set.subjects[i%gatedAlerts]) != (set.name == "hit") {
							panic("the gate is wrong")
						}
					}
				})
			})
		}
	}
}

// pairsATick are the changes to and fro of each millisecond.
const pairsATick = 5

// changing calls change five thousand times a second, as far as the processor
// lets it, until the returned function is called.
func changing(change func()) (stop func()) {
	done := make(chan struct{})
	var ended sync.WaitGroup
	ended.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				for range pairsATick {
					change()
				}
			}
		}
	})
	return func() {
		close(done)
		ended.Wait()
	}
}

// gateKeys is what the peers hold: the identities, for one operation.
func gateKeys() map[string]bool {
	keys := map[string]bool{}
	for i := range gatedAlerts {
		keys[subjectNumber(i)] = true
	}
	return keys
}

// pointerGate is a map behind an atomic pointer, replaced by a changed copy.
func pointerGate() (check func(string) bool, change func(on bool)) {
	var p atomic.Pointer[map[string]bool]
	keys := gateKeys()
	p.Store(&keys)
	return func(subject string) bool { return (*p.Load())[subject] },
		func(on bool) {
			fresh := maps.Clone(*p.Load())
			if on {
				fresh[subjectNumber(gatedAlerts)] = true
			} else {
				delete(fresh, subjectNumber(gatedAlerts))
			}
			p.Store(&fresh)
		}
}

// pairGate is the same by identity and operation, which is what is asked.
func pairGate() (check func(string) bool, change func(on bool)) {
	type pair struct{ subject, operation string }
	var p atomic.Pointer[map[pair]bool]
	keys := map[pair]bool{}
	for subject := range gateKeys() {
		keys[pair{subject, "deploy"}] = true
	}
	p.Store(&keys)
	return func(subject string) bool { return (*p.Load())[pair{subject, "deploy"}] },
		func(on bool) {
			fresh := maps.Clone(*p.Load())
			if on {
				fresh[pair{subjectNumber(gatedAlerts), "deploy"}] = true
			} else {
				delete(fresh, pair{subjectNumber(gatedAlerts), "deploy"})
			}
			p.Store(&fresh)
		}
}

// rwmutexGate is a map under a lock for many readers.
func rwmutexGate() (check func(string) bool, change func(on bool)) {
	var mu sync.RWMutex
	keys := gateKeys()
	return func(subject string) bool {
			mu.RLock()
			defer mu.RUnlock()
			return keys[subject]
		}, func(on bool) {
			mu.Lock()
			defer mu.Unlock()
			if on {
				keys[subjectNumber(gatedAlerts)] = true
			} else {
				delete(keys, subjectNumber(gatedAlerts))
			}
		}
}
