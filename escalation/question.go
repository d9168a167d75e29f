package escalation

import (
	"time"

	"github.com/belfry-go/belfry/policy"
)

// QuestionKind says what a [Question] asks.
type QuestionKind uint8

// The kinds of questions.
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

	// sole is what a tier resolves to that names the question's target and
	// nobody else: made once, so that entering such a tier allocates nothing.
	sole *Lists
}

// prepare makes what the machine would otherwise make in every step.
func (a *Answer) prepare() {
	if a.Question.Kind == QuestionResolve && len(a.Responders) <= maxResponders && a.sole == nil {
		a.sole = &Lists{
			Recipients: []policy.Recipient{{To: a.Question.Target}},
			Rosters:    [][]Responder{a.Responders},
		}
	}
}

// solely returns the prepared lists if rs names the answer's target and nothing
// else; nil otherwise.
func (a *Answer) solely(rs []policy.Recipient) *Lists {
	if a.sole == nil || a.Failed || len(rs) != 1 || rs[0].To != a.Question.Target || rs[0].Essential || len(rs[0].Via) > 0 {
		return nil
	}
	// Whoever answers may hand on an answer with other responders.
	if r := a.sole.Rosters[0]; len(r) != len(a.Responders) || len(r) > 0 && &r[0] != &a.Responders[0] {
		return nil
	}
	return a.sole
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
