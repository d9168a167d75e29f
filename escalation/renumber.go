package escalation

import "github.com/belfry-go/belfry/policy"

// Renumbered returns e as it refers to what s, pinned to doc, has now. An effect
// that was asked for before a rebase has the numbers of an older document: a
// page is found again by the contact that waits for it, a run or an undo by its
// action; what is gone is no number (-1). Otherwise it is e itself.
func Renumbered(doc *policy.Document, s *State, e *Effect) *Effect {
	if s.More == nil || e.ID.Seq >= s.More.Rebased {
		return e
	}
	n := *e
	n.Track, n.Tier, n.Gate, n.Action, n.Review, n.Deadline = -1, NoTier, -1, -1, -1, -1
	switch e.Kind {
	case EffectNotify:
		n.Track, n.Tier = s.placeOf(e.ID)
	case EffectRun, EffectUndo:
		for i := range s.Actions {
			if s.Actions[i].Effect == e.ID {
				n.Action = int16(i)
			}
		}
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
