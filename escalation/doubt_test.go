package escalation

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
)

const doubtDoc = `{
 "version": 1,
 "directory": {
  "people": {"alice": {}, "bob": {}, "carol": {}, "dan": {}, "erin": {}, "mallory": {}},
  "teams": {"owners": ["mallory"]},
  "roles": {"secops": ["bob"], "ic": ["carol"], "seen": ["dan", "erin"], "ver": ["erin"], "ops": ["dan"]},
  "services": {"robot": {"behind": "bob"}},
  "hours": {"office": {"timezone": "UTC", "windows": [{"days": ["tue"], "from": "09:00", "to": "17:00"}]}}
 },
 "authority": {"verify": ["role:ver", "user:carol", "responders"], "rebase": ["role:ops", "user:carol"]},
 "policies": [{"name": "p", "priority": "P3",
  "tiers": [
   {"name": "t", "notify": ["user:alice"], "wait": "5m"},
   {"name": "in", "notify": ["user:dan"], "wait": "5m", "when": ["hours(office)"]},
   {"name": "out", "notify": ["user:erin"], "wait": "5m", "when": [{"not": ["hours(office)"]}]}],
  "actions": [
   {"run": "inside", "at": "open", "mode": "auto", "guard": ["hours(office)"], "tell": ["user:alice"]},
   {"run": "outside", "at": "open", "mode": "auto", "guard": [{"not": ["hours(office)"]}], "tell": ["user:alice"]}],
  "gates": [
   {"name": "deploy", "operations": ["deploy"], "close": "open", "open": "resolved",
    "review": {"stages": [{"name": "s", "by": ["role:secops", "user:carol"], "approvals": 1}], "exclude": ["owner"], "within": "7d"},
    "break_glass": {"by": ["role:ic", "user:alice"], "for": "1h", "tell": ["role:seen"], "review": {"within": "24h"}}},
   {"name": "use", "operations": ["use"], "close": "open", "open": "review",
    "review": {"stages": [{"name": "s", "by": ["role:secops"], "approvals": 1}], "evidence": ["rotated"], "within": "7d"},
    "break_glass": {"by": ["user:dan"], "for": "1h", "tell": ["user:alice", "user:bob"], "review": {"within": "24h"}}}]}],
 "default": "p"
}`

// doubtful gives the answers of a directory that works as good as they were, as
// its last good answers, or not at all.
type doubtful struct {
	Directory
	mood string // "", "stale" or "failed"
	only QuestionKind
}

func (d *doubtful) Resolve(ctx context.Context, qs []Question) ([]Answer, error) {
	as, err := d.Directory.Resolve(ctx, qs)
	for i := range as {
		switch {
		case d.mood == "" || d.only != QuestionNone && d.only != qs[i].Kind:
		case d.mood == "stale":
			as[i].Stale = true
		default:
			as[i] = failed(qs[i : i+1])[0]
		}
	}
	return as, err
}

// doubter is one alert under a directory that comes and goes.
type doubter struct {
	t    *testing.T
	doc  *policy.Document
	dir  doubtful
	s    State
	last Event
	out  []Effect // of the last event
}

func newDoubter(t *testing.T, mood string, only QuestionKind) *doubter {
	doc := directoryOf(t, doubtDoc)
	d := &doubter{t: t, doc: doc, dir: doubtful{NewDirectory(doc), mood, only}, s: State{Key: "k", Incarnation: 1}}
	v := d.do(Event{Kind: EventTrigger, At: tuesday, By: Author{Principal: policy.Service("s")}, Alert: &policy.Alert{
		Key: "k", Kind: policy.RotationFailed, Severity: policy.SeverityHigh,
		Identity: policy.Identity{ID: "svc", Criticality: policy.CriticalityLow, Owner: policy.Target{Kind: policy.TargetTeam, ID: "owners"}},
	}})
	if v != applied.String() {
		t.Fatal(v)
	}
	return d
}

