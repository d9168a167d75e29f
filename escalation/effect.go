package escalation

import (
	"time"

	"github.com/belfry-go/belfry/policy"
)

// EffectID names an effect inside its stream: the sequence number of the record
// that caused it and its place there. It is the same whenever the history is
// replayed, so a retry after a crash carries the same idempotency key.
type EffectID struct {
	Seq uint64
	I   uint16
}

// IsZero reports whether the id names no effect.
func (id EffectID) IsZero() bool { return id == EffectID{} }

// EffectKind says what an [Effect] asks for. The kinds up to EffectOpen leave
// through the outbox; the others are lines of the record.
type EffectKind uint8

// The kinds of effects. Those named Line are lines of the record and nothing else;
// Effect says which fields each has.
const (
	EffectNone   EffectKind = iota
	EffectNotify            // tell To over Via
	EffectRun               // run action Action
	EffectUndo              // take action Action back
	EffectOpen              // trigger Alert as an alert of its own
	// Lines of the record, in the words of the test format.
	LineOpened
	LineMatched
	LineTierEntered
	LineTierSkipped
	LineTierDeferred
	LineChannelSkipped
	LineDelivery
	LineDeadlineSet
	LineDeadlineMoved
	LineDeadlineMet
	LineDeadlineMissed
	LineAction // an action's state changed: Result
	LineGate   // a gate closed or opened: Decision
	LineReview // a review began, ended, lost its votes
	LineCheck
	LineSilenced
	LineExpectationMissed
	LineExhausted
	LineResumed
	LineStatus // the alert's status changed: Status
	numEffects
)

var effectNames = [numEffects]string{
	"", "notify", "run", "undo", "open",
	"opened", "matched", "tier_entered", "tier_skipped", "tier_deferred", "channel_skipped", "delivery",
	"deadline_set", "deadline_moved", "deadline_met", "deadline_missed", "action", "gate", "review", "check",
	"silenced", "expectation_missed", "exhausted", "resumed", "status",
}

// String is the kind's public name.
func (k EffectKind) String() string { return enumName(effectNames[:], k) }

// MarshalText implements encoding.TextMarshaler.
func (k EffectKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Leaves reports whether an effect of this kind goes through the outbox.
func (k EffectKind) Leaves() bool { return k >= EffectNotify && k <= EffectOpen }

// MessageKind is the kind of a notification.
type MessageKind uint8

// The kinds of messages, as they are named in test files and timelines.
const (
	MessageNone MessageKind = iota
	MessagePage
	MessageReminder
	MessageReview
	MessageNotice
	MessageOver
	MessageUpdate
	MessageLastResort
	numMessages
)

var messageNames = [numMessages]string{"", "page", "reminder", "review", "notice", "over", "update", "last_resort"}

// String is the kind's public name.
func (k MessageKind) String() string { return enumName(messageNames[:], k) }

// MarshalText implements encoding.TextMarshaler.
func (k MessageKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Decision is what a gate answers.
type Decision uint8

// What a gate answers, the strictest last. A hold is not an allow.
const (
	DecisionNone Decision = iota
	Allow
	Hold
	Deny
)

var decisionNames = [...]string{"", "allow", "hold", "deny"}

// String is the decision's public name.
func (d Decision) String() string { return enumName(decisionNames[:], d) }

// MarshalText implements encoding.TextMarshaler.
func (d Decision) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// LastResort is the target of what goes to the last resort: no kind, and the
// engine's name for it is put in by the engine.
var lastResort = policy.Target{ID: "last-resort"}

// LastResort returns the target that stands for the last resort in effects.
func LastResort() policy.Target { return lastResort }

// Places in Effect.Tier, Entry.Tier that are no tier of the track.
const (
	NoTier        = -1
	TierExhausted = -2 // the exhausted list
)

// Effect is one thing that the machine asks for, or one line that it writes.
// Track, Tier, Gate, Action, Review and Deadline are indexes, into the state's
// tracks and the pinned policy; -1 is none. Slices are shared and read-only.
type Effect struct {
	ID   EffectID
	Kind EffectKind

	Message   MessageKind // notify
	Result    Result      // line action: what became of it; run: ResultStarted
	Decision  Decision    // line gate
	Reason    policy.Reason
	Status    Status // line status
	Pass      uint8
	Essential bool

	Track, Tier                    int16
	Gate, Action, Review, Deadline int16

	At     policy.Instant // due instant; of a line, when it is true
	Until  policy.Instant // deferred, silenced, opening, deadline_set: until; Never otherwise
	From   policy.Instant // deadline_moved: before; Never otherwise
	Waited time.Duration  // tier_entered: since the tier above was due; deadline lines: the margin

	To     policy.Target // user:, channel: or the last resort
	Target policy.Target // what To was resolved from
	Via    string
	Text   string // notice text; name of a silence, stage or evidence; operation

	PassedOver []Responder   // who was told before and did not answer
	Assumed    []string      // opened: field paths that count as the highest
	Alert      *policy.Alert // open
	Subjects   int
}
