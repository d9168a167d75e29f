package escalationtest

import (
	"os"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// File is a test file as it was read.
type File struct {
	Name string
	// Err is why no test of the file can run: it is not a test file, or its
	// policies are faulty. Cases is then empty.
	Err   error
	Cases []*Case
}

// Load reads the test file at path. What is wrong with it is in the result; see
// [Read].
func Load(path string) *File {
	src, err := os.ReadFile(path)
	if err != nil {
		return &File{Name: path, Err: err}
	}
	return Read(path, src, os.ReadFile)
}

// Case is one test: a policy document, an alert, what people and the world do,
// and what must follow. Times in it are spans from Start.
type Case struct {
	File string
	Name string
	Line int // where it stands in the file
	// Err is why this test cannot run: every fault in it, with its place.
	Err error

	Document *policy.Document
	Start    policy.Instant
	// Alert is triggered at the start; nil when a step says when, or never.
	Alert *policy.Alert
	Given Given
	Steps []Step   // by instant, those of one instant as in the file
	Lines []Expect // as in the file
	Until time.Duration
	// Strict: a notification or a start of an action that no line lists is a
	// failure.
	Strict bool
}

// Given is the world of a test: who is on call, what fails, and when the
// engine does not run.
type Given struct {
	OnCall map[string][]Shift // by schedule; replaces it whole
	Fail   []Fault
	Down   []Span // sorted, apart from each other
	// Actions and Undo are what attempts come to, by run name; the last
	// repeats. One that is not here succeeds.
	Actions, Undo map[string][]Attempt
	Subjects      map[string]Subjects // by run name
	LastResort    []string            // what lines call the last resort; never empty
}

// Span is [From, Until).
type Span struct{ From, Until time.Duration }

func (s Span) holds(at time.Duration) bool { return at >= s.From && at < s.Until }

// forever is the end of what has none: longer than any test, far from overflow.
const forever = time.Duration(1) << 61

// Shift says who is on call in a span.
type Shift struct {
	Span
	Who []string // people's names
}

// Fault makes messages fail in a span.
type Fault struct {
	Span
	To    string // a target's text; "" is everybody but the last resort
	Via   string // "" is every channel
	Class notify.Class
	After time.Duration // how long an attempt takes
}

// Attempt is what one attempt at an action comes to.
type Attempt struct {
	Result string // ok fail unknown refuse unverified
	After  time.Duration
}

// Subjects is what an action's plan answers.
type Subjects struct {
	IDs []string
	N   int // used when IDs is nil
}

// Step is one entry of `when`.
type Step struct {
	At   time.Duration
	Line int
	Do   Verb
	Key  string // "" is the test's alert
	// Event holds what the machine reads. Its At is not set.
	Event escalation.Event

	Times              int                // trigger: so many, spread over [At, Until)
	Until              time.Duration      // trigger
	Match              *policy.Conditions // silence
	Expectation        string             // succeeded
	Subject, Operation string             // check
	Document           *policy.Document   // load
}

// Verb is what a step does: an event of the machine, or one of the four that
// are the engine's.
type Verb string

// What a test does to the engine itself, beside the events of an alert.
const (
	VerbCheck          Verb = "check"
	VerbLoad           Verb = "load"
	VerbStopActions    Verb = "stop_actions"
	VerbReleaseActions Verb = "release_actions"
)

// ExpectKind says what an [Expect] is about.
type ExpectKind uint8

// The kinds of expectations, one a line of `then`.
const (
	ExpectNotify ExpectKind = iota
	ExpectRun
	ExpectUndo
	ExpectStatus
	ExpectGate
	ExpectCheck
	ExpectQuiet
	ExpectRecord
	numExpectKinds
)

// expectNames are the fields that say what a line is about.
var expectNames = [numExpectKinds]string{"notify", "run", "undo", "status", "gate", "check", "quiet", "record"}

// String is the field that says what the line is about.
func (k ExpectKind) String() string { return expectNames[k] }

// Expect is one entry of `then`. "" and nil do not narrow.
type Expect struct {
	Kind        ExpectKind
	Line        int
	Text        string // as written, on one line
	At          time.Duration
	Until       time.Duration // of quiet: the end; At is the beginning
	Key         string
	Incarnation uint64 // 0 is any

	To                         []string // notify
	Via, Track, Tier           string
	Pass, Count, Bundle        int // 0 does not narrow
	Target                     string
	Reason                     *policy.Reason
	Message                    notify.Kind
	Delivered                  *bool
	Run, Name, Result, Subject string // run, undo; Subject also of check
	Subjects                   *int
	Status                     string
	Gate, Operation, Decision  string
	Record                     []field
}
