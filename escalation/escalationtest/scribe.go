package escalationtest

import (
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// scribe takes down what happens, in the order in which it happens.
type scribe struct {
	start   policy.Instant
	out     *Timeline
	heads   heads
	entered map[string]bool
	undos   map[undo]int16       // the action, by the effect
	items   map[string]int       // what was taken down of a message, by the item's id
	begun   map[string]bool      // executions of actions, by id
	plan    func(run string) int // how many subjects an action has
}

func newScribe(start policy.Instant, plan func(run string) int) *scribe {
	return &scribe{
		start: start, out: &Timeline{Start: start}, heads: heads{byName: map[string]*head{}}, plan: plan,
		entered: map[string]bool{}, undos: map[undo]int16{}, items: map[string]int{}, begun: map[string]bool{},
	}
}

// message takes down the alerts of a message when it is first tried, and
// whether any try was taken.
func (p *scribe) message(at policy.Instant, n *notify.Notification, taken bool) {
	for k := range n.Alerts {
		it := &n.Alerts[k]
		i, known := p.items[it.ID]
		if !known {
			i = p.out.add(Seen{
				At: at.Sub(p.start), Type: SeenNotify, Key: it.Key, Incarnation: it.Incarnation,
				Track: it.Track, Tier: it.Tier, Pass: it.Pass, To: n.To.String(), Target: it.Target.String(), Via: n.Via,
				Kind: n.Kind, Reason: it.Reason.String(), Text: it.Text, Bundle: len(n.Alerts), Count: p.heads.count(it.Key),
			})
			p.items[it.ID] = i
		}
		if taken {
			p.out.Seen[i].Delivered = true
		}
	}
}

// started takes down that an action starts, once for each execution.
func (p *scribe) started(at policy.Instant, req *engine.ActionRequest, subjects int) {
	if p.begun[req.ID] {
		return
	}
	p.begun[req.ID] = true
	typ := SeenRun
	if req.Undo {
		typ = SeenUndo
	}
	line := &startLine{
		Event: escalation.LineAction.String(), Key: req.Key, Action: req.Name, Subject: req.Subject.ID,
		Result: escalation.ResultStarted.String(), Subjects: subjects,
	}
	p.out.add(Seen{
		At: at.Sub(p.start), Type: typ, Key: req.Key, Incarnation: req.Incarnation,
		Run: req.Run, Name: req.Name, Result: line.Result, Subjects: subjects,
		Event: line.Event, line: line,
	})
}

// startLine is the start of an action as a line of the record. The record itself
// has it among the effects of what made it due.
type startLine struct {
	Event    string `json:"event"`
	Key      string `json:"key"`
	Action   string `json:"action"`
	Subject  string `json:"subject,omitempty"`
	Result   string `json:"result"`
	Subjects int    `json:"subjects"`
}

// record takes down one committed record: the engine calls it in the order of
// commits.
func (p *scribe) record(r engine.Record) {
	if r.Incarnation > 0 {
		p.heads.set(nameOf(r.Key, r.Incarnation), r.Document, &r.State)
	}
	if bookkeeping(&r) {
		return
	}
	p.undone(&r)
	lines := escalation.Lines(r.Document, &r.State, &r.Record)
	for i := range lines {
		s := Seen{
			At: r.Record.Event.At.Sub(p.start), Type: SeenRecord, Key: r.Key, Incarnation: r.Incarnation,
			line: &lines[i], Event: lines[i].Event,
		}
		if i > 0 && r.Record.Effects[i-1].Kind > escalation.LineStatus {
			continue // the engine's own, no line of the record
		}
		if i == 0 {
			s.Event, s.Verdict, s.By = r.Record.Event.Kind.String(), r.Record.Verdict.Kind.String(), r.Record.Event.By.Principal.String()
			s.Reason = r.Record.Verdict.Reason.String()
		} else {
			p.effect(&s, r.Document, &r.State, &r.Record.Effects[i-1])
		}
		p.out.add(s)
	}
}

// bookkeeping reports whether a record is of the engine's own affairs, such as
// what a budget spent: it is in the history, and nothing that a test sees.
func bookkeeping(r *engine.Record) bool {
	ev := &r.Record.Event
	return r.Incarnation == 0 && ev.By.Principal == policy.Service("belfry") &&
		(ev.Kind == escalation.EventNote || ev.Kind == escalation.EventReport)
}

// undo is an effect that takes an action back.
type undo struct {
	stream string
	id     escalation.EffectID
}

// undone takes down what became of taking an action back: the record says it in
// the report alone.
func (p *scribe) undone(r *engine.Record) {
	for i := range r.Record.Effects {
		if e := &r.Record.Effects[i]; e.Kind == escalation.EffectUndo {
			p.undos[undo{r.Stream, e.ID}] = e.Action
		}
	}
	rep := &r.Record.Event.Report
	action, ok := p.undos[undo{r.Stream, rep.Effect}]
	if !ok || r.Record.Event.Kind != escalation.EventReport || r.State.Policy >= len(r.Document.Policies) {
		return
	}
	pol := r.Document.Policies[r.State.Policy]
	if action < 0 || int(action) >= len(pol.Actions) {
		return
	}
	result := rep.Result
	switch result {
	case escalation.ResultUnknown, escalation.ResultUnverified, escalation.ResultUndeliverable:
		result = escalation.ResultFailed
	}
	p.out.add(Seen{
		At: r.Record.Event.At.Sub(p.start), Type: SeenUndo, Key: r.Key, Incarnation: r.Incarnation,
		Run: pol.Actions[action].Run, Name: pol.Actions[action].Name, Result: result.String(), Subjects: max(rep.Subjects, 1),
	})
}

// effect fills in what a line of the record says beside its JSON.
func (p *scribe) effect(s *Seen, doc *policy.Document, st *escalation.State, e *escalation.Effect) {
	s.Reason, s.Text = e.Reason.String(), e.Text
	var pol *policy.Policy
	if st.Policy >= 0 && st.Policy < len(doc.Policies) {
		pol = doc.Policies[st.Policy]
	}
	switch e.Kind {
	case escalation.LineDelivery:
		s.Result = e.Result.String()
	case escalation.LineTierEntered:
		p.enter(doc, st, e)
	case escalation.LineGate:
		s.Type, s.Decision = SeenGate, e.Decision.String()
		if pol != nil && int(e.Gate) < len(pol.Gates) && e.Gate >= 0 {
			s.Gate = pol.Gates[e.Gate].Name
		}
	case escalation.LineReview:
		s.Type = SeenReview
	case escalation.LineStatus:
		s.Type, s.Status = SeenStatus, e.Status.String()
	case escalation.LineAction:
		s.Type, s.Result, s.Subjects = SeenRun, e.Result.String(), e.Subjects
		if pol != nil && int(e.Action) < len(pol.Actions) && e.Action >= 0 {
			s.Run, s.Name = pol.Actions[e.Action].Run, pol.Actions[e.Action].Name
		}
		if s.Subjects == 0 {
			s.Subjects = p.plan(s.Run)
		}
	}
}

// enter notes a tier for --cover.
func (p *scribe) enter(doc *policy.Document, st *escalation.State, e *escalation.Effect) {
	if e.Track < 0 || int(e.Track) >= len(st.Tracks) || e.Tier < 0 {
		return
	}
	t := &st.Tracks[e.Track]
	pol := doc.Policies[t.Policy]
	tr := &pol.Tracks[t.Index]
	if int(e.Tier) < len(tr.Tiers) {
		p.entered[pol.Name+"/"+tr.Name+"/"+tr.Tiers[e.Tier].Name] = true
	}
}

// checked is the line of a record that a `check` step leaves.
type checked struct {
	Event     string        `json:"event"`
	At        time.Duration `json:"-"`
	By        string        `json:"by"`
	Subject   string        `json:"subject"`
	Operation string        `json:"operation"`
	Decision  string        `json:"decision"`
	Gate      []string      `json:"gate,omitempty"`
	Reason    string        `json:"reason,omitempty"`
}

// check asks as a host asks before it acts. The host records what it asked;
// here that is done for it.
func (p *play) check(s *Step) {
	subject := p.subject(s.Subject)
	d := p.eng.Check(subject, s.Operation)
	line := &checked{
		Event: string(VerbCheck), By: s.Event.By.Principal.String(), Subject: subject, Operation: s.Operation,
		Decision: d.Decision.String(), Gate: d.Gates(), Reason: d.Reason(),
	}
	p.out.add(Seen{
		At: p.world.elapsed(), Type: SeenRecord, Key: p.firstKey(), Event: line.Event, By: line.By,
		Decision: line.Decision, line: line,
	})
}

func nameOf(key string, incarnation uint64) string {
	s := Seen{Key: key, Incarnation: incarnation}
	return s.name()
}
