package policy

import "time"

// Document is a compiled policy document. It is immutable: everything reachable
// from it is for reading only, and may be read by any number of goroutines.
// [Parse] and [Compile] make one; there is no other way.
type Document struct {
	// Digest identifies the document without its directory: the same for JSON
	// and YAML, whatever the order of fields. An open alert is pinned to it.
	Digest Digest
	// Policies stand in document order; the first that matches governs. The
	// last is always the built-in "unmatched", which no match leads to.
	Policies []*Policy
	// Default is the index in Policies of what governs an alert that no policy
	// matches: the document's `default`, else the built-in "unmatched".
	Default int
	// Operations that no gate names and that are open, sorted.
	Operations   []string
	Authority    Authority
	Expectations []Expectation
	Directory    *Directory // never nil

	byName    map[string]*Policy
	file      string           // the first one
	root      *Node            // of all files; for Position
	files     map[*Node]string // file by section or item, when there are several
	table     []priorityRow    // the document's priority table; nil means points
	canonical []byte           // canonical JSON without the directory
	index     matchIndex
}

// Unmatched is the name of the built-in policy that governs what nothing else
// does: the last resort, every 30 minutes, until somebody acknowledges.
const Unmatched = "unmatched"

// Policy is one compiled rule set.
type Policy struct {
	Doc    *Document
	Index  int // in Doc.Policies
	Name   string
	Digest Digest // of this policy alone

	Match    Conditions
	Priority Level // 0: the document's table or points decide
	Parties  []Target
	Grace    time.Duration

	// Deadlines are the document's, in its order, and behind them, where some
	// policy has a break-glass, `review`, see AnchorBypassReview.
	Deadlines []Deadline
	Tracks    []Track // document order; `tiers:` directly under the policy is the one track "main"
	Ack       AckRule
	Refire    Refire
	Rise      Rise
	Actions   []Action // also one for each bare name that a `run:` list gives
	Gates     []Gate
	Reviews   []Review // `reviews:`
	Exhausted Exhausted
	Authority Authority // the document's, narrowed by the policy's

	// Uses has bit k set when some anchor of the policy is of AnchorKind k.
	Uses uint32
}

// Deadline is an instant by which a named outcome must be there.
type Deadline struct {
	Name    string
	At      Anchor
	Outcome string // "resolved" by default
}

// Track is one ladder of tiers, acknowledged for itself.
type Track struct {
	Name   string
	When   Conditions
	Tiers  []Tier
	Repeat int // passes after the first
	From   int // tier index where later passes begin
	// Anchored has bit i set when tier i has an anchor.
	Anchored uint64
	// Informs: every tier has `ack: none`; the track ends quietly.
	Informs bool
	// OnExhausted: the first tier is anchored to `exhausted`.
	OnExhausted bool
}

// Tier is one rung.
type Tier struct {
	Name        string
	Notify      []Recipient
	Wait        time.Duration // until the next tier; meaningless when the next is anchored, except in later passes
	At          *Anchor       // nil: a waited tier
	Unless      Unless
	Ack         AckNeed
	Every       time.Duration // 0: no reminders
	PickNext    bool          // pick: next
	EmptyWait   bool          // empty: wait
	UnreachWait bool          // unreachable: wait
	When        Conditions
	During      string // name of hours; "" none
	Run         []int  // indexes into Policy.Actions
}

// Recipient is one line of a tier's notify list.
type Recipient struct {
	To        Target
	Via       []string // told at once over each, in place of the own rules
	Essential bool
}

// Unless says what keeps a tier from being entered.
type Unless uint8

// When a tier is not entered.
const (
	UnlessAcknowledged Unless = iota // default of a waited tier and of one anchored to open or window.opens
	UnlessResolved                   // default of other anchored tiers
)

// AckNeed says how many targets of a tier must be satisfied.
type AckNeed struct {
	All   bool
	Count int // 0 with !All means none; 1 is "any"
}

