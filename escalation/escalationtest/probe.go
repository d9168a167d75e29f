package escalationtest

import (
	"fmt"
	"time"

	"github.com/belfry-go/belfry/escalation"
)

// probeUntil answers the lines about how things stand that are due by an
// instant, whose end this is.
func (p *play) probeUntil(at time.Duration) {
	for len(p.lines) > 0 && p.Lines[p.lines[0]].At <= at {
		i := p.lines[0]
		p.lines = p.lines[1:]
		p.answers[i] = p.probe(&p.Lines[i])
	}
}

func (p *play) probe(x *Expect) answer {
	if x.Kind == ExpectCheck {
		d := p.eng.Check(p.subject(x.Subject), x.Operation)
		return answer{text: d.Decision.String()}
	}
	key, n := p.name(x.Key, x.Incarnation)
	h := p.heads.of(key, n)
	if h == nil && x.Kind == ExpectGate && p.hasGate(x.Gate) {
		return answer{text: escalation.Allow.String()} // nothing has closed it yet
	}
	if h == nil {
		return answer{why: fmt.Sprintf("there is no alert %q", key)}
	}
	if x.Kind == ExpectGate {
		return p.gate(h, x.Gate)
	}
	return p.status(h, x.Track)
}

// subject is the identity that a check is about.
func (p *play) subject(id string) string {
	if id == "" && p.Alert != nil {
		return p.Alert.Identity.ID
	}
	return id
}

// hasGate reports whether some policy of the document has a gate of that name.
func (p *play) hasGate(name string) bool {
	for _, pol := range p.doc.Policies {
		for i := range pol.Gates {
			if pol.Gates[i].Name == name {
				return true
			}
		}
	}
	return false
}

func (p *play) gate(h *head, name string) answer {
	pol := h.doc.Policies[h.state.Policy]
	for i := range pol.Gates {
		if pol.Gates[i].Name == name {
			return answer{text: escalation.GateDecision(h.doc, &h.state, i, p.clock.now()).String()}
		}
	}
	return answer{why: fmt.Sprintf("policy %q, which governs the alert, has no such gate", pol.Name)}
}

func (p *play) status(h *head, track string) answer {
	if track == "" {
		return answer{text: h.state.Status.String()}
	}
	for i := range h.state.Tracks {
		if escalation.TrackName(h.doc, &h.state, i) == track {
			return answer{text: h.state.Tracks[i].Status.String()}
		}
	}
	return answer{why: "the alert has no such track"}
}
