package engine

import (
	"context"
	"sync"

	"github.com/belfry-go/belfry/policy"
)

// laneQueue is how many wait for one contact channel. What is over goes back to
// the outbox for a while, so that a channel that hangs does not fill the queue
// of all.
const laneQueue = 512

// job is one attempt that waits for its turn.
type job struct {
	via     string
	target  string
	streams []string // the alerts that it is about
	lease   policy.Instant
	out     []outgoing // what goes back to the outbox if it does not begin
	run     func(context.Context)
}

// lane is where attempts to one target by one channel wait. Of one alert's, one
// is under way at a time.
type lane struct {
	via     *via
	target  string
	queue   []*job
	busy    int
	streams map[string]bool // under way
	ready   bool            // is in via.ready
}

// via is one contact channel: a bulkhead.
type via struct {
	busy, queued int
	ready        []*lane
}

// lanes is what is under way and what waits for it.
type lanes struct {
	mu      sync.Mutex
	free    int
	perVia  int // attempts by one channel at once
	width   int // to one target by one channel, each about other alerts
	byName  map[string]*via
	order   []*via // in which turns are given
	turn    int
	byLane  map[string]*lane
	under   int // attempts under way
	queued  int
	hung    int
	waiting sync.WaitGroup
}

func (ls *lanes) init(workers, perVia, width int) {
	ls.free, ls.perVia, ls.width = workers, perVia, width
	ls.byName = map[string]*via{}
	ls.byLane = map[string]*lane{}
}

// full reports whether a channel's queue is full.
func (ls *lanes) full(name string) bool {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	v := ls.byName[name]
	return v != nil && v.queued >= laneQueue
}

// room is how many more jobs the queues take.
func (ls *lanes) room() int {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return max(4*laneQueue-ls.queued, 0)
}

func (ls *lanes) busy() int {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.under
}

func (ls *lanes) hanging() int {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	return ls.hung
}

func (ls *lanes) hang(n int) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	ls.hung += n
}

// add puts a job in its lane and begins what may begin.
func (ls *lanes) add(ctx context.Context, j *job) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	v := ls.byName[j.via]
	if v == nil {
		v = &via{}
		ls.byName[j.via] = v
		ls.order = append(ls.order, v)
	}
	l := ls.byLane[j.target]
	if l == nil {
		l = &lane{via: v, target: j.target, streams: map[string]bool{}}
		ls.byLane[j.target] = l
	}
	l.queue = append(l.queue, j)
	v.queued++
	ls.queued++
	ls.waiting.Add(1)
	l.enlist(ls.width)
	ls.begin(ctx)
}

// enlist notes that a lane has a job that may begin.
func (l *lane) enlist(width int) {
	if l.ready || l.busy >= width || l.first() < 0 {
		return
	}
	l.ready = true
	l.via.ready = append(l.via.ready, l)
}

// first is the place of the first job about no alert that is under way; -1:
// there is none.
func (l *lane) first() int {
next:
	for i, j := range l.queue {
		for _, s := range j.streams {
			if l.streams[s] {
				continue next
			}
		}
		return i
	}
	return -1
}

// begin starts jobs while there are workers, in turn by channel, then by lane.
func (ls *lanes) begin(ctx context.Context) {
	for idle := 0; ls.free > 0 && idle < len(ls.order); {
		ls.turn = (ls.turn + 1) % len(ls.order)
		v := ls.order[ls.turn]
		if v.busy >= ls.perVia || len(v.ready) == 0 {
			idle++
			continue
		}
		idle = 0
		l := v.ready[0]
		v.ready = v.ready[1:]
		l.ready = false
		i := l.first()
		if i < 0 {
			continue
		}
		j := l.queue[i]
		l.queue = append(l.queue[:i], l.queue[i+1:]...)
		l.busy++
		for _, s := range j.streams {
			l.streams[s] = true
		}
		v.busy++
		v.queued--
		ls.queued--
		ls.free--
		ls.under++
		l.enlist(ls.width)
		go ls.work(ctx, l, j)
	}
}

// work runs one job to its end.
func (ls *lanes) work(ctx context.Context, l *lane, j *job) {
	defer func() {
		ls.mu.Lock()
		defer ls.mu.Unlock()
		l.busy--
		for _, s := range j.streams {
			delete(l.streams, s)
		}
		l.via.busy--
		ls.free++
		ls.under--
		l.enlist(ls.width)
		if l.busy == 0 && len(l.queue) == 0 {
			delete(ls.byLane, l.target)
		}
		ls.waiting.Done()
		ls.begin(ctx)
	}()
	j.run(ctx)
}

// drop takes out what waits and has not begun.
func (ls *lanes) drop() []*job {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	var dropped []*job
	for _, l := range ls.byLane {
		n := len(l.queue)
		dropped = append(dropped, l.queue...)
		l.queue = nil
		l.via.queued -= n
		ls.queued -= n
		ls.waiting.Add(-n)
		if l.busy == 0 {
			delete(ls.byLane, l.target)
		}
	}
	for _, v := range ls.order {
		for _, l := range v.ready {
			l.ready = false
		}
		v.ready = nil
	}
	return dropped
}
