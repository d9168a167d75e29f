package escalation_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/internal/explore"
	"github.com/belfry-go/belfry/internal/golden"
	"github.com/belfry-go/belfry/policy"
)

// authorityDocument has a directory that is closed, a line of authority for what
// has none by default, and everything that can be voted on. bob's robot asks;
// erin, and whoever else could be suspected of it, is named to vote.
const authorityDocument = `{"version": 1, "default": "p", "authority": {"verify": ["service:verifier", "responders"], "rebase": ["user:erin", "user:mallory", "service:rotator"]},
	"directory": {
		"people": {"alice": {}, "bob": {}, "carol": {}, "dave": {}, "erin": {}, "mallory": {}, "zoe": {}},
		"services": {"rotator": {}, "verifier": {}, "release-bot": {"behind": "bob"}, "mallorys-bot": {"behind": "mallory"}, "svc-app": {"behind": "carol"}},
		"roles": {"voters": ["erin", "bob", "mallory", "carol"]}},
	"policies": [{"name": "p", "priority": "P3", "parties": ["user:mallory"],
		"tiers": [{"name": "1", "notify": ["user:alice"], "wait": "9h"}],
		"actions": [{"run": "disable-key", "name": "disable", "mode": "approve", "at": "open + 1h", "approve": {"by": ["role:voters"], "approvals": 2}},
			{"run": "rotate", "mode": "auto", "at": "open", "undo": {"within": "1d", "approve": {"by": ["role:voters"], "approvals": 2}}}],
		"gates": [{"name": "deploy", "operations": ["deploy"], "close": "open", "decision": "hold", "open": "resolved",
			"review": {"by": ["role:voters"], "approvals": 2, "exclude": ["user:zoe"]},
			"break_glass": {"by": ["user:dave", "user:mallory", "user:bob"], "tell": ["user:alice", "user:bob"]}}],
		"reviews": [{"name": "access", "at": "open", "by": ["role:voters"], "approvals": 2, "answers": ["keep", "remove"]}]}]}`

// authorClasses are whom a host may name. The service for a person is one for
// whom the host says so, the others are what the directory knows.
var authorClasses = []struct {
	name string
	by   escalation.Author
}{
	{"person, told", by("alice")},
	{"person", by("zoe")},
	{"person, named", by("erin")},
	{"person, unknown", by("stranger")},
	{"service", escalation.Author{Principal: policy.Service("rotator")}},
	{"service, unknown", escalation.Author{Principal: policy.Service("nobodys-bot")}},
	{"service for a person", escalation.Author{Principal: policy.Service("rotator"), Behind: policy.User("erin")}},
	{"service for a party", escalation.Author{Principal: policy.Service("rotator"), Behind: policy.User("mallory")}},
	{"a party's service", escalation.Author{Principal: policy.Service("mallorys-bot")}},
	{"party", by("mallory")},
	{"subject", escalation.Author{Principal: policy.Service("svc-app")}},
	{"behind the subject", by("carol")},
	{"requester", escalation.Author{Principal: policy.Service("release-bot")}},
	{"behind the requester", by("bob")},
}

