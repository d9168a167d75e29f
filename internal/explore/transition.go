package explore

import (
	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// Transition is one step of the machine, as it went.
type Transition struct {
	Doc *policy.Document
	// To is the document after a rebase. Defaults to Doc.
	To         *policy.Document
	Prev, Next *escalation.State
	Event      *escalation.Event
	Effects    []escalation.Effect
	Verdict    escalation.Verdict
}

// Check returns what does not hold of the step, and of the state that it led
// to; nil when all is well.
func (t *Transition) Check() error {
	c := transitionCheck{Transition: t, to: t.To}
	if c.to == nil {
		c.to = t.Doc
	}
	c.verdict()
	if t.Verdict.Kind != escalation.Applied {
		return c.err()
	}
	if err := CheckState(c.to, t.Next); err != nil {
		c.errs = append(c.errs, err)
		return c.err()
	}
	c.time()
	c.effects()
	switch {
	case t.Prev.Seq == 0 || t.Prev.Alert == nil:
	case t.Event.Kind == escalation.EventRebase:
		c.rebase()
	default:
		c.constant()
		c.deadlines()
		c.gates()
	}
	return c.err()
}

type transitionCheck struct {
	*Transition
	to *policy.Document // that Next is pinned to
	faults
}

// verdict checks the answer and what it means for the record's number.
func (c *transitionCheck) verdict() {
	v := c.Verdict
	seq := c.Prev.Seq + 1
	if c.Prev.Seq == 0 && v.Kind != escalation.Applied {
		seq = 0 // there is no stream yet that could have a record
	}
	switch v.Kind {
	case escalation.Applied:
		if v.Reason != escalation.VerdictNone {
			c.addf("applied for a reason: %s", v)
		}
	case escalation.Ignored:
		if v.Reason < escalation.Duplicate || v.Reason > escalation.NotTold {
			c.addf("%s is no reason to ignore", v)
		}
	case escalation.Rejected:
		if v.Reason < escalation.NotAPerson || v.Reason > escalation.NotAuthorised {
			c.addf("%s is no reason to reject", v)
		}
		if c.Event.Kind == escalation.EventTick || c.Event.Kind == escalation.EventReport || c.Event.Kind == escalation.EventTrigger {
			c.addf("%s was %s", c.Event.Kind, v)
		}
	case escalation.Need:
		seq = c.Prev.Seq
		if len(v.Questions) == 0 && (c.Prev.Due >= c.Event.At || c.Event.Down != nil) {
			c.addf("need without a question, and nothing is due before %s: due %s", c.Event.At, c.Prev.Due)
		}
	default:
		c.addf("verdict %d", v.Kind)
	}
	if c.Next.Seq != seq {
		c.addf("%s: record %d follows record %d", v, c.Next.Seq, c.Prev.Seq)
	}
	if v.Kind != escalation.Applied && len(c.Effects) > 0 {
		c.addf("%s with %d effects", v, len(c.Effects))
	}
}

// time checks that the machine goes forward: what was due is done, and nothing
// new is due before the instant at which it was found out.
func (c *transitionCheck) time() {
	due, at := c.Next.Due, c.Event.At
	switch {
	case c.Event.Kind == escalation.EventTick:
		if due <= at {
			c.addf("after the tick at %s something is due at %s", at, due)
		}
	case c.Event.Down == nil && due < at && due < c.Prev.Due:
		c.addf("%s at %s makes something due at %s", c.Event.Kind, at, due)
	}
	if c.Next.At < c.Prev.At {
		c.addf("the state goes from %s back to %s", c.Prev.At, c.Next.At)
	}
}

// constant checks what no step changes, and what only some may.
func (c *transitionCheck) constant() {
	a, b := c.Prev, c.Next
	if a.Key != b.Key || a.Incarnation != b.Incarnation || a.Rev != b.Rev || a.Opened != b.Opened {
		c.addf("%s#%d of %s became %s#%d of %s", a.Key, a.Incarnation, a.Opened, b.Key, b.Incarnation, b.Opened)
	}
	if a.Policy != b.Policy || a.Document != b.Document {
		c.addf("%s moved the alert from policy %d to %d", c.Event.Kind, a.Policy, b.Policy)
	}
	if a.Resolved.Known() && a.Resolved != b.Resolved {
		c.addf("resolved at %s, now at %s: a resolve is final", a.Resolved, b.Resolved)
	}
	if len(b.Tracks) < len(a.Tracks) {
		c.addf("%d tracks became %d", len(a.Tracks), len(b.Tracks))
	}
	if c.Event.Kind != escalation.EventLower && (b.Severity < a.Severity || b.Criticality < a.Criticality || b.BlastRadius < a.BlastRadius || b.Priority < a.Priority) {
		c.addf("%s lowered a level", c.Event.Kind)
	}
}

// deadlines checks that none moves to later, and that only a success meets one.
func (c *transitionCheck) deadlines() {
	for i := range c.Next.Deadlines {
		a, b := c.Prev.Deadlines[i], c.Next.Deadlines[i]
		if a.At.Known() && b.At > a.At {
			c.addf("deadline %d moved from %s to %s", i, a.At, b.At)
		}
		if a.Met && !b.Met || a.Missed && !b.Missed {
			c.addf("deadline %d was %+v and is %+v", i, a, b)
		}
		if !a.Met && b.Met {
			switch c.Event.Kind {
			case escalation.EventResolve, escalation.EventSucceeded, escalation.EventVote, escalation.EventNote:
			default:
				c.addf("%s met deadline %d", c.Event.Kind, i)
			}
		}
	}
}

// gates checks that what gives no permission opens no gate.
func (c *transitionCheck) gates() {
	for i := range c.Next.Gates {
		before := escalation.GateDecision(c.Doc, c.Prev, i, c.Event.At)
		after := escalation.GateDecision(c.Doc, c.Next, i, c.Event.At)
		if before == escalation.Allow || after != escalation.Allow {
			continue
		}
		byAnchor := c.Doc.Policies[c.Next.Policy].Gates[i].OpenAt != nil
		switch c.Event.Kind {
		case escalation.EventResolve, escalation.EventSucceeded, escalation.EventVote, escalation.EventBreakGlass, escalation.EventNote:
		case escalation.EventTick, escalation.EventReport, escalation.EventUse:
			if !byAnchor && !c.Next.Resolved.Known() {
				c.addf("%s opened gate %d", c.Event.Kind, i)
			}
		case escalation.EventTrigger, escalation.EventRaise, escalation.EventEscalate:
			if !byAnchor {
				c.addf("%s opened gate %d", c.Event.Kind, i)
			}
		default:
			c.addf("%s opened gate %d", c.Event.Kind, i)
		}
	}
}
