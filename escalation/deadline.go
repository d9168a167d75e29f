package escalation

import "github.com/belfry-go/belfry/policy"

// Deadline derives the next deadline of a state from its timers; policy.Never:
// there is none. It is what State.Due has, or an earlier instant where an event
// of State.At brought about what was due at once: [State.Punctual] says so. The
// state must be one of doc's.
func Deadline(doc *policy.Document, s *State) policy.Instant {
	if s.Seq == 0 || s.Policy < 0 || s.Policy >= len(doc.Policies) || s.Alert == nil {
		return policy.Never
	}
	m := machine{doc: doc, p: doc.Policies[s.Policy], s: s, prev: s, ev: &Event{At: s.At}, now: s.At}
	return m.due()
}

// Punctual reports whether a deadline that was noted of s is the right one, as
// Deadline derives it.
func (s *State) Punctual(noted, derived policy.Instant) bool {
	return noted == derived || derived < noted && noted <= s.At
}
