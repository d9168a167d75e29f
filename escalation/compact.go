package escalation

// prune drops what earlier passes of track ti left: entries on which no contact
// rule is still to come. Those told are kept for the message that it is over.
func (m *machine) prune(ti int) {
	if m.walking || m.gap {
		return // what fell due in the gap is remembered by place
	}
	s := m.s
	keep := func(i int) bool {
		e := &s.Entries[i]
		if int(e.Track) != ti || e.Pass >= s.Tracks[ti].Pass {
			return true
		}
		for j := range s.Contacts {
			if c := &s.Contacts[j]; int(c.Entry) == i && c.Due.Known() {
				return true
			}
		}
		return false
	}
	m.compact(keep)
}

// done reports whether nothing hangs on entry ei any more: it is no tier that its
// track stands on or counts acknowledgements for, no rule of it is to come, and no
// message of it is under way.
func (m *machine) done(ei int) bool {
	e := &m.s.Entries[ei]
	if !e.Extra && e.Track >= 0 || e.Remind.Known() {
		return false
	}
	for i := range m.s.Contacts {
		if c := &m.s.Contacts[i]; int(c.Entry) == ei && (c.Due.Known() || m.openOf(i)) {
			return false
		}
	}
	return true
}

// compact drops the entries that keep does not want, with their contacts.
func (m *machine) compact(keep func(int) bool) {
	s := m.s
	entryAt := make([]int16, len(s.Entries))
	n := 0
	for i := range s.Entries {
		entryAt[i] = -1
		if keep(i) {
			entryAt[i] = int16(n)
			n++
		}
	}
	if n == len(s.Entries) {
		return
	}
	m.rememberTold(entryAt)
	contactAt := make([]int16, len(s.Contacts))
	kept := s.Contacts[:0]
	for i := range s.Contacts {
		contactAt[i] = -1
		if at := entryAt[s.Contacts[i].Entry]; at >= 0 {
			contactAt[i] = int16(len(kept))
			c := s.Contacts[i]
			c.Entry = at
			kept = append(kept, c)
		}
	}
	s.Contacts = kept
	for i := range s.Open {
		if c := s.Open[i].Contact; c >= 0 {
			s.Open[i].Contact = contactAt[c]
		}
	}
	entries := s.Entries[:0]
	for i := range s.Entries {
		if entryAt[i] >= 0 {
			entries = append(entries, s.Entries[i])
		}
	}
	s.Entries = entries
}
