package escalation

import (
	"slices"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// machine is one step at work. It writes to s alone; what it cannot know it
// adds to need, and then nothing of the step counts.
type machine struct {
	doc  *policy.Document
	p    *policy.Policy
	s    *State
	prev *State
	ev   *Event
	buf  []Effect
	base int
	now  policy.Instant // the instant that is being applied
	need []Question
	// missed counts the answers that were looked for in vain: also of a question
	// that need holds already.
	missed int
	// firm and unsure: a permission is at stake, and an answer that was looked at
	// is not fresh; see firmly.
	firm, unsure bool
	// more: s.More is this step's own copy.
	more bool
	// Of a tick after a gap: walking while the ladder is walked through it
	// without telling anybody, gap while what is left is told.
	walking, gap bool
	walks        []walked
	rang         []rung
}

// nowhere is an effect that refers to nothing yet.
var nowhere = Effect{
	Track: -1, Tier: NoTier, Gate: -1, Action: -1, Review: -1, Deadline: -1,
	Until: policy.Never, From: policy.Never,
}

// emit appends an effect of kind k at the present instant and returns it for
// filling in; the pointer is good until the next emit.
func (m *machine) emit(k EffectKind) *Effect {
	m.buf = append(m.buf, nowhere)
	e := &m.buf[len(m.buf)-1]
	e.Kind, e.At = k, m.now
	e.ID = EffectID{Seq: m.prev.Seq + 1, I: uint16(len(m.buf) - 1 - m.base)}
	return e
}

// line is emit under the name that says it does not leave.
func (m *machine) line(k EffectKind) *Effect { return m.emit(k) }

// own returns s.More for writing: a copy made once a step, because what a state
// points to is replaced and never written through.
func (m *machine) own() *More {
	if !m.more {
		c := &More{}
		if m.s.More != nil {
			*c = *m.s.More
			c.Acks = clip(c.Acks)
			c.Declined = clip(c.Declined)
			c.Silences = clip(c.Silences)
			c.Told = clip(c.Told)
			c.Reviews = clip(c.Reviews)
			c.Happened = clip(c.Happened)
			c.Evidence = clip(c.Evidence)
			c.Kinds = clip(c.Kinds)
			c.Lowered = clip(c.Lowered)
		}
		m.s.More, m.more = c, true
	}
	return m.s.More
}

// clip copies a slice of the rare part: it may be shared.
func clip[T any](s []T) []T {
	if len(s) == 0 {
		return nil
	}
	return append(make([]T, 0, len(s)+1), s...)
}

// empty is what rare returns when there is no rare part; it is never written.
var empty More

// rare returns the rare part for reading.
func (m *machine) rare() *More { return rareOf(m.s) }

func rareOf(s *State) *More {
	if s.More == nil {
		return &empty
	}
	return s.More
}

// copyFrom makes s a copy of o, reusing s's slices.
func (s *State) copyFrom(o *State) {
	d, t, e, c, op, g, a := s.Deadlines[:0], s.Tracks[:0], s.Entries[:0], s.Contacts[:0], s.Open[:0], s.Gates[:0], s.Actions[:0]
	*s = *o
	s.Tracks, s.Entries, s.Contacts, s.Open = t, e, c, op
	s.Tracks = append(s.Tracks, o.Tracks...)
	s.Entries = append(s.Entries, o.Entries...)
	s.Contacts = append(s.Contacts, o.Contacts...)
	s.Open = append(s.Open, o.Open...)
	s.Deadlines, s.Gates, s.Actions = d, g, a
	if len(o.Deadlines)|len(o.Gates)|len(o.Actions) != 0 {
		s.Deadlines = append(s.Deadlines, o.Deadlines...)
		s.Gates = append(s.Gates, o.Gates...)
		s.Actions = append(s.Actions, o.Actions...)
	}
}

// Clone returns a copy of s that shares no slice that a step writes.
func (s *State) Clone() State {
	var c State
	c.copyFrom(s)
	return c
}

// answer finds the answer to q, or adds q to what is needed.
func (m *machine) answer(q Question) (*Answer, bool) {
	for i := range m.ev.Answers {
		if m.ev.Answers[i].Question == q {
			return &m.ev.Answers[i], true
		}
	}
	m.missed++
	for i := range m.need {
		if m.need[i] == q {
			return nil, false
		}
	}
	m.need = append(m.need, q)
	return nil, false
}

// identity is the id of the alert's identity.
func (m *machine) identity() string { return m.s.Alert.Identity.ID }

// leak reports whether the alert is, or has become, of a leak kind.
func leak(s *State) bool {
	return s.Alert != nil && s.Alert.Kind.Leak() || slices.ContainsFunc(rareOf(s).Kinds, policy.Kind.Leak)
}

// topLevel is P1's level.
const topLevel policy.Level = 5

// Urgent reports whether nothing about this alert is held back: it is P1, or is,
// or has become, of a leak kind.
func (s *State) Urgent() bool { return s.Priority >= topLevel || leak(s) }

// spec returns the policy and the track that t runs.
func (m *machine) spec(t *Track) (*policy.Policy, *policy.Track) { return specOf(m.doc, t) }

func specOf(doc *policy.Document, t *Track) (*policy.Policy, *policy.Track) {
	p := doc.Policies[t.Policy]
	return p, &p.Tracks[t.Index]
}

// facts returns what guards are read over.
func (m *machine) facts() policy.Facts { return factsOf(m.s, m.now) }

func factsOf(s *State, at policy.Instant) policy.Facts {
	return policy.Facts{
		Alert: s.Alert, Severity: s.Severity, Criticality: s.Criticality, BlastRadius: s.BlastRadius,
		Priority: s.Priority, Count: s.Count, Age: at.Sub(s.Opened),
	}
}

// least returns the earlier of two instants.
func least(a, b policy.Instant) policy.Instant {
	if b < a {
		return b
	}
	return a
}

// most returns the later of two instants.
func most(a, b policy.Instant) policy.Instant {
	if b > a {
		return b
	}
	return a
}

const day = 24 * time.Hour
