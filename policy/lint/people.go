package lint

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/belfry-go/belfry/policy"
)

// peopleOf returns who a target can ever resolve to, and whether that is known
// from the document: an owner is not.
func (p *pass) peopleOf(t policy.Target) (people []string, known bool) {
	dir := p.doc.Directory
	switch t.Kind {
	case policy.TargetUser:
		return []string{t.ID}, true
	case policy.TargetTeam:
		return dir.Teams[t.ID], true
	case policy.TargetRole:
		return dir.Roles[t.ID], true
	case policy.TargetSchedule:
		if s := dir.Schedules[t.ID]; s != nil {
			return scheduled(s), true
		}
	case policy.TargetChannel:
		return nil, true
	}
	return nil, false
}

// scheduled is everybody whom a schedule names.
func scheduled(s *policy.Schedule) []string {
	var out []string
	refs := func(list []policy.Ref) {
		for _, r := range list {
			if r.Person != "" {
				out = append(out, r.Person)
			}
		}
	}
	for _, r := range s.Rotations {
		for _, m := range r.Members {
			out = append(out, m...)
		}
	}
	for _, l := range s.Layers {
		refs(l.Always)
		for _, w := range l.Windows {
			refs(w.Who)
		}
		for _, sh := range l.Shifts {
			refs(sh.Who)
		}
	}
	for _, o := range s.Overrides {
		refs(o.Who)
	}
	for _, t := range s.Temporary {
		for _, sh := range t.Shifts {
			refs(sh.Who)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// told is everybody whom a track can tell; known is false when an owner may be
// among them.
func (p *pass) told(t *policy.Track) (people []string, known bool) {
	known = true
	for k := range t.Tiers {
		for _, r := range t.Tiers[k].Notify {
			who, ok := p.peopleOf(r.To)
			people, known = append(people, who...), known && ok
		}
	}
	slices.Sort(people)
	return slices.Compact(people), known
}

// onePerson: nobody is always awake.
func onePerson(p *pass) {
	p.eachTrack(func(pol *policy.Policy, i int, t *policy.Track) {
		if people, known := p.told(t); known && len(people) == 1 && !t.Informs {
			p.report(trackPath(i, t.Name), "track %q of policy %q can tell nobody but user:%s: name somebody for when that person does not answer",
				t.Name, pol.Name, people[0])
		}
	})
}

// oneChannel: a channel fails for everybody at once. People without contact
// rules are left out: how they are reached is not said here.
func oneChannel(p *pass) {
	vias := map[string]bool{}
	for _, person := range p.doc.Directory.People {
		for _, c := range person.Contact {
			vias[c.Via] = true
		}
	}
	for _, pol := range p.policies() {
		for k := range pol.Tracks {
			for _, tier := range pol.Tracks[k].Tiers {
				for _, r := range tier.Notify {
					for _, via := range r.Via {
						vias[via] = true
					}
					if r.To.Kind == policy.TargetChannel {
						vias[r.To.String()] = true
					}
				}
			}
		}
	}
	if names := slices.Sorted(maps.Keys(vias)); len(names) == 1 && names[0] != "default" {
		p.report("directory.people", "everybody is told over %q alone: give people a second way in `contact`", names[0])
	}
}

// circular: the message that a credential is lost must not need the credential.
func circular(p *pass) {
	for _, name := range slices.Sorted(maps.Keys(p.doc.Directory.Channels)) {
		for _, id := range p.doc.Directory.Channels[name].Depends {
			for i, pol := range p.policies() {
				if slices.Contains(pol.Match.Texts(), "identity.id = "+id) && p.onlyOver(pol, name) {
					p.report(policyPath(i), "policy %q is about %q, on which channel %q depends, and tells people over nothing else", pol.Name, id, name)
				}
			}
		}
	}
}

// onlyOver reports whether everybody whom a policy tells is told over one
// channel.
func (p *pass) onlyOver(pol *policy.Policy, channel string) bool {
	any := false
	for k := range pol.Tracks {
		people, _ := p.told(&pol.Tracks[k])
		for _, name := range people {
			person := p.doc.Directory.People[name]
			if person == nil {
				return false
			}
			for _, c := range person.Contact {
				if any = true; c.Via != channel {
					return false
				}
			}
		}
	}
	return any
}

// emptyGroup: a target that can resolve to nobody is a tier that is skipped.
func emptyGroup(p *pass) {
	p.eachTrack(func(_ *policy.Policy, i int, t *policy.Track) {
		for k := range t.Tiers {
			for n, r := range t.Tiers[k].Notify {
				if r.To.Kind != policy.TargetTeam && r.To.Kind != policy.TargetRole {
					continue
				}
				if people, known := p.peopleOf(r.To); known && len(people) == 0 {
					p.report(fmt.Sprintf("%s.notify[%d]", tierPath(i, t.Name, k), n), "%s has no people, so that tier %q tells nobody by it", r.To, t.Tiers[k].Name)
				}
			}
		}
	})
}

// unused: what nobody names was probably misspelt somewhere.
func unused(p *pass) {
	if len(p.policies()) == 0 {
		return // a directory in a file of its own
	}
	doc, dir := string(p.doc.Canonical()), p.doc.Directory
	named := func(kind policy.TargetKind, id string) bool {
		if strings.Contains(doc, `"`+string(kind)+":"+id+`"`) {
			return true
		}
		for _, owner := range dir.Owners {
			if owner == (policy.Target{Kind: kind, ID: id}) {
				return true
			}
		}
		return false
	}
	for _, name := range slices.Sorted(maps.Keys(dir.Schedules)) {
		if !named(policy.TargetSchedule, name) {
			p.report("directory.schedules."+name, "no policy names schedule:%s", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(dir.Hours)) {
		if !strings.Contains(doc, `"during":"`+name+`"`) && !strings.Contains(doc, "hours("+name+")") {
			p.report("directory.hours."+name, "no policy uses the hours %q", name)
		}
	}
}
