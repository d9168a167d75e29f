package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// asker answers what a step under doc asks: the turns of `pick: next` from what
// the engine remembers, all else from the live directory.
type asker struct {
	e   *Engine
	doc *document
}

// Resolve implements [escalation.Directory].
func (a *asker) Resolve(ctx context.Context, qs []escalation.Question) ([]escalation.Answer, error) {
	rings := 0
	for i := range qs {
		if qs[i].Kind == escalation.QuestionNext {
			rings++
		}
	}
	if rings == 0 {
		return a.e.ask(ctx, qs)
	}
	answers := make([]escalation.Answer, 0, len(qs))
	others := make([]escalation.Question, 0, len(qs)-rings)
	for _, q := range qs {
		if q.Kind == escalation.QuestionNext {
			answers = append(answers, escalation.Answer{Question: q, Order: a.e.told.order(a.doc, q)})
		} else {
			others = append(others, q)
		}
	}
	if len(others) == 0 {
		return answers, nil
	}
	rest, err := a.e.ask(ctx, others)
	return append(answers, rest...), err
}

// ask asks the live directory. The built-in one is a pure function and needs no
// watching.
func (e *Engine) ask(ctx context.Context, qs []escalation.Question) ([]escalation.Answer, error) {
	if e.watched == nil {
		return e.current.Load().builtin.Resolve(ctx, qs)
	}
	return e.watched.resolve(ctx, qs, e.running.Load())
}

// maxRemembered bounds the answers that are kept for when the directory fails,
// and maxHanging the calls that may be hanging at once.
const (
	maxRemembered = 1 << 14
	maxHanging    = 32
)

// watched is a host's directory: it may err, panic, hang and leave questions
// out. Its last good answers stand in, marked stale; where there is none, the
// answer says that the directory failed. No page waits for it longer than its
// time-out.
type watched struct {
	e    *Engine
	dir  escalation.Directory
	mu   sync.Mutex
	last map[escalation.Question]escalation.Answer // by question without its instant

	hanging int
	// sick: until then nobody asks, for a call took all its time. One that is
	// slow must not delay every tier by its time-out.
	sick policy.Instant
}

// restFor is how long a directory that did not answer in time is left alone.
const restFor = 10 * time.Second

func newWatched(e *Engine, dir escalation.Directory) *watched {
	return &watched{e: e, dir: dir, last: map[escalation.Question]escalation.Answer{}}
}

// resolve answers all of qs, whatever the directory does. The error is the
// context's.
func (w *watched) resolve(ctx context.Context, qs []escalation.Question, apart bool) ([]escalation.Answer, error) {
	call := w.call
	if apart {
		call = w.callApart
	}
	now := w.e.now()
	if w.rests(now) {
		return w.complete(qs, nil), nil
	}
	answers, err := call(ctx, qs)
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err != nil {
		w.e.log.Warn("directory", "err", notify.Redact(err))
	}
	if errors.Is(err, context.DeadlineExceeded) {
		w.rest(now.Add(restFor))
	}
	return w.complete(qs, answers), nil
}

func (w *watched) rests(now policy.Instant) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return now < w.sick
}

func (w *watched) rest(until policy.Instant) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sick = until
}

// call asks on the caller's goroutine.
func (w *watched) call(ctx context.Context, qs []escalation.Question) (answers []escalation.Answer, err error) {
	ctx, cancel := context.WithTimeout(ctx, w.e.cfg.DirectoryTimeout)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			answers, err = nil, fmt.Errorf("panicked: %v", v)
		}
	}()
	return w.dir.Resolve(ctx, qs)
}

// callApart asks on a goroutine of its own, which is left behind if it hangs.
// So many may hang; while they do, nobody asks.
func (w *watched) callApart(ctx context.Context, qs []escalation.Question) ([]escalation.Answer, error) {
	w.mu.Lock()
	if w.hanging >= maxHanging {
		w.mu.Unlock()
		return nil, fmt.Errorf("%d calls hang; not asked", maxHanging)
	}
	w.hanging++
	w.mu.Unlock()

	type reply struct {
		answers []escalation.Answer
		err     error
	}
	done := make(chan reply, 1)
	limit, cancel := context.WithTimeout(ctx, w.e.cfg.DirectoryTimeout)
	defer cancel()
	go func() {
		r := reply{err: fmt.Errorf("ended its goroutine")} // Goexit skips the assignment below
		defer func() {
			w.mu.Lock()
			w.hanging--
			w.mu.Unlock()
			done <- r
		}()
		r.answers, r.err = w.call(limit, qs)
	}()
	select {
	case r := <-done:
		return r.answers, r.err
	case <-limit.Done():
		return nil, fmt.Errorf("no answer within %v: %w", w.e.cfg.DirectoryTimeout, context.DeadlineExceeded)
	}
}

// complete returns an answer for each question, good ones first remembered,
// missing ones filled in.
func (w *watched) complete(qs []escalation.Question, answers []escalation.Answer) []escalation.Answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make([]escalation.Answer, 0, len(qs))
	for _, q := range qs {
		out = append(out, w.one(q, answers))
	}
	return out
}

func (w *watched) one(q escalation.Question, answers []escalation.Answer) escalation.Answer {
	for i := range answers {
		if answers[i].Question == q && !answers[i].Failed {
			if !answers[i].Stale {
				w.remember(q, answers[i])
			}
			return answers[i]
		}
	}
	a, ok := w.last[timeless(q)]
	if !ok {
		a, ok = w.last[anyones(q)]
		a.Responders = unmarked(a.Responders)
	}
	if ok {
		a.Question, a.Stale = q, true
		if q.Kind == escalation.QuestionHours && !a.Yes && a.Next <= q.At {
			a.Yes = true // they were to begin meanwhile
		}
		return a
	}
	// Hours of which nothing is known hold: what waits for them is told now
	// rather than never.
	return escalation.Answer{Question: q, Failed: true, Next: policy.Never, Yes: q.Kind == escalation.QuestionHours}
}

func (w *watched) remember(q escalation.Question, a escalation.Answer) {
	if len(w.last) >= maxRemembered {
		clear(w.last) // rare; what is asked again is remembered again
	}
	w.last[timeless(q)], w.last[anyones(q)] = a, a
}

// timeless is q without its instant: who was on call a minute ago is a better
// answer than none.
func timeless(q escalation.Question) escalation.Question {
	q.At = 0
	return q
}

// anyones is q of whatever identity the alert is about, too: who is on call was
// asked for another alert. Only the owner hangs on whose alert it is.
func anyones(q escalation.Question) escalation.Question {
	if q.Kind == escalation.QuestionResolve && q.Target.Kind != policy.TargetOwner {
		q.Subject = ""
	}
	return timeless(q)
}

// unmarked is responders without the marks of channels that depend on another
// alert's identity: a channel that does not work gives way to the next.
func unmarked(list []escalation.Responder) []escalation.Responder {
	out := slices.Clone(list)
	for i := range out {
		out[i].Rules = slices.Clone(out[i].Rules)
		for k := range out[i].Rules {
			out[i].Rules[k].Depends = false
		}
	}
	return out
}
