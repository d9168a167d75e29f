package policy

import (
	"fmt"
	"strings"
)

// TargetKind is the kind of a [Target]; the text before the colon.
type TargetKind string

// The kinds of targets, as they are written before the colon.
const (
	TargetUser     TargetKind = "user"     // a person
	TargetTeam     TargetKind = "team"     // all members of a team
	TargetRole     TargetKind = "role"     // all holders of a role
	TargetSchedule TargetKind = "schedule" // who is on call
	TargetOwner    TargetKind = "owner"    // the owner of the alert's identity; has no id
	TargetChannel  TargetKind = "channel"  // a room or feed; not a person
	TargetService  TargetKind = "service"  // a machine; an author, never told
)

// Target is whom a tier names, and, as user or service, who did something. Its
// text form is "kind:id", or "owner".
type Target struct {
	Kind TargetKind
	ID   string
}

// User is the target of a person.
func User(id string) Target { return Target{TargetUser, id} }

// Service is the author that is a machine identity.
func Service(id string) Target { return Target{TargetService, id} }

// Channel is the target of a room or feed.
func Channel(id string) Target { return Target{TargetChannel, id} }

// IsZero reports whether t names nobody.
func (t Target) IsZero() bool { return t == Target{} }

// String is the text form; "" for the zero Target.
func (t Target) String() string {
	switch {
	case t.IsZero():
		return ""
	case t.ID == "":
		return string(t.Kind)
	case t.Kind == "":
		return t.ID // a last resort, which has a name and no kind
	}
	return string(t.Kind) + ":" + t.ID
}

// ParseTarget reads the text form. The error names what is wrong and lists the
// kinds.
func ParseTarget(s string) (Target, error) {
	if s == string(TargetOwner) {
		return Target{Kind: TargetOwner}, nil
	}
	kind, id, ok := strings.Cut(s, ":")
	if !ok || id == "" {
		return Target{}, fmt.Errorf("target %q is not of the form kind:id (user: team: role: schedule: channel: service:) or owner", s)
	}
	switch k := TargetKind(kind); k {
	case TargetUser, TargetTeam, TargetRole, TargetSchedule, TargetChannel, TargetService:
		return Target{k, id}, nil
	}
	return Target{}, fmt.Errorf("target %q has an unknown kind %q (user team role schedule channel service, or owner)", s, kind)
}

// MarshalText implements encoding.TextMarshaler.
func (t Target) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; empty text is the zero
// Target.
func (t *Target) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*t = Target{}
		return nil
	}
	v, err := ParseTarget(string(b))
	if err != nil {
		return err
	}
	*t = v
	return nil
}
