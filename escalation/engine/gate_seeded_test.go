package engine

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/gate"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// answering is a directory that answers what it is told to about members.
type answering struct {
	escalation.Directory
	member func(q *escalation.Question, yes bool) bool
}

func (a *answering) Resolve(ctx context.Context, qs []escalation.Question) ([]escalation.Answer, error) {
	as, err := a.Directory.Resolve(ctx, qs)
	for i := range as {
		switch q := &as[i].Question; q.Kind {
		case escalation.QuestionMember:
			as[i].Yes = a.member(q, as[i].Yes)
		case escalation.QuestionAuthor:
			if q.Target == policy.Service("bot") && a.member(q, true) {
				as[i].Behind = policy.Target{}
			}
		}
	}
	return as, err
}

func withMembers(member func(l *gateLife, q *escalation.Question, yes bool) bool) gateSeed {
	return gateSeed{directory: func(l *gateLife, d escalation.Directory) escalation.Directory {
		return &answering{d, func(q *escalation.Question, yes bool) bool { return member(l, q, yes) }}
	}}
}

// boardOf is a board over what is committed, as a host would hold one.
func boardOf(l *gateLife, now func() policy.Instant) *gate.Board {
	b, err := gate.NewBoard(gate.Config{Store: l.truth, Policies: docOf(l.t, gateDoc), Exclusive: true, Now: now})
	if err != nil {
		l.t.Fatal(err)
	}
	if err := b.Refresh(context.Background()); err != nil {
		l.t.Fatal(err)
	}
	return b
}

func engineStart() policy.Instant { return policy.InstantOf(epoch) }

// Each of these is a bug, and who must find it.
var seededGates = []struct {
	name      string
	invariant string
	seed      func() gateSeed
}{
	{"a board that is read once and never again", failClosed, func() gateSeed {
		var b *gate.Board
		return gateSeed{check: func(l *gateLife) Decision {
			if b == nil || l.rng.IntN(20) == 0 {
				b = boardOf(l, l.e.keeper.Peek)
			}
			return b.Check(gateSubject, "deploy")
		}}
	}},
	{"a clock that stands", useWindow, func() gateSeed {
		return gateSeed{check: func(l *gateLife) Decision { return boardOf(l, engineStart).Check(gateSubject, "deploy") }}
	}},
	{"everybody may vote", gateQuorum, func() gateSeed {
		return withMembers(func(_ *gateLife, q *escalation.Question, yes bool) bool {
			return yes || q.Kind == escalation.QuestionMember && q.Name == "role:sec"
		})
	}},
	{"who is behind a robot is not known", gateQuorum, func() gateSeed {
		return withMembers(func(_ *gateLife, _ *escalation.Question, yes bool) bool { return yes })
	}},
	{"a role is never lost", gateRevoked, func() gateSeed {
		return withMembers(func(_ *gateLife, q *escalation.Question, yes bool) bool {
			return yes || q.Kind == escalation.QuestionMember && q.Name == "role:sec" && slices.Contains([]string{"carol", "dave", "erin"}, q.Target.ID)
		})
	}},
	{"the guard uses nothing up", singleUse, func() gateSeed { return gateSeed{use: true} }},
	{"the review after a bypass is dropped", breakGlassed, func() gateSeed {
		return dropping(func(c *store.Commit) {
			c.Add = slices.DeleteFunc(c.Add, func(it store.Item) bool { return it.Target == escalation.EffectOpen.String() })
		})
	}},
	{"what was refused is not written", denialsKept, func() gateSeed {
		return dropping(func(c *store.Commit) {
			for i := range c.Entries {
				rec, err := escalation.DecodeRecord(c.Entries[i].Body)
				if err != nil || rec.Verdict.Kind != escalation.Rejected || !strings.HasPrefix(c.Stream, alertStreams) {
					continue
				}
				rec.Verdict = escalation.Verdict{Kind: escalation.Ignored, Reason: escalation.Already}
				c.Entries[i].Body = escalation.AppendRecord(nil, &rec)
			}
			at := c.After
			for i := range c.Entries {
				at.Link(&c.Entries[i], nil)
			}
		})
	}},
}

// dropping spoils each commit before it is written.
func dropping(spoil func(*store.Commit)) gateSeed {
	return gateSeed{store: func(s store.Store) store.Store { return &forgetful{Store: s, commit: spoil} }}
}

func TestGateInvariantsFindSeededBugs(t *testing.T) {
	for _, tt := range seededGates {
		t.Run(tt.name, func(t *testing.T) {
			for n := range uint64(300) {
				l := newGateLife(t, n, tt.seed())
				l.live(60)
				if what, found := l.violation[tt.invariant]; found {
					t.Logf("history %d: %s", n, what)
					return
				}
			}
			t.Errorf("nobody found it; wanted: %s", tt.invariant)
		})
	}
}
