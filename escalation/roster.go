package escalation

import (
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// maxResponders bounds the responders of one tier; the others are cut, and the
// record says so.
const maxResponders = 64

// roster resolves whom tier j of t names, with those in in.extra; ok is false
// while answers are missing.
func (m *machine) roster(p *policy.Policy, t *Track, j int, tier *policy.Tier, in entering) (*Lists, bool) {
	if p.Name == policy.Unmatched {
		return unmatchedLists, true
	}
	rs := tier.Notify
	for _, who := range in.extra {
		rs = append(rs[:len(rs):len(rs)], policy.Recipient{To: who})
	}
	l, ok := m.lists(rs)
	if !tier.PickNext {
		return l, ok
	}
	a, known := m.answer(Question{Kind: QuestionNext, Name: p.Name, Track: int(t.Index), Tier: j})
	if !known || !ok {
		return nil, false
	}
	ring := *l
	ring.Ring = ringOf(a.Order, len(tier.Notify))
	return &ring, true
}

// unmatchedLists is whom the built-in policy tells.
var unmatchedLists = &Lists{
	Recipients: []policy.Recipient{{To: lastResort}},
	Rosters:    [][]Responder{{{To: lastResort, Rules: []Rule{{}}}}},
}

// ringOf makes a permutation of n places of what a driver answered.
func ringOf(order []int, n int) []int {
	ring := make([]int, 0, n)
	var seen uint64
	for _, i := range order {
		if i >= 0 && i < n && seen&(1<<i) == 0 {
			ring, seen = append(ring, i), seen|1<<i
		}
	}
	for i := range n {
		if seen&(1<<i) == 0 {
			ring = append(ring, i)
		}
	}
	return ring
}

// lists resolves recipients at the present instant.
func (m *machine) lists(rs []policy.Recipient) (*Lists, bool) {
	if len(rs) == 1 && len(rs[0].Via) == 0 {
		a, known := m.answer(m.resolving(rs[0].To))
		if !known {
			return nil, false
		}
		if l := a.solely(rs); l != nil {
			return l, true
		}
	}
	ok, total := true, 0
	l := &Lists{Recipients: rs, Rosters: make([][]Responder, len(rs))}
	for i := range rs {
		a, known := m.answer(m.resolving(rs[i].To))
		if !known {
			ok = false
			continue
		}
		if a.Failed {
			m.tellLastResort(policy.ReasonUnresolvable, -1)
		}
		who := a.Responders
		if total+len(who) > maxResponders {
			who, l.Cut = who[:maxResponders-total], true
		}
		total += len(who)
		l.Rosters[i] = who
		for _, via := range rs[i].Via {
			c, known := m.answer(m.resolving(policy.Channel(via)))
			if !known {
				ok = false
			} else if len(c.Responders) > 0 && c.Responders[0].Rules[0].Depends {
				l.Depends = append(l.Depends, via)
			}
		}
	}
	return l, ok
}

// resolving is the question who a target is now.
func (m *machine) resolving(to policy.Target) Question {
	if to.Kind == policy.TargetOwner && !m.s.Alert.Identity.Owner.IsZero() {
		to = m.s.Alert.Identity.Owner
	}
	return Question{Kind: QuestionResolve, Target: to, Subject: m.identity(), At: m.now}
}

// maxEntries and maxContacts are how far a state grows before what is over is
// dropped early. Anybody may ask for one more responder, or for a review again,
// as often as they like; without a bound each would make every later step slower,
// and in the end a place would not fit its index.
const (
	maxEntries  = 256
	maxContacts = 8192
)

// addEntry appends an entry and returns its index.
func (m *machine) addEntry(e Entry) int {
	if (len(m.s.Entries) >= maxEntries || len(m.s.Contacts) >= maxContacts) && !m.walking && !m.gap {
		m.compact(func(i int) bool { return !m.done(i) })
	}
	m.s.Entries = append(m.s.Entries, e)
	return len(m.s.Entries) - 1
}

// addContacts adds a contact for each person and channel of entry ei who is to
// be told, and returns how many. With none of them, the reason says why: nobody
// resolved, or all are parties, or all declined; it is none when all have
// acknowledged. again tells also those who declined.
func (m *machine) addContacts(ei int, again bool) (int, policy.Reason) {
	l := m.s.Entries[ei].Lists
	if l.Ring == nil {
		n, cause := 0, policy.ReasonUnresolvable
		for i := range l.Rosters {
			k, why := m.addTarget(ei, i, again)
			n += k
			cause = graver(cause, why)
		}
		if n > 0 {
			cause = policy.ReasonNone
		}
		return n, cause
	}
	return m.addRing(ei, 0, again)
}

// addRing adds the first target of the ring from place k on that has somebody.
func (m *machine) addRing(ei, k int, again bool) (int, policy.Reason) {
	l := m.s.Entries[ei].Lists
	cause := policy.ReasonUnresolvable
	had := len(m.s.Contacts) // somebody told by way of an earlier target is nobody new
	for ; k < len(l.Ring); k++ {
		n, why := m.addTarget(ei, l.Ring[k], again)
		if n > 0 && len(m.s.Contacts) > had {
			return n, policy.ReasonNone
		}
		cause = graver(cause, why)
	}
	for i := len(l.Ring); i < len(l.Rosters); i++ { // extras beside the ring
		if n, _ := m.addTarget(ei, i, again); n > 0 && len(m.s.Contacts) > had {
			return n, policy.ReasonNone
		}
	}
	return 0, cause
}

// graver combines why targets have nobody: somebody who acknowledged makes the
// tier one that is not empty, a party or a decliner names the cause.
func graver(a, b policy.Reason) policy.Reason {
	rank := func(r policy.Reason) int {
		switch r {
		case policy.ReasonNone:
			return 3
		case policy.ReasonConflictOfInterest:
			return 2
		case policy.ReasonDeclined:
			return 1
		}
		return 0
	}
	if rank(b) > rank(a) {
		return b
	}
	return a
}

// addTarget adds the contacts of one target.
func (m *machine) addTarget(ei, target int, again bool) (n int, why policy.Reason) {
	e := &m.s.Entries[ei]
	why = policy.ReasonUnresolvable
	for w := range e.Lists.Rosters[target] {
		r := &e.Lists.Rosters[target][w]
		switch {
		case m.contactOf(ei, r.To) >= 0:
			n++ // told once, by way of another target
			continue
		case m.party(r.To):
			l := m.line(LineChannelSkipped)
			l.To, l.Target, l.Track, l.Tier, l.Pass, l.Reason = r.To, e.Lists.Recipients[target].To, e.Track, e.Tier, e.Pass, policy.ReasonConflictOfInterest
			why = graver(why, policy.ReasonConflictOfInterest)
			continue
		case !again && m.hasDeclined(int(e.Track), r.To):
			why = graver(why, policy.ReasonDeclined)
			continue
		case e.Tier >= 0 && m.hasAcked(int(e.Track), r.To) && m.s.Tracks[e.Track].Status == StatusClimbing:
			why = graver(why, policy.ReasonNone)
			continue
		}
		c := Contact{Entry: int16(ei), Target: int16(target), Who: int16(w), Due: policy.Never}
		c.Via = len(e.Lists.Recipients[target].Via) > 0 && r.To.Kind == policy.TargetUser
		m.s.Contacts = append(m.s.Contacts, c)
		n++
	}
	return n, why
}

// contactOf returns the contact of entry ei that is `who`; -1: none.
func (m *machine) contactOf(ei int, who policy.Target) int {
	for i := range m.s.Contacts {
		if c := &m.s.Contacts[i]; int(c.Entry) == ei && m.responder(c).To == who {
			return i
		}
	}
	return -1
}

// responder returns who a contact is.
func (m *machine) responder(c *Contact) *Responder { return m.s.responder(c) }

func (s *State) responder(c *Contact) *Responder {
	return &s.Entries[c.Entry].Lists.Rosters[c.Target][c.Who]
}

// party reports whether who is part of the problem.
func (m *machine) party(who policy.Target) bool {
	return slices.Contains(m.s.Alert.Parties, who) || slices.Contains(m.p.Parties, who)
}

// hasDeclined reports whether who has declined track ti.
func (m *machine) hasDeclined(ti int, who policy.Target) bool {
	for _, d := range m.rare().Declined {
		if int(d.Track) == ti && d.Who == who {
			return true
		}
	}
	return false
}

// above returns the last entry before entry `before` that track ti stood on in
// this pass; -1: none.
func (m *machine) above(ti, before int) int {
	t := &m.s.Tracks[ti]
	for i := before - 1; i >= 0; i-- {
		if e := &m.s.Entries[i]; int(e.Track) == ti && e.Pass == t.Pass && e.Tier >= 0 && !e.Extra {
			return i
		}
	}
	return -1
}

// passedOver lists who was told in entry ei and has not acknowledged. Where
// that is a whole roster it is the roster itself.
func (m *machine) passedOver(ei int) []Responder {
	e := &m.s.Entries[ei]
	told := 0
	for i := range m.s.Contacts {
		c := &m.s.Contacts[i]
		if int(c.Entry) == ei && c.Told && !m.hasAcked(int(e.Track), m.responder(c).To) {
			told++
		}
	}
	if told == 0 {
		return nil
	}
	if len(e.Lists.Rosters) == 1 && len(e.Lists.Rosters[0]) == told {
		return e.Lists.Rosters[0]
	}
	list := make([]Responder, 0, told)
	for i := range m.s.Contacts {
		c := &m.s.Contacts[i]
		if int(c.Entry) == ei && c.Told && !m.hasAcked(int(e.Track), m.responder(c).To) {
			list = append(list, *m.responder(c))
		}
	}
	return list
}

// reachedPerson reports whether a person of entry ei was reached.
func (m *machine) reachedPerson(ei int) bool {
	for i := range m.s.Contacts {
		if c := &m.s.Contacts[i]; int(c.Entry) == ei && c.Reached && m.responder(c).To.Kind == policy.TargetUser {
			return true
		}
	}
	return false
}

// supersede marks earlier entries of tier j in this pass as no longer the tier:
// it is entered again.
func (m *machine) supersede(ti, j int) {
	for i := 0; i < len(m.s.Entries)-1; i++ {
		if e := &m.s.Entries[i]; int(e.Track) == ti && int(e.Tier) == j && e.Pass == m.s.Tracks[ti].Pass && !e.Extra {
			e.Extra = true
			m.withdraw(i)
		} else if int(e.Track) == ti {
			e.Remind = policy.Never // the tier that lasted is over
		}
	}
}

// withdraw ends the contact rules and reminders of entry ei.
func (m *machine) withdraw(ei int) {
	e := &m.s.Entries[ei]
	e.Live, e.Remind = false, policy.Never
	for i := range m.s.Contacts {
		if c := &m.s.Contacts[i]; int(c.Entry) == ei {
			c.Due = policy.Never
		}
	}
}
