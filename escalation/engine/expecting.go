package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// expectationNamed returns what a document says of an expectation; nil when it
// has none of that name.
func expectationNamed(doc *policy.Document, name string) *policy.Expectation {
	for i := range doc.Expectations {
		if doc.Expectations[i].Name == name {
			return &doc.Expectations[i]
		}
	}
	return nil
}

func readExpectation(snap *store.Snapshot) (expectation, error) {
	var x expectation
	if len(snap.State) == 0 {
		return x, nil
	}
	if err := json.Unmarshal(snap.State, &x); err != nil {
		return x, fmt.Errorf("engine: state of %q: %w", snap.Stream, err)
	}
	return x, nil
}

// step is the sideStep that brings x about.
func (x expectation) step(doc *document, ev escalation.Event, key string) (*sideStep, error) {
	state, err := json.Marshal(x)
	if err != nil {
		return nil, fmt.Errorf("engine: expectation %q: %w", x.Name, err)
	}
	ev.Name, ev.ClaimedAt = x.Name, policy.Never
	return &sideStep{event: ev, verdict: applied(), state: state, due: x.Due, open: !x.Ended, key: key, digest: doc.Digest}, nil
}

// expectAll begins the expectations of a document that was loaded, goes on with
// those that stand, and ends those that it leaves out.
func (e *Engine) expectAll(ctx context.Context, doc *document) error {
	for i := range doc.Expectations {
		if err := e.expect(ctx, doc, &doc.Expectations[i]); err != nil {
			return err
		}
	}
	for stream, err := range e.store.Streams(ctx, store.StreamQuery{Prefix: expectationStreams, Open: true}) {
		if err != nil {
			return fmt.Errorf("engine: streams: %w", err)
		}
		if expectationNamed(doc.Document, strings.TrimPrefix(stream, expectationStreams)) != nil {
			continue
		}
		_, err := e.sideways(ctx, stream, func(snap *store.Snapshot, now policy.Instant) (*sideStep, error) {
			x, err := readExpectation(snap)
			if err != nil {
				return nil, err
			}
			return x.end().step(doc, escalation.Event{Kind: escalation.EventNote, At: now, By: self(), Text: "left out of the document"}, "")
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// expect loads one expectation. What was missed before is still missed: the
// tick that comes finds it.
func (e *Engine) expect(ctx context.Context, doc *document, def *policy.Expectation) error {
	_, err := e.sideways(ctx, expectationStreams+def.Name, func(snap *store.Snapshot, now policy.Instant) (*sideStep, error) {
		before, err := readExpectation(snap)
		if err != nil {
			return nil, err
		}
		x := before.load(def, now)
		if x == before {
			return nil, errNothing
		}
		return x.step(doc, escalation.Event{Kind: escalation.EventNote, At: now, By: self(), Text: "loaded"}, def.Key)
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// tickExpectation applies what is due of an expectation: it was missed.
func (e *Engine) tickExpectation(ctx context.Context, snap *store.Snapshot, now policy.Instant) error {
	doc := e.current.Load()
	def := expectationNamed(doc.Document, strings.TrimPrefix(snap.Stream, expectationStreams))
	_, err := e.sideways(ctx, snap.Stream, func(snap *store.Snapshot, _ policy.Instant) (*sideStep, error) {
		x, err := readExpectation(snap)
		if err != nil {
			return nil, err
		}
		if x.Due > now {
			return nil, errNothing // done meanwhile
		}
		if def == nil {
			return x.end().step(doc, escalation.Event{Kind: escalation.EventTick, At: x.Due, By: self()}, "")
		}
		return e.missed(doc, def, x, now)
	})
	if errors.Is(err, errNothing) {
		return nil
	}
	return err
}

// missed is the step of an expectation whose due instant passed.
func (e *Engine) missed(doc *document, def *policy.Expectation, x expectation, now policy.Instant) (*sideStep, error) {
	ev := escalation.Event{Kind: escalation.EventTick, At: x.Due, By: self()}
	due := x.Due
	x = x.miss(def)
	if now.Sub(due) > looking {
		ev.Down = e.gap(due, now)
		ev.At = now
		x = x.skip(def, now)
	}
	st, err := x.step(doc, ev, def.Key)
	if err != nil {
		return nil, err
	}
	alert := cloneAlert(&def.Alert)
	alert.Key = def.Key
	line, open := blankEffect(escalation.LineExpectationMissed), blankEffect(escalation.EffectOpen)
	line.At, line.Text, line.Waited = due, def.Name, now.Sub(due)
	open.At, open.Alert = ev.At, alert
	st.effects = []escalation.Effect{line, open}
	return st, nil
}

// blankEffect is an effect that refers to nothing yet.
func blankEffect(k escalation.EffectKind) escalation.Effect {
	return escalation.Effect{
		Kind: k, Track: -1, Tier: escalation.NoTier, Gate: -1, Action: -1, Review: -1, Deadline: -1,
		Until: policy.Never, From: policy.Never,
	}
}

// succeeded meets the expectations of a key, or the one that is named, and
// resolves what is open under the key.
func (e *Engine) succeeded(ctx context.Context, in *Input) (Result, error) {
	doc := e.current.Load()
	if def := expectationNamed(doc.Document, in.Expectation); def != nil && in.Key == "" {
		in.Key = def.Key
	}
	var met *Result
	for i := range doc.Expectations {
		def := &doc.Expectations[i]
		if in.Expectation == "" && def.Key != in.Key || in.Expectation != "" && def.Name != in.Expectation {
			continue
		}
		r, err := e.meet(ctx, doc, def, in)
		if err != nil {
			return Result{}, err
		}
		met = &r
	}
	if in.Key == "" || in.Expectation != "" && met == nil {
		return e.aside(ctx, in, ignored(escalation.UnknownThing))
	}
	stream, exists, err := e.route(ctx, in)
	if err != nil {
		return Result{}, err
	}
	wanted := false
	if exists {
		if wanted, err = e.wantsSuccess(ctx, stream); err != nil {
			return Result{}, err
		}
	}
	switch {
	case wanted:
		return e.submit(ctx, in)
	case met != nil:
		return *met, nil
	}
	return e.aside(ctx, in, ignored(escalation.UnknownThing))
}

// wantsSuccess reports whether a success means something to an alert: it is
// open, or waits for one who may verify that it is over.
func (e *Engine) wantsSuccess(ctx context.Context, stream string) (bool, error) {
	h, err := e.find(ctx, stream)
	if err != nil {
		return false, err
	}
	defer e.cache.put(h, true)
	s := &h.state
	return !s.Resolved.Known() || !s.Verified && len(s.Gates)+len(s.Actions) > 0, nil
}

// meet meets one expectation. A miss that was due before goes before.
func (e *Engine) meet(ctx context.Context, doc *document, def *policy.Expectation, in *Input) (Result, error) {
	stream := expectationStreams + def.Name
	verdict, err := e.mayResolve(ctx, doc, in.Event.By)
	if err != nil {
		return Result{}, err
	}
	if verdict.Kind != escalation.Applied {
		return e.aside(ctx, in, verdict)
	}
	for {
		missed := false
		duplicate := false
		seq, err := e.sideways(ctx, stream, func(snap *store.Snapshot, now policy.Instant) (*sideStep, error) {
			first, reused, err := e.seen(ctx, stream, in)
			if err != nil {
				return nil, err
			}
			if duplicate = first != nil && !reused; duplicate {
				return nil, errNothing
			}
			x, err := readExpectation(snap)
			if err != nil {
				return nil, err
			}
			if missed = x.Due < now; missed {
				return e.missed(doc, def, x, now)
			}
			ev := in.Event
			ev.At = now
			st, err := x.succeed(def, now).step(doc, ev, def.Key)
			if err == nil {
				st.seen = in.seenAs()
			}
			return st, err
		})
		if duplicate {
			return e.aside(ctx, in, ignored(escalation.Duplicate))
		}
		if err != nil {
			return Result{}, err
		}
		if !missed {
			return Result{ID: e.recordID(stream, seq), Verdict: applied()}, nil
		}
		if err := e.openMissed(ctx, stream, seq, def); err != nil {
			return Result{}, err
		}
	}
}

// openMissed opens a missed expectation's alert at once, because a success that
// was late is about to resolve it. The outbox tries again, and finds it opened.
func (e *Engine) openMissed(ctx context.Context, stream string, seq uint64, def *policy.Expectation) error {
	alert := cloneAlert(&def.Alert)
	alert.Key = def.Key
	var o outgoing
	o.item.Stream, o.item.ID = stream, escalation.EffectID{Seq: seq, I: 1}
	o.effect.Alert = alert
	return e.trigger(ctx, &o)
}

// isAlert reports whether a stream is an alert's.
func isAlert(stream string) bool { return strings.HasPrefix(stream, alertStreams) }
