package engine

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
)

// gauge counts what is under way at once.
type gauge struct {
	mu        sync.Mutex
	now, most map[string]int
	order     []string
}

func (g *gauge) enter(names ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, n := range names {
		g.now[n]++
		g.most[n] = max(g.most[n], g.now[n])
	}
	g.order = append(g.order, names[len(names)-1])
}

func (g *gauge) leave(names ...string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, n := range names {
		g.now[n]--
	}
}

func TestLanes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &gauge{now: map[string]int{}, most: map[string]int{}}
		var ls lanes
		ls.init(20, 10, 8)
		hung := make(chan struct{})
		add := func(via, target, stream string, wait bool) {
			names := []string{"all", "via " + via, "target " + target, "alert " + target + stream, via + target + stream}
			ls.add(context.Background(), &job{via: via, target: target, streams: []string{stream}, run: func(context.Context) {
				g.enter(names...)
				if wait {
					<-hung
				}
				g.leave(names...)
			}})
		}
		for i := range 100 {
			add("push", fmt.Sprint("p", i), "s", true) // a channel that hangs for all
		}
		for i := range 30 {
			add("sms", "alice", fmt.Sprint("s", i%3), false)
			add("sms", fmt.Sprint("b", i), "s", false)
		}
		synctest.Wait()
		done := len(slices.DeleteFunc(slices.Clone(g.order), func(s string) bool { return s[0] != 's' }))
		if done != 60 {
			t.Errorf("%d of 60 by the other channel went out", done)
		}
		if ls.busy() != 10 {
			t.Errorf("%d hang; want half of the workers", ls.busy())
		}
		close(hung)
		ls.waiting.Wait()
		for name, limit := range map[string]int{"all": 20, "via push": 10, "via sms": 10, "target alice": 8, "alert alices0": 1} {
			if g.most[name] > limit {
				t.Errorf("%s: %d at once; want at most %d", name, g.most[name], limit)
			}
		}
		if len(g.order) != 160 || ls.busy() != 0 || len(ls.byLane) != 0 || ls.queued != 0 {
			t.Errorf("%d ran, %d are busy, %d lanes and %d jobs are left; want 160, 0, 0, 0", len(g.order), ls.busy(), len(ls.byLane), ls.queued)
		}
	})
}

func TestLanesDropWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ls lanes
		ls.init(2, 1, 8)
		free := make(chan struct{})
		ran := 0
		for i := range 10 {
			ls.add(context.Background(), &job{via: "push", target: "alice", streams: []string{fmt.Sprint(i)}, run: func(context.Context) {
				ran++
				<-free
			}})
		}
		synctest.Wait()
		ls.drop()
		close(free)
		ls.waiting.Wait()
		if ran != 1 || ls.queued != 0 {
			t.Errorf("%d ran, %d wait; want 1, 0", ran, ls.queued)
		}
	})
}
