package escalation

import (
	"strings"

	"github.com/belfry-go/belfry/policy"
)

// trackNamed returns the track of that name ("policy/track" for one that a rise
// started); -1: none.
func (m *machine) trackNamed(name string) int {
	for ti := range m.s.Tracks {
		if TrackName(m.doc, m.s, ti) == name {
			return ti
		}
	}
	return -1
}

// TrackName returns the public name of track ti of s: its own, or, for a track
// of another policy that a rise started, "policy/track".
func TrackName(doc *policy.Document, s *State, ti int) string {
	if ti < 0 || ti >= len(s.Tracks) {
		return ""
	}
	p, spec := specOf(doc, &s.Tracks[ti])
	if p.Index != s.Policy {
		return p.Name + "/" + spec.Name
	}
	return spec.Name
}

// running reports whether track ti is one that a person may steer.
func (m *machine) running(ti int) bool {
	t := &m.s.Tracks[ti]
	switch t.Status {
	case StatusClimbing, StatusAcknowledged, StatusSnoozed, StatusExhausted:
		return true
	}
	return false
}

// oneTrack returns the track that an event names, or the only one that runs.
func (m *machine) oneTrack() (int, Verdict) {
	if m.ev.Track != "" {
		ti := m.trackNamed(m.ev.Track)
		if ti < 0 || !m.running(ti) && !m.toCome(ti) {
			return -1, ignored(UnknownThing)
		}
		return ti, Verdict{}
	}
	for _, fits := range [...]func(int) bool{m.running, m.toCome} {
		found := -1
		for ti := range m.s.Tracks {
			if !fits(ti) {
				continue
			}
			if found >= 0 {
				return -1, rejected(TrackNeeded)
			}
			found = ti
		}
		if found >= 0 {
			return found, Verdict{}
		}
	}
	return -1, ignored(UnknownThing)
}

// toCome reports whether track ti has begun and waits for its first anchor.
func (m *machine) toCome(ti int) bool {
	t := &m.s.Tracks[ti]
	return t.Status == StatusWaiting && t.Began.Known() && m.candidate(t, NoTier) >= 0
}

// escalate enters the next tier now.
func (m *machine) escalate() Verdict {
	if m.silenced() {
		m.endSilences(policy.ReasonManual)
		m.updateChannels()
		return applied
	}
	ti, v := m.oneTrack()
	if v.Kind != 0 {
		return v
	}
	t := &m.s.Tracks[ti]
	_, spec := m.spec(t)
	if m.ev.Tier != "" && (t.Tier < 0 || !strings.EqualFold(spec.Tiers[t.Tier].Name, m.ev.Tier)) {
		return ignored(Stale)
	}
	m.wake(ti)
	if t.Status == StatusExhausted {
		m.tellExhausted(ti)
		m.updateChannels()
		return applied
	}
	m.void(ti)
	m.endGrace()
	j := m.candidate(t, m.from(t, spec))
	if t.Deferred != 0 {
		j = lowest(t.Deferred)
		t.Deferred, t.Next = 0, policy.Never
	}
	if j < 0 {
		m.escalatePass(ti)
	} else {
		m.walk(ti, j, m.now, entering{cause: policy.ReasonManual})
	}
	m.updateChannels()
	return applied
}

// escalatePass goes on from the last tier: the next pass, or exhausted.
func (m *machine) escalatePass(ti int) {
	t := &m.s.Tracks[ti]
	_, spec := m.spec(t)
	if int(t.Pass) <= spec.Repeat && firstWaited(spec, spec.From) >= 0 {
		m.newPass(ti, m.now, policy.ReasonManual)
		return
	}
	m.exhaust(ti, !spec.Informs && !t.Reached)
}

// lowest returns the index of the lowest bit of a set that is not empty.
func lowest(set uint64) int {
	for i := range 64 {
		if set&(1<<i) != 0 {
			return i
		}
	}
	return -1
}

// endGrace ends the grace for all tracks: their first tiers are due now.
func (m *machine) endGrace() {
	if !m.s.Grace.Known() {
		return
	}
	grace := m.s.Grace
	m.s.Grace = policy.Never
	for ti := range m.s.Tracks {
		if t := &m.s.Tracks[ti]; t.Tier == NoTier && t.End == grace {
			t.End = m.now
		}
	}
}

