package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// opening is a span in which an alert's gate was open, as its records tell.
type opening struct {
	from, until policy.Instant
	used        policy.Instant
	replaced    bool // another took its place
}

// account is what the records of one alert say about its gate.
type gateAccount struct {
	shut      policy.Instant // when it closed
	over      policy.Instant // when a verifier resolved it; Never: not yet
	resolved  policy.Instant
	openings  []opening
	requester []string
	version   string
	votes     map[string]policy.Instant
}

// free reports whether the gate lets through at an instant without an opening:
// not shut yet, resolved by a verifier, or gone with the end of an opening after
// a resolve.
func (a *gateAccount) free(at policy.Instant) bool {
	return a.shut > at || a.over <= at || slices.ContainsFunc(a.openings, func(o opening) bool {
		end := min(o.until, o.used)
		return !o.replaced && end <= at && a.resolved <= end
	})
}

// open reports whether it lets through at an instant.
func (a *gateAccount) open(at policy.Instant) bool {
	return a.free(at) || slices.ContainsFunc(a.openings, func(o opening) bool {
		return o.from <= at && at < min(o.until, o.used)
	})
}

// opens notes an opening, in the place of one that is under way.
func (a *gateAccount) opens(at, until policy.Instant) {
	if n := len(a.openings); n > 0 && min(a.openings[n-1].until, a.openings[n-1].used) > at {
		a.openings[n-1].until, a.openings[n-1].replaced = at, true
	}
	a.openings = append(a.openings, opening{from: at, until: until, used: policy.Never})
}

// end ends an opening that is under way.
func (a *gateAccount) end(at policy.Instant) {
	if n := len(a.openings); n > 0 && a.openings[n-1].until > at && a.openings[n-1].used > at {
		a.openings[n-1].used = at
	}
}

// accountOf tells the story of an alert's gate from its records, and judges each
// opening by them.
func (l *gateLife) accountOf(stream string) *gateAccount {
	a := &gateAccount{shut: policy.Never, over: policy.Never, resolved: policy.Never, votes: map[string]policy.Instant{}}
	for _, rec := range l.records(stream) {
		ev := &rec.Event
		if rec.Verdict.Kind != escalation.Applied {
			continue
		}
		opened := slices.ContainsFunc(rec.Effects, func(e escalation.Effect) bool {
			return e.Kind == escalation.LineGate && e.Decision == escalation.Allow && e.Until.Known()
		})
		switch ev.Kind {
		case escalation.EventTrigger:
			if a.shut == policy.Never {
				a.shut = ev.At
			} else if v := ev.Alert.Identity.CredentialVersion; v != a.version {
				clear(a.votes)
			}
			a.version = ev.Alert.Identity.CredentialVersion
		case escalation.EventResolve:
			a.resolved = min(a.resolved, ev.At)
			if ev.By.Principal == policy.Service("verifier") {
				a.over = min(a.over, ev.At)
			}
		case escalation.EventRequest:
			clear(a.votes)
			a.requester = []string{ev.By.Principal.ID}
			if ev.By.Principal.ID == "bot" {
				a.requester = append(a.requester, "carol")
			}
		case escalation.EventVote:
			a.vote(l, stream, ev)
			if opened && ev.Vote == "approve" {
				l.judgeGrant(a, stream, ev.At)
				a.opens(ev.At, ev.At.Add(opensFor))
				clear(a.votes)
			}
		case escalation.EventUse:
			a.end(ev.At)
		case escalation.EventBreakGlass:
			l.judgeBypass(stream, &rec)
			a.opens(ev.At, ev.At.Add(bypassFor))
		}
	}
	return a
}

// vote counts a vote that was applied; what the directory answered is in the
// record.
func (a *gateAccount) vote(l *gateLife, stream string, ev *escalation.Event) {
	id := ev.By.Principal.ID
	if slices.Contains(a.requester, id) || id == "erin" || ev.By.Principal.Kind != policy.TargetUser {
		l.violated(gateQuorum, "%s: a vote of %s counts; it was requested by %v", stream, id, a.requester)
	}
	if !slices.Contains([]string{"carol", "dave", "frank"}, id) {
		l.violated(gateQuorum, "%s: a vote of %s counts, who is not to vote", stream, id)
	}
	if ev.Vote == "approve" {
		a.votes[id] = ev.At
	} else {
		clear(a.votes)
	}
}

