package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// tellSilence is the effect of a silence that tells the open alerts concerned
// that it began, or ended. It is the engine's own, and leaves by the outbox as
// the machine's do, so that a crash in mid-way tells the rest afterwards.
const tellSilence escalation.EffectKind = 200

// silence begins a silence, or replaces one of that name.
func (e *Engine) silence(ctx context.Context, in *Input) (Result, error) {
	ev := &in.Event
	if ev.Name == "" {
		return Result{}, invalid("a silence without a name")
	}
	q := silence{Name: ev.Name, Match: slices.Clone(in.Match), By: ev.By, Reason: ev.Reason}
	match, err := policy.ParseMatch(in.Match...)
	if err != nil {
		return Result{}, invalid("silence %q: %v", ev.Name, err)
	}
	if len(q.Match) == 0 {
		if q.Key = in.Key; q.Key == "" {
			return Result{}, invalid("silence %q is over no key and has no match", ev.Name)
		}
	}
	verdict, err := e.maySilence(ctx, e.current.Load(), ev)
	if err != nil {
		return Result{}, err
	}
	if verdict.Kind == escalation.Applied && len(q.Match) == 0 {
		if verdict, err = e.barred(ctx, &inForce{q, match}); err != nil {
			return Result{}, err
		}
	}
	if verdict.Kind != escalation.Applied {
		return e.aside(ctx, in, verdict)
	}
	return e.changeSilence(ctx, in, func(_ silence, now policy.Instant) (silence, bool) {
		q.From, q.Until = now, now.Add(ev.For)
		return q, true
	})
}

// barred refuses the author of a silence over a key who is a party to, or the
// subject of, what is open under it.
func (e *Engine) barred(ctx context.Context, q *inForce) (escalation.Verdict, error) {
	last, err := e.store.Last(ctx, q.Key)
	if errors.Is(err, store.ErrNotFound) || err == nil && !last.Open {
		return applied(), nil
	}
	if err != nil {
		return escalation.Verdict{}, fmt.Errorf("engine: last of %q: %w", q.Key, err)
	}
	h, err := e.find(ctx, last.Stream)
	if err != nil {
		return escalation.Verdict{}, err
	}
	defer e.cache.put(h, true)
	if !q.concerns(h.state.Alert, h.key, h.doc.Policies[h.state.Policy].Parties) {
		return rejected(escalation.IsParty), nil
	}
	return applied(), nil
}

// unsilence ends a silence before its time.
func (e *Engine) unsilence(ctx context.Context, in *Input) (Result, error) {
	return e.changeSilence(ctx, in, func(q silence, now policy.Instant) (silence, bool) {
		if !q.holds(now) {
			return q, false
		}
		q.Ended, q.Until = true, now
		return q, true
	})
}

// changeSilence steps a silence's stream, and tells the alerts concerned. change
// answers false when there is nothing to change.
func (e *Engine) changeSilence(ctx context.Context, in *Input, change func(silence, policy.Instant) (silence, bool)) (Result, error) {
	stream := silenceStreams + in.Event.Name
	var q silence
	refusal := escalation.VerdictNone
	seq, err := e.sideways(ctx, stream, func(snap *store.Snapshot, now policy.Instant) (*sideStep, error) {
		first, reused, err := e.seen(ctx, stream, in)
		if err != nil {
			return nil, err
		}
		before, err := readSilence(snap)
		if err != nil {
			return nil, err
		}
		var changed bool
		q, changed = change(before, now)
		switch {
		case first != nil && !reused:
			refusal = escalation.Duplicate
			return nil, errNothing
		case !changed:
			refusal = escalation.UnknownThing
			return nil, errNothing
		}
		ev := in.Event
		ev.At = now
		ev.Text = q.scope()
		st, err := q.step(ev)
		if err == nil {
			st.seen, st.key = in.seenAs(), q.Key
			tell := blankEffect(tellSilence)
			tell.At, tell.Text = now, q.Name
			line := blankEffect(escalation.LineSilenced)
			line.At, line.Text, line.Until = now, q.Name, q.Until
			st.effects = []escalation.Effect{line, tell}
		}
		return st, err
	})
	if errors.Is(err, errNothing) {
		return e.aside(ctx, in, ignored(refusal))
	}
	if err != nil {
		return Result{}, err
	}
	if err := e.silences.set(q); err != nil {
		return Result{}, invalid("silence %q: %v", q.Name, err)
	}
	r, err := e.tellAll(ctx, &q, stream, escalation.EffectID{Seq: seq, I: 1})
	if err != nil {
		// It is committed; the outbox tells the alerts that were not told.
		e.log.Warn("telling of a silence", "name", q.Name, "err", err)
	}
	if r == nil || len(q.Match) > 0 {
		r = &Result{Verdict: applied()}
	}
	r.ID = e.recordID(stream, seq)
	e.wake()
	return *r, nil
}

// scope says over what a silence is, for the record.
func (q *silence) scope() string {
	b, err := json.Marshal(map[string]any{"key": q.Key, "match": q.Match})
	if err != nil {
		return q.Key
	}
	return string(b)
}

func (q *silence) step(ev escalation.Event) (*sideStep, error) {
	state, err := json.Marshal(q)
	if err != nil {
		return nil, fmt.Errorf("engine: silence %q: %w", q.Name, err)
	}
	return &sideStep{event: ev, verdict: applied(), state: state, due: q.due(), open: !q.Ended}, nil
}

func readSilence(snap *store.Snapshot) (silence, error) {
	var q silence
	if len(snap.State) == 0 {
		return q, nil
	}
	if err := json.Unmarshal(snap.State, &q); err != nil {
		return q, fmt.Errorf("engine: state of %q: %w", snap.Stream, err)
	}
	return q, nil
}

