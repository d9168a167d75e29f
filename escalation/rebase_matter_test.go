package escalation

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
)

const oneTier = `{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:a"], "wait": "10h"}]`

func erinAt(d time.Duration, ev Event) Event {
	ev.At, ev.By = rebaseStart.Add(d), Author{Principal: policy.User("erin")}
	return ev
}

// A gate that an anchor opens under the new policy, and that has happened, stays
// shut: a rebase opens none, nor does what comes after it.
func TestRebaseOpensNoGateByAnAnchorOfThePast(t *testing.T) {
	s := openUnder(t, rebaseDoc(t, oneTier+`, "gates": [{"name": "g", "operations": ["deploy"], "close": "open", "open": "resolved"}]}`), rebaseAlert)
	s.step(erinAt(time.Minute, Event{Kind: EventNote, Evidence: "seen"}), "applied")
	s.rebase(2*time.Minute, rebaseDoc(t, oneTier+`, "gates": [{"name": "g", "operations": ["deploy"], "close": "open", "open": "evidence:seen"}]}`), "", "applied")
	s.step(erinAt(3*time.Minute, Event{Kind: EventNote, Text: "x"}), "applied")
	if d := GateDecision(s.doc, &s.state, 0, s.state.At); d != Deny {
		t.Errorf("the gate answers %s; want deny", d)
	}
}

// What the new policy would have done long ago is done now, and not in the past.
func TestRebaseDoesNowWhatIsOverdue(t *testing.T) {
	s := openUnder(t, rebaseDoc(t, oneTier+`}`), rebaseAlert)
	to := rebaseDoc(t, oneTier+`, "actions": [{"run": "rotate", "mode": "auto", "at": "open"}, {"run": "off", "mode": "off", "at": "open"}],
		"gates": [{"name": "g", "operations": ["deploy"], "close": "open", "open": "resolved"}],
		"reviews": [{"name": "access", "at": "open", "by": ["user:b"]}]}`)
	effects := s.rebase(time.Hour, to, "", "applied")
	if got := toldBy(effects); got != "b review_pending" {
		t.Errorf("the rebase tells %q; want b, of the review that began", got)
	}
	if d := GateDecision(to, &s.state, 0, s.state.At); d != Deny {
		t.Errorf("the gate answers %s; want deny", d)
	}
	if now := rebaseStart.Add(time.Hour); s.state.Due != now {
		t.Errorf("due at %s; want now, %s", s.state.Due, now)
	}
	runs := 0
	for _, e := range s.step(Event{Kind: EventTick, At: s.state.Due}, "applied") {
		if e.Kind == EffectRun {
			runs++
		}
	}
	if runs != 1 {
		t.Errorf("%d actions were started; want the one that is not off", runs)
	}
}

// Who was told by a tier that is gone satisfies none of those that are left; an
// acknowledgement of theirs is still one.
func TestRebaseAcknowledgementsOfARemovedTier(t *testing.T) {
	s := openUnder(t, rebaseDoc(t, `{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:a"]}, {"name": "two", "notify": ["user:b"]}]}`), rebaseAlert)
	s.rebase(time.Minute, rebaseDoc(t, `{"name": "p", "priority": "P3", "tiers": [{"name": "two", "notify": ["user:b", "user:c"], "ack": "all", "wait": "10h"}]}`), "", "applied")
	for i, who := range []string{"a", "b", "c"} {
		s.step(Event{Kind: EventAcknowledge, At: rebaseStart.Add(time.Duration(2+i) * time.Minute), By: Author{Principal: policy.User(who)}}, "applied")
		if want := [...]Status{StatusTriggered, StatusTriggered, StatusAcknowledged}[i]; s.state.Status != want {
			t.Errorf("after %s acknowledged the alert is %s; want %s", who, s.state.Status, want)
		}
	}
}

// Nor does one who was told by a tier above that is gone.
func TestRebaseAcknowledgementsOfATierAbove(t *testing.T) {
	s := openUnder(t, rebaseDoc(t, `{"name": "p", "priority": "P3", "tiers": [{"name": "one", "notify": ["user:a"], "wait": "1m"}, {"name": "two", "notify": ["user:b"], "ack": "all", "wait": "10h"}]}`), rebaseAlert)
	s.step(erinAt(2*time.Minute, Event{Kind: EventNote, Text: "x"}), "applied")
	s.rebase(3*time.Minute, rebaseDoc(t, `{"name": "p", "priority": "P3", "tiers": [{"name": "two", "notify": ["user:b"], "ack": "all", "wait": "10h"}]}`), "", "applied")
	for i, who := range []string{"a", "b"} {
		s.step(Event{Kind: EventAcknowledge, At: rebaseStart.Add(time.Duration(4+i) * time.Minute), By: Author{Principal: policy.User(who)}}, "applied")
		if want := [...]Status{StatusTriggered, StatusAcknowledged}[i]; s.state.Status != want {
			t.Errorf("after %s acknowledged the alert is %s; want %s", who, s.state.Status, want)
		}
	}
}

