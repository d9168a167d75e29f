package escalation

import (
	"time"

	"github.com/belfry-go/belfry/policy"
)

// QuestionKind says what a [Question] asks.
type QuestionKind uint8

const (
	QuestionNone QuestionKind = iota
	// QuestionResolve: who is Target at At, and by which rules is each told?
	// Subject is the alert's identity: whose owner "owner" is when the alert
	// names none, and on which no channel may depend.
	QuestionResolve
	// QuestionNext: in which order does `pick: next` try the targets of tier
	// Tier of track Track of policy Name? The target told longest ago is first.
	QuestionNext
	// QuestionHours: do the hours Name hold at At, and when do they next begin?
	QuestionHours
	// QuestionAuthor: is the author Target known, and who is behind it?
	QuestionAuthor
	// QuestionMember: is the person Target one of whom Name (a target's text)
	// names at At?
	QuestionMember
)

// Question is what the machine cannot know. It is comparable: an answer is
// found by it.
type Question struct {
	Kind        QuestionKind
	Target      policy.Target
	Name        string
	Subject     string
	At          policy.Instant
	Track, Tier int
}

// Answer is a fact. It is immutable, and recorded with the event that carries
// it; slices in it are shared and never written.
type Answer struct {
	Question   Question
	Responders []Responder    // resolve: people and channels, none twice
	Order      []int          // next: indexes into the tier's notify list
	Yes        bool           // hours: they hold; author: known; member: is one
	Next       policy.Instant // hours: when they next begin; Never: do not
	Behind     policy.Target  // author: the person behind a service
	// Stale marks a directory's last good answer, given because it erred or
	// hung.
	Stale bool
	// Failed: the directory erred and has no last good answer.
	Failed bool
}

// Responder is a person whom a target resolved to, or a channel.
type Responder struct {
	To    policy.Target // user: or channel:
	Rules []Rule        // by After; never empty
}

// Rule is one contact rule of a responder.
type Rule struct {
	Via   string
	After time.Duration
	// Depends: the channel does not work without the alert's own identity.
	Depends bool
}
