package escalationtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// Timeline is what happened in a play, in the order in which it happened.
type Timeline struct {
	Start policy.Instant
	End   time.Duration // the instant up to which it was played
	Seen  []Seen
}

// add takes down what happened, and returns where.
func (t *Timeline) add(s Seen) int {
	t.Seen = append(t.Seen, s)
	return len(t.Seen) - 1
}

// SeenType says what a [Seen] is.
type SeenType string

// The kinds of what a timeline shows.
const (
	SeenNotify SeenType = "notify" // a message went out: the first attempt
	SeenRun    SeenType = "run"    // an action started, was held, refused, done, or failed
	SeenUndo   SeenType = "undo"   // the same of taking one back
	SeenGate   SeenType = "gate"   // a gate closed or opened
	SeenReview SeenType = "review" // a review began or ended
	SeenStatus SeenType = "status" // the alert's status changed
	SeenRecord SeenType = "record" // any other line of the record
)

// Seen is one thing that happened. Fields that its type does not have are zero.
type Seen struct {
	At          time.Duration // since the start
	Type        SeenType
	Key         string
	Incarnation uint64

	// Of a message, and of what a tier caused.
	Track, Tier     string
	Pass            int
	To, Target, Via string
	Kind            notify.Kind
	Reason          string
	Text            string
	Bundle          int  // alerts in the message
	Count           int  // triggers of the alert so far
	Delivered       bool // some attempt was taken

	// Of an action: the run name, its own, and what became of it.
	Run, Name, Result string
	Subjects          int

	Gate, Review, Decision string
	Status                 string

	// Of the record: the fields of one line, as its JSON has them.
	Event, Verdict, By string
	line               any
	fields             map[string]any
}

// recorded reports whether the thing is a line of the record.
func (s *Seen) recorded() bool { return s.line != nil }

// Fields is the line of the record as a map of its JSON; nil for what is not
// of the record. The caller must not change it.
func (s *Seen) Fields() map[string]any {
	if s.fields == nil && s.line != nil {
		if b, err := json.Marshal(s.line); err == nil {
			_ = json.Unmarshal(b, &s.fields) // what Marshal wrote is valid
		}
	}
	return s.fields
}

// strict reports whether a strict test must list it.
func (s *Seen) strict() bool {
	switch s.Type {
	case SeenNotify:
		switch s.Kind {
		case notify.KindPage, notify.KindReminder, notify.KindReview, notify.KindNotice:
			return true
		}
	case SeenRun, SeenUndo:
		return s.Result == "started"
	}
	return false
}

// String is the thing in a line, without its instant.
func (s *Seen) String() string {
	var b strings.Builder
	word := func(format string, args ...any) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, format, args...)
	}
	switch s.Type {
	case SeenNotify:
		word("notify %s via %s: %s", s.To, s.Via, s.Kind)
		if s.Reason != "" {
			word("%s", s.Reason)
		}
		if place := s.place(); place != "" {
			word("%s", place)
		}
		if s.Bundle > 1 {
			word("(one of %d)", s.Bundle)
		}
		if !s.Delivered {
			word("(not delivered)")
		}
	case SeenRun, SeenUndo:
		word("%s %s %s", s.Type, s.Run, s.Result)
		if s.Name != "" && s.Name != s.Run {
			word("(%s)", s.Name)
		}
		if s.Subjects != 1 {
			word("%d subjects", s.Subjects)
		}
	case SeenGate:
		word("gate %s: %s", s.Gate, s.Decision)
	case SeenStatus:
		word("status %s", s.Status)
	default:
		word("%s", s.recordText())
	}
	return b.String()
}

// place is where in the ladder, as "main/owner pass 2".
func (s *Seen) place() string {
	if s.Track == "" {
		return ""
	}
	place := s.Track
	if s.Tier != "" {
		place += "/" + s.Tier
	}
	if s.Pass > 1 {
		place += fmt.Sprintf(" pass %d", s.Pass)
	}
	return place
}

// unshown are the fields of a record that a timeline leaves out: they say
// nothing new, or, as an id that the engine gave, differ from run to run.
var unshown = [...]string{"key", "at", "seq", "incarnation", "policy", "count", "id"}

// recordText writes a line of the record with its fields in a fixed order.
func (s *Seen) recordText() string {
	var b strings.Builder
	b.WriteString(string(s.Type))
	fields := s.Fields()
	for _, name := range recordFields {
		v, ok := fields[name]
		if !ok || slices.Contains(unshown[:], name) {
			continue
		}
		if name == "event" {
			fmt.Fprintf(&b, " %v", v)
			continue
		}
		fmt.Fprintf(&b, " %s=%s", name, plainText(v))
	}
	return b.String()
}

func plainText(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}

// String is the timeline, one thing a line.
func (t *Timeline) String() string {
	var b strings.Builder
	keys := t.severalKeys()
	for i := range t.Seen {
		s := &t.Seen[i]
		fmt.Fprintf(&b, "%-10s %s", s.At, s)
		if keys && s.Key != "" {
			fmt.Fprintf(&b, "  [%s]", s.name())
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// severalKeys reports whether lines must say which alert they are about.
func (t *Timeline) severalKeys() bool {
	first := ""
	for i := range t.Seen {
		s := &t.Seen[i]
		if s.Incarnation == 0 {
			continue // of no alert
		}
		if first == "" {
			first = s.name()
		}
		if s.name() != first {
			return true
		}
	}
	return false
}

// name is how people refer to the alert.
func (s *Seen) name() string {
	if s.Incarnation == 0 {
		return s.Key
	}
	return fmt.Sprintf("%s#%d", s.Key, s.Incarnation)
}
