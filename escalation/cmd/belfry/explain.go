package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/belfry-go/belfry/escalation/escalationtest"
	"github.com/belfry-go/belfry/policy"
)

func (t *tool) explain(args []string) int {
	f := t.newFlags("explain", "text", "json")
	var s story
	s.register(f)
	who := f.String("who", "", "explain why this `person` (user:bob) or channel was told, or was not")
	rest, code, ok := f.begin(args, 1, 1)
	if !ok {
		return code
	}
	sim, err := s.simulation(t, rest[0])
	if err != nil {
		t.sayf("belfry explain: %v", err)
		return exitUnable
	}
	var target policy.Target
	if *who != "" {
		if target, err = policy.ParseTarget(*who); err != nil {
			t.sayf("belfry explain: --who: %v", err)
			return exitUnable
		}
	}
	e := explanation{Alert: keyOf(sim.Alert), Policies: choice(sim.Document, &sim.Alert)}
	for _, p := range e.Policies {
		if p.Governs {
			e.Policy = p.Policy
		}
	}
	if *who != "" {
		tl, err := escalationtest.Simulate(context.Background(), sim)
		if err != nil {
			t.sayf("belfry explain: %v", err)
			return exitUnable
		}
		e.Who = because(sim.Document, e.Policy, target, tl)
	}
	if f.format == "json" {
		line, err := jsonLine(e)
		if err != nil {
			t.sayf("belfry explain: %v", err)
			return exitUnable
		}
		return t.write(line)
	}
	return t.write(e.String())
}

// explanation is the result of the verb.
type explanation struct {
	Alert    string     `json:"alert"`
	Policy   string     `json:"policy"` // which governs
	Policies []judged   `json:"policies"`
	Who      *whoReason `json:"who,omitempty"`
}

// judged is one policy, and why it governs the alert or not.
type judged struct {
	Policy     string   `json:"policy"`
	Governs    bool     `json:"governs"`
	Matches    bool     `json:"matches"`
	Why        string   `json:"why"`
	Conditions []clause `json:"conditions,omitempty"`
}

type clause struct {
	Text  string `json:"condition"`
	Holds bool   `json:"holds"`
}

func keyOf(a policy.Alert) string {
	n, _ := a.Normalize()
	return n.Key
}

// choice judges each policy in document order: the first that matches governs.
func choice(doc *policy.Document, a *policy.Alert) []judged {
	normal, _ := a.Normalize()
	facts := policy.FactsOf(&normal)
	var out []judged
	chosen := false
	for _, p := range doc.Policies {
		if p.Name == policy.Unmatched {
			continue
		}
		j := judged{Policy: p.Name, Matches: true}
		for _, c := range p.Match.Clauses(&facts) {
			holds := c.Truth == policy.True
			j.Conditions = append(j.Conditions, clause{c.Text, holds})
			j.Matches = j.Matches && holds
		}
		switch {
		case j.Matches && !chosen:
			j.Governs, j.Why = true, "the first policy whose conditions all hold"
			chosen = true
		case j.Matches:
			j.Why = "its conditions hold, but a policy above it matched first"
		default:
			j.Why = "not all of its conditions hold"
		}
		out = append(out, j)
	}
	if chosen {
		return out
	}
	def := doc.Policies[doc.Default]
	for i := range out {
		if out[i].Policy == def.Name {
			out[i].Governs, out[i].Why = true, "no policy matches, and it is the document's `default`"
			return out
		}
	}
	return append(out, judged{Policy: def.Name, Governs: true, Why: "no policy matches, and the document has no `default`: the last resort is told"})
}

// String is the explanation for people.
func (e explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is governed by policy %q\n", e.Alert, e.Policy)
	for _, p := range e.Policies {
		fmt.Fprintf(&b, "  %s %s: %s\n", mark(p.Governs), p.Policy, p.Why)
		for _, c := range p.Conditions {
			fmt.Fprintf(&b, "      %s %s\n", mark(c.Holds), c.Text)
		}
	}
	if e.Who == nil {
		return b.String()
	}
	fmt.Fprintf(&b, "\n%s: %s\n", e.Who.Who, e.Who.Summary)
	for _, told := range e.Who.Told {
		fmt.Fprintf(&b, "  %s\n", told)
	}
	for _, place := range e.Who.Places {
		fmt.Fprintf(&b, "  %s\n", place)
	}
	return b.String()
}

