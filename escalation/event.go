package escalation

import (
	"fmt"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// EventKind says what an [Event] is.
type EventKind uint8

// The kinds of events; Event says which fields each reads.
const (
	EventNone EventKind = iota
	EventTrigger
	EventAcknowledge
	EventUnacknowledge
	EventResolve
	EventEscalate
	EventDecline
	EventSnooze
	EventSilence
	EventUnsilence
	EventReassign
	EventAddResponder
	EventRaise
	EventLower
	EventRequest
	EventVote
	EventUse
	EventBreakGlass
	EventSucceeded
	EventNote
	EventRebase
	EventReport
	EventTick
	numEvents
)

var eventNames = [numEvents]string{
	"", "trigger", "acknowledge", "unacknowledge", "resolve", "escalate", "decline", "snooze", "silence", "unsilence",
	"reassign", "add_responder", "raise", "lower", "request", "vote", "use", "break_glass", "succeeded", "note",
	"rebase", "report", "tick",
}

// String is the kind's public name.
func (k EventKind) String() string { return enumName(eventNames[:], k) }

// MarshalText implements encoding.TextMarshaler.
func (k EventKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// ParseEventKind is the inverse of String; ok is false for an unknown name.
func ParseEventKind(s string) (k EventKind, ok bool) { return enumParse[EventKind](eventNames[:], s) }

// Author is who caused an event, as the host authenticated it. Nothing in a
// payload is an author. For a service that acts for somebody, Behind is that
// person.
type Author struct {
	Principal policy.Target // user: or service:
	Behind    policy.Target // user:, or zero
}

// Event is everything that can happen to one alert. At and Kind are always set;
// which other fields a kind reads is said beside them. An event is a value that
// is recorded whole: replaying the recorded events gives the state again and
// asks nobody, because Answers and the facts travel inside.
type Event struct {
	Kind EventKind
	// At is when the engine commits the event, never the sender's time. Of a
	// tick it is the due instant that the tick applies.
	At policy.Instant
	// ClaimedAt is the sender's time: data. Never means none.
	ClaimedAt policy.Instant
	ID        string // event id; "" none
	By        Author

	// Incarnation the sender means; 0 is whichever is open.
	Incarnation uint64
	Track, Tier string        // acknowledge unacknowledge decline escalate reassign add_responder snooze
	Alert       *policy.Alert // trigger
	To          policy.Target // reassign, add_responder
	For         time.Duration // snooze, silence
	Name        string        // silence, unsilence
	Reason      string        // silence lower break_glass …: a person's words
	Text        string        // note
	Evidence    string        // note
	Outcome     string        // resolve succeeded
	// raise, lower: the scale that is set; "" leaves it.
	Severity    policy.Severity
	Criticality policy.Criticality
	BlastRadius policy.BlastRadius
	// request, vote, use, break_glass: what is meant, one of them.
	Gate, Action, Undo, Review string
	Stage                      string // vote; "" is the first its author may fill
	Vote                       string // approve, reject, or an access review's answer
	Ask                        string // request: what is asked, canonical JSON
	Policy                     string // rebase: the policy's name in the new document; "" is the present one's
	Mapping                    *Mapping
	Report                     Report // report

	// Down is the span in which the engine did not run. On a tick it turns on
	// the rules of a gap. On another event it says that the event waited, and
	// goes before what is overdue.
	Down *Span

	// Facts that the driver adds.
	Prior    *Prior        // trigger: the key's last incarnation
	Silences []SilenceFact // trigger, silence: what holds over this alert
	Stopped  bool          // the kill switch is on
	Leaked   bool          // request, vote for an undo: an open alert says that the identity's secret leaked
	Answers  []Answer

	// asked is room for the one question that most steps have.
	asked [1]Question
}

// Span is [From, To).
type Span struct{ From, To policy.Instant }

// Prior is the summary of a key's last incarnation.
type Prior struct {
	Incarnation uint64
	ResolvedAt  policy.Instant
	GraceAt     policy.Instant // when the key was last given a grace; Never: not yet
	Reopened    bool           // that incarnation was itself a reopening
	Stood       []Stand        // where its tracks stood
}

// Stand is a track's last tier, by name.
type Stand struct{ Policy, Track, Tier string }

// SilenceFact is one silence that holds over an alert.
type SilenceFact struct {
	Name  string
	Until policy.Instant
}

// Report is what became of an effect.
type Report struct {
	Effect  EffectID
	Attempt int
	Result  Result
	Detail  string // for people; of a message that was delivered, the vendor's answer. Never a secret
	Late    time.Duration
	// RetryAt is when a temporary failure is tried again; Never otherwise.
	RetryAt  policy.Instant
	Subjects int // of a run
}

// Result is the outcome of one attempt at an effect.
type Result uint8

// The outcomes of an effect that a report tells.
const (
	ResultNone Result = iota
	// Of a notification.
	ResultDelivered     // the channel accepted it
	ResultTemporary     // failed, will be tried again
	ResultUndeliverable // failed for good
	ResultUnknown       // it may have been sent; the same id is sent again. Of a run: read back
	ResultWithdrawn     // no longer wanted when its turn came
	// Of a run or an undo.
	ResultStarted
	ResultDone       // done, and verified where it can be
	ResultFailed     // failed, or unknown when read back
	ResultRefused    // refused by the host, or its guard was false at execution
	ResultUnverified // done, and what it should have brought about is not there
	ResultHeld       // over budget, stopped, or no longer permitted: not started
	ResultPlanned    // dry run
	numResults
)

var resultNames = [numResults]string{
	"", "delivered", "temporary", "undeliverable", "unknown", "withdrawn", "started", "done", "failed", "refused",
	"unverified", "held", "planned",
}

// String is the result's public name.
func (r Result) String() string { return enumName(resultNames[:], r) }

// MarshalText implements encoding.TextMarshaler.
func (r Result) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText is the inverse of MarshalText.
func (r *Result) UnmarshalText(text []byte) error {
	x, ok := enumParse[Result](resultNames[:], string(text))
	if !ok {
		return fmt.Errorf("escalation: %q is no result", text)
	}
	*r = x
	return nil
}
