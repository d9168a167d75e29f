package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// While the store answers nothing, nothing can be committed, and what is not
// committed does not leave: no person is told twice, or of what was acknowledged
// elsewhere. But no path ends in silence. What the engine knows to be due, it
// tells the last resort, marked unjournaled, and goes on with the ladder from
// its shadow; when the store is back, what was told is recorded, and the ladder
// goes on from where it was committed, as after a gap.

const (
	// storePatience bounds one call of the store by Tick, Deliver and Run.
	storePatience = 10 * time.Second
	// standInBatch is how many alerts one message tells of, and how many steps
	// are made of one at a time.
	standInBatch = 64
	// maxOwed is how many tellings are remembered for the history.
	maxOwed = 1 << 14
)

// outage is a store that fails, and what was told meanwhile.
type outage struct {
	since   policy.Instant // Never: the store works
	queue   []*standIn     // messages that the last resort has not taken yet
	owed    []owed         // what is to be recorded
	told    int            // in this outage
	dropped int            // of these, how many cannot be recorded
}

// standIn is one unjournaled message, on its way until it is taken. What it
// says never changes, for its id says what it says.
type standIn struct {
	note   notify.Notification
	next   policy.Instant
	flying bool
	owed   []owed
}

// owed is a telling that the history has yet to hear of.
type owed struct {
	stream, key string
	id, text    string
	at          policy.Instant
}

// outageBound is how long after its instant, and how long into an outage, what
// is due is told unjournaled.
func (e *Engine) outageBound() time.Duration { return 2 * e.cfg.LookAgain }

// storeFault reports whether err is the store's: not a stream's that cannot be
// stepped, nor the caller's who ended its context.
func storeFault(ctx context.Context, err error) bool {
	return err != nil && ctx.Err() == nil && !errors.Is(err, errStuck)
}

// weather takes what a look at the store came to: it tells unjournaled what is
// due while the store fails, and records that when it is back.
func (e *Engine) weather(ctx context.Context, err error) error {
	s := &e.shadow
	now := e.now()
	if !s.on {
		if err == nil {
			err = e.saveTurns(ctx)
		}
		if err == nil {
			err = e.audit(ctx, now)
		}
		return err
	}
	if storeFault(ctx, err) {
		s.mu.Lock()
		if s.outage.since == policy.Never {
			s.outage.since = now
		}
		since := s.outage.since
		s.mu.Unlock()
		if now.Sub(since) >= e.outageBound() {
			e.standInFor(ctx, now)
		}
		e.sendUnjournaled(ctx, now)
		return err
	}
	if ctx.Err() != nil {
		return err
	}
	if again := e.afterOutage(ctx, now); again != nil {
		return errors.Join(err, again)
	}
	if again := e.saveTurns(ctx); again != nil {
		return errors.Join(err, again)
	}
	if again := e.foresee(ctx, now); again != nil {
		return errors.Join(err, again)
	}
	return errors.Join(err, e.audit(ctx, now))
}