// judgeGrant judges an opening by a review.
func (l *gateLife) judgeGrant(a *gateAccount, stream string, at policy.Instant) {
	if len(a.votes) < 2 {
		l.violated(gateRevoked, "%s: opened at %s with the votes of %d since they were asked", stream, at, len(a.votes))
	}
	if at == policy.InstantOf(l.clock.Now()) && !slices.Contains(l.sec, "dave") {
		for id := range a.votes {
			if id == "carol" || id == "dave" {
				l.violated(gateRevoked, "%s: opened at %s with the vote of %s, who has lost the role", stream, at, id)
			}
		}
	}
}

// judgeBypass judges a break-glass by its own record.
func (l *gateLife) judgeBypass(stream string, rec *escalation.Record) {
	told := map[policy.Target]bool{}
	after, ends := false, false
	for i := range rec.Effects {
		switch e := &rec.Effects[i]; e.Kind {
		case escalation.EffectNotify:
			if e.To != rec.Event.By.Principal {
				told[e.To] = true
			}
		case escalation.EffectOpen:
			after = e.Alert != nil && e.Alert.Kind == policy.BreakGlass
		case escalation.LineGate:
			ends = ends || e.Until == rec.Event.At.Add(bypassFor)
		}
	}
	if rec.Event.Reason == "" || rec.Event.By.Principal != policy.User("frank") || len(told) < 2 || !after || !ends {
		l.violated(breakGlassed, "%s: by %s for %q; told %d, a review follows: %t, it ends: %t",
			stream, rec.Event.By.Principal, rec.Event.Reason, len(told), after, ends)
	}
}

// judgeCheck holds what the board answers to the records.
func (l *gateLife) judgeCheck() {
	d := l.e.Check(gateSubject, "deploy")
	if l.seed.check != nil {
		d = l.seed.check(l)
	}
	if !d.Allowed() {
		return
	}
	now := policy.InstantOf(l.clock.Now())
	for _, stream := range l.alerts() {
		a := l.accountOf(stream)
		if a.open(now) {
			continue
		}
		if n := len(a.openings); n > 0 && a.openings[n-1].used == policy.Never {
			l.violated(useWindow, "allowed at %s; %s was open until %s", now, stream, a.openings[n-1].until)
		}
		l.violated(failClosed, "allowed at %s; %s is shut since %s", now, stream, a.shut)
	}
}

// judgePass notes one that the guard let through.
func (l *gateLife) judgePass() {
	l.passed++
	now := policy.InstantOf(l.clock.Now())
	if slices.ContainsFunc(l.alerts(), func(stream string) bool { return !l.accountOf(stream).free(now) }) {
		l.byOpening++
	}
}

// judgeEnd judges the whole history.
func (l *gateLife) judgeEnd() {
	used, rejected := 0, 0
	for stream := range l.truth.Streams(context.Background(), store.StreamQuery{Prefix: alertStreams}) {
		for _, rec := range l.records(stream) {
			if rec.Verdict.Kind == escalation.Rejected && rec.Event.Kind != escalation.EventUse {
				rejected++
			}
			if rec.Event.Kind == escalation.EventUse && rec.Verdict.Kind == escalation.Applied {
				used++
			}
			if rec.Event.Kind == escalation.EventBreakGlass && rec.Verdict.Kind == escalation.Applied {
				key := strings.TrimPrefix(stream, alertStreams)
				key = key[:strings.IndexByte(key, '#')]
				if _, err := l.truth.Last(context.Background(), key+"/break-glass"); err != nil {
					l.violated(breakGlassed, "%s was bypassed, and nothing follows: %v", stream, err)
				}
			}
		}
	}
	if l.byOpening > used {
		l.violated(singleUse, "%d passed by openings, and %d were used up", l.byOpening, used)
	}
	if rejected < l.denied {
		l.violated(denialsKept, "%d were refused, and %d are recorded", l.denied, rejected)
	}
}
