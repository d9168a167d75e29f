package escalation

import (
	"time"

	"github.com/belfry-go/belfry/policy"
)

// Line is one line of a record in the words of the rule language: what tools
// print, what a `record:` line of a test file is compared with, what an audit
// report shows. Its JSON leaves out what is empty. Names stand in it where the
// machine has indexes; instants are RFC 3339 in UTC, durations Go's ("1h0m0s"),
// people and channels their targets ("user:alice"). It carries no secret, for
// alerts and events carry none.
//
// Fields are only ever added.
type Line struct {
	Event       string `json:"event"`
	Key         string `json:"key,omitempty"`
	Incarnation uint64 `json:"incarnation,omitempty"`
	Seq         uint64 `json:"seq,omitempty"` // of the record
	ID          string `json:"id,omitempty"`  // of the event
	// At is when the line is true; of deadline_set and deadline_moved it is the
	// instant of the deadline.
	At    string `json:"at,omitempty"`
	From  string `json:"from,omitempty"`  // deadline_moved: before; a gap: its start
	Until string `json:"until,omitempty"` // the end of what begins here

	// Of the event itself.
	Verdict string `json:"verdict,omitempty"`
	By      string `json:"by,omitempty"`
	Behind  string `json:"behind,omitempty"` // the person behind a service
	// Reason says why somebody is told or the ladder moved; of an event that was
	// ignored or rejected, why; of another event, its author's words.
	Reason   string `json:"reason,omitempty"`
	Words    string `json:"words,omitempty"` // the author's, also where Reason says another thing
	Text     string `json:"text,omitempty"`
	Evidence string `json:"evidence,omitempty"`
	Outcome  string `json:"outcome,omitempty"`
	For      string `json:"for,omitempty"`
	Vote     string `json:"vote,omitempty"`
	Digest   string `json:"digest,omitempty"` // of the policy, in hexadecimal

	Track      string   `json:"track,omitempty"`
	Tier       string   `json:"tier,omitempty"`
	Pass       int      `json:"pass,omitempty"`
	To         string   `json:"to,omitempty"`
	Target     string   `json:"target,omitempty"` // what To was resolved from
	Via        string   `json:"via,omitempty"`
	Kind       string   `json:"kind,omitempty"` // of a message
	Essential  bool     `json:"essential,omitempty"`
	PassedOver []string `json:"passed_over,omitempty"`
	Waited     string   `json:"waited,omitempty"`

	Deadline string `json:"deadline,omitempty"`
	Margin   string `json:"margin,omitempty"` // negative: met after it
	Late     string `json:"late,omitempty"`
	Attempt  int    `json:"attempt,omitempty"`
	Result   string `json:"result,omitempty"`
	Status   string `json:"status,omitempty"`
	Name     string `json:"name,omitempty"` // of a silence, or an anchor

	Policy      string   `json:"policy,omitempty"`
	Priority    string   `json:"priority,omitempty"`
	Severity    string   `json:"severity,omitempty"`
	Criticality string   `json:"criticality,omitempty"`
	BlastRadius string   `json:"blast_radius,omitempty"`
	Assumed     []string `json:"assumed,omitempty"` // fields that count as the highest
	// Stale is what the directory was asked and its last good answer stood in
	// for, Unanswered that for which there was none: "schedule:iam",
	// "hours(business)".
	Stale      []string `json:"stale,omitempty"`
	Unanswered []string `json:"unanswered,omitempty"`
	Count      int      `json:"count,omitempty"` // triggers of the alert

	Gate      string `json:"gate,omitempty"`
	Action    string `json:"action,omitempty"`
	Run       string `json:"run,omitempty"` // the registered name of the action
	Review    string `json:"review,omitempty"`
	Stage     string `json:"stage,omitempty"`
	Subject   string `json:"subject,omitempty"` // the identity that an operation is on
	Subjects  int    `json:"subjects,omitempty"`
	Operation string `json:"operation,omitempty"`
	Decision  string `json:"decision,omitempty"`
	Opens     string `json:"opens,omitempty"` // the key of the alert that is triggered

	// Of a rebase: what becomes of each track, deadline, and of what is gone; and
	// whether it only says so.
	Mapping []string `json:"mapping,omitempty"`
	Dry     bool     `json:"dry,omitempty"`
}

