package explore

import (
	"context"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// RandomAnswers returns a directory that mostly answers as the document's own
// does, and else whatever its contract allows: nobody, another person, hours
// that are over, a failure. It is for one goroutine.
func RandomAnswers(c Chooser, doc *policy.Document) escalation.Directory {
	return &randomAnswers{c: c, own: escalation.NewDirectory(doc)}
}

type randomAnswers struct {
	c   Chooser
	own escalation.Directory
}

// Resolve implements [escalation.Directory].
func (r *randomAnswers) Resolve(ctx context.Context, qs []escalation.Question) ([]escalation.Answer, error) {
	as, err := r.own.Resolve(ctx, qs)
	if err != nil {
		return nil, err
	}
	for i := range as {
		if r.c.Chance(8) {
			r.change(&as[i])
		}
	}
	if len(as) > 1 && r.c.Chance(4) {
		as[0], as[len(as)-1] = as[len(as)-1], as[0]
	}
	return as, nil
}

// change makes an answer another lawful one.
func (r *randomAnswers) change(a *escalation.Answer) {
	q := a.Question
	switch q.Kind {
	case escalation.QuestionResolve:
		switch r.c(4) {
		case 0:
			a.Responders = nil
		case 1:
			a.Responders, a.Failed = nil, true
		case 2:
			a.Responders = crowd(70)
		default:
			if q.Target.Kind != policy.TargetChannel {
				a.Responders = crowd(1 + r.c(2))
			}
		}
	case escalation.QuestionNext:
		a.Order = []int{r.c(4), r.c(4), r.c(9) - 1}
	case escalation.QuestionHours:
		a.Yes = !a.Yes
		a.Next = pick(r.c, policy.Never, q.At.Add(time.Microsecond), q.At.Add(time.Second), q.At.Add(time.Hour))
	case escalation.QuestionAuthor, escalation.QuestionMember:
		a.Yes = !a.Yes
		a.Failed = r.c.Chance(3)
	default:
	}
	a.Stale = r.c.Chance(4)
}

// crowd is n people.
func crowd(n int) []escalation.Responder {
	list := make([]escalation.Responder, n)
	for i := range list {
		name := "u" + string(rune('a'+i/26)) + string(rune('a'+i%26))
		if i < len(people) {
			name = people[i]
		}
		list[i] = escalation.Responder{To: policy.User(name), Rules: []escalation.Rule{{Via: "push"}}}
	}
	return list
}
