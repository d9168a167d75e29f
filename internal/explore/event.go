package explore

import (
	"fmt"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// Base is the instant at which explored alerts live: 2026-03-10T14:00:00Z, a
// Tuesday.
const Base policy.Instant = 1_773_151_200_000_000

// RandomAlert returns an alert of key "k". On a key that is open it may be a
// rise, another kind, or of another identity.
func RandomAlert(c Chooser, at policy.Instant) *policy.Alert {
	a := &policy.Alert{
		Key: "k", Kind: pick[policy.Kind](c, "rotation_failed", "rotation_failed", "credential_expiring", "secret_leaked", "odd"),
		Severity: pick[policy.Severity](c, "", "info", "low", "medium", "high", "critical", "weird"),
		Summary:  "it failed",
	}
	a.Identity.ID = pick(c, "svc-app", "svc-app", "svc-app", "", "svc-other")
	a.Identity.Criticality = pick[policy.Criticality](c, "", "low", "medium", "high", "critical", "tier0")
	a.BlastRadius = pick[policy.BlastRadius](c, "", "isolated", "service", "production")
	if c.Chance(3) {
		a.Identity.Owner, _ = policy.ParseTarget(pick(c, "user:alice", "team:core", "role:nobody"))
	}
	if c.Chance(2) {
		a.ExpiresAt = at.Add(time.Duration(c(180)) * time.Minute).Time()
	}
	a.Identity.ThirdParty = c.Chance(4)
	a.Identity.CredentialVersion = pick(c, "", "7", "8")
	if c.Chance(4) {
		a.Parties = []policy.Target{policy.User(people[c(len(people))])}
	}
	if c.Chance(3) {
		a.Window.Opens = at.Add(time.Duration(c(30)) * time.Minute).Time()
		a.Window.Closes = a.Window.Opens.Add(time.Duration(c(90)) * time.Minute)
	}
	if c.Chance(3) {
		a.Times = map[string]time.Time{"found": at.Add(time.Duration(c(60)-30) * time.Minute).Time()}
	}
	if c.Chance(4) {
		a.Labels = map[string]string{"team": pick(c, "payments", "core")}
	}
	return a
}

// RandomOpening returns the trigger that opens an alert, with what the driver
// knows of silences and of the key's past.
func RandomOpening(c Chooser) escalation.Event {
	ev := escalation.Event{Kind: escalation.EventTrigger, At: Base, ClaimedAt: policy.Never, Alert: RandomAlert(c, Base), By: randomAuthor(c)}
	randomFacts(c, &ev)
	return ev
}

// RandomEvent returns an event that could happen to s at an instant not before
// s.At, with names that mostly mean something under doc.
func RandomEvent(c Chooser, doc *policy.Document, s *escalation.State) escalation.Event {
	ev := escalation.Event{At: s.At, ClaimedAt: policy.Never, ID: pick(c, "", "e1")}
	if s.Seq == 0 {
		ev.At = Base
	}
	if s.Due.Known() && s.Seq > 0 && c(3) > 0 {
		return tickOf(c, s, ev)
	}
	if wait := s.Due.Sub(s.At); s.Due.Known() && wait > 0 {
		ev.At = s.At.Add(wait * time.Duration(c(5)) / 4)
	} else {
		ev.At = ev.At.Add(pick(c, 0, time.Second, time.Minute, time.Hour))
	}
	ev.Kind = escalation.EventKind(1 + c(int(escalation.EventTick)+1))
	ev.By = randomAuthor(c)
	if c.Chance(16) {
		ev.Incarnation = uint64(c(3))
	}
	if c.Chance(16) {
		ev.Stopped = true
	}
	ev.Leaked = c.Chance(16)
	if c.Chance(12) && s.Due < ev.At {
		ev.Down = &escalation.Span{From: s.Due, To: ev.At}
	}
	randomFields(c, doc, s, &ev)
	return ev
}

// tickOf is a tick at the due instant, one that comes too early, or one that
// looks after a gap.
func tickOf(c Chooser, s *escalation.State, ev escalation.Event) escalation.Event {
	ev.Kind, ev.At, ev.ID = escalation.EventTick, s.Due, ""
	switch c(12) {
	case 10:
		ev.At = s.At
	case 11:
		ev.At = s.Due.Add(pick(c, 2*time.Minute, time.Hour, 26*time.Hour))
		ev.Down = &escalation.Span{From: s.Due, To: ev.At}
	}
	return ev
}

func randomAuthor(c Chooser) escalation.Author {
	if c.Chance(4) {
		a := escalation.Author{Principal: policy.Service(services[c(len(services))])}
		if c.Chance(3) {
			a.Behind = policy.User(people[c(len(people))])
		}
		return a
	}
	return escalation.Author{Principal: policy.User(pick(c, "alice", "bob", "carol", "dave", "erin", "zoe", "mallory", "unheard"))}
}

// randomFields fills in what the event's kind reads.
func randomFields(c Chooser, doc *policy.Document, s *escalation.State, ev *escalation.Event) {
	if s.Policy < 0 || s.Policy >= len(doc.Policies) {
		return
	}
	p := doc.Policies[s.Policy]
	name := func(n int, of func(int) string) string {
		switch k := c(n + 2); k {
		case n:
			return ""
		case n + 1:
			return "bogus"
		default:
			return of(k)
		}
	}
	ev.Track = name(len(s.Tracks), func(i int) string { return escalation.TrackName(doc, s, i) })
	if c.Chance(3) {
		ev.Track = ""
	}
	ev.Tier = pick(c, "", "", "0", "1", "bogus")
	ev.To, _ = policy.ParseTarget(pick(c, targets[c(len(targets))], "service:rotator", "user:erin"))
	ev.For = pick(c, 0, time.Minute, 10*time.Minute, time.Hour, 5*time.Hour, 200*time.Hour)
	ev.Name = pick(c, "s1", "s2", "")
	ev.Reason = pick(c, "planned", "planned", "")
	ev.Evidence = pick(c, "", "rotated", "seen")
	ev.Outcome = pick(c, "", "resolved", "contained", "bogus")
	ev.Severity = pick[policy.Severity](c, "", "low", "high", "critical", "weird")
	ev.Criticality = pick[policy.Criticality](c, "", "low", "critical")
	ev.BlastRadius = pick[policy.BlastRadius](c, "", "isolated", "ecosystem")
	ev.Ask = pick(c, "", `{"hours":1}`, `{"hours":2}`)
	ev.Stage = pick(c, "", "", "one", "two", "bogus")
	ev.Vote = pick(c, "approve", "approve", "reject", "keep", "remove", "bogus")
	switch c(4) {
	case 0:
		ev.Gate = name(len(p.Gates), func(i int) string { return p.Gates[i].Name })
	case 1:
		ev.Action = name(len(p.Actions), func(i int) string { return p.Actions[i].Name })
	case 2:
		ev.Undo = name(len(p.Actions), func(i int) string { return p.Actions[i].Name })
	case 3:
		ev.Review = name(len(p.Reviews), func(i int) string { return p.Reviews[i].Name })
	}
	switch ev.Kind {
	case escalation.EventTrigger:
		if !c.Chance(20) {
			ev.Alert = RandomAlert(c, ev.At)
		}
		randomFacts(c, ev)
	case escalation.EventSilence:
		if c.Chance(2) {
			ev.Silences = []escalation.SilenceFact{{Name: ev.Name, Until: ev.At.Add(ev.For)}}
		}
	case escalation.EventReport:
		ev.Report = RandomReport(c, s)
	case escalation.EventVote:
		randomVote(c, p, s, ev)
	case escalation.EventRebase:
		ev.Policy = name(len(doc.Policies), func(i int) string { return doc.Policies[i].Name })
	case escalation.EventTick:
		ev.At = s.At
	default:
	}
}

// randomVote mostly makes a vote one that may count: for a review that is
// pending, by somebody who was asked, with a word that it knows.
func randomVote(c Chooser, p *policy.Policy, s *escalation.State, ev *escalation.Event) {
	if s.More == nil || len(s.More.Reviews) == 0 || c.Chance(4) {
		return
	}
	r := &s.More.Reviews[c(len(s.More.Reviews))]
	if len(r.Voters) > 0 && !c.Chance(6) {
		ev.By = escalation.Author{Principal: r.Voters[c(len(r.Voters))]}
	}
	ev.Gate, ev.Action, ev.Undo, ev.Review, ev.Stage = "", "", "", "", ""
	switch r.Of {
	case escalation.ReviewGate:
		ev.Gate = p.Gates[r.Index].Name
	case escalation.ReviewAction:
		ev.Action = p.Actions[r.Index].Name
	case escalation.ReviewUndo:
		ev.Undo = p.Actions[r.Index].Name
	case escalation.ReviewAccess:
		ev.Review = p.Reviews[r.Index].Name
		ev.Vote = pick(c, "keep", "reduce", "remove")
	}
}

// randomFacts adds what the driver knows at a trigger.
func randomFacts(c Chooser, ev *escalation.Event) {
	if c.Chance(4) {
		ev.Silences = []escalation.SilenceFact{{Name: "s1", Until: ev.At.Add(time.Duration(c(60)) * time.Minute)}}
	}
	if c.Chance(4) {
		ev.Prior = &escalation.Prior{
			Incarnation: 1, ResolvedAt: ev.At.Add(-time.Duration(c(14)) * time.Minute), GraceAt: policy.Never, Reopened: c.Chance(3),
			Stood: []escalation.Stand{{Policy: fmt.Sprintf("p%d", c(2)), Track: "t0", Tier: pick(c, "0", "1", "2")}},
		}
		if c.Chance(2) {
			ev.Prior.GraceAt = ev.At.Add(-time.Duration(c(30)) * time.Hour)
		}
	}
}

// RandomReport returns what became of something that s asked for.
func RandomReport(c Chooser, s *escalation.State) escalation.Report {
	r := escalation.Report{Attempt: 1, RetryAt: policy.Never, Subjects: 1, Late: time.Duration(c(3)) * time.Second}
	var ids []escalation.EffectID
	for i := range s.Open {
		ids = append(ids, s.Open[i].ID)
	}
	for i := range s.Actions {
		if !s.Actions[i].Effect.IsZero() {
			ids = append(ids, s.Actions[i].Effect, s.Actions[i].Effect)
		}
	}
	ids = append(ids, escalation.EffectID{Seq: 1, I: 99})
	r.Effect = ids[c(len(ids))]
	r.Result = escalation.Result(1 + c(int(escalation.ResultPlanned)))
	if c.Chance(2) {
		r.Result = pick(c, escalation.ResultDelivered, escalation.ResultUndeliverable, escalation.ResultUndeliverable)
	}
	return r
}
