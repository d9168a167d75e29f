package engine

import (
	"context"
	"slices"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// execution is one attempt at carrying out an action, or at taking it back.
type execution struct {
	o      *outgoing
	action Action // nil: none is registered
	spec   policy.Action
	doc    *document
	req    ActionRequest
	late   time.Duration
	stream string // of its deed
	deed   deed

	decided policy.Identity // the alert's identity when the run was decided
	present policy.Identity // and as it stands now
	doneAt  policy.Instant  // of an undo: when the action was done
	dry     bool            // nothing is to be done
	granted bool            // people granted it
	assured bool            // what it waits for is a review's opening, or a verified end
	gives   bool            // it gives something back
	unseen  bool            // its answer was lost
	dropped []string        // who is left out, and why
}

// execution reads what an item asks for; wanted is false when it no longer does.
func (e *Engine) execution(ctx context.Context, now policy.Instant, o *outgoing) (x *execution, wanted bool, err error) {
	h, err := e.findSince(ctx, o)
	if err != nil {
		return nil, false, err
	}
	defer e.cache.put(h, true)
	if !escalation.Wanted(h.doc.Document, &h.state, &o.effect.Effect) {
		return nil, false, nil
	}
	ef := escalation.Renumbered(h.doc.Document, &h.state, &o.effect.Effect)
	x = e.executionOf(h, int(ef.Action))
	x.o, x.late = o, now.Sub(ef.At)
	x.req.ID, x.req.At, x.req.Attempt = e.effectID(h.stream, o.item.ID), ef.At, o.item.Attempt+1
	x.req.Undo, x.dry = ef.Kind == escalation.EffectUndo, ef.Result == escalation.ResultPlanned
	x.gives = x.gives || x.req.Undo
	if o.effect.Alert != nil && !x.req.Undo {
		x.decided = o.effect.Alert.Identity
		x.req.Subject = x.decided
	}
	x.deed, err = e.readDeed(ctx, x.stream)
	return x, true, err
}

// executionOf is an execution of action i of an alert, as it stands.
func (e *Engine) executionOf(h *held, i int) *execution {
	s := &h.state
	p := h.doc.Policies[s.Policy]
	spec := p.Actions[i]
	x := &execution{
		spec: spec, doc: h.doc, action: e.actionNamed(spec.Run), stream: deedStream(h.stream, spec.Name),
		decided: s.Alert.Identity, present: s.Alert.Identity, doneAt: s.Actions[i].DoneAt,
		granted: granted(s, i),
		req: ActionRequest{
			Run: spec.Run, Name: spec.Name, Subject: s.Alert.Identity, Key: s.Key, Incarnation: s.Incarnation,
			Alert: s.Alert, Policy: p.Name, At: s.At,
		},
	}
	x.assured = x.granted || assures(spec.At, s.Verified)
	anchored := spec.At != nil && (spec.At.On(policy.AnchorGate) || spec.At.On(policy.AnchorResolved))
	x.gives = anchored || x.action != nil && isPermissive(x.action)
	return x
}

// assures reports whether an action that is due by an anchor has behind it a
// review that opened a gate, or a verified end. A list may have come due by
// another of its instants: then only the verified end will do.
func assures(at *policy.Anchor, verified bool) bool {
	if at == nil {
		return false
	}
	return verified && at.On(policy.AnchorResolved) || !slices.ContainsFunc(at.Terms, func(t policy.Term) bool {
		return t.Kind != policy.AnchorGate && t.Kind != policy.AnchorResolved
	})
}

// granted reports whether people granted an action.
func granted(s *escalation.State, action int) bool {
	if s.More == nil {
		return false
	}
	return slices.ContainsFunc(s.More.Reviews, func(r escalation.ReviewState) bool {
		return r.Of == escalation.ReviewAction && int(r.Index) == action && r.Granted
	})
}

// report is the beginning of a report of x.
func (x *execution) report(r escalation.Result, detail string) escalation.Report {
	return escalation.Report{Attempt: x.req.Attempt, Result: r, Detail: detail, Late: x.late, Subjects: len(x.req.Subjects)}
}

// number is how many subjects a result says it was done to.
func (x *execution) number(res *ActionResult) int {
	if res.Subjects > 0 && res.Subjects <= len(x.req.Subjects) {
		return res.Subjects
	}
	return len(x.req.Subjects)
}
