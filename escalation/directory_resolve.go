package escalation

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// Resolve implements [Directory].
func (d *directory) Resolve(_ context.Context, qs []Question) ([]Answer, error) {
	answers := make([]Answer, len(qs))
	for i := range qs {
		a := &answers[i]
		a.Question, a.Next = qs[i], policy.Never
		d.answer(&qs[i], a)
	}
	return answers, nil
}

func (d *directory) answer(q *Question, a *Answer) {
	switch q.Kind {
	case QuestionResolve:
		a.Responders, a.Failed = d.resolve(q.Target, q.Subject, q.At)
		a.sole = d.soles.of(q.Target, a.Responders)
	case QuestionNext:
		a.Order = d.order(q)
	case QuestionHours:
		d.open(q, a)
	case QuestionAuthor:
		a.Yes, a.Behind = d.author(q.Target)
	case QuestionMember:
		a.Yes, a.Failed = d.member(q)
	default:
		a.Failed = true
	}
}

// resolve is whom a target names at an instant. failed says that there is a
// schedule of that name, and that it cannot be asked.
func (d *directory) resolve(t policy.Target, subject string, at policy.Instant) (who []Responder, failed bool) {
	if t.Kind == policy.TargetOwner {
		owner, ok := d.dir.Owners[subject]
		if !ok || owner.Kind == policy.TargetOwner {
			return nil, false
		}
		t = owner
	}
	switch t.Kind {
	case policy.TargetUser:
		who = d.person(t.ID)
	case policy.TargetTeam, policy.TargetRole:
		if names, ok := d.scripted(t.ID, at); ok {
			who = d.all(names)
		} else {
			who = d.groups[t]
		}
	case policy.TargetSchedule:
		var names []string
		if names, failed = d.onCall(t.ID, at); !failed {
			who = d.all(names)
		}
	case policy.TargetChannel:
		if who = d.channels[t.ID]; who == nil {
			who = d.alone(t, []policy.ContactRule{{Via: t.ID}})
		}
	}
	if d.depends[subject] {
		who = d.marked(who, subject)
	}
	return who, failed
}

// onCall is who is on call on a schedule; nobody on one that there is not.
func (d *directory) onCall(name string, at policy.Instant) (names []string, failed bool) {
	if names, ok := d.scripted(name, at); ok {
		return names, false
	}
	if s := d.schedules[name]; s != nil {
		return s.At(at), false
	}
	return nil, d.dir.Schedules[name] != nil
}

// scripted is who is on call by the script, if it names this.
func (d *directory) scripted(name string, at policy.Instant) ([]string, bool) {
	spans, ok := d.script[name]
	if !ok {
		return nil, false
	}
	var names []string
	shared := false
	for _, s := range spans {
		if ends := s.Until.Known() && s.Until != 0; at < s.From || ends && at >= s.Until {
			continue
		}
		if names == nil {
			names, shared = s.Who, true
			continue
		}
		if shared {
			names, shared = slices.Clip(names), false
		}
		names = append(names, s.Who...)
	}
	return names, true
}

// person is the one of that name; nobody when the directory lists people and
// not this one.
func (d *directory) person(name string) []Responder {
	if who, ok := d.people[name]; ok {
		return who
	}
	if !d.dir.Open || name == "" {
		return nil
	}
	return d.alone(policy.User(name), nil)
}

// all is these people, without those who are not known, each once.
func (d *directory) all(names []string) []Responder {
	if len(names) == 1 {
		return d.person(names[0])
	}
	var list []Responder
	for i, n := range names {
		if slices.Contains(names[:i], n) {
			continue
		}
		if who := d.person(n); who != nil {
			if list == nil {
				list = make([]Responder, 0, len(names)-i)
			}
			list = append(list, who[0])
		}
	}
	return list
}

// marked is the responders with the channels marked that do not work without
// the identity; those who have none of them are left as they are.
func (d *directory) marked(who []Responder, identity string) []Responder {
	var out []Responder
	for i := range who {
		for j := range who[i].Rules {
			if !slices.Contains(d.dir.Channels[who[i].Rules[j].Via].Depends, identity) {
				continue
			}
			if out == nil {
				out = slices.Clone(who)
			}
			if &out[i].Rules[0] == &who[i].Rules[0] {
				out[i].Rules = slices.Clone(who[i].Rules)
			}
			out[i].Rules[j].Depends = true
		}
	}
	if out == nil {
		return who
	}
	return out
}

// order is the places of a tier's targets, the one told longest ago first; of
// equals, as listed. It is empty for a tier that this document does not have.
func (d *directory) order(q *Question) []int {
	p := d.doc.PolicyNamed(q.Name)
	if p == nil || q.Track < 0 || q.Track >= len(p.Tracks) || q.Tier < 0 || q.Tier >= len(p.Tracks[q.Track].Tiers) {
		return nil
	}
	list := p.Tracks[q.Track].Tiers[q.Tier].Notify
	order := make([]int, len(list))
	told := make([]policy.Instant, len(list))
	for i := range list {
		order[i], told[i] = i, math.MinInt64
		if d.toldLast != nil {
			if last := d.toldLast(list[i].To); last.Known() {
				told[i] = last
			}
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(told[a], told[b]) })
	return order
}

// open says whether hours hold. Hours that there are not hold always: what waits
// for them is told now rather than never.
func (d *directory) open(q *Question, a *Answer) {
	h := d.hours[q.Name]
	if h == nil {
		a.Yes, a.Failed = true, true
		return
	}
	if a.Yes = h.Open(q.At); !a.Yes {
		a.Next = h.NextOpen(q.At)
	}
}

// author says whether an author is known, and who is behind a service. Without
// `services` in the directory every service is known.
func (d *directory) author(t policy.Target) (known bool, behind policy.Target) {
	switch t.Kind {
	case policy.TargetUser:
		_, ok := d.people[t.ID]
		return t.ID != "" && (ok || d.dir.Open), behind
	case policy.TargetService:
		s, ok := d.dir.Services[t.ID]
		return t.ID != "" && (ok || d.dir.Services == nil), s.Behind
	}
	return false, behind
}

// member says whether a person is one of whom a target names.
func (d *directory) member(q *Question) (yes, failed bool) {
	of, err := policy.ParseTarget(q.Name)
	if err != nil {
		return false, false
	}
	if of == q.Target {
		return true, false
	}
	who, failed := d.resolve(of, q.Subject, q.At)
	return slices.ContainsFunc(who, func(r Responder) bool { return r.To == q.Target }), failed
}
