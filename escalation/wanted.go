package escalation

import "github.com/belfry-go/belfry/policy"

// Wanted reports whether an effect that s asked for is still wanted: the outbox
// asks before each attempt. A page is withdrawn by the acknowledgement that
// covers it, by a resolve, a snooze, a silence or a decline; a run by nothing
// but a guard that no longer holds.
func Wanted(doc *policy.Document, s *State, e *Effect) bool {
	e = Renumbered(doc, s, e)
	switch e.Kind {
	case EffectNotify:
		return wantedMessage(s, e)
	case EffectRun:
		return wantedRun(doc, s, e)
	case EffectUndo:
		return e.Action >= 0 && int(e.Action) < len(s.Actions) && s.Actions[e.Action].Phase == PhaseUndoing
	}
	return true
}

func wantedRun(doc *policy.Document, s *State, e *Effect) bool {
	if s.Policy >= len(doc.Policies) || int(e.Action) >= len(doc.Policies[s.Policy].Actions) || e.Action < 0 {
		return false
	}
	f := factsOf(s, s.At)
	guard := &doc.Policies[s.Policy].Actions[e.Action].Guard
	return s.Actions[e.Action].Phase == PhaseStarted && guard.Holds(&f) != policy.False
}

func wantedMessage(s *State, e *Effect) bool {
	switch e.Message {
	case MessageOver, MessageUpdate, MessageNotice:
		return true
	case MessageLastResort:
		return !s.Resolved.Known()
	case MessageReminder:
		if e.Track < 0 { // of a review's voters
			return votesPending(s)
		}
	case MessageReview:
		return votesPending(s)
	}
	if s.Resolved.Known() {
		return false
	}
	for i := range s.Open {
		if s.Open[i].ID == e.ID {
			return s.Open[i].Contact >= 0 && wantedContact(s, e, &s.Contacts[s.Open[i].Contact])
		}
	}
	// A page of an earlier pass, or an acker's reminder: nothing hangs on it.
	return e.Message == MessageReminder && e.Track >= 0 && s.Tracks[e.Track].Status == StatusAcknowledged
}

// wantedContact reports whether a page or a reminder to a contact is wanted.
func wantedContact(s *State, e *Effect, c *Contact) bool {
	en := &s.Entries[c.Entry]
	if c.Declined || en.Track < 0 {
		return !c.Declined
	}
	t := &s.Tracks[en.Track]
	acker := false
	for _, a := range rareOf(s).Acks {
		acker = acker || a.Track == en.Track && a.Who == e.To
	}
	if e.Message == MessageReminder {
		return acker == (t.Status == StatusAcknowledged)
	}
	return en.Live && !acker
}

// votesPending reports whether some review is under way.
func votesPending(s *State) bool {
	for i := range rareOf(s).Reviews {
		if s.More.Reviews[i].Pending {
			return true
		}
	}
	return false
}
