package escalation

import "github.com/belfry-go/belfry/policy"

// rules returns the rules by which contact c is told now: one at once for each
// channel of its `via` list, else its own.
func (m *machine) rules(c *Contact) (n int) {
	if c.Via {
		return len(m.s.Entries[c.Entry].Lists.Recipients[c.Target].Via)
	}
	return len(m.responder(c).Rules)
}

// rule returns rule k of contact c.
func (m *machine) rule(c *Contact, k int) Rule {
	if !c.Via {
		return m.responder(c).Rules[k]
	}
	l := m.s.Entries[c.Entry].Lists
	r := Rule{Via: l.Recipients[c.Target].Via[k]}
	for _, d := range l.Depends {
		r.Depends = r.Depends || d == r.Via
	}
	return r
}

// lastRule is the rule of contact c that was last due.
func (m *machine) lastRule(c *Contact) int { return min(int(c.Last), m.rules(c)-1) }

// callAll takes the rules that are due at once of all contacts of entry ei.
func (m *machine) callAll(ei int) {
	for i := range m.s.Contacts {
		if int(m.s.Contacts[i].Entry) == ei {
			m.call(i)
		}
	}
}

// call takes the rules of contact ci that are due, and sets when the next is.
func (m *machine) call(ci int) {
	c := &m.s.Contacts[ci]
	e := &m.s.Entries[c.Entry]
	c.Due = policy.Never
	if c.Next == 0 && m.toldAtStart(e, m.responder(c).To) {
		c.Next, c.Told = 1, true // by another tier due at the track's start
	}
	for int(c.Next) < m.rules(c) {
		r := m.rule(c, int(c.Next))
		if at := e.At.Add(r.After); at > m.now {
			c.Due = at
			return
		}
		if !m.take(ci) {
			m.failover(ci)
			return
		}
	}
}

// toldAtStart reports whether who was told by another tier that fell due when
// the track of e began: of several such, each person is told once.
func (m *machine) toldAtStart(e *Entry, who policy.Target) bool {
	if e.Tier < 0 || e.Track < 0 || m.s.Tracks[e.Track].Began != m.now {
		return false
	}
	for i := m.base; i < len(m.buf); i++ {
		f := &m.buf[i]
		if f.Kind == EffectNotify && f.Message == MessagePage && f.Track == e.Track && f.Tier >= 0 && f.Tier != e.Tier && f.To == who && f.At == m.now {
			return true
		}
	}
	return false
}

// take asks for the message of contact ci's next rule. It reports false when
// the channel depends on the alert's own identity: then nothing is sent.
func (m *machine) take(ci int) bool {
	c := &m.s.Contacts[ci]
	e := &m.s.Entries[c.Entry]
	k := int(c.Next)
	r := m.rule(c, k)
	c.Next++
	if r.Depends {
		l := m.line(LineChannelSkipped)
		l.To, l.Via, l.Reason = m.responder(c).To, r.Via, policy.ReasonChannelDependsOnIdentity
		l.Track, l.Tier, l.Pass = e.Track, e.Tier, e.Pass
		return false
	}
	c.Last, c.Told = uint8(k), true
	m.message(ci, k, e.Kind, e.Reason)
	return true
}

// message asks for one message to contact ci by its rule k.
func (m *machine) message(ci, k int, kind MessageKind, reason policy.Reason) {
	c := &m.s.Contacts[ci]
	via := m.rule(c, k).Via
	e := &m.s.Entries[c.Entry]
	who := m.responder(c).To
	if who.Kind == "" {
		kind = MessageLastResort
	}
	f := m.emit(EffectNotify)
	f.Message, f.Reason, f.To, f.Via, f.Text = kind, reason, who, via, e.Text
	f.Track, f.Tier, f.Pass = e.Track, e.Tier, e.Pass
	rc := &e.Lists.Recipients[c.Target]
	f.Target, f.Essential = rc.To, rc.Essential
	m.s.Open = append(m.s.Open, OpenMessage{ID: f.ID, Contact: int16(ci), Rule: uint8(k), Via: c.Via})
}

// failover is called when a rule of contact ci has failed for good: the next is
// taken at once, and not again at its own time.
func (m *machine) failover(ci int) {
	c := &m.s.Contacts[ci]
	for {
		for int(c.Next) < m.rules(c) {
			if m.take(ci) {
				m.call(ci) // others due at the same instant, and when the next is
				return
			}
		}
		c.Due = policy.Never
		if m.openOf(ci) || c.Reached {
			return
		}
		if !c.Via {
			c.Failed = true
			return
		}
		c.Via, c.Next = false, 0 // all of `via` failed: the own rules follow
	}
}

// openOf reports whether a message of contact ci is still under way.
func (m *machine) openOf(ci int) bool {
	for i := range m.s.Open {
		if int(m.s.Open[i].Contact) == ci {
			return true
		}
	}
	return false
}

// allFailed reports whether every responder of entry ei failed or declined.
func (m *machine) allFailed(ei int) bool {
	any := false
	for i := range m.s.Contacts {
		c := &m.s.Contacts[i]
		if int(c.Entry) != ei {
			continue
		}
		if !c.Failed && !c.Declined {
			return false
		}
		any = true
	}
	return any
}

// unreached is called when everybody of entry ei has failed or declined: the
// rest of a ring is tried, then the next tier is entered at once.
func (m *machine) unreached(ti, ei int, cause policy.Reason) {
	t := &m.s.Tracks[ti]
	e := m.s.Entries[ei]
	if e.Extra || e.Pass != t.Pass || e.Tier != t.Tier || t.Status != StatusClimbing {
		return
	}
	_, spec := m.spec(t)
	if k := m.ringPlace(ei); k >= 0 {
		from := len(m.s.Contacts)
		if n, _ := m.addRing(ei, k+1, false); n > 0 {
			m.s.Entries[ei].Reason = cause
			for i := from; i < len(m.s.Contacts); i++ {
				m.call(i)
			}
			if !m.allFailed(ei) {
				return
			}
			m.unreached(ti, ei, cause)
			return
		}
	}
	if spec.Tiers[e.Tier].UnreachWait && cause == policy.ReasonUnreachable || m.silenced() {
		return
	}
	m.goOn(ti, cause)
}

// ringPlace returns the place in the ring of the last target of entry ei that
// was tried; -1 when it has no ring.
func (m *machine) ringPlace(ei int) int {
	l := m.s.Entries[ei].Lists
	if l == nil || l.Ring == nil {
		return -1
	}
	last := -1
	for i := range m.s.Contacts {
		if int(m.s.Contacts[i].Entry) != ei {
			continue
		}
		for k, target := range l.Ring {
			if target == int(m.s.Contacts[i].Target) {
				last = max(last, k)
			}
		}
	}
	return last
}

// remind tells those of entry ei again who have neither acknowledged nor
// declined, by the rule last due. One that falls on a rule of the same person
// is not sent.
func (m *machine) remind(ei int) {
	e := &m.s.Entries[ei]
	for i := range m.s.Contacts {
		c := &m.s.Contacts[i]
		if int(c.Entry) != ei || c.Declined || !c.Told {
			continue
		}
		who := m.responder(c).To
		if m.hasAcked(int(e.Track), who) || m.toldNow(who) {
			continue
		}
		m.message(i, m.lastRule(c), MessageReminder, e.Reason)
	}
}

// toldNow reports whether this step already tells who.
func (m *machine) toldNow(who policy.Target) bool {
	for i := m.base; i < len(m.buf); i++ {
		if e := &m.buf[i]; e.Kind == EffectNotify && e.To == who && e.At == m.now {
			return true
		}
	}
	return false
}
