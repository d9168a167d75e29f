package escalationtest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// line reads one entry of `then`.
func (r *reader) line(n *policy.Node, at string, c *Case) Expect {
	o := r.Object(n, at, "an entry of \"then\"")
	x := Expect{Line: n.Line, Text: oneLine(n), Key: o.Scalar("key")}
	x.Incarnation = uint64(o.Int("incarnation", 0, 1, 1<<30))
	kind, ok := r.lineKind(n, at)
	if !ok {
		return x
	}
	x.Kind = kind
	if kind == ExpectQuiet {
		r.quiet(o, &x)
		o.Done()
		return x
	}
	if o.Need("at") != nil {
		x.At = o.Duration("at", 0, 0)
	}
	switch kind {
	case ExpectNotify:
		r.notifyLine(o, &x, c)
	case ExpectRun, ExpectUndo:
		x.Run, x.Name = o.Text(kind.String()), o.Text("name")
		x.Result = r.word(o, "result", "started", resultWords())
		x.Track, x.Tier = o.Text("track"), o.Text("tier")
		if o.Node("subjects") != nil {
			k := o.Int("subjects", 0, 0, 1_000_000)
			x.Subjects = &k
		}
	case ExpectStatus:
		x.Status, x.Track = r.word(o, "status", "", statusWords()), o.Text("track")
	case ExpectGate:
		x.Gate, x.Decision = o.Text("gate"), r.decision(o)
	case ExpectCheck:
		x.Operation, x.Subject, x.Decision = o.Text("check"), o.Scalar("subject"), r.decision(o)
	case ExpectRecord:
		x.Record = r.record(o)
	}
	o.Done()
	return x
}

// lineKind finds the one field that says what a line is about.
func (r *reader) lineKind(n *policy.Node, at string) (kind ExpectKind, ok bool) {
	var found []string
	for k := range numExpectKinds {
		if n.Field(expectNames[k]) != nil {
			kind = k
			found = append(found, expectNames[k])
		}
	}
	switch {
	case n.Kind != policy.NodeMap: // said already
	case len(found) == 1:
		return kind, true
	case len(found) > 1:
		r.Fault(n, at, fmt.Sprintf("the line is about %s; write a line for each", strings.Join(found, " and ")))
	default:
		for _, f := range n.Fields {
			if f.Name == "at" || f.Name == "between" || f.Name == "key" || f.Name == "description" {
				continue
			}
			r.FaultNear(&policy.Node{Line: f.Line, Column: f.Column}, at+"."+f.Name,
				fmt.Sprintf("the line expects nothing that is known: it needs one of %s", strings.Join(expectNames[:], " ")), f.Name, expectNames[:])
			return 0, false
		}
		r.Fault(n, at, fmt.Sprintf("the line expects nothing: it needs one of %s", strings.Join(expectNames[:], " ")))
	}
	return 0, false
}

// quiet reads {between: [a, b], quiet: true}; or {at: a, quiet: true}, which is
// about that instant alone.
func (r *reader) quiet(o *policy.Object, x *Expect) {
	if n := o.Node("quiet"); n.Kind != policy.NodeBool || n.Text != "true" {
		r.Fault(n, o.Path("quiet"), "\"quiet\" can only be true; list what is to happen instead")
	}
	if o.Node("at") != nil {
		at := o.Duration("at", 0, 0)
		x.At, x.Until = at-time.Microsecond, at+time.Microsecond
		return
	}
	between := o.Need("between")
	if between == nil {
		return
	}
	items, ok := r.List(between, o.Path("between"))
	if ok && len(items) != 2 {
		r.Fault(between, o.Path("between"), fmt.Sprintf("\"between\" has %d instants; it is [FROM, UNTIL]", len(items)))
		return
	}
	if !ok {
		return
	}
	x.At, _ = r.Duration(items[0], o.Path("between")+"[0]")
	x.Until, _ = r.Duration(items[1], o.Path("between")+"[1]")
	if x.Until <= x.At {
		r.Fault(between, o.Path("between"), fmt.Sprintf("nothing lies between %s and %s", x.At, x.Until))
	}
}

