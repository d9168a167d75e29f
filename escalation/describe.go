package escalation

import (
	"strconv"
	"strings"

	"github.com/belfry-go/belfry/policy"
)

// Describe returns r as text, one line for the event and one for each effect,
// each with the time since the alert opened:
//
//	+5m0s tick applied
//	+5m0s tier_entered main/backup no_ack_timeout passed over user:alice waited 5m0s
//	+5m0s notify user:bob via push page main/backup no_ack_timeout
//
// The arguments are those of [Lines].
func Describe(doc *policy.Document, s *State, r *Record) string {
	var b strings.Builder
	opened := s.Opened
	if s.Status == StatusNone { // not opened
		opened = r.Event.At
	}
	lines := Lines(doc, s, r)
	for i := range lines {
		at := r.Event.At
		if i > 0 {
			at = r.Effects[i-1].At
		}
		b.WriteString(since(at, opened))
		b.WriteByte(' ')
		b.WriteString(lines[i].String())
		b.WriteByte('\n')
	}
	return b.String()
}

// since is an instant as the time since another, with its sign.
func since(at, opened policy.Instant) string {
	if !at.Known() {
		return "never"
	}
	d := at.Sub(opened)
	if d < 0 {
		return d.String()
	}
	return "+" + d.String()
}

// String is the line in a fixed order of its fields, without its instant and
// what is the same in every line of an alert.
func (l *Line) String() string {
	w := wording{event: l.Event}
	w.word("", l.Event)
	if l.Event == LineReview.String() {
		w.word("for", l.To) // who asked for it
	} else {
		w.word("", l.To)
	}
	w.word("for", l.targetText())
	w.word("via", l.Via)
	w.word("", l.Kind)
	w.word("", l.place())
	w.word("", l.Deadline)
	w.word("gate", l.Gate)
	w.word("action", l.Action)
	if l.Run != l.Action {
		w.word("run", l.Run)
	}
	if l.Review != l.Gate && l.Review != l.Action {
		w.word("review", l.Review)
	}
	w.word("stage", l.Stage)
	w.quoted("", l.Name)
	w.word("", l.Decision)
	w.word("", l.Result)
	w.word("", l.Status)
	w.word("", l.Vote)
	w.word("opens", l.Opens)
	if l.Dry {
		w.word("", "dry")
	}
	if len(l.Mapping) > 0 {
		w.quoted("", strings.Join(l.Mapping, "; "))
	}
	if l.Verdict == "" {
		w.word("", l.Reason)
	}
	w.word("passed over", strings.Join(l.PassedOver, ", "))
	w.word("waited", l.Waited)
	w.word("margin", l.Margin)
	w.word("late", l.Late)
	l.quantities(&w)
	w.word("by", l.By)
	w.word("behind", l.Behind)
	w.word("", l.verdictText())
	w.quoted("because", l.Words)
	w.quoted("", l.Text)
	return w.String()
}

// quantities words what an event sets and how long it holds.
func (l *Line) quantities(w *wording) {
	switch l.Event {
	case LineOpened.String():
		w.word("severity", l.Severity)
		w.word("criticality", l.Criticality)
		w.word("blast_radius", l.BlastRadius)
		w.word("assumed", strings.Join(l.Assumed, ", "))
	case LineMatched.String():
		w.word("policy", l.Policy)
		w.word("", l.Priority)
	case EventTrigger.String():
		if l.Count > 1 {
			w.word("count", strconv.Itoa(l.Count))
		}
	case EventRaise.String(), EventLower.String():
		w.word("severity", l.Severity)
		w.word("criticality", l.Criticality)
		w.word("blast_radius", l.BlastRadius)
	}
	if l.Subjects > 0 {
		w.word("subjects", strconv.Itoa(l.Subjects))
	}
	w.word("outcome", l.Outcome)
	w.word("evidence", l.Evidence)
	w.word("for", l.For)
	w.word("from", l.From)
	if l.For == "" {
		w.word("until", l.Until)
	}
}

// targetText is what To was resolved from, where that is another.
func (l *Line) targetText() string {
	if l.Target == l.To {
		return ""
	}
	return l.Target
}

// place is track/tier, and the pass after the first.
func (l *Line) place() string {
	p := l.Track
	if l.Tier != "" {
		p += "/" + l.Tier
	}
	if l.Pass > 1 && p != "" {
		p += " pass " + strconv.Itoa(l.Pass)
	}
	return p
}

// verdictText is the verdict, with why it is no other.
func (l *Line) verdictText() string {
	if l.Verdict == "" || l.Verdict == Applied.String() {
		return l.Verdict
	}
	return l.Verdict + " (" + l.Reason + ")"
}

// wording joins words by blanks and leaves out what is empty, and a label that
// the event says already.
type wording struct {
	strings.Builder
	event string
}

func (w *wording) word(label, v string) {
	if v == "" {
		return
	}
	if w.Len() > 0 {
		w.WriteByte(' ')
	}
	if label != "" && label != w.event {
		w.WriteString(label)
		w.WriteByte(' ')
	}
	w.WriteString(v)
}

// quoted is word for what people wrote: on one line, and told apart.
func (w *wording) quoted(label, v string) {
	if v != "" {
		w.word(label, strconv.Quote(v))
	}
}
