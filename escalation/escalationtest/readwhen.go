package escalationtest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// defaultAuthor sends the events that name no author.
var defaultAuthor = policy.Service("test")

// verbNames lists what a step may do, for suggestions.
func verbNames() []string {
	names := []string{string(VerbCheck), string(VerbLoad), string(VerbStopActions), string(VerbReleaseActions)}
	for k := escalation.EventTrigger; k < escalation.EventReport; k++ {
		names = append(names, k.String())
	}
	return names
}

// step reads one entry of `when`.
func (r *reader) step(n *policy.Node, at string) Step {
	o := r.Object(n, at, "an entry of \"when\"")
	s := Step{Line: n.Line}
	if o.Need("at") != nil {
		s.At = o.Duration("at", 0, 0)
	}
	s.Event.By.Principal = defaultAuthor
	if by := o.Target("by"); !by.IsZero() {
		s.Event.By.Principal = by
	}
	s.Event.ClaimedAt = policy.Never
	s.Event.ID = o.Scalar("id")
	s.Key = o.Scalar("key")
	s.Event.Incarnation = uint64(o.Int("incarnation", 0, 1, 1<<30))
	verb := o.Need("do")
	if verb == nil {
		return s
	}
	word, ok := r.Text(verb, o.Path("do"))
	if !ok {
		return s
	}
	kind, isEvent := escalation.ParseEventKind(word)
	switch v := Verb(word); {
	case isEvent && kind < escalation.EventReport:
		s.Event.Kind = kind
	case v == VerbCheck, v == VerbLoad, v == VerbStopActions, v == VerbReleaseActions:
	default:
		names := verbNames()
		r.FaultNear(verb, o.Path("do"), fmt.Sprintf("nothing is done by %q; it is one of %s", word, strings.Join(names, " ")), word, names)
		return s
	}
	s.Do = Verb(word)
	r.stepFields(o, &s)
	o.Done()
	return s
}

// stepFields reads the fields that belong to the step's verb. A field of
// another verb is unknown there: it would be passed over in silence.
func (r *reader) stepFields(o *policy.Object, s *Step) {
	e := &s.Event
	e.Reason = o.Text("reason")
	switch s.Do {
	case VerbCheck:
		s.Subject, s.Operation = o.Scalar("subject"), o.Scalar("operation")
		o.Need("operation")
		return
	case VerbLoad:
		if n := o.Need("document"); n != nil {
			s.Document = r.document(n)
		}
		return
	case VerbStopActions, VerbReleaseActions:
		return
	}
	switch e.Kind {
	case escalation.EventTrigger:
		r.trigger(o, s)
	case escalation.EventAcknowledge, escalation.EventUnacknowledge, escalation.EventDecline:
		e.Track = o.Text("track")
	case escalation.EventEscalate:
		e.Track, e.Tier = o.Text("track"), o.Text("tier")
	case escalation.EventReassign, escalation.EventAddResponder:
		e.Track, e.To = o.Text("track"), o.Target("to")
		o.Need("to")
	case escalation.EventSnooze:
		e.Track, e.For = o.Text("track"), o.Duration("for", 0, 0)
	case escalation.EventSilence:
		e.Name, e.For = silenceName(o), o.Duration("for", 0, 0)
		if m := o.Node("match"); m != nil {
			match := r.Match(m, o.Path("match"))
			s.Match = &match
			if s.Key != "" {
				r.Fault(m, o.Path("match"), "a silence has a \"key\" or a \"match\", not both")
			}
		}
	case escalation.EventUnsilence:
		e.Name = silenceName(o)
	case escalation.EventResolve:
		e.Outcome = o.Text("outcome")
	case escalation.EventSucceeded:
		e.Outcome, s.Expectation = o.Text("outcome"), o.Text("expectation")
	case escalation.EventRaise, escalation.EventLower:
		e.Severity = policy.Severity(o.Text("severity"))
		e.Criticality = policy.Criticality(o.Text("criticality"))
		e.BlastRadius = policy.BlastRadius(o.Text("blast_radius"))
	case escalation.EventRequest:
		e.Gate, e.Action, e.Undo = o.Text("gate"), o.Text("action"), o.Text("undo")
		if n := o.Node("ask"); n != nil {
			e.Ask = askText(n)
		}
	case escalation.EventVote:
		e.Gate, e.Action, e.Undo, e.Review = o.Text("gate"), o.Text("action"), o.Text("undo"), o.Text("review")
		e.Stage, e.Vote = o.Text("stage"), o.Scalar("vote")
		o.Need("vote")
	case escalation.EventUse, escalation.EventBreakGlass:
		e.Gate = o.Text("gate")
	case escalation.EventNote:
		e.Text, e.Evidence = o.Scalar("text"), o.Text("evidence")
	case escalation.EventRebase:
		e.Policy = o.Text("policy")
	}
}

// silenceName reads the name of a silence. A test that has one silence need not
// name it.
func silenceName(o *policy.Object) string {
	if name := o.Text("name"); name != "" {
		return name
	}
	return "test"
}

// trigger reads a trigger, which may stand for many: `times` of them spread
// evenly over [at, until).
func (r *reader) trigger(o *policy.Object, s *Step) {
	if n := o.Node("alert"); n != nil {
		a := r.Alert(n, o.Path("alert"))
		s.Event.Alert = &a
	}
	s.Times = o.Int("times", 1, 1, 1_000_000)
	s.Until = o.Duration("until", s.At, 0)
	if s.Until < s.At {
		r.Fault(o.Node("until"), o.Path("until"), fmt.Sprintf("\"until\", %s, is before \"at\", %s", s.Until, s.At))
		s.Until = s.At
	}
}

// alertless reports whether s triggers an alert that stands elsewhere.
func (s *Step) alertless() bool {
	return s.Event.Kind == escalation.EventTrigger && s.Event.Alert == nil
}

// spread returns the steps in the order in which they happen, each repeated
// trigger as so many.
func spread(steps []Step) []Step {
	out := make([]Step, 0, len(steps))
	for _, s := range steps {
		n := max(s.Times, 1)
		gap := (s.Until - s.At) / time.Duration(n)
		for i := range n {
			one := s
			one.At = s.At + time.Duration(i)*gap.Truncate(time.Microsecond)
			out = append(out, one)
		}
	}
	slices.SortStableFunc(out, func(a, b Step) int { return int(min(max(a.At-b.At, -1), 1)) })
	return out
}

// askText is what a request asks for: a text as it is, anything else as
// canonical JSON.
func askText(n *policy.Node) string {
	if n.Kind == policy.NodeString {
		return n.Text
	}
	b, err := json.Marshal(plain(n))
	if err != nil { // no tree of ours can make it fail
		return n.Text
	}
	return string(b)
}

// plain turns a node into what encoding/json writes; maps come out sorted.
func plain(n *policy.Node) any {
	switch n.Kind {
	case policy.NodeNull:
		return nil
	case policy.NodeBool:
		return n.Text == "true"
	case policy.NodeNumber:
		return json.Number(n.Text)
	case policy.NodeList:
		out := make([]any, len(n.Items))
		for i, item := range n.Items {
			out[i] = plain(item)
		}
		return out
	case policy.NodeMap:
		out := make(map[string]any, len(n.Fields))
		for _, f := range n.Fields {
			out[f.Name] = plain(f.Value)
		}
		return out
	}
	return n.Text
}
