package explore

import (
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// Letter is one thing that can happen.
type Letter struct {
	Name string
	// Event returns the event, as it happens to a state; false where it means
	// nothing: a report of a message when none is under way, or a step that would
	// only make a state larger that is large enough.
	Event func(s *escalation.State) (escalation.Event, bool)
}

// Alphabet is everything that can happen to an alert of one document.
type Alphabet []Letter

// maxEntries is how many tellings a state may have before nobody adds another by
// hand: without it there would be no end.
const maxEntries = 8

// AlphabetOf returns the alphabet for alerts of p that open as one of alerts.
func AlphabetOf(p *policy.Policy, alerts ...policy.Alert) Alphabet {
	b := builder{p: p}
	for i := range alerts {
		b.trigger("trigger "+string(alerts[i].Severity), alerts[i])
	}
	b.triggers(alerts[0])
	b.acknowledgements()
	b.steering()
	b.quiet()
	b.levels()
	b.endings()
	b.gates()
	b.actions()
	b.reviews()
	b.reports()
	b.ticks()
	return b.letters
}

type builder struct {
	p       *policy.Policy
	letters Alphabet
}

func author(name string) escalation.Author {
	if to, err := policy.ParseTarget(name); err == nil {
		return escalation.Author{Principal: to}
	}
	return escalation.Author{}
}

// add adds a letter that always means something.
func (b *builder) add(name string, ev escalation.Event) {
	b.when(name, ev, func(*escalation.State) bool { return true })
}

// when adds a letter that means something when ok says so.
func (b *builder) when(name string, ev escalation.Event, ok func(*escalation.State) bool) {
	ev.ClaimedAt = policy.Never
	b.letters = append(b.letters, Letter{name, func(s *escalation.State) (escalation.Event, bool) {
		e := ev // several goroutines ask at once
		e.At = now(s)
		return e, ok(s)
	}})
}

// now is when an event happens that comes at once.
func now(s *escalation.State) policy.Instant {
	if s.Seq == 0 {
		return Base
	}
	return s.At
}

// late adds a letter that happens at the instant at which something is due: it
// goes first.
func (b *builder) late(name string, ev escalation.Event) {
	ev.ClaimedAt = policy.Never
	b.letters = append(b.letters, Letter{name + " at the last moment", func(s *escalation.State) (escalation.Event, bool) {
		e := ev
		e.At = s.Due
		return e, s.Seq > 0 && s.Due.Known() && s.Due > s.At
	}})
}

// small says that a state may still grow by hand.
func small(s *escalation.State) bool { return len(s.Entries) < maxEntries }

func (b *builder) trigger(name string, a policy.Alert) {
	b.add(name, escalation.Event{Kind: escalation.EventTrigger, Alert: &a, By: author("service:rotator")})
}

func (b *builder) triggers(a policy.Alert) {
	up := a
	up.Severity = policy.SeverityCritical
	b.when("trigger, graver", escalation.Event{Kind: escalation.EventTrigger, Alert: &up, By: author("service:rotator")}, small)
	other := a
	other.Kind = policy.SecretLeaked
	b.when("trigger, leaked", escalation.Event{Kind: escalation.EventTrigger, Alert: &other, By: author("service:rotator")}, small)
	id := a
	id.Identity.ID = "svc-else"
	b.when("trigger, another identity", escalation.Event{Kind: escalation.EventTrigger, Alert: &id, By: author("service:rotator")},
		func(s *escalation.State) bool { return s.Seq > 0 })
	held := a
	b.when("trigger, silenced", escalation.Event{
		Kind: escalation.EventTrigger, Alert: &held, By: author("service:rotator"),
		Silences: []escalation.SilenceFact{{Name: "s", Until: Base.Add(20 * time.Minute)}},
	}, func(s *escalation.State) bool { return s.Seq == 0 })
	b.late("trigger", escalation.Event{Kind: escalation.EventTrigger, Alert: &a, By: author("service:rotator")})
}

// acknowledgements are those of one who is told, of one who is not, of a
// machine, and for each track.
func (b *builder) acknowledgements() {
	for _, by := range [...]string{"user:alice", "user:bob", "user:zoe", "service:rotator", "user:mallory"} {
		b.add("acknowledge by "+by, escalation.Event{Kind: escalation.EventAcknowledge, By: author(by)})
	}
	b.late("acknowledge by user:alice", escalation.Event{Kind: escalation.EventAcknowledge, By: author("user:alice")})
	b.add("acknowledge of another incarnation", escalation.Event{Kind: escalation.EventAcknowledge, By: author("user:alice"), Incarnation: 9})
	for i := range b.p.Tracks {
		name := b.p.Tracks[i].Name
		b.add("acknowledge "+name, escalation.Event{Kind: escalation.EventAcknowledge, By: author("user:carol"), Track: name})
		b.when("unacknowledge "+name, escalation.Event{Kind: escalation.EventUnacknowledge, By: author("user:carol"), Track: name}, small)
	}
	b.when("unacknowledge", escalation.Event{Kind: escalation.EventUnacknowledge, By: author("user:alice")}, small)
}

// steering moves tracks and adds people.
func (b *builder) steering() {
	b.when("escalate", escalation.Event{Kind: escalation.EventEscalate, By: author("user:alice")}, small)
	for i := range b.p.Tracks {
		t := &b.p.Tracks[i]
		b.when("escalate "+t.Name, escalation.Event{Kind: escalation.EventEscalate, By: author("user:alice"), Track: t.Name}, small)
		b.when("decline "+t.Name, escalation.Event{Kind: escalation.EventDecline, By: author("user:bob"), Track: t.Name}, small)
		b.when("reassign "+t.Name, escalation.Event{Kind: escalation.EventReassign, By: author("user:alice"), Track: t.Name, To: policy.User("carol")}, small)
		if len(t.Tiers) > 0 {
			b.when("escalate "+t.Name+" from its first tier", escalation.Event{Kind: escalation.EventEscalate, By: author("user:alice"), Track: t.Name, Tier: t.Tiers[0].Name}, small)
		}
	}
	b.when("decline", escalation.Event{Kind: escalation.EventDecline, By: author("user:alice")}, small)
	b.when("add responder", escalation.Event{Kind: escalation.EventAddResponder, By: author("user:alice"), To: policy.User("erin")}, small)
	b.add("add responder nobody", escalation.Event{Kind: escalation.EventAddResponder, By: author("user:alice"), To: policy.Service("rotator")})
}

func (b *builder) quiet() {
	b.when("snooze 1h", escalation.Event{Kind: escalation.EventSnooze, By: author("user:alice"), For: time.Hour}, small)
	b.add("snooze 30h", escalation.Event{Kind: escalation.EventSnooze, By: author("user:alice"), For: 30 * time.Hour})
	if len(b.p.Tracks) > 0 {
		b.when("snooze one track", escalation.Event{Kind: escalation.EventSnooze, By: author("user:bob"), Track: b.p.Tracks[0].Name, For: 7 * time.Minute}, small)
	}
	b.when("silence", escalation.Event{Kind: escalation.EventSilence, By: author("user:alice"), Name: "s", For: 30 * time.Minute, Reason: "planned"}, small)
	b.add("silence without a reason", escalation.Event{Kind: escalation.EventSilence, By: author("user:alice"), Name: "s", For: time.Hour})
	b.add("unsilence", escalation.Event{Kind: escalation.EventUnsilence, By: author("user:alice"), Name: "s"})
}

func (b *builder) levels() {
	b.when("raise", escalation.Event{Kind: escalation.EventRaise, By: author("service:rotator"), Severity: policy.SeverityCritical}, small)
	b.add("lower", escalation.Event{Kind: escalation.EventLower, By: author("user:alice"), Severity: policy.SeverityLow, Reason: "no harm"})
	b.add("lower without a reason", escalation.Event{Kind: escalation.EventLower, By: author("user:alice"), Severity: policy.SeverityLow})
	b.add("note", escalation.Event{Kind: escalation.EventNote, By: author("user:alice"), Text: "looking"})
	b.add("note rotated", escalation.Event{Kind: escalation.EventNote, By: author("service:rotator"), Evidence: "rotated"})
	b.add("rebase", escalation.Event{Kind: escalation.EventRebase, By: author("user:erin")})
}

func (b *builder) endings() {
	b.add("resolve by alice", escalation.Event{Kind: escalation.EventResolve, By: author("user:alice")})
	b.add("resolve by a service", escalation.Event{Kind: escalation.EventResolve, By: author("service:rotator")})
	b.add("resolve by the subject", escalation.Event{Kind: escalation.EventResolve, By: author("service:svc-app")})
	b.late("resolve by alice", escalation.Event{Kind: escalation.EventResolve, By: author("user:alice")})
	b.add("succeeded", escalation.Event{Kind: escalation.EventSucceeded, By: author("service:verifier")})
	b.add("succeeded contained", escalation.Event{Kind: escalation.EventSucceeded, By: author("service:rotator"), Outcome: "contained"})
}

func (b *builder) gates() {
	for i := range b.p.Gates {
		name := b.p.Gates[i].Name
		b.when("request "+name, escalation.Event{Kind: escalation.EventRequest, By: author("service:rotator"), Gate: name}, small)
		b.when("request "+name+" for something else", escalation.Event{Kind: escalation.EventRequest, By: author("user:alice"), Gate: name, Ask: `{"more":true}`}, small)
		for _, by := range [...]string{"user:erin", "user:dave", "user:zoe", "service:rotator"} {
			b.add("vote "+name+" by "+by, escalation.Event{Kind: escalation.EventVote, By: author(by), Gate: name, Vote: "approve"})
		}
		b.add("vote against "+name, escalation.Event{Kind: escalation.EventVote, By: author("user:dave"), Gate: name, Vote: "reject"})
		b.add("use "+name, escalation.Event{Kind: escalation.EventUse, By: author("service:svc-app"), Gate: name})
		b.when("break glass "+name, escalation.Event{Kind: escalation.EventBreakGlass, By: author("user:dave"), Gate: name, Reason: "fire"}, small)
	}
	if len(b.p.Gates) == 0 {
		b.add("request what is not there", escalation.Event{Kind: escalation.EventRequest, By: author("user:alice"), Gate: "nowhere"})
		b.add("vote on what is not there", escalation.Event{Kind: escalation.EventVote, By: author("user:alice"), Gate: "nowhere", Vote: "approve"})
		b.add("use what is not there", escalation.Event{Kind: escalation.EventUse, By: author("user:alice"), Gate: "nowhere"})
		b.add("break what is not there", escalation.Event{Kind: escalation.EventBreakGlass, By: author("user:alice"), Gate: "nowhere", Reason: "fire"})
	}
}

func (b *builder) actions() {
	for i := range b.p.Actions {
		name := b.p.Actions[i].Name
		if b.p.Actions[i].Approve != nil {
			b.when("request "+name, escalation.Event{Kind: escalation.EventRequest, By: author("service:rotator"), Action: name}, small)
			b.add("vote "+name, escalation.Event{Kind: escalation.EventVote, By: author("user:erin"), Action: name, Vote: "approve"})
			b.add("vote against "+name, escalation.Event{Kind: escalation.EventVote, By: author("user:erin"), Action: name, Vote: "reject"})
		}
		if b.p.Actions[i].Undo != nil {
			b.when("request to undo "+name, escalation.Event{Kind: escalation.EventRequest, By: author("service:rotator"), Undo: name}, small)
			b.add("vote to undo "+name, escalation.Event{Kind: escalation.EventVote, By: author("user:erin"), Undo: name, Vote: "approve"})
		}
		for _, r := range [...]escalation.Result{escalation.ResultDone, escalation.ResultFailed, escalation.ResultHeld, escalation.ResultRefused} {
			b.letters = append(b.letters, Letter{"run of " + name + " " + r.String(), func(s *escalation.State) (escalation.Event, bool) {
				if len(s.Actions) <= i || s.Actions[i].Phase != escalation.PhaseStarted {
					return escalation.Event{}, false
				}
				return reportOf(s, s.Actions[i].Effect, r), true
			}})
		}
	}
}

func (b *builder) reviews() {
	for i := range b.p.Reviews {
		name := b.p.Reviews[i].Name
		for _, answer := range b.p.Reviews[i].Answers {
			b.add("vote "+name+" "+answer, escalation.Event{Kind: escalation.EventVote, By: author("user:dave"), Review: name, Vote: answer})
		}
		b.add("vote "+name+" nonsense", escalation.Event{Kind: escalation.EventVote, By: author("user:dave"), Review: name, Vote: "approve"})
	}
}

// reports tell what became of the oldest message under way, and of the newest.
func (b *builder) reports() {
	for _, r := range [...]escalation.Result{escalation.ResultDelivered, escalation.ResultUndeliverable, escalation.ResultTemporary} {
		b.letters = append(b.letters, Letter{"oldest message " + r.String(), func(s *escalation.State) (escalation.Event, bool) {
			if len(s.Open) == 0 || !small(s) && r == escalation.ResultUndeliverable {
				return escalation.Event{}, false
			}
			return reportOf(s, s.Open[0].ID, r), true
		}})
	}
	b.letters = append(b.letters, Letter{"newest message undeliverable", func(s *escalation.State) (escalation.Event, bool) {
		if len(s.Open) < 2 || !small(s) {
			return escalation.Event{}, false
		}
		return reportOf(s, s.Open[len(s.Open)-1].ID, escalation.ResultUndeliverable), true
	}})
	b.letters = append(b.letters, Letter{"report of what nobody sent", func(s *escalation.State) (escalation.Event, bool) {
		return reportOf(s, escalation.EffectID{Seq: 3, I: 7}, escalation.ResultDelivered), true
	}})
}

func reportOf(s *escalation.State, id escalation.EffectID, r escalation.Result) escalation.Event {
	return escalation.Event{
		Kind: escalation.EventReport, At: now(s), ClaimedAt: policy.Never,
		Report: escalation.Report{Effect: id, Attempt: 1, Result: r, RetryAt: policy.Never},
	}
}

// ticks are time: what is due, what is looked at too early, and what is looked at
// after a gap.
func (b *builder) ticks() {
	tick := func(name string, gap time.Duration) {
		b.letters = append(b.letters, Letter{name, func(s *escalation.State) (escalation.Event, bool) {
			ev := escalation.Event{Kind: escalation.EventTick, At: s.Due.Add(gap), ClaimedAt: policy.Never}
			if gap > 0 {
				ev.Down = &escalation.Span{From: s.Due, To: ev.At}
			}
			return ev, s.Seq > 0 && s.Due.Known()
		}})
	}
	tick("tick", 0)
	tick("tick after a gap of 10m", 10*time.Minute)
	tick("tick after a gap of 3h", 3*time.Hour)
	b.letters = append(b.letters, Letter{"tick too early", func(s *escalation.State) (escalation.Event, bool) {
		return escalation.Event{Kind: escalation.EventTick, At: now(s), ClaimedAt: policy.Never}, s.Seq == 0 || s.Due > s.At
	}})
}
