package lint

import (
	"slices"
	"strings"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// fewTiers: when the one tier does not answer, nobody else is asked.
func fewTiers(p *pass) {
	p.eachTrack(func(pol *policy.Policy, i int, t *policy.Track) {
		asking := 0
		for k := range t.Tiers {
			if t.Tiers[k].Ack != (policy.AckNeed{}) {
				asking++
			}
		}
		if asking == 1 && t.Repeat == 0 && !t.OnExhausted {
			p.report(trackPath(i, t.Name), "track %q of policy %q asks one tier, once: add a second tier or a `repeat`", t.Name, pol.Name)
		}
	})
}

// shadowed: order decides, and a broad policy above a narrow one hides it. An
// earlier policy is looked for under each condition of a later one, so that a
// thousand policies are not compared each with each.
func shadowed(p *pass) {
	all := -1                     // the first policy without a condition
	byFirst := map[string][]int{} // earlier policies, by their first condition
	texts := make([][]string, len(p.policies()))
	for i, pol := range p.policies() {
		texts[i] = pol.Match.Texts()
		slices.Sort(texts[i])
		above := all
		for _, cond := range texts[i] {
			for _, k := range byFirst[cond] {
				if contains(texts[i], texts[k]) && (above < 0 || k < above) {
					above = k
				}
			}
		}
		if above >= 0 {
			p.report(policyPath(i), "policy %q never governs: whatever it matches, %q above it matches first", pol.Name, p.policies()[above].Name)
		}
		switch {
		case len(texts[i]) > 0:
			byFirst[texts[i][0]] = append(byFirst[texts[i][0]], i)
		case all < 0:
			all = i
		}
	}
}

// contains reports whether all of part are in whole, which is sorted: the
// conditions of whole are then at least as narrow.
func contains(whole, part []string) bool {
	for _, s := range part {
		if _, ok := slices.BinarySearch(whole, s); !ok {
			return false
		}
	}
	return true
}

// sameTargets: who did not answer five minutes ago is not somebody else now.
func sameTargets(p *pass) {
	p.eachTrack(func(_ *policy.Policy, i int, t *policy.Track) {
		for k := 1; k < len(t.Tiers); k++ {
			a, b := t.Tiers[k-1].Notify, t.Tiers[k].Notify
			if len(b) > 0 && slices.Equal(texts(a), texts(b)) && !slices.ContainsFunc(b, func(r policy.Recipient) bool { return len(r.Via) > 0 }) {
				p.report(tierPath(i, t.Name, k), "tier %q tells the same as %q above it: use `every` or `repeat` to tell again, and name somebody else here",
					t.Tiers[k].Name, t.Tiers[k-1].Name)
			}
		}
	})
}

func texts(list []policy.Recipient) []string {
	out := make([]string, len(list))
	for i, r := range list {
		out[i] = r.To.String()
	}
	slices.Sort(out)
	return out
}

// lateTier: help that is asked for after the deadline cannot meet it. Only a
// deadline that counts from the opening can be compared with waits.
func lateTier(p *pass) {
	for i, pol := range p.policies() {
		by, name := time.Duration(-1), ""
		for _, d := range pol.Deadlines {
			if at, ok := fromOpen(d.At); ok && (by < 0 || at < by) {
				by, name = at, d.Name
			}
		}
		if by < 0 {
			continue
		}
		for k := range pol.Tracks {
			p.lateTiers(i, &pol.Tracks[k], by, name)
		}
	}
}

func (p *pass) lateTiers(i int, t *policy.Track, by time.Duration, deadline string) {
	due := time.Duration(0)
	for k := range t.Tiers {
		tier := &t.Tiers[k]
		if tier.At != nil {
			at, ok := fromOpen(*tier.At)
			if !ok {
				return // what is below counts from an instant that is not known
			}
			due = at
		}
		if due >= by && tier.At == nil {
			p.report(tierPath(i, t.Name, k), "tier %q is due %s after the opening, the deadline %q %s after it: shorten the waits above, or anchor it as `at: %s - %s`",
				tier.Name, short(due), deadline, short(by), deadline, short(max(by/4, time.Minute)))
			return
		}
		due += tier.Wait
	}
}

// fromOpen is an anchor's distance from the opening, when it has one.
func fromOpen(a policy.Anchor) (time.Duration, bool) {
	if len(a.Terms) != 1 || a.Terms[0].Kind != policy.AnchorOpen || a.Terms[0].Share != 0 {
		return 0, false
	}
	return a.Terms[0].Offset, true
}

// hastyReminder: a message is tried for give_up; a reminder before that is a
// second message in the same queue.
func hastyReminder(p *pass) {
	longest := policy.DefaultGiveUp
	for _, c := range p.doc.Directory.Channels {
		longest = max(longest, c.GiveUp)
	}
	p.eachTrack(func(_ *policy.Policy, i int, t *policy.Track) {
		for k := range t.Tiers {
			if every := t.Tiers[k].Every; every > 0 && every < longest {
				p.report(tierPath(i, t.Name, k)+".every", "tier %q reminds every %s, while a channel may try for %s to deliver: make `every` at least that long",
					t.Tiers[k].Name, short(every), short(longest))
			}
		}
	})
}

// firstPageWaits: a policy that is P1, or about a leak, must tell somebody now.
func firstPageWaits(p *pass) {
	top, _ := policy.P2.Level()
	for i, pol := range p.policies() {
		if pol.Priority < top {
			continue
		}
		if pol.Grace > 0 {
			p.report(policyPath(i)+".grace", "policy %q is %s and tells nobody for %s", pol.Name, policy.PriorityAt(pol.Priority), short(pol.Grace))
		}
		for k := range pol.Tracks {
			t := &pol.Tracks[k]
			if first := &t.Tiers[0]; first.During != "" {
				p.report(tierPath(i, t.Name, 0)+".during", "policy %q is %s and its first tier %q waits for the hours %q",
					pol.Name, policy.PriorityAt(pol.Priority), first.Name, first.During)
			}
		}
	}
}

// noExhausted: the last resort is for when all else has failed.
func noExhausted(p *pass) {
	for i, pol := range p.policies() {
		asks := slices.ContainsFunc(pol.Tracks, func(t policy.Track) bool { return !t.Informs })
		if asks && len(pol.Exhausted.Notify) == 0 && !slices.ContainsFunc(pol.Tracks, func(t policy.Track) bool { return t.OnExhausted }) {
			p.report(policyPath(i), "when nobody answers, policy %q tells the last resort only: name people in `exhausted.notify`", pol.Name)
		}
	}
}

// noDefault: an alert that nothing matches should have an owner.
func noDefault(p *pass) {
	pols := p.policies()
	if len(pols) == 0 || p.doc.Default < len(pols) || slices.ContainsFunc(pols, func(q *policy.Policy) bool { return q.Match.Len() == 0 }) {
		return
	}
	p.report("policies", "an alert that no policy matches goes to the last resort only: name a `default` policy")
}

// short writes a duration without the zero parts of Go's form.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}
