package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// work is one event on its way through the machine and into the store. All its
// buffers are kept for the next.
type work struct {
	held    *held
	onto    *document // of a rebase: where the alert may move to
	next    escalation.State
	effects []escalation.Effect
	verdict escalation.Verdict

	record  escalation.Record // its event is the one that is stepped
	entry   [1]store.Entry
	commit  store.Commit
	body    []byte
	state   []byte
	subject []byte
	bodies  []byte // of the items
	scratch []byte
	seen    [1]store.Seen
	lease   [1]store.Lease
}

// cause is what goes into a commit beside what the machine says.
type cause struct {
	seen  *store.Seen
	lease *store.Lease // of the item that the event reports
}

func (e *Engine) newWork(h *held) *work {
	w := e.works.Get().(*work)
	w.held, w.onto = h, h.doc
	return w
}

// done gives w back, and what it held.
func (e *Engine) done(w *work, good bool) {
	e.cache.put(w.held, good)
	w.held, w.onto = nil, nil
	e.works.Put(w)
}

// event makes *ev the event of w, keeping memory for the answers.
func (w *work) event(ev *escalation.Event) {
	x := &w.record.Event
	answers := x.Answers[:0]
	*x = *ev
	x.Answers = answers
}

// errOverdue says that something is due in the stream before the event.
var errOverdue = errors.New("engine: something is due before the event")

// prepare steps w's event and fills in the commit. Nothing is written yet.
func (e *Engine) prepare(ctx context.Context, w *work, c cause) error {
	h := w.held
	if err := e.drive(ctx, w); err != nil {
		return err
	}
	if w.verdict.Kind == escalation.Need {
		return errOverdue
	}
	if h.state.Seq == 0 && w.verdict.Kind != escalation.Applied {
		return fmt.Errorf("engine: the trigger of %q was answered %s", h.stream, w.verdict)
	}
	w.record.Seq, w.record.Verdict, w.record.Effects = h.pos.Seq+1, w.verdict, w.effects
	if w.next.Document != w.onto.Digest {
		w.onto = h.doc // a rebase that was not applied
	}
	w.record.Policy = w.onto.Policies[w.next.Policy].Digest
	w.body = escalation.AppendRecord(w.body[:0], &w.record)
	w.state = escalation.AppendState(w.state[:0], &w.next)
	w.entry[0] = store.Entry{At: max(w.record.Event.At, h.pos.At), Kind: w.record.Event.Kind, Salt: e.salt(), Body: w.body}
	pos := h.pos
	w.scratch = pos.Link(&w.entry[0], w.scratch)

	k := &w.commit
	add := k.Add[:0]
	*k = store.Commit{
		Stream: h.stream, After: h.pos, Entries: w.entry[:],
		State: w.state, Document: w.onto.Digest,
		Open: !w.next.Resolved.Known(), Rank: rankOf(&w.next), Due: w.next.Due, Key: h.key,
		Posted: len(h.state.Gates) > 0 || len(w.next.Gates) > 0,
	}
	if w.next.Alert != h.state.Alert {
		w.subject = escalation.AppendAlert(w.subject[:0], w.next.Alert)
		k.Subject = w.subject
	}
	k.Add = e.outbox(w, add)
	if c.seen != nil {
		w.seen[0] = *c.seen
		w.seen[0].Seq, w.seen[0].Verdict, w.seen[0].Reason = w.record.Seq, w.verdict.Kind, w.verdict.Reason
		k.Seen = w.seen[:]
	}
	if c.lease != nil {
		w.lease[0] = *c.lease
		k.Remove = w.lease[:]
	}
	return nil
}

// drive steps w's event. A panic of the machine would be a bug; it must not take
// down the host, nor keep other alerts from being told.
func (e *Engine) drive(ctx context.Context, w *work) (err error) {
	h := w.held
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %s of %q panicked: %v", errStuck, w.record.Event.Kind, h.stream, v)
		}
	}()
	w.effects, w.verdict, err = escalation.Drive(ctx, h.doc.Document, &w.next, &h.state, &w.record.Event, &w.onto.asks, w.effects[:0])
	if err != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w: %s of %q: %w", errStuck, w.record.Event.Kind, h.stream, err)
	}
	return err
}

// outbox appends the effects that leave as items.
func (e *Engine) outbox(w *work, add []store.Item) []store.Item {
	w.bodies = w.bodies[:0]
	for i := range w.effects {
		ef := &w.effects[i]
		if !ef.Kind.Leaves() {
			continue
		}
		from := len(w.bodies)
		w.bodies = appendEffect(w.bodies, ef, &w.next)
		rank := w.commit.Rank
		if ef.Message == escalation.MessageLastResort {
			rank = 0
		}
		add = append(add, store.Item{
			Stream: w.held.stream, ID: ef.ID, Rank: rank, NotBefore: w.record.Event.At, First: policy.Never,
			Target: e.names.target(ef), Body: w.bodies[from:len(w.bodies):len(w.bodies)],
		})
	}
	return add
}