func TestRebaseReminders(t *testing.T) {
	with := func(tier string) *policy.Document {
		return rebaseDoc(t, `{"name": "p", "priority": "P3", "ack": {"remind": "20m"}, "tiers": [{"name": "one", "notify": ["user:a"], "wait": "10h"`+tier+`}]}`)
	}
	for _, tt := range []struct {
		name, from, to string
		want           policy.Instant
	}{
		{"begin", ``, `, "every": "5m"`, rebaseStart.Add(8 * time.Minute)},
		{"come sooner", `, "every": "30m"`, `, "every": "4m"`, rebaseStart.Add(7 * time.Minute)},
		{"keep their place", `, "every": "4m"`, `, "every": "30m"`, rebaseStart.Add(4 * time.Minute)},
		{"end", `, "every": "4m"`, ``, rebaseStart.Add(10 * time.Hour)},
	} {
		s := openUnder(t, with(tt.from), rebaseAlert)
		s.rebase(3*time.Minute, with(tt.to), "", "applied")
		if s.state.Due != tt.want {
			t.Errorf("reminders %s: due at +%v; want +%v", tt.name, s.state.Due.Sub(rebaseStart), tt.want.Sub(rebaseStart))
		}
	}
}

const (
	gateF    = `{"name": "f", "operations": ["use"], "close": "never", "open": "resolved"}`
	gateG    = `{"name": "g", "operations": ["deploy"], "close": "open", "open": "review", "review": {"by": ["user:b"], "within": "1d"}}`
	gateBare = `{"name": "g", "operations": ["deploy"], "close": "open", "open": "resolved"}`
)

// Reviews go with what they are about, wherever that stands now.
func TestRebaseReviews(t *testing.T) {
	gated := func(gates ...string) *policy.Document {
		return rebaseDoc(t, oneTier+`, "gates": [`+strings.Join(gates, ",")+`]}`)
	}
	request := Event{Kind: EventRequest, At: rebaseStart, By: Author{Principal: policy.User("c")}, Gate: "g"}

	t.Run("moved", func(t *testing.T) {
		s := openUnder(t, gated(gateG), rebaseAlert)
		s.step(request, "applied")
		if got, want := toldBy(s.rebase(time.Minute, gated(gateF, gateG), "", "applied")), "b review_voided, b review_pending"; got != want {
			t.Errorf("told %q; want %q", got, want)
		}
		s.step(Event{Kind: EventVote, At: rebaseStart.Add(2 * time.Minute), By: Author{Principal: policy.User("b")}, Gate: "g", Vote: "approve"}, "applied")
		if d := GateDecision(s.doc, &s.state, 1, s.state.At); d != Allow {
			t.Errorf("after the vote g answers %s; want allow", d)
		}
		if got := s.state.More.Reviews[0].Requester.Principal; got != policy.User("c") {
			t.Errorf("the review is %s's; want c's", got)
		}
	})
	t.Run("granted, and moved", func(t *testing.T) {
		s := openUnder(t, gated(gateG), rebaseAlert)
		s.step(request, "applied")
		s.step(Event{Kind: EventVote, At: rebaseStart, By: Author{Principal: policy.User("b")}, Gate: "g", Vote: "approve"}, "applied")
		if got := toldBy(s.rebase(time.Minute, gated(gateF, gateG), "", "applied")); got != "" {
			t.Errorf("told %q; want nobody", got)
		}
		if d := GateDecision(s.doc, &s.state, 1, s.state.At); d != Allow {
			t.Errorf("g answers %s; want allow: it was opened for a while", d)
		}
		if v := View(s.doc, &s.state).Reviews; len(v) != 1 || v[0].Name != "g" || v[0].Status != "granted" {
			t.Errorf("the view has the reviews %+v; want g's, granted", v)
		}
	})
	t.Run("the same policy", func(t *testing.T) {
		one, other := gated(gateG), rebaseDoc(t, oneTier+`, "gates": [`+gateG+`]}, {"name": "z", "match": ["kind = z"], "tiers": [{"name": "one", "notify": ["user:a"]}]}`)
		s := openUnder(t, one, rebaseAlert)
		s.step(request, "applied")
		if got := toldBy(s.rebase(time.Minute, other, "", "applied")); got != "" {
			t.Errorf("told %q; want nobody: votes are bound to the policy, and that is the same", got)
		}
	})
	t.Run("gone", func(t *testing.T) {
		s := openUnder(t, gated(gateG), rebaseAlert)
		s.step(request, "applied")
		if got, want := toldBy(s.rebase(time.Minute, gated(gateBare), "", "applied")), "b review_voided"; got != want {
			t.Errorf("told %q; want %q", got, want)
		}
		if n := len(s.state.More.Reviews); n != 0 {
			t.Errorf("%d reviews are left; want none", n)
		}
	})
	t.Run("of an action that goes on without", func(t *testing.T) {
		action := func(mode string) *policy.Document {
			return rebaseDoc(t, oneTier+`, "actions": [{"run": "rotate", "at": "open", "tell": ["user:d"], `+mode+`}]}`)
		}
		s := openUnder(t, action(`"mode": "approve", "approve": {"by": ["user:b"]}`), rebaseAlert)
		if got, want := toldBy(s.rebase(time.Minute, action(`"mode": "auto"`), "", "applied")), "b review_voided, d action_held"; got != want {
			t.Errorf("told %q; want %q: what waited for people does not start by itself", got, want)
		}
	})
}

