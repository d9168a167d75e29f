package escalation

import (
	"time"

	"github.com/belfry-go/belfry/policy"
)

// move is what becomes of one track of a state in a rebase, by number.
type move struct {
	from          int     // its place in the old state; -1: it is new
	policy, index int16   // in the new document; -1: it ends
	tiers         []int16 // by old tier: the new one of the same name; -1: gone
	tier          int16   // where it goes on
	gone          bool    // the current tier was removed: tier is what it maps to
	base          int16   // with gone: the last tier before it that is left
	wait          time.Duration
	over          []Responder // with gone: whom it told and who did not answer
	cut           bool        // it ends because there is no room
}

// movesOf maps the tracks of s by name: to those of p, the new governing policy,
// in its order; then those of other policies, which a rise started, to their
// own policies; then those that end.
func movesOf(old, to *policy.Document, s *State, p *policy.Policy) []move {
	from := make([]int, len(p.Tracks))
	for i := range from {
		from[i] = -1
	}
	taken := make([]bool, len(s.Tracks))
	claim := func(fits func(q *policy.Policy) bool) {
		for ti := range s.Tracks {
			q, spec := specOf(old, &s.Tracks[ti])
			if taken[ti] || !fits(q) {
				continue
			}
			if i := placeOf(p.Tracks, spec.Name, trackName); i >= 0 && from[i] < 0 {
				from[i], taken[ti] = ti, true
			}
		}
	}
	// First p's own: a rise may have started the policy that the alert moves to.
	claim(func(q *policy.Policy) bool { return q.Name == p.Name })
	// The built-in policy stands in for one that was missing; nothing of it goes
	// on under another.
	claim(func(q *policy.Policy) bool {
		return q.Index == s.Policy && q.Name != policy.Unmatched && p.Name != policy.Unmatched
	})
	moves := make([]move, 0, len(p.Tracks)+len(s.Tracks))
	for i := range p.Tracks {
		moves = append(moves, moveTrack(old, s, from[i], p, i))
	}
	var ended []move
	for ti := range s.Tracks {
		if taken[ti] {
			continue
		}
		q, spec := specOf(old, &s.Tracks[ti])
		mv := move{from: ti, policy: -1, index: -1}
		if n := to.PolicyNamed(q.Name); q.Index != s.Policy && n != nil && n != p {
			if i := placeOf(n.Tracks, spec.Name, trackName); i >= 0 {
				mv.cut = len(moves) >= maxTracks
				if !mv.cut {
					moves = append(moves, moveTrack(old, s, ti, n, i))
					continue
				}
			}
		}
		ended = append(ended, mv)
	}
	return append(moves, ended...)
}

// moveTrack maps track ti of s, or with -1 none, to track i of p.
func moveTrack(old *policy.Document, s *State, ti int, p *policy.Policy, i int) move {
	mv := move{from: ti, policy: int16(p.Index), index: int16(i), tier: NoTier}
	if ti < 0 {
		return mv
	}
	t := &s.Tracks[ti]
	_, a := specOf(old, t)
	b := &p.Tracks[i]
	mv.tiers = make([]int16, len(a.Tiers))
	for k := range a.Tiers {
		mv.tiers[k] = int16(placeOf(b.Tiers, a.Tiers[k].Name, tierName))
	}
	if t.Tier < 0 || len(b.Tiers) == 0 {
		return mv
	}
	mv.wait = a.Tiers[t.Tier].Wait
	if mv.tier = mv.tiers[t.Tier]; mv.tier < 0 {
		mv.gone = true
		mv.tier = mv.onto(int(t.Tier), len(b.Tiers))
		mv.base = NoTier
		for k := range t.Tier {
			if mv.tiers[k] >= 0 && t.Entered&(1<<k) != 0 {
				mv.base = mv.tiers[k]
			}
		}
	}
	return mv
}

// onto is what a removed tier maps to: the next of the old order that is left,
// else the last of the n new ones.
func (mv *move) onto(tier, n int) int16 {
	for _, j := range mv.tiers[tier+1:] {
		if j >= 0 {
			return j
		}
	}
	return int16(n - 1)
}

// bits carries a set of tiers over.
func (mv *move) bits(set uint64) uint64 {
	var out uint64
	for k, j := range mv.tiers {
		if j >= 0 && set&(1<<k) != 0 {
			out |= 1 << j
		}
	}
	return out
}

// placeOf returns the place of the item of that name; -1: none.
func placeOf[T any](list []T, name string, nameOf func(*T) string) int {
	for i := range list {
		if nameOf(&list[i]) == name {
			return i
		}
	}
	return -1
}

func trackName(t *policy.Track) string       { return t.Name }
func tierName(t *policy.Tier) string         { return t.Name }
func gateName(g *policy.Gate) string         { return g.Name }
func actionName(a *policy.Action) string     { return a.Name }
func reviewName(r *policy.Review) string     { return r.Name }
func deadlineName(d *policy.Deadline) string { return d.Name }

// trackMoves is moves by name.
func trackMoves(old, to *policy.Document, s *State, p *policy.Policy, moves []move) []TrackMove {
	if len(moves) == 0 {
		return nil
	}
	out := make([]TrackMove, len(moves))
	for i := range moves {
		mv, x := &moves[i], &out[i]
		if mv.from >= 0 {
			t := &s.Tracks[mv.from]
			x.From = TrackName(old, s, mv.from)
			if _, spec := specOf(old, t); t.Tier >= 0 {
				x.Tier = spec.Tiers[t.Tier].Name
			}
		}
		if mv.index < 0 {
			continue
		}
		q := to.Policies[mv.policy]
		spec := &q.Tracks[mv.index]
		x.To = spec.Name
		if q != p {
			x.To = q.Name + "/" + spec.Name
		}
		if mv.tier >= 0 {
			x.Onto = spec.Tiers[mv.tier].Name
		}
	}
	return out
}

// goneOf names the deadlines, gates, actions and reviews of was that p has not.
func goneOf(was, p *policy.Policy) []string {
	gone := missing(nil, "deadline ", was.Deadlines, p.Deadlines, deadlineName)
	gone = missing(gone, "gate ", was.Gates, p.Gates, gateName)
	gone = missing(gone, "action ", was.Actions, p.Actions, actionName)
	return missing(gone, "review ", was.Reviews, p.Reviews, reviewName)
}

// missing appends the names of old that now has not.
func missing[T any](dst []string, what string, old, now []T, nameOf func(*T) string) []string {
	for i := range old {
		if name := nameOf(&old[i]); placeOf(now, name, nameOf) < 0 {
			dst = append(dst, what+name)
		}
	}
	return dst
}

// deadlineMoves compares the deadlines of a state before and after.
func deadlineMoves(was *policy.Policy, before *State, p *policy.Policy, after *State) []DeadlineMove {
	var out []DeadlineMove
	for i := range p.Deadlines {
		d := DeadlineMove{Name: p.Deadlines[i].Name, From: policy.Never, To: after.Deadlines[i].At}
		k := placeOf(was.Deadlines, d.Name, deadlineName)
		if k >= 0 {
			d.From = before.Deadlines[k].At
		}
		if k < 0 || d.From != d.To {
			out = append(out, d)
		}
	}
	return out
}
