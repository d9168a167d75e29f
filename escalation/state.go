package escalation

import (
	"time"

	"github.com/belfry-go/belfry/policy"
)

// Rev is the revision of the machine's behaviour. A state keeps the revision
// under which its alert opened, so that old histories replay for ever.
const Rev = 1

// Status is an alert's, or with the names that tracks have, a track's.
type Status uint8

// The statuses of an alert and of its tracks.
const (
	StatusNone         Status = iota
	StatusPending             // in its grace
	StatusSilenced            // held
	StatusResolved            // final
	StatusExhausted           // a last pass ended without an acknowledgement
	StatusTriggered           // some track climbs
	StatusSnoozed             //
	StatusAcknowledged        //
	StatusInformed            // no track counts
	StatusWaiting             // of a track: not started
	StatusClimbing            // of a track
	numStatuses
)

var statusNames = [numStatuses]string{
	"", "pending", "silenced", "resolved", "exhausted", "triggered", "snoozed", "acknowledged", "informed", "waiting",
	"climbing",
}

// String is the status's public name.
func (s Status) String() string { return enumName(statusNames[:], s) }

// MarshalText implements encoding.TextMarshaler.
func (s Status) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// State is one incarnation of one alert as it stands: a plain value. What it
// points to (the alert, rosters, answers, More) is replaced and never written
// through, so a copy of the struct may share it; the slices belong to the state
// that holds them. The zero State is an alert that has not opened.
type State struct {
	Rev         uint16
	Status      Status
	Seq         uint64 // records in the stream
	Key         string
	Incarnation uint64
	Document    policy.Digest // pinned
	Policy      int           // index in the pinned document

	Alert       *policy.Alert // merged over its triggers
	Opened, At  policy.Instant
	LastSeen    policy.Instant
	Resolved    policy.Instant // Never while open
	Due         policy.Instant // the next deadline; Never: none
	Grace       policy.Instant // end of the grace; Never: none, or over
	GraceAt     policy.Instant // when this key was last given a grace; Never
	Count       int            // triggers
	Severity    policy.Level
	Criticality policy.Level
	BlastRadius policy.Level
	Priority    policy.Level
	// Highest the alert has had, for telling a rise.
	Highest [4]policy.Level // severity, criticality, blast radius, priority

	Verified   bool           // resolved by one who may verify
	Reopened   bool           // this incarnation is a reopening
	LastResort policy.Instant // when the last resort was last told; Never

	Deadlines []DeadlineState
	Tracks    []Track
	Entries   []Entry
	Contacts  []Contact
	Open      []OpenMessage
	Gates     []GateState
	Actions   []ActionState
	More      *More
}

// DeadlineState is one deadline of the policy.
type DeadlineState struct {
	At          policy.Instant // Never: its anchor has not happened
	Met, Missed bool
}

// Track is one ladder as it stands.
type Track struct {
	Policy, Index int16 // which track of the pinned document
	Status        Status
	Pass          uint8 // from 1; 0: not begun
	Tier          int16 // current tier; NoTier before the first of a pass
	// Reached: in this pass one channel of one person accepted a message.
	Reached bool
	// Told: in this pass somebody was told.
	Told bool
	// Cause is why the next tier will be entered other than by the passing of
	// time: set while a hand-over waits for hours or for its minute.
	Cause policy.Reason

	Entered  uint64 // tiers entered in this pass
	Skipped  uint64 // tiers that a guard skipped in this pass
	Anchored uint64 // anchored tiers whose own instant is past, for good
	Deferred uint64 // tiers that wait for their hours, due at Next

	Start  policy.Instant // due instant of the current tier
	End    policy.Instant // when its wait is over; Never: it does not end by itself
	Next   policy.Instant // due instant of the deferred tier; Never
	Began  policy.Instant // when the track began; Never: not yet
	PassAt policy.Instant // when the pass began
	AckEnd policy.Instant // the acknowledgement's time-out; Never
	Snooze policy.Instant // end of the snooze; Never
	Again  policy.Instant // next telling of the exhausted list; Never
	// Left of the wait when an acknowledgement or a snooze stopped it; negative:
	// the tier lasts until an anchor.
	Left time.Duration
}

// Entry is one tier as it was entered, and likewise an added responder, a
// telling of the exhausted list, and those told of a review or an action.
type Entry struct {
	Track, Tier int16 // Tier may be NoTier or TierExhausted
	Pass        uint8
	Kind        MessageKind
	Reason      policy.Reason
	Lists       *Lists         // what its targets resolved to
	At          policy.Instant // from which contact rules count
	Remind      policy.Instant // next reminder; Never: none
	Live        bool           // its contact rules go on
	// Extra: not, or no longer, the tier as its track stands on it: an added
	// responder, or a tier that was entered again since. No acknowledgement
	// satisfies it.
	Extra bool
	Text  string // of a notice or a review
}