// readSilence makes a silence of the store known.
func (e *Engine) readSilence(ctx context.Context, stream string) error {
	var snap store.Snapshot
	if err := e.store.Load(ctx, stream, &snap); err != nil {
		return fmt.Errorf("engine: load %q: %w", stream, err)
	}
	q, err := readSilence(&snap)
	if err != nil {
		return err
	}
	return e.silences.set(q)
}

// silencedBy returns the silences in force over an alert. Where others write to
// the store, each is read again: one that another engine ended must not hold an
// alert that opens afterwards.
func (e *Engine) silencedBy(ctx context.Context, at policy.Instant, a *policy.Alert, doc *document) ([]escalation.SilenceFact, error) {
	facts := e.silences.over(at, a, doc)
	if len(facts) == 0 || e.owner == "" {
		return facts, nil
	}
	for _, f := range facts {
		if err := e.readSilence(ctx, silenceStreams+f.Name); err != nil {
			return nil, err
		}
	}
	return e.silences.over(at, a, doc), nil
}

// readSilences makes known what others began to silence.
func (e *Engine) readSilences(ctx context.Context) error {
	for stream, err := range e.store.Streams(ctx, store.StreamQuery{Prefix: silenceStreams, Open: true}) {
		if err != nil {
			return fmt.Errorf("engine: streams: %w", err)
		}
		if err := e.readSilence(ctx, stream); err != nil {
			return err
		}
	}
	return nil
}

// tickSilence ends a silence whose time is over. The alerts end it by
// themselves, at the same instant.
func (e *Engine) tickSilence(ctx context.Context, stream string, now policy.Instant) error {
	var q silence
	_, err := e.sideways(ctx, stream, func(snap *store.Snapshot, _ policy.Instant) (*sideStep, error) {
		var err error
		if q, err = readSilence(snap); err != nil {
			return nil, err
		}
		if q.due() > now {
			return nil, errNothing
		}
		ev := escalation.Event{Kind: escalation.EventTick, At: q.Until, By: self(), ClaimedAt: policy.Never, Name: q.Name}
		q.Ended = true
		return q.step(ev)
	})
	if err != nil && !errors.Is(err, errNothing) {
		return err
	}
	return e.silences.set(q)
}

// tellSilenced carries out the effect of a silence that is not carried out yet.
func (e *Engine) tellSilenced(ctx context.Context, o *outgoing) error {
	var snap store.Snapshot
	if err := e.store.Load(ctx, o.item.Stream, &snap); err != nil {
		return fmt.Errorf("engine: load %q: %w", o.item.Stream, err)
	}
	q, err := readSilence(&snap)
	if err != nil {
		return err
	}
	// What came after this effect has an effect of its own: the alerts are told
	// how the silence stands now.
	if _, err := e.tellAll(ctx, &q, o.item.Stream, o.item.ID); err != nil {
		return err
	}
	return e.finish(ctx, o)
}

// tellAll tells every open alert that a silence concerns, and that does not know
// yet, how it stands. It returns the last answer; nil when nobody was told.
func (e *Engine) tellAll(ctx context.Context, q *silence, stream string, id escalation.EffectID) (*Result, error) {
	match, err := policy.ParseMatch(q.Match...)
	if err != nil {
		return nil, fmt.Errorf("engine: silence %q: %w", q.Name, err)
	}
	force := inForce{*q, match}
	names := []string{}
	if len(q.Match) == 0 {
		last, err := e.store.Last(ctx, q.Key)
		if err == nil && last.Open {
			names = append(names, last.Stream)
		} else if err != nil && !errors.Is(err, store.ErrNotFound) {
			return nil, fmt.Errorf("engine: last of %q: %w", q.Key, err)
		}
	} else {
		for name, err := range e.store.Streams(ctx, store.StreamQuery{Prefix: alertStreams, Open: true}) {
			if err != nil {
				return nil, fmt.Errorf("engine: streams: %w", err)
			}
			names = append(names, name)
		}
	}
	var last *Result
	for _, name := range names {
		r, err := e.tellOne(ctx, &force, name, e.effectID(stream, id))
		if err != nil {
			return last, err
		}
		if r != nil {
			last = r
		}
	}
	return last, nil
}

// tellOne tells one alert of a silence, unless it knows or is not concerned.
func (e *Engine) tellOne(ctx context.Context, q *inForce, name, id string) (*Result, error) {
	h, err := e.find(ctx, name)
	if err != nil {
		return nil, err
	}
	s := &h.state
	knows := s.More != nil && slices.ContainsFunc(s.More.Silences, func(x escalation.Silence) bool {
		return x.Name == q.Name && (q.Ended || x.Until == q.Until)
	})
	told := knows == !q.Ended
	concerned := q.Ended || q.concerns(s.Alert, h.key, h.doc.Policies[s.Policy].Parties)
	key, n := h.key, s.Incarnation
	e.cache.put(h, true)
	if told || !concerned {
		return nil, nil
	}
	ev := escalation.Event{Kind: escalation.EventSilence, By: q.By, Name: q.Name, Reason: q.Reason, For: q.Until.Sub(q.From), ClaimedAt: policy.Never, ID: id, Incarnation: n}
	if q.Ended {
		ev.Kind, ev.For = escalation.EventUnsilence, 0
	}
	in := Input{Key: key, ID: id, Event: ev}
	if !q.Ended {
		in.silences = []escalation.SilenceFact{{Name: q.Name, Until: q.Until}}
	}
	r, err := e.submit(ctx, &in)
	return &r, err
}
