package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/belfry-go/belfry/policy"
)

// choose finds to whom x is to be done: whom its plan names, as far as they were
// captured when it was decided, are unchanged since, and may be subjects at all.
// Who is left out is recorded.
func (e *Engine) choose(ctx context.Context, c caller, x *execution) error {
	present, planned, err := e.plan(ctx, c, x)
	if err != nil {
		return err
	}
	captured := x.deed.captured(x.o.id(), x.granted)
	bound := captured != nil
	if !bound && !planned {
		captured, bound = []Subject{subjectOf(&x.decided)}, true
	}
	x.req.Subjects = nil
	for i, s := range present {
		if slices.ContainsFunc(present[:i], func(o Subject) bool { return o.ID == s.ID }) {
			continue // named twice, done once
		}
		why, err := e.unfit(ctx, x, &s)
		at := slices.IndexFunc(captured, func(o Subject) bool { return o.ID == s.ID })
		switch {
		case err != nil:
			return err
		case why != "":
		case bound && at < 0:
			why = "was not named when it was decided"
		case bound && captured[at].CredentialVersion != s.CredentialVersion:
			why = "has another credential than when it was decided"
		}
		if why != "" {
			x.drop(s.ID, why)
			continue
		}
		if bound {
			s = captured[at] // it weighs what it weighed
		}
		x.req.Subjects = append(x.req.Subjects, s)
	}
	for _, s := range captured {
		if !slices.ContainsFunc(present, func(o Subject) bool { return o.ID == s.ID }) {
			x.drop(s.ID, "is not named any more")
		}
	}
	return nil
}

// drop notes that a subject is left out.
func (x *execution) drop(id, why string) {
	if id == "" {
		id = "one without an id"
	}
	x.dropped = append(x.dropped, id+" "+why)
}

// maxListed bounds how many names a detail lists.
const maxListed = 20

// left is who was left out, for people; "" nobody.
func (x *execution) left() string {
	if len(x.dropped) == 0 {
		return ""
	}
	return "left out: " + listed(x.dropped)
}

func listed(names []string) string {
	if more := len(names) - maxListed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:maxListed], ", "), more)
	}
	return strings.Join(names, ", ")
}

func subjectNames(subjects []Subject) []string {
	names := make([]string, len(subjects))
	for i := range subjects {
		names[i] = subjects[i].ID
	}
	return names
}

func subjectOf(id *policy.Identity) Subject {
	return Subject{ID: id.ID, CredentialVersion: id.CredentialVersion, Criticality: id.Criticality, Environment: id.Environment}
}

// plan asks x's action to whom it would be done now. planned is false when it has
// no say in it: it is the alert's identity then.
func (e *Engine) plan(ctx context.Context, c caller, x *execution) (subjects []Subject, planned bool, err error) {
	own := []Subject{subjectOf(&x.present)}
	p, ok := x.action.(Planner)
	if !ok {
		return own, false, nil
	}
	req := x.req
	req.Subjects = nil
	got := make(chan []Subject, 1)
	err = c.ask(ctx, "plan of "+x.req.Run, x.spec.Timeout, func(ctx context.Context) error {
		s, err := p.Plan(ctx, req)
		got <- slices.Clone(s)
		return err
	})
	switch {
	case err != nil && lacks(err):
		return own, false, nil
	case err != nil:
		return nil, true, &hostError{err}
	}
	return <-got, true, nil
}

// unfit says why somebody must not be a subject of x; "" when they may.
func (e *Engine) unfit(ctx context.Context, x *execution, s *Subject) (string, error) {
	switch {
	case s.ID == "":
		return "cannot be told from others", nil
	case s.ID == self().Principal.ID:
		return "is the engine's own identity", nil
	case breaksGlass(x.doc.Document, s.ID):
		return "is for breaking glass", nil
	case e.protected(*s):
		return "is protected", nil
	case s.Environment != "" && x.decided.Environment != "" && s.Environment != x.decided.Environment:
		return "is in " + s.Environment + ", and the alert is about " + x.decided.Environment, nil
	case !x.gives:
		return "", nil
	}
	leaked, err := e.leaked(ctx, s.ID, s.CredentialVersion)
	if leaked {
		return "has a secret that leaked, and that alert is open", err
	}
	return "", err
}
