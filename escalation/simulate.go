package escalation

import (
	"context"
	"fmt"
	"iter"

	"github.com/belfry-go/belfry/policy"
)

// Simulation is a run of one alert without a host: every message is accepted
// and every action done at once. It shows what the policy does if nobody acts,
// or if people act as Script says.
type Simulation struct {
	Document *policy.Document
	Alert    policy.Alert
	Start    policy.Instant // when the alert is triggered
	Until    policy.Instant // the last instant that is looked at; Defaults to a week after Start
	// Script is what people do, by At; events of one instant keep their order. A
	// rebase has a mapping that is bound to its document.
	Script []Event
	// Directory defaults to the document's own.
	Directory Directory
}

// Simulate runs sim and yields each record with the state after it. Errors are
// the directory's and the script's; after one, nothing more is yielded. The
// state is good until the next record.
func Simulate(ctx context.Context, sim Simulation) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		s := simulator{ctx: ctx, sim: sim, yield: yield}
		if s.sim.Directory == nil {
			s.own = true
			s.sim.Directory = NewDirectory(sim.Document)
		}
		if s.sim.Until == 0 {
			s.sim.Until = sim.Start.Add(7 * day)
		}
		s.run()
	}
}

// simulator is one simulation at work.
type simulator struct {
	ctx     context.Context
	sim     Simulation
	yield   func(Record, error) bool
	state   State
	next    State
	reports []Event // due at once, before time goes on
	done    bool
	own     bool // the document's own directory is asked
}

func (s *simulator) run() {
	alert := s.sim.Alert
	s.apply(Event{Kind: EventTrigger, At: s.sim.Start, ClaimedAt: policy.Never, Alert: &alert})
	for _, ev := range s.sim.Script {
		if ev.At < s.state.At {
			s.fail(fmt.Errorf("escalation: simulate: event %s at %s is before what went before it", ev.Kind, ev.At))
		}
		s.ticks(ev.At - 1)
		s.apply(ev)
	}
	s.ticks(s.sim.Until)
}

// ticks applies everything due up to and at an instant.
func (s *simulator) ticks(until policy.Instant) {
	for !s.done && s.state.Due <= until {
		s.apply(Event{Kind: EventTick, At: s.state.Due, ClaimedAt: policy.Never})
	}
}

// apply steps one event, and then the reports that it brings about.
func (s *simulator) apply(ev Event) {
	s.step(ev)
	for len(s.reports) > 0 && !s.done {
		r := s.reports[0]
		s.reports = s.reports[1:]
		s.step(r)
	}
}

func (s *simulator) step(ev Event) {
	if s.done {
		return
	}
	dir := s.sim.Directory
	if s.own && ev.Mapping != nil && ev.Mapping.to != nil {
		dir = NewDirectory(ev.Mapping.to) // whom a rebase tells, the new document knows
	}
	effects, v, err := Drive(s.ctx, s.sim.Document, &s.next, &s.state, &ev, dir, nil)
	if err != nil || v.Kind == Need {
		if err == nil {
			err = fmt.Errorf("escalation: simulate: event %s at %s comes before what is due", ev.Kind, ev.At)
		}
		s.fail(err)
		return
	}
	s.state, s.next = s.next, s.state
	if ev.Kind == EventRebase && v.Kind == Applied && !ev.Mapping.Dry {
		s.sim.Document, s.sim.Directory = ev.Mapping.to, dir // planned, so bound
	}
	for i := range effects {
		e := &effects[i]
		result := ResultDelivered
		switch {
		case !e.Kind.Leaves() || e.Kind == EffectOpen || !Wanted(s.sim.Document, &s.state, e):
			continue
		case e.Result == ResultPlanned:
			result = ResultPlanned // a dry run
		case e.Kind != EffectNotify:
			result = ResultDone
		}
		s.reports = append(s.reports, Event{
			Kind: EventReport, At: ev.At, ClaimedAt: policy.Never,
			Report: Report{Effect: e.ID, Attempt: 1, Result: result, RetryAt: policy.Never},
		})
	}
	rec := Record{Seq: s.state.Seq, Event: ev, Verdict: v, Effects: effects}
	if s.state.Policy < len(s.sim.Document.Policies) {
		rec.Policy = s.sim.Document.Policies[s.state.Policy].Digest
	}
	if !s.yield(rec, nil) {
		s.done = true
	}
}

func (s *simulator) fail(err error) {
	if !s.done {
		s.yield(Record{}, err)
	}
	s.done = true
}
