package gate

import (
	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// posted is one gate of one alert on the board.
type posted struct {
	place      Place
	alert      string // key#n
	operations []string
	// steps are what it answers, each from an instant on: the first from ever.
	// These instants may pass before the machine is told of them.
	steps []step
	waits bool // it has said so before; what it says now waits to be recorded
}

type step struct {
	from   policy.Instant
	says   escalation.Decision
	opened bool // a review has opened it for a while, and may be used up
}

// at is what the gate answers at an instant.
func (p *posted) at(now policy.Instant) step {
	s := p.steps[0]
	for _, next := range p.steps[1:] {
		if now >= next.from {
			s = next
		}
	}
	return s
}

// gatesOf is what an alert's gates answer from its last event on. A gate that
// says nothing, now or later, is left out.
func gatesOf(doc *policy.Document, s *escalation.State) []posted {
	var list []posted
	p := doc.Policies[s.Policy]
	for i := range s.Gates {
		g := &s.Gates[i]
		if i >= len(p.Gates) || g.Gone {
			continue
		}
		x := posted{
			place:      Place{Key: s.Key, Incarnation: s.Incarnation, Gate: p.Gates[i].Name, Review: p.Gates[i].Review != nil, Asked: asked(s, i)},
			operations: p.Gates[i].Operations,
		}
		speaks := x.step(doc, s, i, s.At)
		for _, turn := range turns(g, s.At) {
			speaks = x.step(doc, s, i, turn) || speaks
		}
		if speaks {
			x.alert = nameOf(s)
			list = append(list, x)
		}
	}
	return list
}

// turns are the instants behind at, in order, at which a gate answers something
// else by itself.
func turns(g *escalation.GateState, at policy.Instant) []policy.Instant {
	first, second := min(g.Close, g.Until), max(g.Close, g.Until)
	var list []policy.Instant
	if first > at && first.Known() {
		list = append(list, first)
	}
	if second > at && second.Known() && second != first {
		list = append(list, second)
	}
	return list
}

// step appends what the gate answers from an instant on, and reports whether
// that is worth saying.
func (p *posted) step(doc *policy.Document, s *escalation.State, gate int, from policy.Instant) bool {
	g := &s.Gates[gate]
	x := step{from: from, says: escalation.GateDecision(doc, s, gate, from)}
	x.opened = x.says == escalation.Allow && g.Until.Known() && from < g.Until
	p.steps = append(p.steps, x)
	return x.says != escalation.Allow || x.opened
}

// asked reports whether the review of a gate is under way.
func asked(s *escalation.State, gate int) bool {
	if s.More == nil {
		return false
	}
	for i := range s.More.Reviews {
		if r := &s.More.Reviews[i]; r.Of == escalation.ReviewGate && int(r.Index) == gate && r.Pending {
			return true
		}
	}
	return false
}
