package engine

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// Record is a committed record as subscribers see it. It is the subscriber's to
// keep, and shared by all of them: to be read only.
type Record struct {
	// ID is the record's id on the wire.
	ID string
	// Stream is the stream that it belongs to: alert/key#n, expect/name,
	// silence/name, engine/node.
	Stream string
	// Key and Incarnation name the alert; of another stream's record, Key is
	// the key concerned, if there is one.
	Key         string
	Incarnation uint64
	// Document is what the record's indexes refer to.
	Document *policy.Document
	// Record is the record, State the alert after it; the state of another
	// stream's record is zero.
	Record escalation.Record
	State  escalation.State
	// Lost is how many records before this one the subscriber was not told of
	// because it did not keep up. They are in the store's history.
	Lost uint64
}

// Lines returns the record as lines, the first for the event, then one for each
// effect.
func (r *Record) Lines() []escalation.Line {
	return escalation.Lines(r.Document, &r.State, &r.Record)
}

// feedLength is how many records wait for a subscriber in Run before some are
// lost to it.
const feedLength = 4096

// feed is one subscriber.
type feed struct {
	tell func(Record)
	// queue is not nil while Run is at work: then a goroutine of the feed's own
	// tells the subscriber, so that one that hangs holds up nothing else.
	queue chan Record
	done  chan struct{} // closed when the goroutine has ended
	lost  atomic.Uint64
}

// feeds are the subscribers.
type feeds struct {
	any  atomic.Bool
	mu   sync.Mutex
	list []*feed
}

// Subscribe has fn told of each record that is committed, in the order of the
// commits; those of one stream never out of it. It returns how to end that.
//
// In pump mode fn is called by whoever commits, before the call that commits
// returns; it must not call Tick, Deliver or Settle. In Run each subscriber has
// a goroutine: one that does not keep up loses records, and is told how many. A
// panic of fn is logged.
func (e *Engine) Subscribe(fn func(Record)) (cancel func()) {
	f := &feed{tell: fn}
	e.feeds.mu.Lock()
	defer e.feeds.mu.Unlock()
	e.feeds.list = append(slices.Clip(e.feeds.list), f)
	e.feeds.any.Store(true)
	if e.running.Load() {
		e.startFeed(f)
	}
	return func() {
		e.feeds.mu.Lock()
		defer e.feeds.mu.Unlock()
		i := slices.Index(e.feeds.list, f)
		if i < 0 {
			return
		}
		e.feeds.list = slices.Delete(slices.Clone(e.feeds.list), i, i+1)
		e.feeds.any.Store(len(e.feeds.list) > 0)
		if f.queue != nil {
			close(f.queue)
			f.queue = nil
		}
	}
}

func (e *Engine) subscribed() bool { return e.feeds.any.Load() }

// publish tells all subscribers of a record.
func (e *Engine) publish(r Record) {
	e.feeds.mu.Lock()
	if !e.running.Load() {
		list := e.feeds.list
		e.feeds.mu.Unlock()
		for _, f := range list {
			e.tellFeed(f, r)
		}
		return
	}
	defer e.feeds.mu.Unlock()
	for _, f := range e.feeds.list {
		if f.queue == nil {
			continue
		}
		r.Lost = f.lost.Load()
		select {
		case f.queue <- r:
			f.lost.Add(-r.Lost) // wraps around: a subtraction
		default:
			f.lost.Add(1)
			e.counts.lost.Add(1)
		}
	}
}

// tellFeed calls a subscriber.
func (e *Engine) tellFeed(f *feed, r Record) {
	defer func() {
		if v := recover(); v != nil {
			e.log.Error("subscriber panicked", "record", r.ID)
		}
	}()
	f.tell(r)
}

// startFeed gives a subscriber its goroutine; the lock of the feeds is held. The
// goroutine ends with the queue.
func (e *Engine) startFeed(f *feed) {
	queue, done := make(chan Record, feedLength), make(chan struct{})
	f.queue, f.done = queue, done
	go func() {
		defer close(done)
		for r := range queue {
			e.tellFeed(f, r)
		}
	}()
}

// stopFeeds ends the goroutines of all subscribers once they were told of what
// is in their queues. One that hangs is left behind.
func (e *Engine) stopFeeds() {
	e.feeds.mu.Lock()
	var left []chan struct{}
	for _, f := range e.feeds.list {
		if f.queue != nil {
			close(f.queue)
			f.queue = nil
			left = append(left, f.done)
		}
	}
	e.feeds.mu.Unlock()
	limit := time.NewTimer(abandonAfter)
	defer limit.Stop()
	for _, done := range left {
		select {
		case <-done:
		case <-limit.C:
			e.counts.abandoned.Add(1)
			e.log.Warn("subscriber hangs")
			return
		}
	}
}

// cloneRecord copies a record so far that the next step writes to nothing of it.
func cloneRecord(r *escalation.Record) escalation.Record {
	c := *r
	c.Effects = slices.Clone(r.Effects)
	c.Event.Answers = slices.Clone(r.Event.Answers)
	return c
}
