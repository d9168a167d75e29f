package escalation

import (
	"maps"
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// sole names an answer that was made beforehand: a target, and the first of
// those it resolved to.
type sole struct {
	to    policy.Target
	first *Responder
}

// soles holds what a tier resolves to that names one target and nobody else, so
// that entering it allocates nothing.
type soles map[sole]*Lists

// maxSoles bounds them: a directory of very many schedules and people makes the
// rest as they come.
const maxSoles = 1 << 14

// add makes the lists of a target's answer.
func (s soles) add(to policy.Target, who []Responder) {
	if len(who) == 0 || len(who) > maxResponders || len(s) >= maxSoles {
		return
	}
	s[sole{to, &who[0]}] = &Lists{Recipients: []policy.Recipient{{To: to}}, Rosters: [][]Responder{who}}
}

// of returns the lists of a target if who is the answer that they were made of;
// nil otherwise.
func (s soles) of(to policy.Target, who []Responder) *Lists {
	if len(who) == 0 {
		return nil
	}
	if l := s[sole{to, &who[0]}]; l != nil && len(l.Rosters[0]) == len(who) {
		return l
	}
	return nil
}

// soleAnswers makes the lists of every target that has a fixed answer, and of
// every schedule with each person on call alone.
func (d *directory) soleAnswers() {
	d.soles = soles{}
	people := slices.Sorted(maps.Keys(d.people))
	for _, name := range people {
		d.soles.add(policy.User(name), d.people[name])
	}
	for _, kind := range [...]policy.TargetKind{policy.TargetTeam, policy.TargetRole} {
		names := d.dir.Teams
		if kind == policy.TargetRole {
			names = d.dir.Roles
		}
		for _, name := range slices.Sorted(maps.Keys(names)) {
			t := policy.Target{Kind: kind, ID: name}
			d.soles.add(t, d.groups[t])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(d.channels)) {
		d.soles.add(policy.Channel(name), d.channels[name])
	}
	for _, name := range slices.Sorted(maps.Keys(d.dir.Schedules)) {
		for _, who := range people {
			d.soles.add(policy.Target{Kind: policy.TargetSchedule, ID: name}, d.people[who])
		}
	}
}
