package escalation

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// rebaseStart is when the alerts of these tests open.
const rebaseStart = sampleOpened

func rebaseDoc(t testing.TB, policies string) *policy.Document {
	t.Helper()
	doc, err := policy.Parse("test.json", []byte(`{"version": 1, "authority": {"rebase": ["user:erin", "service:ci"]}, "policies": [`+policies+`]}`))
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// standing is an alert under a document, driven by hand.
type standing struct {
	t     testing.TB
	doc   *policy.Document
	state State
	recs  []Record
}

func openUnder(t testing.TB, doc *policy.Document, a policy.Alert) *standing {
	s := &standing{t: t, doc: doc, state: State{Key: "k", Incarnation: 1}}
	s.step(Event{Kind: EventTrigger, At: rebaseStart, Alert: &a}, "applied")
	return s
}

// step applies an event, with all that is due before it.
func (s *standing) step(ev Event, want string) []Effect {
	s.t.Helper()
	ev.ClaimedAt = policy.Never
	for s.state.Seq > 0 && s.state.Due < ev.At {
		s.one(Event{Kind: EventTick, At: s.state.Due, ClaimedAt: policy.Never}, "applied")
	}
	return s.one(ev, want)
}

func (s *standing) one(ev Event, want string) []Effect {
	s.t.Helper()
	doc := s.doc
	if to := ev.Mapping.document(doc); to != nil {
		doc = to
	}
	var next State
	effects, v, err := Drive(context.Background(), s.doc, &next, &s.state, &ev, NewDirectory(doc), nil)
	if err != nil || v.String() != want {
		s.t.Fatalf("%s at +%v was answered %s, %v; want %s", ev.Kind, ev.At.Sub(rebaseStart), v, err, want)
	}
	s.recs = append(s.recs, Record{Seq: next.Seq, Event: ev, Verdict: v, Effects: effects})
	s.state = next
	if next.Document == doc.Digest {
		s.doc = doc
	}
	return effects
}

// rebase moves the alert at so long after its opening.
func (s *standing) rebase(after time.Duration, to *policy.Document, name, want string) []Effect {
	s.t.Helper()
	return s.step(Event{Kind: EventRebase, At: rebaseStart.Add(after), By: Author{Principal: policy.User("erin")}, Policy: name, Mapping: Mapping{}.Bound(to)}, want)
}

// last is the last record as lines.
func (s *standing) last() []Line { return Lines(s.doc, &s.state, &s.recs[len(s.recs)-1]) }

// toldBy is who a step's effects page.
func toldBy(effects []Effect) string {
	var who []string
	for i := range effects {
		if e := &effects[i]; e.Kind == EffectNotify {
			who = append(who, fmt.Sprintf("%s %s", strings.TrimPrefix(e.To.String(), "user:"), e.Reason))
		}
	}
	return strings.Join(who, ", ")
}

var rebaseAlert = policy.Alert{Key: "k", Kind: policy.RotationFailed, Severity: policy.SeverityMedium, Identity: policy.Identity{ID: "svc", Criticality: policy.CriticalityLow}}

const rebaseOld = `{"name": "p", "priority": "P3", "deadlines": {"fix": {"at": "open + 2h"}, "contain": {"at": "open + 3h", "outcome": "contained"}},
	"tracks": {"main": {"tiers": [{"name": "one", "notify": ["user:a"], "wait": "10m"}, {"name": "two", "notify": ["user:b"], "wait": "10m"}, {"name": "three", "notify": ["user:c"], "wait": "10h"}]},
		"side": {"tiers": [{"name": "x", "notify": ["user:d"], "wait": "10h"}]}},
	"actions": [{"run": "r", "name": "act", "mode": "off"}],
	"gates": [{"name": "g", "operations": ["deploy"], "close": "open + 1h", "open": "resolved"}],
	"reviews": [{"name": "access", "at": "resolved", "by": ["user:a"]}]}`

func TestPlanRebase(t *testing.T) {
	old := rebaseDoc(t, rebaseOld)
	s := openUnder(t, old, rebaseAlert)
	s.step(Event{Kind: EventNote, At: rebaseStart.Add(11 * time.Minute), Text: "x"}, "applied")
	to := rebaseDoc(t, `{"name": "q", "priority": "P3", "deadlines": {"fix": {"at": "open + 1h"}, "later": {"at": "resolved + 1h"}, "new": {"at": "open + 5h"}},
		"tracks": {"more": {"tiers": [{"name": "m", "notify": ["user:a"]}]}, "main": {"tiers": [{"name": "three", "notify": ["user:c"]}, {"name": "one", "notify": ["user:a"]}]}}}`)
	before := AppendState(nil, &s.state)
	plan, err := PlanRebase(old, to, &s.state, "q", rebaseStart.Add(12*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(before, AppendState(nil, &s.state)) {
		t.Error("planning changed the state")
	}
	want := []string{
		"more is new", "main: two becomes three", "side ends",
		"fix moves from 2026-03-10T16:00:00.123456Z to 2026-03-10T15:00:00.123456Z", "later is new, and not known yet", "new is set to 2026-03-10T19:00:00.123456Z",
		"deadline contain is dropped", "gate g is dropped", "action act is dropped", "review access is dropped",
	}
	if got := plan.Words(); !slices.Equal(got, want) {
		t.Errorf("the plan is\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	effects := s.rebase(12*time.Minute, to, "q", "applied")
	if got := toldBy(effects); got != "c manual" {
		t.Errorf("the rebase tells %q; want c alone, for main: the tick tells more", got)
	}
	if line := s.last()[0]; !slices.Equal(line.Mapping, want) || line.Dry || line.Policy != "q" || !strings.Contains(line.String(), `"more is new; main: two becomes three; `) {
		t.Errorf("the record's line is %s", line.String())
	}
	if got := toldBy(s.step(Event{Kind: EventTick, At: s.state.Due}, "applied")); got != "a manual" {
		t.Errorf("the tick of the same instant tells %q; want a, of the new track", got)
	}
}

func TestPlanRebaseErrors(t *testing.T) {
	doc := rebaseDoc(t, rebaseOld)
	s := openUnder(t, doc, rebaseAlert)
	resolved := s.state.Clone()
	resolved.Resolved = rebaseStart
	for want, plan := range map[string]func() (*Mapping, error){
		`has no policy "nope"`: func() (*Mapping, error) { return PlanRebase(doc, doc, &s.state, "nope", rebaseStart) },
		"is no alert":          func() (*Mapping, error) { return PlanRebase(doc, doc, &State{}, "p", rebaseStart) },
		"is resolved":          func() (*Mapping, error) { return PlanRebase(doc, doc, &resolved, "p", rebaseStart) },
	} {
		if m, err := plan(); m != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("PlanRebase = %v, %v; want an error that says %q", m, err, want)
		}
	}
}

// Whatever a rebase does not know is ignored, and nothing panics.
func TestRebaseVerdicts(t *testing.T) {
	old, to := rebaseDoc(t, rebaseOld), rebaseDoc(t, strings.Replace(rebaseOld, "user:b", "user:e", 1))
	erin := Author{Principal: policy.User("erin")}
	tests := []struct {
		name string
		ev   Event
		want string
	}{
		{"same document, same policy", Event{By: erin}, "ignored(already)"},
		{"same document, by name", Event{By: erin, Policy: "p", Mapping: Mapping{}.Bound(old)}, "ignored(already)"},
		{"no such policy", Event{By: erin, Policy: "nope", Mapping: Mapping{}.Bound(to)}, "ignored(unknown)"},
		{"a document that is not there", Event{By: erin, Mapping: &Mapping{Document: to.Digest}}, "ignored(unknown)"},
		{"another document than it says", Event{By: erin, Mapping: Mapping{Document: sampleDigest(1)}.Bound(to)}, "ignored(unknown)"},
		{"a plan of another state", Event{By: erin, Mapping: Mapping{Tracks: []TrackMove{{From: "main", To: "main", Tier: "two", Onto: "two"}}}.Bound(to)}, "ignored(stale)"},
		{"another incarnation", Event{By: erin, Incarnation: 7, Mapping: Mapping{}.Bound(to)}, "ignored(stale)"},
		{"somebody else", Event{By: Author{Principal: policy.User("a")}, Mapping: Mapping{}.Bound(to)}, "rejected(not_authorised)"},
		{"a service", Event{By: Author{Principal: policy.Service("rotator")}, Mapping: Mapping{}.Bound(to)}, "rejected(not_a_person)"},
		{"the subject", Event{By: Author{Principal: policy.Service("svc")}, Mapping: Mapping{}.Bound(to)}, "rejected(party)"},
		{"a service that is named, behind it a party", Event{By: Author{Principal: policy.Service("ci"), Behind: policy.User("mallory")}, Mapping: Mapping{}.Bound(to)}, "rejected(party)"},
		{"a service that is named", Event{By: Author{Principal: policy.Service("ci")}, Mapping: Mapping{}.Bound(to)}, "applied"},
		{"a dry run", Event{By: erin, Mapping: Mapping{Dry: true}.Bound(to)}, "applied"},
		{"erin", Event{By: erin, Mapping: Mapping{}.Bound(to)}, "applied"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := rebaseAlert
			a.Parties = []policy.Target{policy.User("mallory")}
			s := openUnder(t, old, a)
			tt.ev.Kind, tt.ev.At = EventRebase, rebaseStart.Add(time.Minute)
			before := s.state.Clone()
			effects := s.step(tt.ev, tt.want)
			moved := tt.want == "applied" && (tt.ev.Mapping == nil || !tt.ev.Mapping.Dry)
			if (s.state.Document == to.Digest) != moved {
				t.Errorf("the alert is under document %x", s.state.Document[:4])
			}
			if !moved {
				before.Seq, before.At = s.state.Seq, s.state.At
				if len(effects) > 0 || !slices.Equal(AppendState(nil, &before), AppendState(nil, &s.state)) {
					t.Errorf("something changed: %d effects", len(effects))
				}
			}
		})
	}
	t.Run("resolved", func(t *testing.T) {
		s := openUnder(t, old, rebaseAlert)
		s.step(Event{Kind: EventResolve, At: rebaseStart, By: Author{Principal: policy.User("a")}}, "applied")
		s.rebase(time.Minute, to, "", "ignored(resolved)")
	})
	t.Run("who waits for a review", func(t *testing.T) {
		gated := rebaseDoc(t, `{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:a"]}], "gates": [{"name": "g", "operations": ["deploy"], "close": "open", "open": "review", "review": {"by": ["user:b"]}}]}`)
		for want, by := range map[string]Author{
			"rejected(requester)":        {Principal: policy.User("erin")},
			"rejected(behind_requester)": {Principal: policy.Service("bot"), Behind: policy.User("erin")},
		} {
			s := openUnder(t, gated, rebaseAlert)
			s.step(Event{Kind: EventRequest, At: rebaseStart, By: by, Gate: "g"}, "applied")
			s.rebase(time.Minute, old, "", want)
		}
	})
}

// A track that a rise started goes on where the alert moves to its policy, and
// the policy that it came from is left.
func TestRebaseToThePolicyOfARise(t *testing.T) {
	const two = `{"name": "grave", "match": ["severity >= critical"], "priority": "P2", "tiers": [{"name": "g1", "notify": ["user:c"], "wait": "1h"}, {"name": "g2", "notify": ["user:d"], "wait": "10h"}]},
		{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:a"], "wait": "10h"}]}`
	doc := rebaseDoc(t, two)
	s := openUnder(t, doc, rebaseAlert)
	s.step(Event{Kind: EventRaise, At: rebaseStart.Add(time.Minute), By: Author{Principal: policy.User("a")}, Severity: policy.SeverityCritical}, "applied")
	effects := s.step(Event{Kind: EventRebase, At: rebaseStart.Add(2 * time.Minute), By: Author{Principal: policy.User("erin")}, Policy: "grave"}, "applied")
	if got := toldBy(effects); got != "" {
		t.Errorf("the rebase tells %q; want nobody: the track goes on", got)
	}
	if got, want := s.last()[0].Mapping, []string{"grave/main as main goes on at g1", "main ends"}; !slices.Equal(got, want) {
		t.Errorf("mapping %q; want %q", got, want)
	}
	if len(s.state.Tracks) != 1 || s.state.Priority != 4 {
		t.Errorf("%d tracks, priority %d; want the one, P2", len(s.state.Tracks), s.state.Priority)
	}
	if got := toldBy(s.step(Event{Kind: EventTick, At: s.state.Due}, "applied")); s.state.At != rebaseStart.Add(61*time.Minute) || got != "d unreachable" {
		t.Errorf("at +%v the tick tells %q; want d, after g1's wait", s.state.At.Sub(rebaseStart), got)
	}
}

// What has happened is known to a policy that asks for it, though the one before
// did not.
func TestRebaseRecallsWhatHappened(t *testing.T) {
	old := rebaseDoc(t, `{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:a"], "wait": "10h"}]}`)
	to := rebaseDoc(t, `{"name": "p", "priority": "P3", "deadlines": {"fix": {"at": "acknowledged + 1h"}, "prove": {"at": "evidence:seen + 2h"}},
		"tiers": [{"name": "one", "notify": ["user:a"]}, {"name": "two", "notify": ["user:b"], "at": "tier:main/one + 3h", "unless": "resolved"}]}`)
	s := openUnder(t, old, rebaseAlert)
	s.step(Event{Kind: EventAcknowledge, At: rebaseStart.Add(10 * time.Minute), By: Author{Principal: policy.User("a")}}, "applied")
	s.step(Event{Kind: EventNote, At: rebaseStart.Add(11 * time.Minute), Evidence: "seen"}, "applied")
	s.rebase(20*time.Minute, to, "", "applied")
	if got, want := s.state.Deadlines[0].At, rebaseStart.Add(70*time.Minute); got != want {
		t.Errorf("fix is due at %s; want %s, an hour after the acknowledgement", got, want)
	}
	if got, want := s.state.Deadlines[1].At, rebaseStart.Add(140*time.Minute); got != want {
		t.Errorf("prove is due at %s; want %s: when it was seen is not known any more", got, want)
	}
	for s.state.Due < rebaseStart.Add(3*time.Hour) {
		s.step(Event{Kind: EventTick, At: s.state.Due}, "applied")
	}
	if got := toldBy(s.step(Event{Kind: EventTick, At: s.state.Due}, "applied")); got != "b unreachable" || s.state.At != rebaseStart.Add(3*time.Hour) {
		t.Errorf("at +%v the tick tells %q; want b at 3h", s.state.At.Sub(rebaseStart), got)
	}
}

// Grace, snooze and reminders end no later than they would have, and as the new
// policy says.
func TestRebaseQuiet(t *testing.T) {
	with := func(grace string) *policy.Document {
		return rebaseDoc(t, `{"name": "p", "priority": "P3"`+grace+`, "tiers": [{"name": "one", "notify": ["user:a"], "wait": "1h", "every": "5m"}]}`)
	}
	for _, tt := range []struct {
		name, grace string
		due         time.Duration
		told        string
	}{
		{"longer", `, "grace": "30m"`, 20 * time.Minute, "a initial"},
		{"shorter", `, "grace": "10m"`, 10 * time.Minute, "a initial"},
		{"over", `, "grace": "1m"`, 5 * time.Minute, "a manual"},
		{"none", ``, 5 * time.Minute, "a manual"},
	} {
		s := openUnder(t, with(`, "grace": "20m"`), rebaseAlert)
		s.rebase(5*time.Minute, with(tt.grace), "", "applied")
		if s.state.Due != rebaseStart.Add(tt.due) {
			t.Errorf("%s grace: due at +%v; want +%v", tt.name, s.state.Due.Sub(rebaseStart), tt.due)
		}
		if got := toldBy(s.step(Event{Kind: EventTick, At: s.state.Due}, "applied")); got != tt.told {
			t.Errorf("%s grace: the tick tells %q; want %q", tt.name, got, tt.told)
		}
	}

	two := `"tiers": [{"name": "one", "notify": ["user:a"], "wait": "10m"}, {"name": "two", "notify": ["user:b"], "wait": "1h"}]}`
	s := openUnder(t, rebaseDoc(t, `{"name": "p", "priority": "P3", `+two), rebaseAlert)
	s.step(Event{Kind: EventSnooze, At: rebaseStart.Add(time.Minute), By: Author{Principal: policy.User("a")}, For: 30 * time.Minute}, "applied")
	s.rebase(2*time.Minute, rebaseDoc(t, `{"name": "p", "priority": "P3", "tiers": [{"name": "two", "notify": ["user:b"], "wait": "7m"}, {"name": "end", "notify": ["user:c"], "wait": "10h"}]}`), "", "applied")
	if s.state.Due != rebaseStart.Add(31*time.Minute) || s.state.Status != StatusSnoozed {
		t.Errorf("%s, due at +%v; want the snooze to hold", s.state.Status, s.state.Due.Sub(rebaseStart))
	}
	if got := toldBy(s.step(Event{Kind: EventTick, At: s.state.Due}, "applied")); got != "b snooze_over" {
		t.Errorf("at the end of the snooze %q is told; want b, of the tier that the removed one maps to", got)
	}
	if end := s.state.Tracks[0].End; end != rebaseStart.Add(38*time.Minute) {
		t.Errorf("its wait ends at +%v; want 7m later", end.Sub(rebaseStart))
	}
}

// A simulation goes on under the document that its script moves the alert to.
func TestSimulateRebase(t *testing.T) {
	old, to := rebaseDoc(t, rebaseOld), rebaseDoc(t, strings.Replace(rebaseOld, "user:b", "user:e", 1))
	var told []string
	var records []Record
	for r, err := range Simulate(context.Background(), Simulation{
		Document: old, Alert: rebaseAlert, Start: rebaseStart, Until: rebaseStart.Add(15 * time.Minute),
		Script: []Event{{Kind: EventRebase, At: rebaseStart.Add(time.Minute), By: Author{Principal: policy.User("erin")}, ClaimedAt: policy.Never, Mapping: Mapping{}.Bound(to)}},
	}) {
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, r)
		told = append(told, toldBy(r.Effects))
	}
	if got := strings.Join(told, " "); !strings.Contains(got, "e no_ack_timeout") || strings.Contains(got, "b no_ack_timeout") {
		t.Errorf("told %q; want e in the place of b", got)
	}
	// Its history is replayed with both documents, and with one it is not.
	start := State{Key: "k", Incarnation: 1}
	if s, err := Replay(old, start, slices.Values(throughBytesAll(t, records)), to); err != nil || s.Document != to.Digest {
		t.Errorf("replayed: %v, under %x", err, s.Document[:4])
	}
	if _, err := Replay(old, start, slices.Values(throughBytesAll(t, records))); err == nil || !strings.Contains(err.Error(), "not at hand") {
		t.Errorf("replayed without the new document: %v; want an error that says so", err)
	}
}

// throughBytesAll is records as a store gives them back.
func throughBytesAll(t *testing.T, in []Record) []Record {
	t.Helper()
	var out []Record
	for i := range in {
		r, err := DecodeRecord(AppendRecord(nil, &in[i]))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	return out
}

func ExamplePlanRebase() {
	parse := func(tiers string) *policy.Document {
		doc, err := policy.Parse("policies.json", []byte(`{"version": 1, "policies": [{"name": "rotation", "tiers": [`+tiers+`]}]}`))
		if err != nil {
			panic(err)
		}
		return doc
	}
	old := parse(`{"name": "owner", "notify": ["user:alice"]}, {"name": "lead", "notify": ["user:bob"]}`)
	now := parse(`{"name": "first", "notify": ["user:carol"]}, {"name": "lead", "notify": ["user:bob"]}`)

	at := policy.InstantOf(time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC))
	state := State{Key: "db/main", Incarnation: 1}
	var next State
	ev := Event{Kind: EventTrigger, At: at, Alert: &policy.Alert{Key: "db/main", Kind: policy.RotationFailed}}
	if _, _, err := Drive(context.Background(), old, &next, &state, &ev, NewDirectory(old), nil); err != nil {
		panic(err)
	}
	plan, err := PlanRebase(old, now, &next, "", at.Add(time.Minute))
	if err != nil {
		panic(err)
	}
	fmt.Println(strings.Join(plan.Words(), "\n"))
	// Output: main: owner becomes lead
}