func (d *doubter) do(ev Event) string {
	d.t.Helper()
	var next State
	out, v, err := Drive(d.t.Context(), d.doc, &next, &d.s, &ev, &d.dir, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	d.s, d.out, d.last = next, out, ev
	return v.String()
}

func (d *doubter) by(who string, ev Event) string {
	d.t.Helper()
	ev.By = Author{Principal: targetOf(d.t, who)}
	ev.At = d.s.At
	return d.do(ev)
}

// to lets time pass.
func (d *doubter) to(at policy.Instant) {
	d.t.Helper()
	for d.s.Due <= at {
		if v := d.do(Event{Kind: EventTick, At: d.s.Due}); v != applied.String() {
			d.t.Fatal(v)
		}
	}
}

func (d *doubter) gate(name string) Decision {
	for i, g := range d.doc.PolicyNamed("p").Gates {
		if g.Name == name {
			return GateDecision(d.doc, &d.s, i, d.s.At)
		}
	}
	return 0
}

// A permission is given on fresh answers and on what the document names, never
// on a last good answer; each row is allowed once the directory answers.
func TestPermissionsFailClosed(t *testing.T) {
	vote := Event{Kind: EventVote, Gate: "deploy", Vote: voteApprove}
	request := Event{Kind: EventRequest, Gate: "deploy"}
	glass := Event{Kind: EventBreakGlass, Gate: "deploy", Reason: "outage"}
	for _, c := range []struct {
		name   string
		before []string // done while the directory answers: who requests
		who    string
		ev     Event
		gate   string
		stale  string
		fresh  string
	}{
		{"a vote of a role", []string{"user:alice"}, "user:bob", vote, "deploy", "rejected(unresolvable)", "applied"},
		{"a vote of a person named, whom an exclusion might mean", []string{"user:alice"}, "user:carol", vote, "deploy", "rejected(unresolvable)", "applied"},
		{"a vote of whom nobody names", []string{"user:alice"}, "user:erin", vote, "deploy", "rejected(unresolvable)", "rejected(not_authorised)"},
		{"a robot's request", nil, "service:robot", request, "deploy", "rejected(unresolvable)", "applied"},
		{"break-glass of a role", nil, "user:carol", glass, "deploy", "rejected(unresolvable)", "applied"},
		{"break-glass of a person named, before the eyes of a role", nil, "user:alice", glass, "deploy", "rejected(unresolvable)", "applied"},
		{"break-glass of a person named, before those of people named", nil, "user:dan", Event{Kind: EventBreakGlass, Gate: "use", Reason: "outage"}, "use", "", "applied"},
		{"break-glass of whom nobody names", nil, "user:mallory", glass, "deploy", "rejected(unresolvable)", "rejected(not_authorised)"},
		{"a rebase of a role", nil, "user:dan", Event{Kind: EventRebase, Policy: "p"}, "", "rejected(unresolvable)", "ignored(already)"},
	} {
		for _, mood := range []string{"stale", "failed"} {
			t.Run(c.name+" "+mood, func(t *testing.T) {
				d := newDoubter(t, "", 0)
				for _, who := range c.before {
					if v := d.by(who, request); v != "applied" {
						t.Fatal(v)
					}
				}
				want, open := c.stale, Deny
				if want == "" { // what the document names needs no answer but how to tell them
					want, open = "applied", Allow
					if mood == "failed" {
						want, open = "rejected(unresolvable)", Deny
					}
				}
				d.dir.mood = mood
				if got := d.by(c.who, c.ev); got != want {
					t.Errorf("%s; want %s", got, want)
				}
				if c.gate != "" && d.gate(c.gate) != open {
					t.Errorf("the gate says %v; want %v", d.gate(c.gate), open)
				}
				d.dir.mood = ""
				if got := d.by(c.who, c.ev); open != Allow && got != c.fresh {
					t.Errorf("once the directory answers: %s; want %s", got, c.fresh)
				}
			})
		}
	}
}

// A resolve is quiet, and goes through on a last good answer; it opens a gate
// only when the directory says now that its author verifies.
func TestVerifiersAreFresh(t *testing.T) {
	for _, c := range []struct {
		who, mood string
		open      Decision
	}{
		{"user:erin", "", Allow},
		{"user:erin", "stale", Deny},
		{"user:carol", "stale", Allow}, // the document names her
		{"user:alice", "", Allow},      // told by this alert
		{"user:alice", "stale", Deny},
	} {
		d := newDoubter(t, "", 0)
		d.dir.mood = c.mood
		if v := d.by(c.who, Event{Kind: EventResolve}); v != "applied" {
			t.Errorf("%s %s: %s; want applied", c.who, c.mood, v)
		}
		if got := d.gate("deploy"); got != c.open {
			t.Errorf("%s %s: the gate says %v; want %v", c.who, c.mood, got, c.open)
		}
	}
}

// A review whose last item comes while the directory is away is decided when it
// is back, and until then not.
func TestReviewIsDecidedLater(t *testing.T) {
	d := newDoubter(t, "", 0)
	d.by("user:alice", Event{Kind: EventRequest, Gate: "use"})
	if v := d.by("user:bob", Event{Kind: EventVote, Gate: "use", Vote: voteApprove}); v != "applied" {
		t.Fatal(v)
	}
	d.dir.mood = "stale"
	d.by("service:rotator", Event{Kind: EventNote, Evidence: "rotated"})
	start := d.s.At
	d.to(start.Add(30 * time.Minute))
	if d.gate("use") != Deny {
		t.Error("granted on a last good answer")
	}
	d.dir.mood = ""
	d.to(start.Add(2 * time.Hour))
	if d.s.More.Reviews[0].Pending || !d.s.More.Reviews[0].Granted {
		t.Errorf("%+v; want it granted, now that the directory answers", d.s.More.Reviews[0])
	}
}

// Voters are told on a last good answer, but for those whom it excludes.
func TestVotersAreToldInDoubt(t *testing.T) {
	d := newDoubter(t, "stale", 0)
	d.by("user:alice", Event{Kind: EventRequest, Gate: "deploy"})
	if got := fmt.Sprint(d.s.More.Reviews[0].Voters); got != "[user:bob user:carol]" {
		t.Errorf("asked %s; want bob and carol", got)
	}
}

// A guard on hours, while the directory does not know them: the tier tells, the
// action does not act, whichever way the guard is written.
func TestHoursInDoubt(t *testing.T) {
	for _, c := range []struct {
		mood  string
		runs  string
		tiers string
	}{
		{"", "inside:started outside:refused ", "t in "}, // a Tuesday afternoon
		{"stale", "inside:refused outside:refused ", "t in out "},
		{"failed", "inside:refused outside:refused ", "t in out "},
	} {
		d := newDoubter(t, c.mood, QuestionHours)
		runs, tiers := "", ""
		p := d.doc.PolicyNamed("p")
		for _, until := range []time.Duration{0, 14 * time.Minute} {
			for first := true; first || d.s.Due <= tuesday.Add(until); first = false {
				if !first || until > 0 {
					d.do(Event{Kind: EventTick, At: d.s.Due})
				}
				for i := range d.out {
					switch e := &d.out[i]; e.Kind {
					case EffectRun, LineAction:
						runs += p.Actions[e.Action].Name + ":" + e.Result.String() + " "
					case LineTierEntered:
						tiers += p.Tracks[0].Tiers[e.Tier].Name + " "
					}
				}
			}
		}
		if runs != c.runs || tiers != c.tiers {
			t.Errorf("%q: %s and tiers %s; want %s and %s", c.mood, runs, tiers, c.runs, c.tiers)
		}
	}
}

// The record says what it rests on, so that evidence can.
func TestDoubtIsRecorded(t *testing.T) {
	for _, c := range []struct {
		mood              string
		stale, unanswered string
	}{
		{"", "[]", "[]"},
		{"stale", "[user:alice hours(office)]", "[]"},
		{"failed", "[]", "[user:alice hours(office) user:dan user:erin]"},
	} {
		d := newDoubter(t, c.mood, 0)
		l := Lines(d.doc, &d.s, &Record{Seq: d.s.Seq, Event: d.last, Verdict: applied, Effects: d.out})[0]
		if fmt.Sprint(l.Stale) != c.stale || fmt.Sprint(l.Unanswered) != c.unanswered {
			t.Errorf("%q: stale %v, unanswered %v; want %s and %s", c.mood, l.Stale, l.Unanswered, c.stale, c.unanswered)
		}
	}
}
