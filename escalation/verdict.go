package escalation

// VerdictKind is how an event was answered.
type VerdictKind uint8

const (
	// Applied: the event took effect.
	Applied VerdictKind = iota + 1
	// Ignored: lawful, no effect; Reason says why.
	Ignored
	// Rejected: not permitted; Reason says why.
	Rejected
	// Need: nothing was changed. With Questions: answer them and step again.
	// Without: something is due before the event; tick first.
	Need
)

var verdictNames = [...]string{"", "applied", "ignored", "rejected", "need"}

// String is the kind's public name.
func (k VerdictKind) String() string { return enumName(verdictNames[:], k) }

// MarshalText implements encoding.TextMarshaler.
func (k VerdictKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// VerdictReason says why an event was ignored or rejected.
type VerdictReason uint8

// Why an event was ignored or rejected.
const (
	VerdictNone VerdictReason = iota
	// Of ignored.
	Duplicate
	Stale
	AlreadyResolved
	UnknownThing // "unknown": names no alert, track, tier, gate … there is
	Already
	NotTold
	// Of rejected.
	NotAPerson
	IsRequester
	BehindRequester
	IsParty
	IsExcluded
	NoReason
	TooLong
	Unresolvable
	TrackNeeded
	NotAuthorised
	numVerdictReasons
)

var verdictReasonNames = [numVerdictReasons]string{
	"", "duplicate", "stale", "resolved", "unknown", "already", "not_told",
	"not_a_person", "requester", "behind_requester", "party", "excluded", "no_reason", "too_long", "unresolvable",
	"track_needed", "not_authorised",
}

// String is the reason's public name.
func (r VerdictReason) String() string { return enumName(verdictReasonNames[:], r) }

// MarshalText implements encoding.TextMarshaler.
func (r VerdictReason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Verdict is the answer to an event: enumerations, never an error.
type Verdict struct {
	Kind      VerdictKind
	Reason    VerdictReason
	Questions []Question // of Need
}

// String is "applied", "ignored(stale)", and so on.
func (v Verdict) String() string {
	if v.Reason == VerdictNone {
		return v.Kind.String()
	}
	return v.Kind.String() + "(" + v.Reason.String() + ")"
}