// standInFor puts what has been due for longer than the bound in messages to the
// last resort.
func (e *Engine) standInFor(ctx context.Context, now policy.Instant) {
	s := &e.shadow
	late := now.Add(-e.outageBound())
	s.mu.Lock()
	list := s.ordered(late)
	batch := make([]shade, 0, min(len(list), standInBatch))
	for _, sh := range list[:cap(batch)] {
		batch = append(batch, *sh)
	}
	s.mu.Unlock()
	m := &standIn{next: now}
	for i := range batch {
		e.standInForOne(ctx, &batch[i], now, late, m)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range batch {
		sh := &batch[i]
		if known := s.byStream[sh.stream]; known != nil && known.seq == sh.seq {
			known.out, known.told, known.astray = sh.out, sh.told, sh.astray
			s.keep(known)
		}
	}
	if len(m.note.Alerts) == 0 {
		return
	}
	m.note.ID, m.note.At = m.note.Alerts[0].ID, late
	s.outage.told += len(m.note.Alerts)
	s.outage.queue = append(s.outage.queue, m)
}

// standInForOne goes on with one alert as far as it is overdue, and adds what it
// would have told to m.
func (e *Engine) standInForOne(ctx context.Context, sh *shade, now, late policy.Instant, m *standIn) {
	state := sh.astray
	if state == nil {
		state = new(escalation.State)
		if err := escalation.DecodeState(sh.state, state); err != nil {
			e.log.Error("shadow", "stream", sh.stream, "err", err)
			sh.due, sh.out = policy.Never, nil
			return
		}
		state.Alert = sh.alert
	}
	h := &held{stream: sh.stream, key: sh.key, doc: sh.doc, state: *state}
	waiting := sh.out[:0:0]
	for i := range sh.out {
		o := &sh.out[i]
		switch {
		case o.effect.At > late:
			waiting = append(waiting, *o)
		case o.effect.At <= sh.told:
		case escalation.Wanted(h.doc.Document, &h.state, &o.effect.Effect):
			e.addUnjournaled(m, h, o, "unjournaled:"+e.effectID(sh.stream, o.item.ID))
		}
	}
	sh.out = waiting
	for range standInBatch {
		due := h.state.Due
		if due > late {
			break
		}
		w := e.newWork(h)
		ev := escalation.Event{Kind: escalation.EventTick, At: due, ClaimedAt: policy.Never, By: self()}
		if now.Sub(due) > looking {
			ev.Down, ev.At = e.gap(due, now), now
		}
		w.event(&ev)
		err := e.drive(ctx, w)
		if err != nil || w.verdict.Kind != escalation.Applied {
			e.log.Error("shadow", "stream", sh.stream, "verdict", w.verdict.String(), "err", err)
			h.state.Due = policy.Never
			e.works.Put(w)
			break
		}
		h.state = w.next.Clone()
		for i := range w.effects {
			if ef := &w.effects[i]; tells(ef) && due > sh.told {
				o := outgoing{effect: effect{Effect: *ef, status: h.state.Status, priority: h.state.Priority}}
				e.addUnjournaled(m, h, &o, fmt.Sprintf("unjournaled:%s@%s/%d", e.recordID(sh.stream, sh.seq), due, i))
			}
		}
		e.works.Put(w)
		sh.told = max(sh.told, due)
	}
	sh.astray = &h.state
}

// addUnjournaled adds to m what would have been told.
func (e *Engine) addUnjournaled(m *standIn, h *held, o *outgoing, id string) {
	var it notify.Item
	e.item(h, o, &it)
	to := o.effect.To.String() + " via " + o.effect.Via
	if isLastResort(&o.effect.Effect) {
		to = e.cfg.LastResortName
	}
	it.ID, it.Target = id, o.effect.Target
	it.Text = "unjournaled, for the store fails: " + to + " would have been told"
	m.note.Alerts = append(m.note.Alerts, it)
	what := fmt.Sprintf("%s was to be told by %s (%s, due %s)", to, it.Tier, it.Reason, o.effect.At)
	if n := len(m.owed); n > 0 && m.owed[n-1].stream == h.stream {
		m.owed[n-1].text += "; " + what
		return
	}
	m.owed = append(m.owed, owed{stream: h.stream, key: h.key, id: id, text: what})
}

// sendUnjournaled makes an attempt at each unjournaled message whose turn it is.
func (e *Engine) sendUnjournaled(ctx context.Context, now policy.Instant) {
	s := &e.shadow
	s.mu.Lock()
	var list []*standIn
	for _, m := range s.outage.queue {
		if m.next <= now && !m.flying {
			m.flying = true
			list = append(list, m)
		}
	}
	s.mu.Unlock()
	for _, m := range list {
		if !e.running.Load() {
			e.sendStandIn(ctx, direct{e}, m)
			continue
		}
		e.lanes.add(ctx, &job{
			via: e.cfg.LastResortName, target: "unjournaled",
			run: func(ctx context.Context) { e.sendStandIn(ctx, apart{e}, m) },
		})
	}
}

// sendStandIn makes one attempt at an unjournaled message.
func (e *Engine) sendStandIn(ctx context.Context, c caller, m *standIn) {
	n := m.note
	n.Kind, n.To, n.Via = notify.KindLastResort, e.lastResortTarget(), viaDefault
	n.Attempt++
	n.Unjournaled = true
	n.Alerts = slices.Clone(n.Alerts)
	e.counts.attempts.Add(1)
	_, _, err := c.notify(ctx, e.lastResort, n)
	now := e.now()
	s := &e.shadow
	s.mu.Lock()
	defer s.mu.Unlock()
	m.flying, m.note.Attempt = false, n.Attempt
	if err != nil {
		e.counts.failures.Add(1)
		e.log.Error("last resort, unjournaled", "id", n.ID, "err", notify.Redact(err))
		_, wish := notify.Classify(err)
		m.next = notify.RetryLastResort(now, n.Attempt, wish)
		return
	}
	e.counts.unjournaled.Add(uint64(len(n.Alerts)))
	e.log.Error("told unjournaled", "id", n.ID, "alerts", len(n.Alerts))
	o := &s.outage
	o.queue = slices.DeleteFunc(o.queue, func(q *standIn) bool { return q == m })
	for _, x := range m.owed {
		if len(o.owed) >= maxOwed {
			o.dropped++
			continue
		}
		x.at = now
		o.owed = append(o.owed, x)
	}
}

// ground notes that nothing unjournaled is under way: what waited for its turn
// when Run ended is for whoever goes on.
func (s *shadow) ground() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.outage.queue {
		m.flying = false
	}
}