// Lists is what an entry's targets resolved to: pinned answers, immutable.
type Lists struct {
	Recipients []policy.Recipient
	Rosters    [][]Responder // one for each recipient
	Ring       []int         // pick: next: the order of the ring
	Depends    []string      // channels of `via` lists that need the alert's own identity
	Cut        bool          // more than 64 responders: the others are left out
}

// Contact is one responder of an entry.
type Contact struct {
	Entry    int16
	Target   int16          // index into Lists.Rosters
	Who      int16          // index into Lists.Rosters[Target]
	Via      bool           // in the `via` list of its recipient; else in its own rules
	Told     bool           // at least one message was asked for
	Reached  bool           // a message was accepted
	Failed   bool           // all its rules failed for good
	Declined bool           // this person declined
	Next     uint8          // next rule
	Last     uint8          // the rule last due
	Due      policy.Instant // when the next rule is due; Never
}

// OpenMessage is a message that was asked for and not yet reported.
type OpenMessage struct {
	ID      EffectID
	Contact int16 // -1: nothing hangs on its outcome
	Rule    uint8 // the contact's rule that it is of
	Via     bool  // of the `via` list, not of the own rules
}

// GateState is one gate as it stands.
type GateState struct {
	Closed bool
	Denied bool           // its review was denied or expired; until a new request
	Close  policy.Instant // when it closes; Never: closed already, or its anchor has not happened
	Until  policy.Instant // end of the opening; Never: none
	// Opened: its review has opened it at least once.
	Opened bool
	Gone   bool // after a resolve and the end of its opening: no more
}

// ActionPhase says where an action stands.
type ActionPhase uint8

// The phases of an action.
const (
	PhaseIdle    ActionPhase = iota
	PhaseStarted             // its run was asked for
	PhaseHeld                // over budget, silenced, stopped, or waiting for votes
	PhaseDone                // done and verified
	PhaseFailed              // failed, refused, or not verified
	PhaseUndone              // taken back
	PhaseUndoing             // its undo was asked for
	PhasePlanned             // a dry run: what it would have done is recorded
)

// ActionState is one action of the policy.
type ActionState struct {
	Phase  ActionPhase
	At     policy.Instant // when it is due; Never: not yet, or no more
	Effect EffectID       // of the run, or of its undo
	DoneAt policy.Instant // Never: not done
}

// More is the rare part of a state. It is replaced whole, never written
// through.
type More struct {
	Acks       []Ack
	Declined   []Declined
	Silences   []Silence
	Told       []Told
	Reviews    []ReviewState
	Happened   []Happening
	Evidence   []string
	Kinds      []policy.Kind // kinds after the first
	Lowered    []Lowered
	SnoozeUsed time.Duration
	// Silent: when the present silence began; Never.
	ResolvedBy Author
	Outcome    string
	Seen       []policy.Digest // kept for digests of what was asked
	// Rebased is the record of the last rebase; 0: none. Numbers in effects of
	// earlier records are those of another document; see [Renumbered].
	Rebased uint64
}

// Ack is one person's acknowledgement of one track in this pass.
type Ack struct {
	Track  int16
	Who    policy.Target
	At     policy.Instant
	Remind policy.Instant // Never: none
}

// Declined is a person who declined a track.
type Declined struct {
	Track int16
	Who   policy.Target
}

// Silence is one silence that holds.
type Silence struct {
	Name  string
	Until policy.Instant
}

// Told is one who was told of this alert, for the message that it is over.
type Told struct {
	To    policy.Target
	Via   string
	Track int16
}

// Lowered is a person's lowering, which brings the highest down after a day.
type Lowered struct {
	Scale uint8
	To    policy.Level
	At    policy.Instant
}

// Happening is an event anchor that has happened.
type Happening struct {
	Kind  policy.AnchorKind
	Index int16
	Tier  int16
	Level policy.Level
	Name  string
	At    policy.Instant
}

// ReviewOf says what a review opens.
type ReviewOf uint8

// What a review is of: a gate's opening, an action's release, its undo, or access.
const (
	ReviewGate ReviewOf = iota
	ReviewAction
	ReviewUndo
	ReviewAccess
)

// ReviewState is one review.
type ReviewState struct {
	Of        ReviewOf
	Index     int16 // gate, action or access review
	Pending   bool
	Granted   bool
	Fell      bool // fallback was asked
	Requester Author
	Ask       string
	Digest    policy.Digest // what the votes are bound to
	At        policy.Instant
	Remind    policy.Instant
	After     policy.Instant
	Within    policy.Instant
	Look      policy.Instant // when it is decided anew, for the directory did not say who may vote
	Votes     []Vote
	Voters    []policy.Target // asked
	Answer    string
}

// Vote is one person's.
type Vote struct {
	Stage  int16
	Who    policy.Target
	Answer string
	At     policy.Instant
}
