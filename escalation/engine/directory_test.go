package engine

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

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

// Who was on call for one alert is who is on call for another; the owner of one
// identity is not the owner of another.
func TestLastAnswerForAnotherAlert(t *testing.T) {
	const doc = `{"version": 1, "policies": [{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["team:a"], "wait": "1h"}, {"name": "two", "notify": ["owner"]}]}],
		"directory": {"people": {"alice": {"contact": [{"via": "chat"}, {"via": "sms", "after": "1m"}]}, "bob": {}}, "teams": {"a": ["alice"]},
			"owners": {"first": "user:bob", "second": "user:bob"}, "channels": {"chat": {"depends": {"identities": ["first"]}}}}}`
	d := &moody{good: escalation.NewDirectory(docOf(t, doc))}
	b := newBench(t, doc, func(c *Config) { c.Directory = d })
	alert := func(key, identity string) policy.Alert {
		a := alertOf(key)
		a.Identity.ID = identity
		return a
	}
	b.trigger(alert("one", "first"))
	b.to(61 * m)
	b.told("+0s page user:alice via sms one#1 initial", "+1h0m0s page user:bob via default one#1 no_ack_timeout")
	d.mood = "errs"
	b.trigger(alert("two", "second"))
	b.to(125 * m)
	b.told("+1h1m0s page user:alice via chat two#1 initial", "+1h2m0s page user:alice via sms two#1 initial")
	want := []string{"+1h15m0s last_resort last-resort via default one#1 exhausted", "+2h1m0s last_resort last-resort via default two#1 unresolvable"}
	if got := b.last.take(); !slices.Equal(got, want) {
		t.Errorf("last resort %q; want %q: nobody knows the second's owner", got, want)
	}
}

// What was stopped is not released on a last good answer; it may be stopped on one.
func TestReleaseIsFirm(t *testing.T) {
	d := &moody{good: escalation.NewDirectory(docOf(t, running))}
	b := newBench(t, running, func(c *Config) { c.Directory = d })
	if r, err := b.e.ReleaseActions(t.Context(), bob, "mended"); err != nil || r.Verdict.String() != "ignored(already)" {
		t.Fatalf("%s, %v", r.Verdict, err) // the directory is asked, and its answer kept
	}
	b.must("applied")(b.e.StopActions(t.Context(), bob, "odd"))
	d.mood = "errs"
	b.must("rejected(unresolvable)")(b.e.ReleaseActions(t.Context(), bob, "mended"))
	b.must("ignored(already)")(b.e.StopActions(t.Context(), bob, "odd"))
	d.mood = ""
	b.must("applied")(b.e.ReleaseActions(t.Context(), bob, "mended"))
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

// Hours that the directory once knew are reckoned on from what it said; of those
// that it never knew it is assumed that they hold, for a page fails open.
func TestHoursWithoutADirectory(t *testing.T) {
	for _, c := range []struct {
		name string
		last *escalation.Answer // at 1h
		at   policy.Instant
		yes  bool
	}{
		{"never known", nil, policy.Instant(2 * time.Hour / time.Microsecond), true},
		{"open", &escalation.Answer{Yes: true}, policy.Instant(2 * time.Hour / time.Microsecond), true},
		{"closed, not yet to begin", &escalation.Answer{Next: policy.Instant(3 * time.Hour / time.Microsecond)}, policy.Instant(2 * time.Hour / time.Microsecond), false},
		{"closed, begun meanwhile", &escalation.Answer{Next: policy.Instant(3 * time.Hour / time.Microsecond)}, policy.Instant(3 * time.Hour / time.Microsecond), true},
		{"closed for ever", &escalation.Answer{Next: policy.Never}, policy.Instant(3 * time.Hour / time.Microsecond), false},
	} {
		w := newWatched(&Engine{}, nil)
		q := escalation.Question{Kind: escalation.QuestionHours, Name: "office", At: policy.Instant(time.Hour / time.Microsecond)}
		if c.last != nil {
			c.last.Question = q
			w.complete([]escalation.Question{q}, []escalation.Answer{*c.last})
		}
		q.At = c.at
		a := w.complete([]escalation.Question{q}, nil)[0]
		if a.Yes != c.yes || a.Question != q || a.Stale != (c.last != nil) || a.Failed != (c.last == nil) {
			t.Errorf("%s: %+v; want open %v", c.name, a, c.yes)
		}
	}
}

// Who took all of its time is left alone for a while, and then asked again.
func TestSickDirectoryIsLeftAlone(t *testing.T) {
	const doc = `{"version": 1, "policies": [{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["team:a"], "wait": "1w"}]}],
		"directory": {"people": {"alice": {}}, "teams": {"a": ["alice"]}}}`
	d := &counting{moody: moody{good: escalation.NewDirectory(docOf(t, doc)), mood: "hangs"}}
	b := newBench(t, doc, func(c *Config) { c.Directory, c.DirectoryTimeout = d, 10_000_000 })
	b.trigger(alertOf("one"))
	hung := d.calls
	if hung == 0 {
		t.Fatal("the directory was not asked")
	}
	d.mood = ""
	b.to(restFor / 2)
	b.trigger(alertOf("two"))
	if d.calls != hung {
		t.Errorf("%d calls while it rests; want none", d.calls-hung)
	}
	b.to(2 * restFor)
	b.trigger(alertOf("three"))
	if d.calls == hung {
		t.Error("it is never asked again")
	}
	b.to(2*restFor + m)
	b.told("+20s page user:alice via default three#1 initial")
}

// counting is a moody directory that counts its calls.
type counting struct {
	moody
	calls int
}

func (d *counting) Resolve(ctx context.Context, qs []escalation.Question) ([]escalation.Answer, error) {
	d.calls++
	return d.moody.Resolve(ctx, qs)
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
