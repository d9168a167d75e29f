package engine

import (
	"context"
	"errors"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// moody is a directory that errs, panics, hangs or leaves questions out.
type moody struct {
	good escalation.Directory
	mood string
}

func (d *moody) Resolve(ctx context.Context, qs []escalation.Question) ([]escalation.Answer, error) {
	switch d.mood {
	case "errs":
		return nil, errors.New("down")
	case "panics":
		panic("bug")
	case "hangs":
		<-ctx.Done()
		return nil, ctx.Err()
	case "silent":
		return nil, nil
	}
	return d.good.Resolve(ctx, qs)
}

func TestDirectoryFallsBack(t *testing.T) {
	const doc = `{"version": 1, "policies": [{"name": "p", "priority": "P3", "repeat": 3, "tiers": [{"name": "one", "notify": ["team:a"], "wait": "5m"}]}],
		"directory": {"people": {"alice": {}}, "teams": {"a": ["alice"]}}}`
	for _, mood := range []string{"errs", "panics", "hangs", "silent"} {
		t.Run(mood, func(t *testing.T) {
			d := &moody{good: escalation.NewDirectory(docOf(t, doc))}
			b := newBench(t, doc, func(c *Config) { c.Directory, c.DirectoryTimeout = d, 10_000_000 })
			b.trigger(alertOf("db"))
			b.to(m)
			d.mood = mood
			b.to(6 * m)
			// The last good answer stands in.
			b.told("+0s page user:alice via default db#1 initial", "+5m0s page user:alice via default db#1 repeat")
			stale := false
			for _, r := range b.recs {
				for _, a := range r.Record.Event.Answers {
					stale = stale || a.Stale
				}
			}
			if !stale {
				t.Error("no answer is marked stale")
			}
			// Of what was never answered there is none: the last resort is told.
			other := newBench(t, doc, func(c *Config) { c.Directory, c.DirectoryTimeout = d, 10_000_000 })
			other.trigger(alertOf("new"))
			other.to(m)
			other.told()
			if got := other.last.take(); len(got) != 1 {
				t.Errorf("last resort %q; want once", got)
			}
		})
	}
}

func TestDirectoryTakesTurns(t *testing.T) {
	b := newBench(t, `{"version": 1, "policies": [{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:alice", "user:bob", "user:carol"], "pick": "next", "wait": "1w"}]}]}`)
	for _, key := range []string{"k1", "k2", "k3", "k4"} {
		b.trigger(alertOf(key))
		b.to(b.clock.Now().Sub(epoch) + m)
	}
	b.told("+0s page user:alice via default k1#1 initial", "+1m0s page user:bob via default k2#1 initial",
		"+2m0s page user:carol via default k3#1 initial", "+3m0s page user:alice via default k4#1 initial")
}

func TestCompleteAnswersWhatIsMissing(t *testing.T) {
	w := newWatched(&Engine{}, nil)
	q := escalation.Question{Kind: escalation.QuestionAuthor, Target: policy.User("a"), At: 1}
	if a := w.complete([]escalation.Question{q}, nil); !a[0].Failed || a[0].Question != q {
		t.Errorf("never answered: %+v; want failed", a[0])
	}
	w.complete([]escalation.Question{q}, []escalation.Answer{{Question: q, Yes: true}})
	q.At = 2
	if a := w.complete([]escalation.Question{q}, nil); a[0].Failed || !a[0].Stale || !a[0].Yes || a[0].Question != q {
		t.Errorf("answered before: %+v; want it, stale", a[0])
	}
	for i := range maxRemembered + 10 {
		q.Name = string(rune(i))
		w.complete([]escalation.Question{q}, []escalation.Answer{{Question: q}})
	}
	if len(w.last) > maxRemembered {
		t.Errorf("%d answers are remembered; want at most %d", len(w.last), maxRemembered)
	}
}
