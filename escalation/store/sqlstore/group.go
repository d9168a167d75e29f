package sqlstore

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/belfry-go/belfry/escalation/store"
)

// group lets callers that commit at the same time share transactions. Who finds
// a free place leads: it writes what it brings. Who finds none waits, and is
// written by the next leader, who is one of those who wait; so nobody works for
// others for longer than one transaction, and no goroutine is needed.
type group struct {
	write   func(context.Context, []*store.Commit)
	timeout time.Duration // of the waiting, and of the writing

	mu      sync.Mutex
	free    int // places for leaders
	waiting []*call
	calls   sync.Pool
}

// groupMost is how many commits share a transaction at most: those at its
// beginning wait for those at its end.
const groupMost = 512

// call is one caller's commits.
type call struct {
	ctx     context.Context //nolint:containedctx // of the call, and gone with it
	commits []*store.Commit
	// turn says what has become of a call that waited.
	turn chan turn
	// together are the calls that this one leads, itself first.
	together []*call
	patience *time.Timer
}

type turn uint8

const (
	turnWritten turn = iota
	turnToLead
)

func (g *group) init(leaders int, timeout time.Duration, write func(context.Context, []*store.Commit)) {
	g.free, g.timeout = leaders, timeout
	g.write = func(ctx context.Context, commits []*store.Commit) {
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		write(ctx, commits)
	}
	g.calls.New = func() any {
		return &call{turn: make(chan turn, 1), patience: time.NewTimer(timeout)}
	}
}

// commit writes commits, and has set their Errs when it returns.
func (g *group) commit(ctx context.Context, commits []*store.Commit) {
	g.mu.Lock()
	if g.free > 0 {
		g.free--
		g.mu.Unlock()
		g.write(ctx, commits)
		g.next()
		return
	}
	c := g.calls.Get().(*call)
	c.ctx, c.commits = ctx, commits
	c.patience.Reset(g.timeout)
	g.waiting = append(g.waiting, c)
	g.mu.Unlock()
	g.await(c)
	c.patience.Stop()
	c.ctx, c.commits = nil, nil
	clear(c.together)
	c.together = c.together[:0]
	g.calls.Put(c)
}

// await waits for c's turn.
func (g *group) await(c *call) {
	var end error
	select {
	case t := <-c.turn:
		g.take(c, t)
		return
	case <-c.ctx.Done():
		end = c.ctx.Err()
	case <-c.patience.C:
		end = context.DeadlineExceeded
	}
	if !g.leave(c) {
		// A leader is at it and reads the caller's memory: wait for the end.
		g.take(c, <-c.turn)
		return
	}
	for _, k := range c.commits {
		k.Err = end
	}
}

// leave takes c out of those who wait, if it is still among them.
func (g *group) leave(c *call) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, w := range g.waiting {
		if w == c {
			g.waiting = append(g.waiting[:i], g.waiting[i+1:]...)
			return true
		}
	}
	return false
}

func (g *group) take(c *call, t turn) {
	if t == turnWritten {
		return
	}
	var commits []*store.Commit
	for _, m := range c.together {
		commits = append(commits, m.commits...)
	}
	ctx, stop := untilAllEnd(c.together)
	g.write(ctx, commits)
	stop()
	for _, m := range c.together[1:] {
		m.turn <- turnWritten
	}
	g.next()
}

// next hands a leader's place to the first of those who wait, with as many of
// the others as fit.
func (g *group) next() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.waiting) == 0 {
		g.free++
		return
	}
	n, commits := 0, 0
	for n < len(g.waiting) && (n == 0 || commits+len(g.waiting[n].commits) <= groupMost) {
		commits += len(g.waiting[n].commits)
		n++
	}
	first := g.waiting[0]
	first.together = append(first.together[:0], g.waiting[:n]...)
	rest := copy(g.waiting, g.waiting[n:])
	clear(g.waiting[rest:])
	g.waiting = g.waiting[:rest]
	first.turn <- turnToLead
}

// untilAllEnd is a context that ends when those of all calls have ended: one
// caller who gives up must not cut off the others.
func untilAllEnd(calls []*call) (context.Context, context.CancelFunc) {
	if len(calls) == 1 {
		return calls[0].ctx, func() {}
	}
	for _, c := range calls {
		if c.ctx.Done() == nil {
			return context.WithoutCancel(calls[0].ctx), func() {}
		}
	}
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(calls[0].ctx))
	var left atomic.Int32
	left.Store(int32(len(calls)))
	stops := make([]func() bool, len(calls))
	for i, c := range calls {
		stops[i] = context.AfterFunc(c.ctx, func() {
			if left.Add(-1) == 0 {
				cancel(context.Cause(c.ctx))
			}
		})
	}
	return ctx, func() {
		for _, stop := range stops {
			stop()
		}
		cancel(nil)
	}
}