// Tracks for which there is no room end, and the last resort is told.
func TestRebaseWithTooManyTracks(t *testing.T) {
	var tracks []string
	for i := range maxTracks {
		tracks = append(tracks, fmt.Sprintf(`"t%d": {"tiers": [{"name": "x", "notify": ["user:d"], "wait": "10h"}]}`, i))
	}
	const grave = `{"name": "grave", "match": ["severity >= critical"], "tiers": [{"name": "g1", "notify": ["user:c"], "wait": "1h"}]}, `
	s := openUnder(t, rebaseDoc(t, grave+oneTier+`}`), rebaseAlert)
	s.step(erinAt(time.Minute, Event{Kind: EventRaise, Severity: policy.SeverityCritical}), "applied")
	if len(s.state.Tracks) != 2 {
		t.Fatalf("%d tracks; want two", len(s.state.Tracks))
	}
	effects := s.rebase(2*time.Minute, rebaseDoc(t, grave+`{"name": "p", "priority": "P3", "tracks": {`+strings.Join(tracks, ",")+`}}`), "", "applied")
	if len(s.state.Tracks) != maxTracks || !strings.Contains(toldBy(effects), "last-resort manual") {
		t.Errorf("%d tracks, told %q; want %d, and the last resort", len(s.state.Tracks), toldBy(effects), maxTracks)
	}
}

// What tells of the effects of before a rebase is found by what waits for it.
func TestRenumbered(t *testing.T) {
	old := rebaseDoc(t, oneTier+`, "actions": [{"run": "rotate", "name": "fix", "mode": "auto", "at": "open"}]}`)
	s := openUnder(t, old, rebaseAlert)
	var page, run Effect
	for i := range s.recs {
		for _, e := range s.recs[i].Effects {
			switch e.Kind {
			case EffectNotify:
				page = e
			case EffectRun:
				run = e
			}
		}
	}
	to := rebaseDoc(t, `{"name": "p", "priority": "P3", "tracks": {"new": {"tiers": [{"name": "n", "notify": ["user:b"]}]}, "main": {"tiers": [{"name": "zero", "notify": ["user:b"]}, {"name": "one", "notify": ["user:a"], "wait": "10h"}]}},
		"actions": [{"run": "other", "mode": "off"}, {"run": "rotate", "name": "fix", "mode": "auto", "at": "open"}]}`)
	if e := Renumbered(old, &s.state, &page); e != &page {
		t.Error("without a rebase an effect is not itself")
	}
	s.rebase(time.Minute, to, "", "applied")
	if e := Renumbered(to, &s.state, &page); e.Track != 1 || e.Tier != 1 || !Wanted(to, &s.state, &page) {
		t.Errorf("the page is of track %d, tier %d; want 1, 1, and wanted", e.Track, e.Tier)
	}
	if e := Renumbered(to, &s.state, &run); e.Action != 1 || !Wanted(to, &s.state, &run) {
		t.Errorf("the run is of action %d; want 1, and wanted", e.Action)
	}
	undo := Effect{ID: run.ID, Kind: EffectUndo, Action: 0, Text: "rotate"}
	if Wanted(to, &s.state, &undo) {
		t.Error("what is not done is taken back")
	}
	s.step(Event{Kind: EventReport, At: s.state.At, Report: Report{Effect: run.ID, Attempt: 1, Result: ResultDone, RetryAt: policy.Never}}, "applied")
	s.state.Actions[1].Phase = PhaseUndoing
	if e := Renumbered(to, &s.state, &undo); e.Action != 1 || !Wanted(to, &s.state, &undo) {
		t.Errorf("what is done is taken back as action %d; want 1", e.Action)
	}
	s.rebase(2*time.Minute, rebaseDoc(t, `{"name": "p", "priority": "P3", "tracks": {"new": {"tiers": [{"name": "n", "notify": ["user:b"], "wait": "10h"}]}}}`), "", "applied")
	if Wanted(s.doc, &s.state, &page) || Wanted(s.doc, &s.state, &run) || Wanted(s.doc, &s.state, &undo) {
		t.Error("effects of what is gone are wanted")
	}
}
