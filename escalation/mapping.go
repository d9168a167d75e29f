package escalation

import (
	"strings"

	"github.com/belfry-go/belfry/policy"
)

// Mapping is what a rebase makes of what an alert stands on, by name. [Drive]
// plans it before the event is stepped (see [PlanRebase]), and the record keeps
// it. A host that showed a dry run's mapping to a person sends the same one for
// good: if the alert has moved since, the event is ignored(stale).
type Mapping struct {
	Document policy.Digest // the document that the alert moves to
	// Dry: nothing changes. The record says what would become of the alert.
	Dry bool
	// Tracks is what becomes of each track: those that go on or begin in their
	// new order, then those that end.
	Tracks []TrackMove
	// Deadlines is those that are new or move nearer. It is told, not read.
	Deadlines []DeadlineMove
	// Gone names what the old policy has and the new one has not: "deadline
	// renew_by", "gate deploy", "action disable", "review access". It is told, not
	// read.
	Gone []string

	// to is the document itself. It is not recorded: whoever steps a record
	// again puts it there by its digest.
	to *policy.Document
}

// Bound returns a copy of m that holds the document to which it moves an alert.
// A mapping without a Document gets doc's; with another Document than doc's it
// means nothing, and the event that carries it is ignored(unknown). So is one
// that is not bound, unless it stays in the pinned document; whoever steps a
// recorded event again binds its mapping first.
func (m Mapping) Bound(doc *policy.Document) *Mapping {
	if doc != nil && m.Document == (policy.Digest{}) {
		m.Document = doc.Digest
	}
	m.to = doc
	return &m
}

// document returns the document that the mapping of an alert pinned to doc means:
// that one without a mapping; nil when it is not at hand.
func (m *Mapping) document(doc *policy.Document) *policy.Document {
	switch {
	case m == nil, m.to == nil && (m.Document == policy.Digest{} || m.Document == doc.Digest):
		return doc
	case m.to == nil || m.to.Digest != m.Document:
		return nil
	}
	return m.to
}

// Words is the mapping for people, one text for each thing that it says.
func (m *Mapping) Words() []string {
	var out []string
	for _, t := range m.Tracks {
		out = append(out, t.String())
	}
	for _, d := range m.Deadlines {
		out = append(out, d.String())
	}
	for _, what := range m.Gone {
		out = append(out, what+" is dropped")
	}
	return out
}

// TrackMove is what becomes of one track. Names are as [TrackName] gives them.
type TrackMove struct {
	From string // "" when the track is new
	To   string // "" when it ends
	Tier string // the current tier; "" before the first
	// Onto is the tier on which it goes on: one of the same name, or when that is
	// gone another, which is told.
	Onto string
}

// Told reports whether the current tier is gone, so that another is told.
func (t TrackMove) Told() bool { return t.From != "" && t.To != "" && t.Tier != t.Onto }

// String is the move for people: "main: owner becomes iam".
func (t TrackMove) String() string {
	switch {
	case t.From == "":
		return t.To + " is new"
	case t.To == "":
		return t.From + " ends"
	}
	var b strings.Builder
	b.WriteString(t.From)
	if t.From != t.To {
		b.WriteString(" as " + t.To)
	}
	switch {
	case t.Told():
		b.WriteString(": " + t.Tier + " becomes " + t.Onto)
	case t.Tier != "":
		b.WriteString(" goes on at " + t.Tier)
	default:
		b.WriteString(" goes on")
	}
	return b.String()
}

// DeadlineMove is what becomes of one deadline.
type DeadlineMove struct {
	Name string
	From policy.Instant // Never: it is new, or was not known
	To   policy.Instant // Never: it is not known yet
}

// String is the move for people: "renew_by moves from … to …".
func (d DeadlineMove) String() string {
	switch {
	case !d.To.Known():
		return d.Name + " is new, and not known yet"
	case !d.From.Known():
		return d.Name + " is set to " + d.To.String()
	}
	return d.Name + " moves from " + d.From.String() + " to " + d.To.String()
}
