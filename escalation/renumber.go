package escalation

import "github.com/belfry-go/belfry/policy"

// Renumbered returns e as it refers to what s, pinned to doc, has now. An effect
// that was asked for before a rebase has the numbers of an older document: a
// page is found again by the contact that waits for it, a run by its action,
// what is taken back by the name of its run; what is gone is no number (-1).
// Otherwise it is e itself.
func Renumbered(doc *policy.Document, s *State, e *Effect) *Effect {
	if s.More == nil || e.ID.Seq >= s.More.Rebased {
		return e
	}
	n := *e
	n.Track, n.Tier, n.Gate, n.Action, n.Review, n.Deadline = -1, NoTier, -1, -1, -1, -1
	switch e.Kind {
	case EffectNotify:
		n.Track, n.Tier = s.placeOf(e.ID)
	case EffectRun:
		for i := range s.Actions {
			if s.Actions[i].Effect == e.ID {
				n.Action = int16(i)
			}
		}
	case EffectUndo:
		n.Action = undone(doc, s, e.Text)
	default: // lines stay in their record, an alert that is opened has no numbers
	}
	return &n
}

// placeOf returns the track and the tier of the entry whose message waits for
// its report; no track when none does.
func (s *State) placeOf(id EffectID) (track, tier int16) {
	for i := range s.Open {
		if o := &s.Open[i]; o.ID == id && o.Contact >= 0 {
			e := &s.Entries[s.Contacts[o.Contact].Entry]
			return e.Track, e.Tier
		}
	}
	return -1, NoTier
}

// undone returns the first action done that runs what is registered as run; -1:
// none.
func undone(doc *policy.Document, s *State, run string) int16 {
	if s.Policy < 0 || s.Policy >= len(doc.Policies) {
		return -1
	}
	for i := range doc.Policies[s.Policy].Actions {
		if doc.Policies[s.Policy].Actions[i].Run == run && i < len(s.Actions) && s.Actions[i].Phase == PhaseDone {
			return int16(i)
		}
	}
	return -1
}
