package escalation

import "github.com/belfry-go/belfry/policy"

// Forgotten returns s without what names people or quotes them: who was told, who
// acknowledged, voted and resolved, and of the alert its summary, source, labels,
// links, parties and owner. What a later alert of the key reads of it (when it was
// resolved, where its tracks stood) stays, and so does what a machine identity is
// called.
//
// It is for an alert that is over. why says what is still to come of it, and then
// nothing is forgotten: who was told, and who is a party, decides who may still
// open its gates.
func Forgotten(doc *policy.Document, s *State) (bare State, why string) {
	if why := unfinished(doc, s); why != "" {
		return State{}, why
	}
	bare = s.Clone()
	bare.Entries, bare.Contacts, bare.Open = nil, nil, nil
	if s.Alert != nil {
		a := policy.Alert{
			Key: s.Alert.Key, Kind: s.Alert.Kind, Severity: s.Alert.Severity, Confidence: s.Alert.Confidence, Identity: s.Alert.Identity,
			BlastRadius: s.Alert.BlastRadius, ExpiresAt: s.Alert.ExpiresAt, Window: s.Alert.Window, Times: s.Alert.Times,
		}
		a.Identity.Owner = policy.Target{}
		bare.Alert = &a
	}
	if s.More != nil {
		bare.More = &More{Happened: s.More.Happened, Kinds: s.More.Kinds, SnoozeUsed: s.More.SnoozeUsed, Rebased: s.More.Rebased}
	}
	return bare, ""
}

// unfinished says what is still to come of an alert, or nothing.
func unfinished(doc *policy.Document, s *State) string {
	switch {
	case !s.Resolved.Known():
		return "it is open"
	case s.Due.Known():
		return "something of it is due at " + s.Due.String()
	case len(s.Open) > 0:
		return "a message of it is still under way"
	}
	for i := range s.Gates {
		if d := GateDecision(doc, s, i, s.At); d != Allow {
			return "a gate of it says " + d.String()
		}
	}
	for i := range s.Actions {
		if p := s.Actions[i].Phase; p == PhaseStarted || p == PhaseUndoing {
			return "an action of it is still under way"
		}
	}
	if s.More != nil {
		for i := range s.More.Reviews {
			if s.More.Reviews[i].Pending {
				return "a review of it is still pending"
			}
		}
	}
	return ""
}