func mark(ok bool) string {
	if ok {
		return "✓"
	}
	return "✗"
}

// whoReason says why somebody was told, or was not.
type whoReason struct {
	Who     string   `json:"who"`
	WasTold bool     `json:"told"`
	Summary string   `json:"summary"`
	Told    []string `json:"messages,omitempty"`
	Places  []string `json:"tiers,omitempty"` // tiers that name the person, and what became of them
}

// because follows a person through a simulation.
func because(doc *policy.Document, name string, who policy.Target, tl *escalationtest.Timeline) *whoReason {
	w := &whoReason{Who: who.String()}
	for i := range tl.Seen {
		s := &tl.Seen[i]
		if s.Type == escalationtest.SeenNotify && s.To == w.Who {
			w.WasTold = true
			w.Told = append(w.Told, fmt.Sprintf("told at %s via %s (%s): %s", s.At, s.Via, s.Kind, why(s)))
		}
	}
	pol := doc.PolicyNamed(name)
	w.Places = places(doc, pol, who, tl)
	switch {
	case w.WasTold:
		w.Summary = "was told"
	case len(w.Places) == 0:
		w.Summary = fmt.Sprintf("was not told: nothing in policy %q names %s, directly or by a team, role, schedule or owner", name, who)
	default:
		w.Summary = "was not told"
	}
	return w
}

// why is the reason of a message in words.
func why(s *escalationtest.Seen) string {
	text := s.Reason
	if text == "" {
		text = s.Kind.String()
	}
	if s.Track != "" {
		text += " in " + s.Track + "/" + s.Tier
	}
	if s.Target != "" && s.Target != s.To {
		text += ", as " + s.Target
	}
	return text
}

// places lists the tiers that may tell a person, and what became of each.
func places(doc *policy.Document, pol *policy.Policy, who policy.Target, tl *escalationtest.Timeline) []string {
	if pol == nil {
		return nil
	}
	var out []string
	for i := range pol.Tracks {
		track := &pol.Tracks[i]
		for k := range track.Tiers {
			tier := &track.Tiers[k]
			if by := namedBy(doc, tier.Notify, who); by != "" {
				out = append(out, fmt.Sprintf("tier %s/%s names %s: %s", track.Name, tier.Name, by, fate(tl, track.Name, tier.Name)))
			}
		}
	}
	return out
}

// namedBy is the target of a list that may resolve to who; "" when none can.
func namedBy(doc *policy.Document, list []policy.Recipient, who policy.Target) string {
	for _, r := range list {
		in := false
		switch r.To.Kind {
		case policy.TargetTeam:
			in = contains(doc.Directory.Teams[r.To.ID], who.ID)
		case policy.TargetRole:
			in = contains(doc.Directory.Roles[r.To.ID], who.ID)
		case policy.TargetSchedule, policy.TargetOwner:
			in = who.Kind == policy.TargetUser // who it is depends on the instant, or the alert
		}
		if r.To == who || in {
			return r.To.String()
		}
	}
	return ""
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// fate says what became of a tier in a simulation.
func fate(tl *escalationtest.Timeline, track, tier string) string {
	var entered []string
	for i := range tl.Seen {
		s := &tl.Seen[i]
		if s.Type != escalationtest.SeenRecord || s.Event != "tier_entered" && s.Event != "tier_skipped" && s.Event != "tier_deferred" {
			continue
		}
		f := s.Fields()
		if f["track"] != track || f["tier"] != tier {
			continue
		}
		verb := strings.TrimPrefix(s.Event, "tier_")
		entered = append(entered, fmt.Sprintf("%s at %s (%v)", verb, s.At, f["reason"]))
	}
	if len(entered) > 0 {
		return strings.Join(entered, ", ")
	}
	return "not entered by " + tl.End.Round(time.Second).String() + stopped(tl, track)
}

// stopped says what kept a track from going on.
func stopped(tl *escalationtest.Timeline, track string) string {
	for i := range tl.Seen {
		s := &tl.Seen[i]
		if s.Verdict != "applied" {
			continue
		}
		switch s.Event {
		case "acknowledge", "resolve", "snooze", "silence":
			if named, _ := s.Fields()["track"].(string); named == "" || named == track {
				return fmt.Sprintf("; %s by %s at %s", s.Event, s.By, s.At)
			}
		}
	}
	return ""
}
