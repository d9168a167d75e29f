package escalation

import (
	"context"
	"fmt"

	"github.com/belfry-go/belfry/policy"
)

// maxAsks bounds how often one event is stepped again with more answers: a
// ladder of eight tracks of 64 tiers that all turn out empty asks for each.
const maxAsks = 1024

// Drive is the one loop around [StepInto], for engine, simulator, test runner
// and harness: it steps, asks dir what the machine needs to know, adds the
// answers to ev.Answers, and steps again. A verdict of [Need] is returned when
// something is due before the event: apply that first. The error is ctx's, or
// says that dir leaves questions unanswered; then nothing was changed. A rebase
// is planned first; once it is applied, the document to go on under is that of
// next.Document. The spare capacity of ev.Answers is used.
func Drive(ctx context.Context, doc *policy.Document, next, prev *State, ev *Event, dir Directory, buf []Effect) ([]Effect, Verdict, error) {
	ev.plan(doc, prev)
	for range maxAsks {
		effects, v := StepInto(next, doc, prev, ev, buf)
		if v.Kind != Need || len(v.Questions) == 0 {
			if v.Kind != Applied {
				next.copyFrom(prev)
			}
			if v.Kind == Ignored || v.Kind == Rejected {
				next.pass(ev)
			}
			return effects, v, nil
		}
		answers, err := dir.Resolve(ctx, v.Questions)
		if err != nil {
			if ctx.Err() != nil {
				return buf, v, ctx.Err()
			}
			answers = failed(v.Questions) // no answer is an answer: the last resort is told
		}
		if !answered(v.Questions, answers) {
			return buf, v, fmt.Errorf("escalation: the directory left a question unanswered: %v", v.Questions[0])
		}
		for i := range answers {
			answers[i].tidy()
			answers[i].prepare()
		}
		ev.Answers = append(ev.Answers, answers...)
	}
	return buf, Verdict{Kind: Need}, fmt.Errorf("escalation: event %s of %q asks without end", ev.Kind, prev.Key)
}

// failed answers every question with: not to be had.
func failed(qs []Question) []Answer {
	as := make([]Answer, len(qs))
	for i, q := range qs {
		as[i] = Answer{Question: q, Failed: true, Next: policy.Never, Yes: q.Kind == QuestionHours}
	}
	return as
}

// answered reports whether each question has its answer.
func answered(qs []Question, as []Answer) bool {
	for _, q := range qs {
		found := false
		for i := range as {
			found = found || as[i].Question == q
		}
		if !found {
			return false
		}
	}
	return true
}
