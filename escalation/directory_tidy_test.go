package escalation

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// careless is a host's directory that breaks what Directory promises.
type careless struct {
	Directory
	who []Responder
}

func (d careless) Resolve(ctx context.Context, qs []Question) ([]Answer, error) {
	as, err := d.Directory.Resolve(ctx, qs)
	for i := range as {
		if as[i].Question.Kind == QuestionResolve {
			as[i] = Answer{Question: as[i].Question, Responders: d.who}
		}
	}
	return as, err
}

func TestCarelessDirectory(t *testing.T) {
	push, voice := Rule{Via: "push"}, Rule{Via: "voice", After: time.Minute}
	many := make([]Rule, policy.MaxContactRules+4)
	for i := range many {
		many[i] = Rule{Via: fmt.Sprint("v", i)}
	}
	crowd := make([]Responder, 0, 2*maxResponders)
	for i := range cap(crowd) {
		crowd = append(crowd, Responder{To: policy.User(fmt.Sprint("u", i/2))})
	}
	for name, c := range map[string]struct {
		to   string
		who  []Responder
		want string
	}{
		"no rules":        {"team:platform", []Responder{{To: policy.User("alice")}}, "user:alice(default)"},
		"a room":          {"channel:room", []Responder{{To: policy.Channel("room")}}, "channel:room(room)"},
		"twice":           {"team:platform", []Responder{{policy.User("bob"), []Rule{push}}, {policy.User("alice"), []Rule{push}}, {policy.User("bob"), []Rule{voice}}}, "user:bob(push) user:alice(push)"},
		"out of order":    {"team:platform", []Responder{{policy.User("bob"), []Rule{voice, push}}}, "user:bob(push,voice+1m0s)"},
		"before the tier": {"team:platform", []Responder{{policy.User("bob"), []Rule{{Via: "push", After: -time.Hour}, voice}}}, "user:bob(push,voice+1m0s)"},
		"nobody's":        {"team:platform", []Responder{{Rules: []Rule{push}}, {policy.User("bob"), []Rule{push}}}, "user:bob(push)"},
		"too many rules":  {"team:platform", []Responder{{policy.User("bob"), many}}, "user:bob(v0,v1,v2,v3,v4,v5,v6,v7,v8,v9,v10,v11,v12,v13,v14,v15)"},
		"a crowd, each twice": {"team:platform", crowd, func() string {
			var b strings.Builder
			for i := range maxResponders {
				fmt.Fprintf(&b, " user:u%d(default)", i)
			}
			return b.String()[1:]
		}()},
		"as promised": {"team:platform", []Responder{{policy.User("bob"), []Rule{push, voice}}}, "user:bob(push,voice+1m0s)"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := directoryOf(t, `{"version": 1, "policies": [{"name": "p", "priority": "P3", "tiers": [{"name": "t", "notify": ["`+c.to+`"]}]}],
				"directory": {"teams": {"platform": ["carol"]}}, "default": "p"}`)
			before := fmt.Sprint(c.who)
			alert := policy.Alert{Key: "k", Kind: policy.RotationFailed, Severity: policy.SeverityHigh}
			prev := State{Key: "k", Incarnation: 1}
			ev := Event{Kind: EventTrigger, ID: "1", At: tuesday, By: Author{Principal: policy.Service("s")}, Alert: &alert}
			var next State
			if _, v, err := Drive(t.Context(), doc, &next, &prev, &ev, careless{NewDirectory(doc), c.who}, nil); err != nil || v.Kind != Applied {
				t.Fatalf("%+v, %v", v, err)
			}
			found := false
			for _, a := range ev.Answers {
				if a.Question.Kind == QuestionResolve {
					found = true
					if got := saysWho(a); got != c.want {
						t.Errorf("the machine works with %s, want %s", got, c.want)
					}
				}
			}
			if !found {
				t.Error("nobody was asked for")
			}
			if fmt.Sprint(c.who) != before {
				t.Error("the host's slices were written")
			}
		})
	}
}
