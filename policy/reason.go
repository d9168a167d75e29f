package policy

// Reason says why somebody was told, or why the ladder moved. The list is
// closed: a record, a notification and a test name one of these.
type Reason uint8

// The reasons of tellings and hand-overs, a closed list; String gives the name under
// which a record shows each.
const (
	ReasonNone Reason = iota
	ReasonInitial
	ReasonSnoozeOver
	ReasonSilenceOver
	ReasonRefired
	ReasonOvertaken
	ReasonNoAckTimeout
	ReasonUnreachable
	ReasonUnresolvable
	ReasonDeclined
	ReasonConflictOfInterest
	ReasonDeadlineApproaching
	ReasonDeadlineMissed
	ReasonSeverityRaised
	ReasonAckTimeout
	ReasonManual
	ReasonReassigned
	ReasonAdded
	ReasonRepeat
	ReasonSkippedByGuard
	ReasonChannelDependsOnIdentity
	ReasonReviewPending
	ReasonReviewNoDecision
	ReasonReviewExpired
	ReasonReviewVoided
	ReasonActionHeld
	ReasonActionRefused
	ReasonActionFailed
	ReasonGateBypassed
	ReasonCatchUp
	ReasonOvertakenWhileDown
	ReasonAnchorMissing
	ReasonUnmatched
	ReasonEvidenceUnavailable
	ReasonExhausted
	ReasonLastResort
	numReasons
)

var reasonNames = [numReasons]string{
	"", "initial", "snooze_over", "silence_over", "refired", "overtaken", "no_ack_timeout", "unreachable",
	"unresolvable", "declined", "conflict_of_interest", "deadline_approaching", "deadline_missed",
	"severity_raised", "ack_timeout", "manual", "reassigned", "added", "repeat", "skipped_by_guard",
	"channel_depends_on_identity", "review_pending", "review_no_decision", "review_expired", "review_voided",
	"action_held", "action_refused", "action_failed", "gate_bypassed", "catch_up", "overtaken_while_down",
	"anchor_missing", "unmatched", "evidence_unavailable", "exhausted", "last_resort",
}

// String is the reason's public name; "" for none.
func (r Reason) String() string {
	if r >= numReasons {
		return "reason?"
	}
	return reasonNames[r]
}

// ParseReason is the inverse of String; ok is false for a name not of the list.
func ParseReason(s string) (r Reason, ok bool) {
	for i, n := range reasonNames {
		if n == s {
			return Reason(i), true
		}
	}
	return ReasonNone, false
}

// MarshalText implements encoding.TextMarshaler.
func (r Reason) MarshalText() ([]byte, error) { return []byte(r.String()), nil }
