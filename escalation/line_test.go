package escalation

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/internal/golden"
	"github.com/belfry-go/belfry/policy"
)

const lineDoc = `{
 "version": 1,
 "authority": {"verify": ["service:verifier", "responders"]},
 "directory": {
  "people": {"alice": {"contact": [{"via": "push"}, {"via": "sms", "after": "1m"}]}, "bob": {}, "carol": {}, "dan": {}},
  "teams": {"platform": ["alice"]},
  "roles": {"lead": ["bob", "carol"]},
  "schedules": {"iam": {"timezone": "UTC", "layers": [{"always": ["carol"]}]}}
 },
 "policies": [{
  "name": "expiry", "priority": "P2",
  "deadlines": {"renew_by": {"at": "expiry"}},
  "tiers": [
   {"name": "owner", "notify": ["owner"], "wait": "5m"},
   {"name": "backup", "notify": ["role:lead"]},
   {"name": "iam", "notify": ["schedule:iam"], "at": "renew_by - 30m"}
  ],
  "actions": [{"run": "pause", "name": "hold-deploys", "at": "open", "mode": "auto"}],
  "gates": [{"name": "deploy", "operations": ["deploy"], "close": "renew_by", "decision": "hold", "open": "review",
   "review": {"stages": [{"name": "lead", "by": ["role:lead"], "approvals": 1}], "for": "1h"}}]
 }],
 "default": "expiry"
}`

// story is what happens to one alert, with the state after each record.
type story struct {
	doc   *policy.Document
	dir   Directory
	state State
	tell  func(doc *policy.Document, s *State, r *Record)
}

func newStory(t testing.TB, src string, tell func(*policy.Document, *State, *Record)) *story {
	doc := directoryOf(t, src)
	return &story{doc: doc, dir: NewDirectory(doc), state: State{Key: "db/main", Incarnation: 1}, tell: tell}
}

// play applies what is due before the event, then the event; each message is
// taken and each run done.
func (st *story) play(t testing.TB, ev Event) {
	t.Helper()
	for st.state.Seq > 0 && st.state.Due < ev.At {
		st.step(t, Event{Kind: EventTick, At: st.state.Due, ClaimedAt: policy.Never})
	}
	st.step(t, ev)
}

func (st *story) step(t testing.TB, ev Event) {
	t.Helper()
	var next State
	effects, v, err := Drive(context.Background(), st.doc, &next, &st.state, &ev, st.dir, nil)
	if err != nil || v.Kind == Need {
		t.Fatalf("%s: %v %v", ev.Kind, v, err)
	}
	st.state = next
	st.tell(st.doc, &next, &Record{Seq: next.Seq, Event: ev, Verdict: v, Effects: effects, Policy: sampleDigest(9)})
	for i := range effects {
		if !effects[i].Kind.Leaves() || effects[i].Kind == EffectOpen || ev.Kind == EventReport {
			continue
		}
		result := ResultDelivered
		if effects[i].Kind != EffectNotify {
			result = ResultDone
		}
		st.step(t, Event{Kind: EventReport, At: ev.At, ClaimedAt: policy.Never, Report: Report{
			Effect: effects[i].ID, Attempt: 1, Result: result, RetryAt: policy.Never, Late: 20 * time.Millisecond,
		}})
	}
}

// expiring plays an alert that is acknowledged late, reviewed, and resolved.
func expiring(t testing.TB, tell func(*policy.Document, *State, *Record)) {
	st := newStory(t, lineDoc, tell)
	by := func(kind EventKind, after time.Duration, who policy.Target) Event {
		return Event{Kind: kind, At: tuesday.Add(after), ClaimedAt: policy.Never, By: Author{Principal: who}}
	}
	trigger := by(EventTrigger, 0, policy.Service("inventory"))
	trigger.ID = "ev-1"
	trigger.Alert = &policy.Alert{
		Key: "db/main", Kind: policy.CredentialExpiring, Severity: policy.SeverityMedium, Summary: "token expires",
		Identity:  policy.Identity{ID: "svc-deployer", Owner: policy.Target{Kind: policy.TargetTeam, ID: "platform"}, Criticality: policy.CriticalityHigh},
		ExpiresAt: tuesday.Add(90 * time.Minute).Time(),
	}
	st.play(t, trigger)
	ack := by(EventAcknowledge, 10*time.Minute, policy.User("bob"))
	ack.Track = "main"
	st.play(t, ack)
	st.play(t, by(EventAcknowledge, 11*time.Minute, policy.User("mallory")))
	lower := by(EventLower, 12*time.Minute, policy.User("alice"))
	lower.Severity, lower.Reason = policy.SeverityLow, "known, harmless"
	st.play(t, lower)
	snooze := by(EventSnooze, 70*time.Minute, policy.User("carol"))
	snooze.For = 10 * time.Minute
	st.play(t, snooze)
	request := by(EventRequest, 95*time.Minute, policy.User("dan"))
	request.Gate, request.Ask = "deploy", `{"build":7}`
	st.play(t, request)
	vote := by(EventVote, 96*time.Minute, policy.User("carol"))
	vote.Gate, vote.Vote, vote.Stage = "deploy", "approve", "lead"
	st.play(t, vote)
	note := by(EventNote, 97*time.Minute, policy.User("alice"))
	note.Text, note.Evidence = "rotated\nby hand", "credential_rotated"
	st.play(t, note)
	resolve := by(EventResolve, 100*time.Minute, policy.Service("verifier"))
	resolve.Outcome = "token_renewed"
	st.play(t, resolve)
}