// commitOne prepares and writes one work. Its error is one of the store's
// classes or the store's own where nothing was written, or an
// *UnknownOutcomeError.
func (e *Engine) commitOne(ctx context.Context, w *work, c cause) error {
	if err := e.prepare(ctx, w, c); err != nil {
		return err
	}
	if err := e.write(ctx, &w.commit); err != nil {
		return err
	}
	e.finalize(w)
	return nil
}

// write writes one commit. Where the store fails, and has not written it, the
// same is tried once more: whatever becomes of the first, one of the two is a
// conflict.
func (e *Engine) write(ctx context.Context, c *store.Commit) error {
	_ = e.store.Commit(ctx, c)
	err := e.outcome(ctx, c)
	if !errors.Is(err, errUnwritten) || ctx.Err() != nil {
		return err
	}
	_ = e.store.Commit(ctx, c)
	if store.Refused(c.Err) && e.resolve(ctx, c, c.Err) == nil {
		return nil // it was the first
	}
	return e.outcome(ctx, c)
}

// outcome is what became of a commit.
func (e *Engine) outcome(ctx context.Context, c *store.Commit) error {
	if c.Err == nil || store.Refused(c.Err) {
		return c.Err
	}
	return e.resolve(ctx, c, c.Err)
}

// errUnwritten says that the store failed and wrote nothing. It is no conflict:
// to step anew would help nobody while the store takes no commit.
var errUnwritten = errors.New("it was not written")

// resolve finds out what became of a commit that failed in mid-write. The
// caller's context may be what ended it, so that the question outlives it.
func (e *Engine) resolve(ctx context.Context, c *store.Commit, cause error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), resolveTimeout)
	defer cancel()
	err := store.Resolve(ctx, e.store, c)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrConflict):
		return fmt.Errorf("engine: record %d of %q: %w: %w", c.Position().Seq, c.Stream, errUnwritten, cause)
	}
	id := ""
	if len(c.Seen) > 0 {
		id = c.Seen[0].ID
	}
	return &UnknownOutcomeError{ID: id, Stream: c.Stream, Seq: c.Position().Seq, Err: cause}
}

// finalize makes a written work known: what is held moves on, and the
// projections follow.
func (e *Engine) finalize(w *work) {
	h := w.held
	h.pos = w.commit.Position()
	if w.commit.Subject != nil {
		h.subjectSeq = h.pos.Seq
	}
	h.doc = w.onto
	h.state, w.next = w.next, h.state
	e.evidence.note(h.stream, h.pos.Seq, h.pos.At)
	if w.commit.Posted {
		e.board.Update(h.doc.Document, &h.state, h.pos.Seq)
	}
	e.told.note(h.doc, &h.state, w.effects)
	e.shadow.follow(w)
	e.counts.records.Add(1)
	e.counts.outbox.Add(int64(len(w.commit.Add) - len(w.commit.Remove)))
	if was := h.opened; was != w.commit.Open {
		h.opened = w.commit.Open
		e.counts.open.Add(delta(w.commit.Open))
	}
	e.dueBy(w.commit.Due)
	if len(w.commit.Add) > 0 {
		e.leavesBy(w.record.Event.At)
	}
	if e.subscribed() {
		e.publish(Record{
			ID: e.recordID(h.stream, h.pos.Seq), Stream: h.stream, Key: h.key, Incarnation: h.state.Incarnation,
			Document: h.doc.Document, Record: cloneRecord(&w.record), State: h.state.Clone(),
		})
	}
}

func delta(up bool) int64 {
	if up {
		return 1
	}
	return -1
}

// salt returns the next random bytes.
func (e *Engine) salt() store.Salt {
	e.salts.mu.Lock()
	defer e.salts.mu.Unlock()
	if e.salts.at+len(store.Salt{}) > len(e.salts.buf) || !e.salts.filled {
		e.refill()
	}
	s := store.Salt(e.salts.buf[e.salts.at:])
	e.salts.at += len(s)
	return s
}

// rankOf is the rank of an alert among all that is due: 0 is the gravest.
func rankOf(s *escalation.State) uint8 {
	top, _ := policy.P1.Level()
	if s.Urgent() {
		return 0
	}
	return uint8(top - max(s.Priority, 1))
}
