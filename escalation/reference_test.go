package escalation_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/internal/explore"
	"github.com/belfry-go/belfry/policy"
)

// ladder is the plainest policy: one track, one person a tier, every message
// taken at once.
type ladder struct {
	who     []string // by tier
	wait    []int    // minutes
	repeat  int
	timeout int // of an acknowledgement
	every   int // how often the exhausted list is told
}

// act is what a person does in a case.
type act struct {
	at      int
	who     string
	resolve bool
}

// page is one telling.
type page struct {
	at, pass, tier int // tier -2: the exhausted list
	who, reason    string
}

// model is the ladder's meaning, written as plainly as it can be, from the
// documentation and not from the machine.
func (l *ladder) model(acts []act, until int) (pages []page, status string) {
	const never = 1 << 30
	pass, tier, status := 1, -1, "triggered"
	end, again, ackEnd, began := never, never, never, 0
	var ackers []string
	tell := func(at, tier int, reason string, who ...string) {
		slices.Sort(who)
		for _, w := range slices.Compact(who) {
			pages = append(pages, page{at, pass, tier, w, reason})
		}
	}
	enter := func(at, t int, reason string, also ...string) {
		tier, status, ackers, end, again, ackEnd = t, "triggered", nil, at+l.wait[t], never, never
		tell(at, t, reason, append(also, l.who[t])...)
	}
	exhausted := func(at int) {
		status, end, again = "exhausted", never, at+l.every
		tell(at, -2, "exhausted", "zoe")
	}
	enter(0, 0, "initial") // with the trigger
	for {
		due := min(end, again, ackEnd)
		// What a person does goes first, but for what the trigger enters itself.
		if len(acts) > 0 && acts[0].at <= due && due > 0 {
			a := acts[0]
			acts = acts[1:]
			if a.resolve {
				return pages, "resolved"
			}
			if status != "acknowledged" || slices.Contains(ackers, a.who) {
				status, end, again, ackEnd = "acknowledged", never, never, a.at+l.timeout
			}
			ackers = append(ackers, a.who)
			continue
		}
		if due > until {
			return pages, status
		}
		last := tier == len(l.who)-1
		// What is told at an instant is taken after it: till then it reached nobody.
		reason, reached := "no_ack_timeout", false
		for i := range pages {
			reached = reached || pages[i].pass == pass && pages[i].tier >= 0 && pages[i].at < due
		}
		if n := len(pages); n > 0 && pages[n-1].at == due {
			reason = "unreachable"
		}
		switch {
		case due == ackEnd && last:
			enter(due, tier, "ack_timeout", ackers...)
		case due == ackEnd:
			enter(due, tier+1, "ack_timeout", ackers...)
		case due == again:
			exhausted(due)
		case tier < 0:
			enter(due, 0, "repeat")
		case !last:
			enter(due, tier+1, reason)
		case pass > l.repeat || !reached:
			exhausted(due)
		default: // passes are at least a minute apart
			pass, tier, end = pass+1, -1, max(due, began+1)
			began = end
		}
	}
}