// reassign replaces the targets of a track's current tier.
func (m *machine) reassign() Verdict {
	if v, ok := m.mayQuiet(); !ok {
		return v
	}
	ti, v := m.oneTrack()
	if v.Kind != 0 {
		return v
	}
	t := &m.s.Tracks[ti]
	lists, v := m.toSomebody()
	if v.Kind != 0 {
		return v
	}
	m.wake(ti)
	m.void(ti)
	m.endGrace()
	j := int(t.Tier)
	if j < 0 {
		if j = m.candidate(t, -1); j < 0 {
			j = 0
		}
	}
	for i := range m.s.Entries {
		if e := &m.s.Entries[i]; int(e.Track) == ti && (e.Tier == t.Tier || e.Tier == TierExhausted) && !e.Extra {
			m.withdraw(i)
		}
	}
	m.ring(ti, j, m.now, entering{cause: policy.ReasonReassigned}, lists)
	return applied
}

// addResponder tells one more, and moves nothing.
func (m *machine) addResponder() Verdict {
	ti := -1
	if m.ev.Track != "" {
		if ti = m.trackNamed(m.ev.Track); ti < 0 {
			return ignored(UnknownThing)
		}
	}
	for i := range m.s.Tracks {
		if ti < 0 && m.s.Tracks[i].Status == StatusClimbing {
			ti = i
		}
	}
	for i := range m.s.Tracks {
		if ti < 0 && m.running(i) {
			ti = i
		}
	}
	if ti < 0 {
		return ignored(UnknownThing)
	}
	lists, v := m.toSomebody()
	if v.Kind != 0 {
		return v
	}
	t := &m.s.Tracks[ti]
	ei := m.addEntry(Entry{Track: int16(ti), Tier: max(t.Tier, NoTier), Pass: t.Pass, Kind: MessagePage, Reason: policy.ReasonAdded, Lists: lists, At: m.now, Remind: policy.Never, Live: true, Extra: true})
	if n, _ := m.addContacts(ei, true); n == 0 {
		m.s.Entries = m.s.Entries[:ei]
		return rejected(Unresolvable)
	}
	m.callAll(ei)
	return applied
}

// toSomebody resolves the event's To; a service, or nobody, is refused.
func (m *machine) toSomebody() (*Lists, Verdict) {
	to := m.ev.To
	if to.IsZero() || to.Kind == policy.TargetService {
		return nil, rejected(Unresolvable)
	}
	lists, ok := m.lists([]policy.Recipient{{To: to}})
	if !ok {
		return nil, Verdict{Kind: Need}
	}
	for _, r := range lists.Rosters[0] {
		if !m.party(r.To) {
			return lists, Verdict{}
		}
	}
	return nil, rejected(Unresolvable)
}

// updateChannels updates the channels that were told: something has changed
// that is nobody's page.
func (m *machine) updateChannels() { m.tellTold(MessageUpdate, true) }

// tellTold tells everybody who was told, once each, that something is over or,
// with channels alone, has changed. Not the one who did it.
func (m *machine) tellTold(kind MessageKind, channels bool) {
	from := len(m.buf)
	tell := func(to policy.Target, via string, track int16) {
		if to.Kind == "" || channels != (to.Kind == policy.TargetChannel) && channels || to == m.ev.By.Principal || m.party(to) {
			return
		}
		for i := m.base; i < len(m.buf); i++ {
			e := &m.buf[i]
			if e.Kind == EffectNotify && e.To == to && (i >= from || e.Message == MessagePage && channels) {
				return
			}
		}
		e := m.emit(EffectNotify)
		e.Message, e.To, e.Via, e.Track = kind, to, via, track
	}
	for i := range m.rare().Told {
		t := &m.s.More.Told[i]
		tell(t.To, t.Via, t.Track)
	}
	for i := range m.s.Contacts {
		c := &m.s.Contacts[i]
		if e := &m.s.Entries[c.Entry]; c.Told && e.Kind == MessagePage {
			tell(m.responder(c).To, m.rule(c, m.lastRule(c)).Via, e.Track)
		}
	}
}

// rememberTold keeps those told by entries that are dropped.
func (m *machine) rememberTold(entryAt []int16) {
	for i := range m.s.Contacts {
		c := &m.s.Contacts[i]
		e := &m.s.Entries[c.Entry]
		if entryAt[c.Entry] >= 0 || !c.Told || e.Kind != MessagePage {
			continue
		}
		who, known := m.responder(c).To, false
		for _, t := range m.rare().Told {
			known = known || t.To == who
		}
		if !known {
			r := m.own()
			r.Told = append(r.Told, Told{To: who, Via: m.rule(c, m.lastRule(c)).Via, Track: e.Track})
		}
	}
}
