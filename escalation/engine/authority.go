package engine

import (
	"context"
	"slices"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// What is about one alert is the machine's to judge. Here is judged what is
// about none: a silence, and the success of an expectation.

// mayResolve judges the author of a success by the document's authority.
func (e *Engine) mayResolve(ctx context.Context, doc *document, by escalation.Author) (escalation.Verdict, error) {
	list := doc.Authority.Resolve
	if list == nil {
		list = []policy.Principal{{Class: "people"}, {Class: "services"}}
	}
	return e.may(ctx, list, by, false)
}

// maySilence judges the author of a silence: a person, with a reason.
func (e *Engine) maySilence(ctx context.Context, doc *document, ev *escalation.Event) (escalation.Verdict, error) {
	switch {
	case ev.By.Principal.Kind != policy.TargetUser:
		return rejected(escalation.NotAPerson), nil
	case ev.Reason == "":
		return rejected(escalation.NoReason), nil
	case ev.For <= 0 || ev.For > maxSilence:
		return rejected(escalation.TooLong), nil
	}
	list := doc.Authority.Silence
	if list == nil {
		list = []policy.Principal{{Class: "people"}}
	}
	return e.may(ctx, list, ev.By, false)
}

// may reports whether a line of the authority lets an author through, as a
// verdict. A permission, to which firm applies, is not given on a last good
// answer.
func (e *Engine) may(ctx context.Context, list []policy.Principal, by escalation.Author, firm bool) (escalation.Verdict, error) {
	who, refused := by.Principal, rejected(escalation.NotAuthorised)
	for _, p := range list {
		switch {
		case p.Class == "any",
			p.Class == "services" && who.Kind == policy.TargetService,
			p.Class == "" && p.Target == who:
			return applied(), nil
		}
		q := escalation.Question{Target: who, At: e.now()}
		switch {
		case who.Kind != policy.TargetUser, p.Class == "services":
			continue
		case p.Class == "people", p.Class == "responders": // told by which alert? a person will do
			q.Kind = escalation.QuestionAuthor
		default:
			q.Kind, q.Name = escalation.QuestionMember, p.Target.String()
		}
		answers, err := e.ask(ctx, []escalation.Question{q})
		if err != nil {
			return escalation.Verdict{}, err
		}
		i := slices.IndexFunc(answers, func(a escalation.Answer) bool { return a.Question == q })
		switch {
		case firm && (i < 0 || answers[i].Stale || answers[i].Failed):
			refused = rejected(escalation.Unresolvable)
		case i >= 0 && answers[i].Yes && !answers[i].Failed:
			return applied(), nil
		}
	}
	return refused, nil
}