func (r *reader) notifyLine(o *policy.Object, x *Expect, c *Case) {
	x.To = o.Texts("notify")
	if len(x.To) == 0 {
		r.Fault(o.Node("notify"), o.Path("notify"), "\"notify\" lists nobody; {between: […], quiet: true} says that nobody is told")
	}
	for i, who := range x.To {
		r.checkTold(o, i, who, c)
	}
	x.Via, x.Track, x.Tier = o.Text("via"), o.Text("track"), o.Text("tier")
	x.Target = o.Text("target")
	x.Pass, x.Count, x.Bundle = o.Int("pass", 0, 1, 1000), o.Int("count", 0, 1, 1_000_000), o.Int("bundle", 0, 1, 1_000_000)
	if n := o.Node("delivered"); n != nil {
		v, _ := r.Bool(n, o.Path("delivered"))
		x.Delivered = &v
	}
	if word := r.word(o, "reason", "", reasonWords()); word != "" {
		reason, _ := policy.ParseReason(word)
		x.Reason = &reason
	}
	if word := r.word(o, "kind", "", kindWords()); word != "" {
		x.Message, _ = notify.ParseKind(word)
	}
}

// checkTold refuses names that no message can go to: such a line could never
// hold, and for the wrong reason.
func (r *reader) checkTold(o *policy.Object, i int, who string, c *Case) {
	if slices.Contains(c.Given.LastResort, who) {
		return
	}
	at := fmt.Sprintf("%s[%d]", o.Path("notify"), i)
	n := o.Node("notify").Items[i]
	t, err := policy.ParseTarget(who)
	switch {
	case err != nil:
		r.Fault(n, at, err.Error()+"; the last resort is "+strings.Join(c.Given.LastResort, ", "))
	case t.Kind != policy.TargetUser && t.Kind != policy.TargetChannel:
		r.Fault(n, at, fmt.Sprintf("%q is not told itself: \"notify\" lists the people it resolved to, as user:, and channels", who))
	}
}

// word reads a field that must be one of words; def when absent.
func (r *reader) word(o *policy.Object, name, def string, words []string) string {
	if i := o.Enum(name, -1, words...); i >= 0 {
		return words[i]
	}
	return def
}

func (r *reader) decision(o *policy.Object) string {
	o.Need("decision")
	return r.word(o, "decision", "", []string{"allow", "hold", "deny"})
}

// record reads the subset of a record that a line wants.
func (r *reader) record(o *policy.Object) []field {
	n := o.Node("record")
	rec := r.Object(n, o.Path("record"), "\"record\"")
	var out []field
	for _, name := range recordFields {
		if v := rec.Node(name); v != nil {
			out = append(out, field{name, v})
		}
	}
	rec.Done()
	if n.Kind == policy.NodeMap && len(out) == 0 {
		r.Fault(n, o.Path("record"), "\"record\" names no field, so any record would do")
	}
	if e := n.Field("event"); e != nil && !slices.Contains(recordEvents(), e.Text) {
		r.FaultNear(e, o.Path("record")+".event", fmt.Sprintf("no record has the event %q", e.Text), e.Text, recordEvents())
	}
	return out
}

// recordFields are the fields of a record that a test may name.
var recordFields = [...]string{
	"event", "verdict", "reason", "by", "key", "track", "tier", "pass", "target", "to", "via", "passed_over", "waited",
	"deadline", "margin", "at", "from", "until", "policy", "priority", "assumed", "gate", "action", "subject", "operation",
	"decision", "count", "late",
	// What records carry beyond the list above.
	"incarnation", "seq", "kind", "result", "status", "outcome", "review", "stage", "name", "text", "severity", "subjects", "id",
}

func recordEvents() []string {
	var out []string
	for k := escalation.EventTrigger; k <= escalation.EventTick; k++ {
		out = append(out, k.String())
	}
	for k := escalation.EffectNotify; k <= escalation.LineStatus; k++ {
		out = append(out, k.String())
	}
	return append(out, string(VerbLoad), string(VerbStopActions), string(VerbReleaseActions))
}

func resultWords() []string { return []string{"started", "held", "refused", "done", "failed"} }

func statusWords() []string {
	var out []string
	for s := escalation.StatusPending; s <= escalation.StatusWaiting; s++ {
		out = append(out, s.String())
	}
	// A track that climbs makes its alert triggered.
	return append(out, trackClimbing)
}

const trackClimbing = "climbing"

func reasonWords() []string {
	var out []string
	for i := policy.ReasonInitial; i <= policy.ReasonLastResort; i++ {
		out = append(out, i.String())
	}
	return out
}

func kindWords() []string {
	var out []string
	for k := notify.KindPage; k <= notify.KindLastResort; k++ {
		out = append(out, k.String())
	}
	return out
}
