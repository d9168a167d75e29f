package escalationtest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// maxHops bounds how many instants one test may have: a ladder that repeats
// every minute for a year has half a million.
const maxHops = 5_000_000

// play is one test on its way: the real engine on a clock that hops, in a
// scripted world.
type play struct {
	*Case
	*scribe
	clock   *hopClock
	eng     *engine.Engine
	world   *world
	dir     *directory               // nil: the documents' own
	doc     *policy.Document         // loaded last
	alerts  map[string]*policy.Alert // the last one that was triggered, by key
	steps   []Step                   // still to come, by the instant at which they are committed
	lines   []int                    // probes still to come, by instant
	answers map[int]answer
	grain   time.Duration // the clock hops no farther; 0: to the next instant at which something is due
}

// playCase plays a test to its end. An error means that it could not be played.
func playCase(ctx context.Context, c *Case) (*play, error) { return playGrained(ctx, c, 0) }

// playGrained is playCase with a clock that stops at least every grain.
func playGrained(ctx context.Context, c *Case, grain time.Duration) (*play, error) {
	return playOn(ctx, c, grain, store.NewMemory())
}

// playOn is playGrained on a store that the caller keeps.
func playOn(ctx context.Context, c *Case, grain time.Duration, kept store.Store) (*play, error) {
	p := newPlay(c)
	p.grain = grain
	if err := p.boot(p.config(kept)); err != nil {
		return nil, err
	}
	p.schedule()
	if err := p.run(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// newPlay is a test that has not begun.
func newPlay(c *Case) *play {
	p := &play{
		Case: c, doc: c.Document, clock: newHopClock(c.Start), alerts: map[string]*policy.Alert{}, answers: map[int]answer{},
	}
	p.world = newWorld(c, p.clock)
	p.scribe = p.world.scribe
	p.out.End = c.Until
	if len(c.Given.OnCall) > 0 {
		p.dir = &directory{Directory: p.world.directory(c.Document)}
	}
	return p
}

// config is the engine's, on a store, under the document that was loaded last.
func (p *play) config(kept store.Store) engine.Config {
	cfg := engine.Config{
		Policies: p.doc, Notifier: &channel{w: p.world}, LastResort: &channel{w: p.world, last: true},
		LastResortName: p.Given.LastResort[0], Actions: p.actions(), Clock: p.clock, Store: kept, Salt: noSalt{}, Subscribe: p.record,
		BreakAfter: -1, // a test file says what the policy does, however often its channels fail
	}
	if p.dir != nil {
		cfg.Directory = p.dir
	}
	return cfg
}

// boot makes the engine, anew where there was one.
func (p *play) boot(cfg engine.Config) (err error) {
	p.eng, err = engine.New(cfg)
	return err
}

// noSalt saves tests the randomness: nothing of theirs is ever erased.
type noSalt struct{}

func (noSalt) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// directory is a directory that a `load` replaces.
type directory struct{ escalation.Directory }

// actions registers every name that a document of the test runs.
func (p *play) actions() map[string]engine.Action {
	out := map[string]engine.Action{}
	register := func(doc *policy.Document) {
		for _, pol := range doc.Policies {
			for i := range pol.Actions {
				out[pol.Actions[i].Run] = action{p.world}
			}
		}
	}
	register(p.Document)
	for i := range p.Steps {
		if doc := p.Steps[i].Document; doc != nil {
			register(doc)
		}
	}
	return out
}

// schedule lays out what happens: the test's alert first, then the steps, each
// when the engine is there to commit it.
func (p *play) schedule() {
	if p.triggersAtStart() {
		p.steps = append(p.steps, Step{Line: p.Line, Do: Verb(escalation.EventTrigger.String()), Times: 1, Event: escalation.Event{
			Kind: escalation.EventTrigger, Alert: p.Alert, ClaimedAt: policy.Never, By: engine.By(defaultAuthor),
		}})
	}
	p.steps = append(p.steps, spread(p.Steps)...)
	slices.SortStableFunc(p.steps, func(a, b Step) int { return int(min(max(p.awake(a.At)-p.awake(b.At), -1), 1)) })
	for i := range p.Lines {
		switch p.Lines[i].Kind {
		case ExpectStatus, ExpectGate, ExpectCheck:
			p.lines = append(p.lines, i)
		}
	}
	slices.SortStableFunc(p.lines, func(a, b int) int { return int(min(max(p.Lines[a].At-p.Lines[b].At, -1), 1)) })
}

// triggersAtStart reports whether the test's alert is triggered at its start:
// no step says when.
func (p *play) triggersAtStart() bool {
	if p.Alert == nil {
		return false
	}
	for i := range p.Steps {
		if s := &p.Steps[i]; s.alertless() && (s.Key == "" || s.Key == keyOf(p.Alert)) {
			return false
		}
	}
	return true
}

// keyOf is the key under which an alert opens.
func keyOf(a *policy.Alert) string {
	n, _ := a.Normalize()
	return n.Key
}

// awake is the first instant from at on at which the engine runs.
func (p *play) awake(at time.Duration) time.Duration {
	for _, s := range p.Given.Down {
		if s.holds(at) {
			return s.Until
		}
	}
	return at
}

// run goes from instant to instant up to the end of the test.
func (p *play) run(ctx context.Context) error {
	for range maxHops {
		at := p.world.elapsed()
		if p.awake(at) == at {
			if err := p.commit(ctx, at); err != nil {
				return err
			}
		}
		p.probeUntil(at)
		next, ok := p.next(at)
		if !ok {
			return nil
		}
		p.clock.hop(p.Start.Add(next))
	}
	return fmt.Errorf("the test has more than %d instants; give it an earlier \"until\"", maxHops)
}

// next is the next instant at which anything is to be done; ok is false at the
// end.
func (p *play) next(now time.Duration) (at time.Duration, ok bool) {
	at = p.Until
	if due := p.eng.Next(); due.Known() {
		if d := p.awake(max(due.Sub(p.Start), now)); d > now {
			at = min(at, d)
		}
	}
	if len(p.steps) > 0 {
		at = min(at, p.awake(p.steps[0].At))
	}
	if len(p.lines) > 0 {
		at = min(at, p.Lines[p.lines[0]].At)
	}
	if p.grain > 0 {
		at = min(at, p.awake(now+p.grain))
	}
	return at, at > now
}

// commit does what happens at an instant: what comes from outside first, in its
// order, then what is due, then what leaves and what becomes of it.
func (p *play) commit(ctx context.Context, at time.Duration) error {
	for len(p.steps) > 0 && p.awake(p.steps[0].At) <= at {
		s := p.steps[0]
		p.steps = p.steps[1:]
		if err := p.step(ctx, &s); err != nil {
			return fmt.Errorf("line %d: %s: %w", s.Line, s.Do, err)
		}
	}
	if err := settle(ctx, p.eng); err != nil {
		return fmt.Errorf("at %s: %w", at, err)
	}
	return nil
}

// settle does all that is to be done at an instant. What is due goes before
// what leaves: pages of one instant go out as one message.
func settle(ctx context.Context, eng *engine.Engine) error {
	if _, err := eng.Tick(ctx); err != nil {
		return err
	}
	return eng.Settle(ctx)
}

// step does one step.
func (p *play) step(ctx context.Context, s *Step) error {
	switch s.Do {
	case VerbCheck:
		p.check(s)
		return nil
	case VerbLoad:
		if p.dir != nil {
			p.dir.Directory = p.world.directory(s.Document)
		}
		p.doc = s.Document
		return p.eng.Load(ctx, s.Document)
	case VerbStopActions:
		_, err := p.eng.StopActions(ctx, s.Event.By, s.Event.Reason, engine.WithID(s.Event.ID))
		return err
	case VerbReleaseActions:
		_, err := p.eng.ReleaseActions(ctx, s.Event.By, s.Event.Reason, engine.WithID(s.Event.ID))
		return err
	}
	in := engine.Input{ID: s.Event.ID, Event: s.Event, Expectation: s.Expectation}
	in.Key, in.Event.Incarnation = p.name(s.Key, s.Event.Incarnation)
	if s.Match != nil {
		in.Key, in.Match = "", s.Match.Texts()
	}
	if s.Event.Kind == escalation.EventTrigger {
		in.Event.Alert = p.alert(s)
		if in.Event.Alert == nil {
			return fmt.Errorf("there is no alert %q to trigger again", in.Key)
		}
		in.Key = keyOf(in.Event.Alert)
		p.alerts[in.Key] = in.Event.Alert
	}
	if s.Event.Kind == escalation.EventRebase {
		// The verb fills in the document to which the alert moves.
		_, err := p.eng.Rebase(ctx, in.Key, s.Event.By, s.Event.Policy, false, engine.WithID(in.ID), engine.OfIncarnation(in.Event.Incarnation))
		return err
	}
	if s.Expectation != "" && s.Key == "" {
		in.Key = p.expected(s.Expectation)
	}
	_, err := p.eng.Submit(ctx, in)
	return err
}

// expected is the key of an expectation.
func (p *play) expected(name string) string {
	for i := range p.doc.Expectations {
		if e := &p.doc.Expectations[i]; e.Name == name {
			return e.Key
		}
	}
	return p.firstKey()
}

// alert is what a trigger triggers: its own alert, else the last one of its
// key, else the test's.
func (p *play) alert(s *Step) *policy.Alert {
	a := s.Event.Alert
	switch {
	case a != nil && s.Key != "":
		named := *a
		named.Key = s.Key
		return &named
	case a != nil:
		return a
	case s.Key == "" || p.Alert != nil && s.Key == keyOf(p.Alert):
		return p.Alert
	}
	return p.alerts[s.Key]
}

// name is the alert that an event or a line is about: the one named, or the
// test's first. `key#2` names an incarnation where no alert has that very key.
func (p *play) name(key string, incarnation uint64) (string, uint64) {
	if key == "" {
		return p.firstKey(), incarnation
	}
	base, number, ok := cutLast(key, "#")
	if !ok || incarnation != 0 || p.knows(key) {
		return key, incarnation
	}
	if n, err := strconv.ParseUint(number, 10, 32); err == nil && n > 0 {
		return base, n
	}
	return key, incarnation
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

func (p *play) knows(key string) bool {
	_, ok := p.alerts[key]
	return ok || p.Alert != nil && keyOf(p.Alert) == key
}

// firstKey is the key of the test's alert, else of the first that is triggered.
func (p *play) firstKey() string {
	if p.Alert != nil {
		return keyOf(p.Alert)
	}
	for i := range p.Steps {
		if s := &p.Steps[i]; s.Event.Kind == escalation.EventTrigger && s.Event.Alert != nil {
			if s.Key != "" {
				return s.Key
			}
			return keyOf(s.Event.Alert)
		}
	}
	return p.heads.first
}

// heads is where alerts stand.
type heads struct {
	byName map[string]*head // by key#n
	last   map[string]*head // by key
	first  string           // the key that opened first
}

// head is one incarnation of one alert as it stands.
type head struct {
	doc   *policy.Document
	state escalation.State
}

func (h *heads) set(name string, doc *policy.Document, s *escalation.State) {
	if h.last == nil {
		h.last = map[string]*head{}
		h.first = s.Key
	}
	now := &head{doc, *s}
	h.byName[name] = now
	if old := h.last[s.Key]; old == nil || s.Incarnation >= old.state.Incarnation {
		h.last[s.Key] = now
	}
}

func (h *heads) of(key string, incarnation uint64) *head {
	if incarnation == 0 {
		return h.last[key]
	}
	return h.byName[key+"#"+strconv.FormatUint(incarnation, 10)]
}

// count is how often an alert was triggered.
func (h *heads) count(key string) int {
	if hd := h.last[key]; hd != nil {
		return min(hd.state.Count, math.MaxInt32)
	}
	return 0
}