// Lines returns r as lines: the first for the event, then one for each effect,
// in their order. s is the state after r and doc the document that the alert is
// pinned to; what these do not have a name for is shown by its number ("#3").
// Both may be of another stream: then there are fewer names. Nothing is kept of
// the arguments.
func Lines(doc *policy.Document, s *State, r *Record) []Line {
	n := namesOf(doc, s)
	lines := make([]Line, 1, 1+len(r.Effects))
	n.event(&lines[0], r)
	for i := range r.Effects {
		lines = append(lines, Line{})
		n.effect(&lines[i+1], &r.Effects[i], r)
	}
	return lines
}

// instantText is an instant as it stands in a line; "" for Never.
func instantText(i policy.Instant) string {
	if !i.Known() {
		return ""
	}
	return i.String()
}

// spanText is a duration as it stands in a line; "" for none.
func spanText(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

// names finds the names of what a state has by index. Each look-up tolerates a
// document that is not the state's: a view is for people who look for a fault.
type names struct {
	doc *policy.Document
	p   *policy.Policy // that governs; nil when the document has it not
	s   *State
}

func namesOf(doc *policy.Document, s *State) names {
	n := names{doc: doc, s: s}
	if doc != nil && s.Policy >= 0 && s.Policy < len(doc.Policies) && s.Status != StatusNone {
		n.p = doc.Policies[s.Policy]
	}
	return n
}

func (n *names) policy() string {
	if n.p == nil {
		return ""
	}
	return n.p.Name
}

// spec is the track that the i-th of the state runs; nil when it is not known.
func (n *names) spec(i int) (*policy.Policy, *policy.Track) {
	if n.doc == nil || i < 0 || i >= len(n.s.Tracks) {
		return nil, nil
	}
	t := &n.s.Tracks[i]
	if t.Policy < 0 || int(t.Policy) >= len(n.doc.Policies) {
		return nil, nil
	}
	p := n.doc.Policies[t.Policy]
	if t.Index < 0 || int(t.Index) >= len(p.Tracks) {
		return nil, nil
	}
	return p, &p.Tracks[t.Index]
}

// track is a track's name; a track of another policy than the governing one is
// named policy/track.
func (n *names) track(i int) string {
	if i < 0 {
		return ""
	}
	p, t := n.spec(i)
	if t == nil {
		return number(i)
	}
	if p != n.p {
		return p.Name + "/" + t.Name
	}
	return t.Name
}

// tierExhaustedName is what stands for a tier where the exhausted list is told.
const tierExhaustedName = "exhausted"

func (n *names) tier(track, tier int) string {
	switch {
	case tier == TierExhausted:
		return tierExhaustedName
	case tier < 0 || track < 0:
		return ""
	}
	_, t := n.spec(track)
	if t == nil || tier >= len(t.Tiers) {
		return number(tier)
	}
	return t.Tiers[tier].Name
}

// named is the name of item i of a list of the governing policy.
func named[T any](n *names, list func(*policy.Policy) []T, i int, name func(*T) string) string {
	if i < 0 {
		return ""
	}
	if n.p == nil || i >= len(list(n.p)) {
		return number(i)
	}
	return name(&list(n.p)[i])
}

func (n *names) deadline(i int) string {
	return named(n, func(p *policy.Policy) []policy.Deadline { return p.Deadlines }, i,
		func(d *policy.Deadline) string { return d.Name })
}

func (n *names) gate(i int) string {
	return named(n, func(p *policy.Policy) []policy.Gate { return p.Gates }, i,
		func(g *policy.Gate) string { return g.Name })
}

func (n *names) action(i int) string {
	return named(n, func(p *policy.Policy) []policy.Action { return p.Actions }, i,
		func(a *policy.Action) string { return a.Name })
}

func (n *names) run(i int) string {
	return named(n, func(p *policy.Policy) []policy.Action { return p.Actions }, i,
		func(a *policy.Action) string { return a.Run })
}

func (n *names) review(i int) string {
	return named(n, func(p *policy.Policy) []policy.Review { return p.Reviews }, i,
		func(r *policy.Review) string { return r.Name })
}

// subject is the identity that the alert is about.
func (n *names) subject() string {
	if n.s.Alert == nil {
		return ""
	}
	return n.s.Alert.Identity.ID
}

// operation is the operation of a gate that has one only.
func (n *names) operation(gate string) string {
	if n.p == nil {
		return ""
	}
	for i := range n.p.Gates {
		if g := &n.p.Gates[i]; g.Name == gate && len(g.Operations) == 1 {
			return g.Operations[0]
		}
	}
	return ""
}