// authorityVerbs are all that somebody may send.
func authorityVerbs() []matrixRow {
	ev := func(k escalation.EventKind) escalation.Event { return escalation.Event{Kind: k} }
	again := exploredAlert()
	again.Severity = ""
	return []matrixRow{
		{"trigger", escalation.Event{Kind: escalation.EventTrigger, Alert: &again}},
		{"raise", escalation.Event{Kind: escalation.EventRaise, Severity: policy.SeverityHigh, Reason: "worse"}},
		{"escalate", ev(escalation.EventEscalate)},
		{"unacknowledge", ev(escalation.EventUnacknowledge)},
		{"add_responder", escalation.Event{Kind: escalation.EventAddResponder, To: policy.User("dave")}},
		{"request", escalation.Event{Kind: escalation.EventRequest, Gate: "deploy", Ask: "{}"}},
		{"use", escalation.Event{Kind: escalation.EventUse, Gate: "deploy"}},
		{"note", escalation.Event{Kind: escalation.EventNote, Text: "looking"}},
		{"acknowledge", ev(escalation.EventAcknowledge)},
		{"decline", ev(escalation.EventDecline)},
		{"reassign", escalation.Event{Kind: escalation.EventReassign, To: policy.User("dave")}},
		{"snooze", escalation.Event{Kind: escalation.EventSnooze, For: time.Hour}},
		{"silence", escalation.Event{Kind: escalation.EventSilence, Name: "s", For: time.Hour, Reason: "planned"}},
		{"lower", escalation.Event{Kind: escalation.EventLower, Severity: policy.SeverityInfo, Reason: "no harm"}},
		{"resolve", ev(escalation.EventResolve)},
		{"succeeded", ev(escalation.EventSucceeded)},
		{"vote, gate", escalation.Event{Kind: escalation.EventVote, Gate: "deploy", Vote: "approve"}},
		{"vote, action", escalation.Event{Kind: escalation.EventVote, Action: "disable", Vote: "approve"}},
		{"vote, undo", escalation.Event{Kind: escalation.EventVote, Undo: "rotate", Vote: "approve"}},
		{"vote, review", escalation.Event{Kind: escalation.EventVote, Review: "access", Vote: "keep"}},
		{"break_glass", escalation.Event{Kind: escalation.EventBreakGlass, Gate: "deploy", Reason: "fire"}},
		{"rebase", ev(escalation.EventRebase)},
	}
}

// TestAuthority is every verb by every class of author, on an alert whose gate,
// action and undo are all asked for: who is refused, and why. What is refused
// has changed nothing but the count of records.
func TestAuthority(t *testing.T) {
	doc, err := policy.Parse("authority.json", []byte(authorityDocument))
	if err != nil {
		t.Fatal(err)
	}
	l := life{doc: doc, dir: escalation.NewDirectory(doc)}
	a := exploredAlert()
	l.do(t, escalation.Event{Kind: escalation.EventTrigger, At: explore.Base, Alert: &a, By: escalation.Author{Principal: policy.Service("rotator")}})
	l.until(t, l.at(1))
	l.do(t, escalation.Event{Kind: escalation.EventReport, At: l.at(1), Report: escalation.Report{
		Effect: l.state.Actions[1].Effect, Attempt: 1, Result: escalation.ResultDone, RetryAt: policy.Never,
	}})
	requester := escalation.Author{Principal: policy.Service("release-bot")}
	for _, ev := range []escalation.Event{{Gate: "deploy"}, {Action: "disable"}, {Undo: "rotate"}} {
		ev.Kind, ev.At, ev.By = escalation.EventRequest, l.at(2), requester
		if v := l.do(t, ev); v.Kind != escalation.Applied {
			t.Fatalf("request %q%q%q: %s", ev.Gate, ev.Action, ev.Undo, v)
		}
	}
	var b strings.Builder
	b.WriteString("Who may do what: what each class of author is answered.\n")
	for _, verb := range authorityVerbs() {
		fmt.Fprintf(&b, "\n%s\n", verb.name)
		answers := map[string][]string{}
		for _, who := range authorClasses {
			ev := verb.ev
			ev.By, ev.At, ev.ClaimedAt = who.by, l.at(3), policy.Never
			var next escalation.State
			effects, v, err := explore.Shipped(doc, &next, &l.state, &ev, l.dir, nil)
			if err != nil || v.Kind == escalation.Need {
				t.Fatalf("%s by %s: %s, %v", verb.name, who.name, v, err)
			}
			tr := explore.Transition{Doc: doc, Prev: &l.state, Next: &next, Event: &ev, Effects: effects, Verdict: v}
			if err := tr.Check(); err != nil {
				t.Errorf("%s by %s: %v", verb.name, who.name, err)
			}
			if v.Kind == escalation.Rejected && len(effects) > 0 {
				t.Errorf("%s by %s is %s and has %d effects", verb.name, who.name, v, len(effects))
			}
			answers[v.String()] = append(answers[v.String()], who.name)
		}
		for _, v := range slices.Sorted(maps.Keys(answers)) {
			fmt.Fprintf(&b, "  %-26s %s\n", v, strings.Join(answers[v], "; "))
		}
	}
	golden.Check(t, "authority.txt", []byte(b.String()))
}