// document writes the ladder in the rule language.
func (l *ladder) document(t testing.TB) *policy.Document {
	t.Helper()
	var tiers []string
	for i := range l.who {
		tiers = append(tiers, fmt.Sprintf(`{"name":"%d","notify":["user:%s"],"wait":"%dm"}`, i, l.who[i], l.wait[i]))
	}
	doc, err := policy.Parse("ladder.json", fmt.Appendf(nil,
		`{"version":1,"default":"p","policies":[{"name":"p","priority":"P3","ack":{"timeout":"%dm"},"repeat":%d,"exhausted":{"notify":["user:zoe"],"every":"%dm"},"tiers":[%s]}]}`,
		l.timeout, l.repeat, l.every, strings.Join(tiers, ",")))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// machine is what the machine makes of the same case.
func (l *ladder) machine(t testing.TB, doc *policy.Document, dir escalation.Directory, step explore.StepFunc, acts []act, until int) (pages []page, status string) {
	t.Helper()
	run := life{doc: doc, dir: dir, step: step}
	minutes := func(at policy.Instant) int { return int(at.Sub(explore.Base) / time.Minute) }
	do := func(ev escalation.Event) {
		run.do(t, ev)
		r := &run.records[len(run.records)-1]
		for _, e := range r.Effects {
			if e.Kind == escalation.EffectNotify && e.Message == escalation.MessagePage {
				pages = append(pages, page{minutes(e.At), int(e.Pass), int(e.Tier), e.To.ID, e.Reason.String()})
			}
		}
		for _, o := range slices.Clone(run.state.Open) {
			run.do(t, escalation.Event{Kind: escalation.EventReport, At: ev.At, Report: escalation.Report{
				Effect: o.ID, Attempt: 1, Result: escalation.ResultDelivered, RetryAt: policy.Never,
			}})
		}
	}
	a := exploredAlert()
	do(escalation.Event{Kind: escalation.EventTrigger, At: explore.Base, Alert: &a})
	for _, x := range acts {
		for minutes(run.state.Due) < x.at {
			do(escalation.Event{Kind: escalation.EventTick, At: run.state.Due})
		}
		ev := escalation.Event{Kind: escalation.EventAcknowledge, At: run.at(x.at), By: by(x.who)}
		if x.resolve {
			ev.Kind = escalation.EventResolve
		}
		do(ev)
	}
	for run.state.Due <= run.at(until) {
		do(escalation.Event{Kind: escalation.EventTick, At: run.state.Due})
	}
	return pages, run.state.Status.String()
}

// randomLadder draws a ladder and some cases for it.
func randomLadder(c explore.Chooser) *ladder {
	l := &ladder{repeat: c(3), timeout: 1 + c(30), every: 10 + c(40)}
	for i := range 1 + c(4) {
		l.who = append(l.who, [...]string{"alice", "bob", "carol", "erin"}[i])
		l.wait = append(l.wait, [...]int{0, 1, 2, 5, 10}[c(5)])
	}
	return l
}

func randomActs(c explore.Chooser) (acts []act) {
	at := 0
	for range c(5) {
		at += c(20)
		acts = append(acts, act{at: at, who: [...]string{"alice", "bob", "dave"}[c(3)], resolve: c.Chance(8)})
	}
	if i := slices.IndexFunc(acts, func(a act) bool { return a.resolve }); i >= 0 {
		acts = acts[:i+1]
	}
	return acts
}

// byInstant orders what happens at one instant by whom it concerns; the order of
// two messages to the same person stays.
func byInstant(a, b page) int {
	return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.who, b.who))
}

// compareLadders runs many cases and returns the first on which the machine and
// the model disagree.
func compareLadders(t testing.TB, ladders, cases int, step explore.StepFunc) string {
	t.Helper()
	const until = 75
	c := explore.Seeded(20260310)
	for range ladders {
		l := randomLadder(c)
		doc := l.document(t)
		dir := escalation.NewDirectory(doc)
		for range cases {
			acts := randomActs(c)
			want, status := l.model(acts, until)
			got, is := l.machine(t, doc, dir, step, acts, until)
			slices.SortStableFunc(want, byInstant)
			slices.SortStableFunc(got, byInstant)
			if !slices.Equal(want, got) || status != is {
				return fmt.Sprintf("ladder %+v\nacts %+v\nmodel   %v %s\nmachine %v %s", *l, acts, want, status, got, is)
			}
		}
	}
	return ""
}

// A hundred thousand times, the machine does what the model says.
func TestReferenceModel(t *testing.T) {
	t.Parallel()
	ladders, cases := 1000, 100
	if raceEnabled || testing.Short() {
		ladders, cases = 100, 20
	}
	if diff := compareLadders(t, ladders, cases, nil); diff != "" {
		t.Error(diff)
	}
}
