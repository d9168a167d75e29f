package policy

import "time"

// Anchor is an instant that is told by name: the earliest known of its terms.
type Anchor struct {
	Terms []Term
	Text  string // as written, for records and messages
}

// On reports whether some term of a is of kind k.
func (a *Anchor) On(k AnchorKind) bool {
	for i := range a.Terms {
		if a.Terms[i].Kind == k {
			return true
		}
	}
	return false
}

// Term is one ANCHOR [± DURATION] or ANCHOR − SHARE%.
type Term struct {
	Kind  AnchorKind
	Index int    // deadline, track (of tier:), gate, or action, by Kind
	Tier  int    // AnchorTier: index in the track
	Level Level  // AnchorRaised: the severity reached
	Name  string // AnchorTime, AnchorEvidence
	// Offset is added to the instant. Share, in basis points (1500 is 15 %), is
	// the part of the span from open to the instant that is added to it; both
	// are negative for "before".
	Offset time.Duration
	Share  int
}

// AnchorKind is what a [Term] refers to. The kinds up to AnchorTime are known
// when the alert opens; the others are events: before they happen nothing is
// due and nothing waits for them.
type AnchorKind uint8

// The kinds of anchors, one a word of the grammar.
const (
	AnchorOpen AnchorKind = iota
	AnchorExpiry
	AnchorWindowOpens
	AnchorWindowCloses
	AnchorTime     // times.NAME
	AnchorDeadline // a deadline's name
	AnchorAcknowledged
	AnchorResolved
	AnchorExhausted
	AnchorRaised // raised:LEVEL
	AnchorTier   // tier:TRACK/NAME
	AnchorGate   // gate:NAME, opened by its review
	AnchorAction // action:NAME, done and verified
	AnchorActionFailed
	AnchorEvidence
	// AnchorBypassReview is when the review of a break-glass must be over, for
	// the alert that is that review. No document names it: see
	// [Policy.Deadlines].
	AnchorBypassReview
)

// Event reports whether the anchor is something that happens, not an instant
// known at open. A deadline may be either; see [Policy.Deadlines].
func (k AnchorKind) Event() bool { return k > AnchorDeadline }
