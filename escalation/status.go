package escalation

// status derives the alert's status: resolved, silenced or pending, else the
// least handled of its tracks. Tracks that wait or inform do not count.
func (m *machine) status() Status {
	s := m.s
	switch {
	case s.Seq == 0 && s.Alert == nil:
		return StatusNone
	case s.Resolved.Known():
		return StatusResolved
	case m.silenced():
		return StatusSilenced
	}
	standIn := false
	for ti := range s.Tracks {
		t := &s.Tracks[ti]
		if _, spec := m.spec(t); spec.OnExhausted && m.running(ti) {
			standIn = true
		}
	}
	least, pending := StatusInformed, s.Grace.Known()
	for ti := range s.Tracks {
		t := &s.Tracks[ti]
		_, spec := m.spec(t)
		if spec.Informs || standIn && !spec.OnExhausted && t.Status == StatusExhausted {
			pending = pending && t.Tier == NoTier
			continue
		}
		switch t.Status {
		case StatusExhausted, StatusSnoozed, StatusAcknowledged:
			if t.Status < least {
				least = t.Status
			}
			pending = false
		case StatusClimbing:
			if StatusTriggered < least {
				least = StatusTriggered
			}
			pending = pending && t.Tier == NoTier
		}
	}
	if pending {
		return StatusPending
	}
	return least
}