func TestLinesOfAStory(t *testing.T) {
	var lines, text, views bytes.Buffer
	enc := json.NewEncoder(&lines)
	var last StateView
	expiring(t, func(doc *policy.Document, s *State, r *Record) {
		text.WriteString(Describe(doc, s, r))
		for _, l := range Lines(doc, s, r) {
			if err := enc.Encode(&l); err != nil {
				t.Fatal(err)
			}
		}
		last = View(doc, s)
	})
	b, err := json.MarshalIndent(last, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	views.Write(append(b, '\n'))
	golden.Check(t, "lines/expiring.jsonl", lines.Bytes())
	golden.Check(t, "lines/expiring.txt", text.Bytes())
	golden.Check(t, "lines/expiring.view.json", views.Bytes())
}

// The names of the public contract are in the JSON, exactly.
func TestLineHasTheFieldsOfTheContract(t *testing.T) {
	tags := map[string]bool{}
	typ := reflect.TypeFor[Line]()
	for i := range typ.NumField() {
		name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		if tags[name] {
			t.Errorf("two fields are named %q", name)
		}
		tags[name] = true
	}
	for _, want := range strings.Fields(`event verdict reason by key track tier pass target to via passed_over waited deadline
		margin at from until policy priority assumed gate action subject operation decision count late`) {
		if !tags[want] {
			t.Errorf("no field is named %q", want)
		}
	}
}

// Views are for people who look for a fault: they are made of anything.
func TestViewsOfNonsense(t *testing.T) {
	doc := directoryOf(t, lineDoc)
	f := newFiller(3)
	for range 2000 {
		s, r := filled[State](f), filled[Record](f)
		for _, d := range []*policy.Document{doc, nil} {
			if n := len(Lines(d, s, r)); n != 1+len(r.Effects) {
				t.Fatalf("%d effects make %d lines", len(r.Effects), n)
			}
			text := Describe(d, s, r)
			if n := strings.Count(text, "\n"); n < 1+len(r.Effects) {
				t.Fatalf("%d effects make %d lines of text", len(r.Effects), n)
			}
			if _, err := json.Marshal(Lines(d, s, r)); err != nil {
				t.Fatal(err)
			}
			if _, err := json.Marshal(View(d, s)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestLineNames(t *testing.T) {
	doc := directoryOf(t, `{"version": 1, "policies": [
	 {"name": "a", "match": ["kind = x"], "tiers": [{"name": "one", "notify": ["user:u"]}]},
	 {"name": "b", "tiers": [{"name": "two", "notify": ["user:u"]}]}], "default": "b"}`)
	s := &State{Status: StatusTriggered, Policy: 0, Tracks: []Track{{Policy: 0}, {Policy: 1}}}
	r := &Record{Event: Event{Kind: EventTick, ClaimedAt: policy.Never}, Verdict: Verdict{Kind: Applied}}
	for _, c := range []struct {
		track, tier int16
		want        string
	}{
		{0, 0, "tier_entered main/one"},
		{1, 0, "tier_entered b/main/two"}, // of another policy than the governing one
		{0, TierExhausted, "tier_entered main/exhausted"},
		{0, NoTier, "tier_entered main"},
		{0, 7, "tier_entered main/#7"},
		{5, 7, "tier_entered #5/#7"},
		{-1, 7, "tier_entered"},
	} {
		e := nowhere
		e.Kind, e.Track, e.Tier = LineTierEntered, c.track, c.tier
		r.Effects = []Effect{e}
		if got := Lines(doc, s, r)[1].String(); got != c.want {
			t.Errorf("track %d tier %d is %q, want %q", c.track, c.tier, got, c.want)
		}
	}
}

// Where an acknowledgement names no track, the line says for which it counted.
func TestLineTrackOfAnAcknowledgement(t *testing.T) {
	doc := directoryOf(t, `{"version": 1, "policies": [{"name": "p", "tracks": {
	 "one": {"tiers": [{"name": "t", "notify": ["user:u"]}]}, "two": {"tiers": [{"name": "t", "notify": ["user:v"]}]}}}], "default": "p"}`)
	now := tuesday
	ack := func(track int16) Ack { return Ack{Track: track, Who: policy.User("u"), At: now, Remind: policy.Never} }
	s := &State{Status: StatusTriggered, Tracks: []Track{{}, {Index: 1}}, More: &More{Acks: []Ack{ack(1)}}}
	r := &Record{Event: Event{Kind: EventAcknowledge, At: now, By: Author{Principal: policy.User("u")}}}
	if got := Lines(doc, s, r)[0].Track; got != "two" {
		t.Errorf("the acknowledgement of the second track is one of %q", got)
	}
	s.More.Acks = append(s.More.Acks, ack(0))
	if got := Lines(doc, s, r)[0].Track; got != "" {
		t.Errorf("an acknowledgement of both tracks is one of %q", got)
	}
	s.Tracks = s.Tracks[:1]
	if got := Lines(doc, s, r)[0].Track; got != "one" {
		t.Errorf("an acknowledgement of the only track is one of %q", got)
	}
}

func ExampleLines() {
	doc, err := policy.Parse("policies.json", []byte(lineDoc))
	if err != nil {
		fmt.Println(err)
		return
	}
	alert := policy.Alert{Key: "db/main", Kind: "odd", Severity: policy.SeverityHigh}
	ev := Event{Kind: EventTrigger, At: tuesday, ClaimedAt: policy.Never, Alert: &alert, By: Author{Principal: policy.Service("scanner")}}
	var s State
	effects, v, err := Drive(context.Background(), doc, &s, &State{Key: "db/main", Incarnation: 1}, &ev, NewDirectory(doc), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	lines := Lines(doc, &s, &Record{Seq: s.Seq, Event: ev, Verdict: v, Effects: effects})
	b, err := json.MarshalIndent(&lines[0], "", " ")
	fmt.Println(string(b), err)
	// Output:
	// {
	//  "event": "trigger",
	//  "key": "db/main",
	//  "incarnation": 1,
	//  "seq": 1,
	//  "at": "2026-03-10T14:00:00Z",
	//  "verdict": "applied",
	//  "by": "service:scanner",
	//  "policy": "expiry",
	//  "priority": "P2",
	//  "severity": "high",
	//  "criticality": "critical",
	//  "blast_radius": "ecosystem",
	//  "count": 1
	// } <nil>
}

func ExampleDescribe() {
	doc, err := policy.Parse("policies.json", []byte(lineDoc))
	if err != nil {
		fmt.Println(err)
		return
	}
	s := State{Status: StatusTriggered, Opened: tuesday, Tracks: []Track{{}}}
	r := Record{
		Event:   Event{Kind: EventTick, At: tuesday.Add(5 * time.Minute)},
		Verdict: Verdict{Kind: Applied},
		Effects: []Effect{{
			Kind: LineTierEntered, Tier: 1, Gate: -1, Action: -1, Review: -1, Deadline: -1,
			At: tuesday.Add(5 * time.Minute), From: policy.Never, Until: policy.Never,
			Reason: policy.ReasonNoAckTimeout, Waited: 5 * time.Minute, PassedOver: []Responder{{To: policy.User("alice")}},
		}},
	}
	fmt.Print(Describe(doc, &s, &r))
	// Output:
	// +5m0s tick applied
	// +5m0s tier_entered main/backup no_ack_timeout passed over user:alice waited 5m0s
}

// Each kind of event shows what it carries.
func TestEventLines(t *testing.T) {
	doc := directoryOf(t, lineDoc)
	s := &State{
		Key: "k", Incarnation: 2, Status: StatusTriggered, Opened: tuesday, Tracks: []Track{{}},
		Alert:   &policy.Alert{Identity: policy.Identity{ID: "svc"}},
		Actions: []ActionState{{Effect: EffectID{Seq: 3}}},
	}
	alice := Author{Principal: policy.Service("bot"), Behind: policy.User("alice")}
	for _, c := range []struct {
		ev      Event
		verdict Verdict
		want    string
	}{
		{
			Event{Kind: EventRebase, Policy: "next", By: alice},
			Verdict{Kind: Rejected, Reason: NotAuthorised},
			`rebase by service:bot behind user:alice rejected (not_authorised)`,
		},
		{
			Event{Kind: EventSilence, Name: "window", Reason: "deploy", For: time.Hour, By: alice},
			Verdict{Kind: Applied},
			`silence "window" for 1h0m0s by service:bot behind user:alice applied because "deploy"`,
		},
		{
			Event{Kind: EventSilence, Name: "window", Silences: []SilenceFact{{Name: "window", Until: tuesday}}},
			Verdict{Kind: Applied},
			`silence "window" until 2026-03-10T14:00:00Z applied`,
		},
		{
			Event{Kind: EventVote, Undo: "hold-deploys", Vote: "reject"},
			Verdict{Kind: Ignored, Reason: Stale},
			`vote action hold-deploys reject ignored (stale)`,
		},
		{
			Event{Kind: EventTick, Down: &Span{From: tuesday, To: tuesday.Add(time.Minute)}},
			Verdict{Kind: Applied},
			`tick from 2026-03-10T14:00:00Z until 2026-03-10T14:01:00Z applied`,
		},
		{
			Event{Kind: EventReport, Report: Report{Effect: EffectID{Seq: 3}, Result: ResultFailed, Detail: "no route"}},
			Verdict{Kind: Applied},
			`report action hold-deploys run pause failed applied "no route"`,
		},
		{
			Event{Kind: EventReport, Report: Report{Result: ResultTemporary, RetryAt: tuesday}},
			Verdict{Kind: Applied},
			`report temporary until 2026-03-10T14:00:00Z applied`,
		},
		{Event{Kind: EventReassign, To: policy.User("dan")}, Verdict{Kind: Applied}, `reassign user:dan main applied`},
		{Event{Kind: EventAcknowledge, Track: "main"}, Verdict{Kind: Ignored, Reason: Already}, `acknowledge main ignored (already)`},
		{
			Event{Kind: EventRaise, Severity: "critical", BlastRadius: "ecosystem"},
			Verdict{Kind: Applied},
			`raise severity critical blast_radius ecosystem applied`,
		},
	} {
		r := &Record{Event: c.ev, Verdict: c.verdict}
		if got := Lines(doc, s, r)[0].String(); got != c.want {
			t.Errorf("%s is\n%s\nwant\n%s", c.ev.Kind, got, c.want)
		}
	}
}

func TestViewOfReviews(t *testing.T) {
	doc := directoryOf(t, `{"version": 1, "directory": {"people": {"u": {}, "v": {}}}, "policies": [{"name": "p",
	 "tiers": [{"name": "t", "notify": ["user:u"]}],
	 "actions": [{"run": "off", "at": "open", "mode": "approve", "approve": {"by": ["user:u"], "within": "15m"},
	  "undo": {"within": "1h", "approve": {"by": ["user:v"], "approvals": 1}}}],
	 "reviews": [{"name": "access", "at": "resolved", "stages": [{"name": "owner", "by": ["user:u"], "approvals": 1}], "answers": ["keep", "remove"]}]}],
	 "default": "p"}`)
	s := &State{Status: StatusResolved, Opened: tuesday, At: tuesday, Grace: policy.Never, GraceAt: policy.Never, Due: policy.Never, More: &More{}}
	for of, pending := range []bool{true, true, false, false} {
		s.More.Reviews = append(s.More.Reviews, ReviewState{
			Of: ReviewOf(of), Pending: pending, Granted: of == int(ReviewAccess),
			Votes: []Vote{{Who: policy.User("u"), Answer: "keep", At: tuesday}, {Stage: 7, Who: policy.User("v"), At: tuesday}},
		})
	}
	var got []string
	for _, r := range View(doc, s).Reviews {
		got = append(got, fmt.Sprintf("%s %s %s %q %q", r.Of, r.Name, r.Status, r.Votes[0].Stage, r.Votes[1].Stage))
	}
	want := `gate #0 pending "" ""
action off pending "1" ""
undo off ended "1" ""
access access granted "owner" ""`
	if strings.Join(got, "\n") != want {
		t.Errorf("reviews are\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
}