// AckRule is a policy's `ack:`.
type AckRule struct {
	Timeout time.Duration
	Remind  time.Duration // 0: none
	Resume  Resume
}

// Resume says where a track goes on at an acknowledgement's time-out.
type Resume uint8

// With which tier a track goes on when an acknowledgement times out: the next, the
// same, or the first again.
const (
	ResumeNext Resume = iota
	ResumeSame
	ResumeRestart
)

// Refire is a policy's `refire:`.
type Refire struct {
	Acknowledged Rise // RiseIgnore is the default here
	ReopenNext   bool // resolved: reopen
	Within       time.Duration
}

// Rise says what a rise, or a refire of an acknowledged alert, does.
type Rise uint8

// What a rise does: voids acknowledgements and tells again, begins the pass again,
// or nothing.
const (
	RiseReopen Rise = iota
	RiseRestart
	RiseIgnore
)

// Exhausted is a policy's `exhausted:`.
type Exhausted struct {
	Notify []Recipient   // empty: the last resort
	Every  time.Duration // 0: 1h at P1 and P2, else 24h
	Run    []int
}

// Action is one entry of `actions:`.
type Action struct {
	Name    string
	Run     string  // registered name
	At      *Anchor // nil: only a tier or the exhausted list runs it
	Mode    Mode
	Guard   Conditions
	Budget  Budget
	Timeout time.Duration
	Retries int
	Approve *Review // nil: none
	Undo    *Undo
	Tell    []Recipient
	TellSet bool // `tell:` was given, even empty
}

// Mode is an action's mode.
type Mode uint8

// How an action is started: by itself, after an approval, only as a plan, or not.
const (
	ModeAuto Mode = iota
	ModeApprove
	ModeDryRun
	ModeOff
)

// Budget bounds what an action may do.
type Budget struct {
	Max    int // subjects
	Weight int
	Per    time.Duration
}

// Undo says whether and how an action may be taken back.
type Undo struct {
	Within  time.Duration
	Approve *Review
}

// Gate is one entry of `gates:`.
type Gate struct {
	Name       string
	Operations []string
	Close      *Anchor // nil: never
	Hold       bool    // decision: hold
	// Open is how it opens: on a verified resolve, by its own review, or at an
	// anchor such as gate:re-enable.
	OpenResolved bool
	OpenReview   bool
	OpenAt       *Anchor
	Review       *Review
	BreakGlass   *BreakGlassRule
}

// BreakGlassRule says who may bypass a gate, and what follows.
type BreakGlassRule struct {
	By           []Target
	For          time.Duration
	Tell         []Recipient
	ReviewWithin time.Duration
}

// Review is people's votes.
type Review struct {
	Name     string // of a `reviews:` entry
	At       *Anchor
	Stages   []Stage
	Exclude  []Target // `owner` allowed
	Evidence []string
	Remind   time.Duration // 0: none
	After    time.Duration
	Fallback []Recipient
	Within   time.Duration
	For      time.Duration
	Resolve  bool
	Answers  []string // of an access review; nil: approve, reject
}

// Stage is one stage of a review; stages AND.
type Stage struct {
	Name      string
	By        []Target
	Approvals int
}

// Expectation is "success by then, or open an alert".
type Expectation struct {
	Name         string
	Key          string
	Every, Grace time.Duration
	FromFirst    bool          // starts: first
	ArmBy        time.Duration // with starts: first, from the load
	Alert        Alert
}

// Authority says who may send what. A nil list means the default of its line.
type Authority struct {
	Acknowledge, Resolve, Verify, Silence, Rebase, Release []Principal
}

// Principal is one word of an authority line: a class (any, people,
// responders, services) or a target.
type Principal struct {
	Class  string // "" when Target says who
	Target Target
}

// Digest is a SHA-256 over a canonical form.
type Digest [32]byte
