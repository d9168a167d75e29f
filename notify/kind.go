package notify

import "fmt"

// Kind says what sort of message a notification is.
type Kind uint8

const (
	KindNone       Kind = iota // not a message
	KindPage                   // a tier, an added responder or the exhausted list: somebody is to act
	KindReminder               // a page told again
	KindReview                 // a question to voters
	KindNotice                 // every other telling: an action was held, a gate bypassed, …
	KindOver                   // the alert is resolved
	KindUpdate                 // a channel's message is brought up to date
	KindLastResort             // whatever goes to the last resort
	numKinds
)

var kindNames = [numKinds]string{"", "page", "reminder", "review", "notice", "over", "update", "last_resort"}

// String is the kind's public name; "" for KindNone.
func (k Kind) String() string {
	if k >= numKinds {
		return "kind?"
	}
	return kindNames[k]
}

// ParseKind is the inverse of String; ok is false for a name not of the list.
func ParseKind(s string) (k Kind, ok bool) {
	for i, n := range kindNames {
		if n == s {
			return Kind(i), true
		}
	}
	return KindNone, false
}

// MarshalText implements encoding.TextMarshaler.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. The error lists the kinds.
func (k *Kind) UnmarshalText(b []byte) error {
	v, ok := ParseKind(string(b))
	if !ok {
		return fmt.Errorf("notify: unknown kind %q (page reminder review notice over update last_resort)", b)
	}
	*k = v
	return nil
}
