package escalation

import (
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// decline is one person's: no more pages for them, and the next tier at once if
// nobody is left.
func (m *machine) decline() Verdict {
	if v, ok := m.mayQuiet(); !ok {
		return v
	}
	ti, v := m.oneTrack()
	if v.Kind != 0 {
		return v
	}
	who := m.ev.By.Principal
	if !m.wasTold(ti, who) {
		return ignored(NotTold)
	}
	if m.hasDeclined(ti, who) {
		return ignored(Already)
	}
	r := m.own()
	r.Declined = append(r.Declined, Declined{Track: int16(ti), Who: who})
	m.excuse(ti, who, policy.ReasonDeclined, true)
	return applied
}

// excuse stops telling who on track ti, and what they acknowledged no longer
// counts. When nobody of the current tier is left, the next is entered for
// cause. wake ends a snooze: the one who is excused asked for it.
func (m *machine) excuse(ti int, who policy.Target, cause policy.Reason, wake bool) {
	t := &m.s.Tracks[ti]
	acked := m.dropAck(ti, who)
	current := -1
	for i := range m.s.Contacts {
		c := &m.s.Contacts[i]
		e := &m.s.Entries[c.Entry]
		if int(e.Track) != ti || m.responder(c).To != who {
			continue
		}
		c.Declined, c.Due = true, policy.Never
		if e.Tier == t.Tier && !e.Extra && e.Pass == t.Pass {
			current = int(c.Entry)
		}
	}
	if wake {
		m.wake(ti)
	}
	if acked {
		m.uncover(ti)
	}
	if current >= 0 && m.allFailed(current) {
		m.unreached(ti, current, cause)
	}
}

// uncover is called when an acknowledgement of track ti was taken away: what is
// left may not be what the tier needs. Those who are left are not told again.
func (m *machine) uncover(ti int) {
	t := &m.s.Tracks[ti]
	if t.Status != StatusAcknowledged {
		return
	}
	if len(m.ackers(ti)) == 0 {
		m.climbOn(ti)
		return
	}
	if t.Tier >= 0 && !m.satisfied(ti) {
		m.restartClock(t)
		t.AckEnd = policy.Never
		m.climbing(t)
	}
}

// climbOn lets track ti climb on for what was left of its wait.
func (m *machine) climbOn(ti int) {
	t := &m.s.Tracks[ti]
	m.restartClock(t)
	m.void(ti)
}

// undecline forgets that who declined track ti; ti -1: that anybody declined
// anything.
func (m *machine) undecline(ti int, who policy.Target) {
	if len(m.rare().Declined) == 0 {
		return
	}
	r := m.own()
	r.Declined = slices.DeleteFunc(r.Declined, func(d Declined) bool { return ti < 0 || int(d.Track) == ti && d.Who == who })
}