// afterOutage records what was told while the store failed, each in its alert's
// history and the whole in the engine's own. What no longer needs telling is
// forgotten, for the store tells it now.
func (e *Engine) afterOutage(ctx context.Context, now policy.Instant) error {
	s := &e.shadow
	s.mu.Lock()
	since := s.outage.since
	if since == policy.Never {
		s.mu.Unlock()
		return nil
	}
	s.outage.queue = slices.DeleteFunc(s.outage.queue, func(m *standIn) bool { return !m.flying })
	for _, sh := range s.byStream {
		sh.astray = nil
	}
	flying := len(s.outage.queue) > 0
	s.mu.Unlock()
	for {
		s.mu.Lock()
		if len(s.outage.owed) == 0 {
			s.mu.Unlock()
			break
		}
		x := s.outage.owed[0]
		s.mu.Unlock()
		err := e.journal(ctx, &x)
		lost := errors.Is(err, errStuck) || errors.Is(err, store.ErrNotFound)
		if err != nil && !lost {
			return err
		}
		s.mu.Lock()
		s.outage.owed = s.outage.owed[1:]
		if lost { // it would be so for ever
			s.outage.dropped++
			e.log.Error("told unjournaled, and not to be recorded", "stream", x.stream, "err", notify.Redact(err))
		}
		s.mu.Unlock()
	}
	if flying {
		return nil // the last attempts are yet to land
	}
	s.mu.Lock()
	o := s.outage
	s.outage = outage{since: policy.Never}
	s.mu.Unlock()
	if o.told == 0 {
		return nil
	}
	text := fmt.Sprintf("the store failed from %s to %s: the last resort was told of %d messages unjournaled", since, now, o.told)
	if o.dropped > 0 {
		text += fmt.Sprintf("; %d alerts have no record of it", o.dropped)
	}
	return e.remark(ctx, "", text)
}

// journal records one telling in the alert's history. The record's id keeps it
// from being recorded twice.
func (e *Engine) journal(ctx context.Context, x *owed) error {
	in := Input{Key: x.key, ID: x.id + " by " + e.cfg.Node, Event: escalation.Event{
		Kind: escalation.EventNote, By: self(), Incarnation: incarnationOf(x.stream), ClaimedAt: policy.Never,
		Text: "unjournaled: the last resort was told at " + x.at.String() + " while the store failed: " + x.text,
	}}
	in.Event.ID = in.ID
	_, err := e.submit(ctx, &in)
	return err
}

// remark records what the engine has to say of itself, in its own stream.
func (e *Engine) remark(ctx context.Context, key, text string) error {
	in := Input{Key: key, Event: escalation.Event{Kind: escalation.EventNote, By: self(), ClaimedAt: policy.Never, Text: text}}
	_, err := e.aside(ctx, &in, applied())
	return err
}
