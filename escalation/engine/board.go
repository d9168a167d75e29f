package engine

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// Decision is what Check answers.
type Decision struct {
	// Decision is allow, hold or deny. A hold is not an allow.
	Decision escalation.Decision
	// Gates are those that say so, sorted, and Alert is the first of the alerts
	// behind them, as key#n. Gates is shared: read it only.
	Gates []string
	Alert string
	// Reason says why, for people.
	Reason    string
	subject   string
	operation string
}

// Allowed reports whether the operation may go on.
func (d Decision) Allowed() bool { return d.Decision == escalation.Allow }

// Err is nil when the operation may go on, else an error that wraps ErrDenied
// and says what stands against it.
func (d Decision) Err() error {
	if d.Allowed() {
		return nil
	}
	return fmt.Errorf("%w: %s of %q: %s", ErrDenied, d.operation, d.subject, d.Reason)
}

// posted is one gate of one alert on the board: what it answers, and what from
// an instant on. That instant may pass before the machine is told of it.
type posted struct {
	alert      string // key#n
	gate       string
	operations []string
	now, then  escalation.Decision
	turn       policy.Instant // Never: it does not turn by itself
}

// board is what gates answer, by the identity that is asked about. It is read
// without a lock, and replaced piece by piece as commits come in. It holds what
// is committed, and nothing else.
type board struct {
	sheets sheets // written under mu

	mu      sync.Mutex
	subject map[string]string // of each alert on the board

	blind atomic.Int64 // alerts of which nobody knows what their gates say
}

// update puts an alert's gates on the board as they stand.
func (b *board) update(doc *document, s *escalation.State) {
	name := strings.TrimPrefix(alertStream(s.Key, s.Incarnation), alertStreams)
	id := s.Alert.Identity.ID
	fresh := gatesOf(doc, s, name)
	b.mu.Lock()
	defer b.mu.Unlock()
	if old, ok := b.subject[name]; ok && (old != id || len(fresh) == 0) {
		b.replace(old, name, nil)
		delete(b.subject, name)
	}
	if len(fresh) == 0 {
		return
	}
	if b.subject == nil {
		b.subject = map[string]string{}
	}
	b.subject[name] = id
	b.replace(id, name, fresh)
}

// replace puts fresh in the place of what an alert has under a subject.
func (b *board) replace(subject, alert string, fresh []posted) {
	var list []posted
	if s := b.sheets.find(subject); s != nil {
		for _, p := range s.gates {
			if p.alert != alert {
				list = append(list, p)
			}
		}
	}
	b.sheets.set(newSheet(subject, append(list, fresh...)))
}

// gatesOf is what an alert's gates answer. A gate that says nothing, now or
// later, is left out.
func gatesOf(doc *document, s *escalation.State, name string) []posted {
	var list []posted
	p := doc.Policies[s.Policy]
	for i := range s.Gates {
		g := &s.Gates[i]
		if i >= len(p.Gates) || g.Gone {
			continue
		}
		x := posted{alert: name, gate: p.Gates[i].Name, operations: p.Gates[i].Operations, turn: policy.Never}
		x.now = escalation.GateDecision(doc.Document, s, i, s.At)
		for _, turn := range [...]policy.Instant{g.Close, g.Until} {
			if turn > s.At {
				x.turn = min(x.turn, turn)
			}
		}
		x.then = x.now
		if x.turn.Known() {
			x.then = escalation.GateDecision(doc.Document, s, i, x.turn)
		}
		if x.now > escalation.Allow || x.then > escalation.Allow || g.Until.Known() {
			list = append(list, x)
		}
	}
	return list
}

// Check answers whether an operation on an identity may go on, from what is
// committed: the strictest of all alerts that have a gate there. What no gate of
// the document names and its `operations` does not open is denied, and so is
// everything before the engine has read its store. It takes no lock, and no
// time worth measuring: call it before every operation.
func (e *Engine) Check(subject, operation string) Decision {
	if !e.started.Load() || e.board.blind.Load() > 0 {
		return e.unread(subject, operation)
	}
	if s := e.board.sheets.find(subject); s != nil {
		if s.turn.Known() {
			if now := e.now(); now >= s.turn {
				if d, named := s.at(now, operation); named {
					return d
				}
			}
		}
		if d := s.answer(operation); d != nil {
			return *d
		}
	}
	if e.current.Load().hasOperation(operation) {
		return Decision{Decision: escalation.Allow, subject: subject, operation: operation}
	}
	return Decision{Decision: escalation.Deny, Reason: "no gate and no `operations` of the document names it", subject: subject, operation: operation}
}

// unread is what is answered while some alert's gates are not known.
func (e *Engine) unread(subject, operation string) Decision {
	d := Decision{Decision: escalation.Deny, Reason: "the board is not loaded", subject: subject, operation: operation}
	if e.started.Load() {
		d.Reason = fmt.Sprintf("%d alerts cannot be read, nor what their gates say", e.board.blind.Load())
	}
	return d
}
