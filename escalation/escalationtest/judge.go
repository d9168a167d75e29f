package escalationtest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// answer is what a probe found: the status, the decision, or why there is none.
type answer struct {
	text string
	why  string // "" when there is an answer
}

// verdict is what became of a case.
type verdict struct {
	failures []failure
	// By thing of the timeline: listed by a line, or a fault by itself.
	listed, unexpected map[int]bool
	// By line: it does not hold.
	missed map[int]bool
}

// failure is one reason why a case fails.
type failure struct {
	at   time.Duration
	line int // in the file; 0: of no line
	text string
}

// judge compares what happened with what the lines say.
func (c *Case) judge(t *Timeline, probes map[int]answer) *verdict {
	j := &judging{
		Case: c, t: t, probes: probes,
		verdict: &verdict{listed: map[int]bool{}, unexpected: map[int]bool{}, missed: map[int]bool{}},
	}
	for _, at := range c.instants() {
		j.messages(at)
		j.actions(at, ExpectRun, SeenRun)
		j.actions(at, ExpectUndo, SeenUndo)
	}
	for i := range c.Lines {
		switch x := &c.Lines[i]; x.Kind {
		case ExpectQuiet:
			j.quiet(i, x)
		case ExpectRecord:
			j.record(i, x)
		case ExpectStatus, ExpectGate, ExpectCheck:
			j.probe(i, x)
		}
	}
	if c.Strict {
		j.strict()
	}
	j.rejections()
	slices.SortStableFunc(j.failures, func(a, b failure) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.line, b.line))
	})
	return j.verdict
}

// judging is one comparison.
type judging struct {
	*Case
	*verdict
	t      *Timeline
	probes map[int]answer
}

// instants lists the instants of the lines that consume something.
func (c *Case) instants() []time.Duration {
	var out []time.Duration
	for i := range c.Lines {
		switch c.Lines[i].Kind {
		case ExpectNotify, ExpectRun, ExpectUndo:
			out = append(out, c.Lines[i].At)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func (j *judging) fail(line int, at time.Duration, format string, args ...any) {
	f := failure{at: at, text: fmt.Sprintf(format, args...)}
	if line >= 0 {
		f.line = j.Lines[line].Line
		j.missed[line] = true
	}
	j.failures = append(j.failures, f)
}

// at lists the things of an instant.
func (j *judging) at(at time.Duration, types ...SeenType) []had {
	var out []had
	for i := range j.t.Seen {
		if s := &j.t.Seen[i]; s.At == at && slices.Contains(types, s.Type) {
			out = append(out, had{seen: i})
		}
	}
	return out
}

func (j *judging) isStrict(h had) bool { return j.t.Seen[h.seen].strict() }

// messages gives the messages of an instant to the lines that list them.
func (j *judging) messages(at time.Duration) {
	var things []had
	for _, h := range j.at(at, SeenNotify) {
		if j.t.Seen[h.seen].Kind != notify.KindLastResort {
			things = append(things, h)
			continue
		}
		for _, name := range j.Given.LastResort {
			things = append(things, had{h.seen, name})
		}
	}
	fits := func(w want, h had) bool { return j.Lines[w.line].fitsNotify(w, &j.t.Seen[h.seen], h.to) }
	a := assign(j.wantsAt(at, false, ExpectNotify), things, j.isStrict, fits)
	if slices.Contains(a.got, -1) {
		if b := assign(j.wantsAt(at, true, ExpectNotify), things, j.isStrict, fits); !slices.Contains(b.got, -1) {
			a = b
		}
	}
	for i, w := range a.wants {
		if a.got[i] >= 0 {
			j.listed[a.had[a.got[i]].seen] = true
			continue
		}
		x := &j.Lines[w.line]
		j.fail(w.line, at, "%s was not told as the line says: %s", x.To[w.who], j.nearest(x, x.To[w.who]))
	}
}

// nearest says how close a message came to what a line lists.
func (j *judging) nearest(x *Expect, who string) string {
	var same []string
	best, found := 0, false
	for i := range j.t.Seen {
		s := &j.t.Seen[i]
		if s.Type != SeenNotify || !x.about(s) || !j.names(s, who) {
			continue
		}
		if s.At != x.At {
			if !found || (s.At-x.At).Abs() < (j.t.Seen[best].At-x.At).Abs() {
				best, found = i, true
			}
			continue
		}
		if d := x.narrows(s); d != "" {
			same = append(same, fmt.Sprintf("another %s (%s)", d, s))
		} else {
			same = append(same, "that message is listed by another line")
		}
	}
	switch {
	case len(same) > 0:
		return strings.Join(same, "; ")
	case found:
		s := &j.t.Seen[best]
		return fmt.Sprintf("told at %s, not at %s (%s)", s.At, x.At, s)
	}
	return "never told"
}

func (j *judging) names(s *Seen, who string) bool {
	return s.To == who || s.Kind == notify.KindLastResort && slices.Contains(j.Given.LastResort, who)
}

// actions gives the steps of actions of an instant to the lines that list them.
func (j *judging) actions(at time.Duration, kind ExpectKind, typ SeenType) {
	a := assign(j.wantsAt(at, false, kind), j.at(at, typ), j.isStrict,
		func(w want, h had) bool { return j.Lines[w.line].fitsRun(&j.t.Seen[h.seen]) })
	for i, w := range a.wants {
		if a.got[i] >= 0 {
			j.listed[a.had[a.got[i]].seen] = true
			continue
		}
		x := &j.Lines[w.line]
		j.fail(w.line, at, "%s of %s was not %s: %s", kind, x.Run, x.Result, j.nearestRun(x, typ))
	}
}

func (j *judging) nearestRun(x *Expect, typ SeenType) string {
	var found []string
	for i := range j.t.Seen {
		if s := &j.t.Seen[i]; s.Type == typ && s.Run == x.Run && x.about(s) {
			found = append(found, fmt.Sprintf("%s at %s (%d subjects)", s.Result, s.At, s.Subjects))
		}
	}
	if len(found) == 0 {
		return "nothing came of it"
	}
	return strings.Join(found, ", ")
}

// quiet holds where nothing that a strict test must list lies strictly inside.
func (j *judging) quiet(i int, x *Expect) {
	for k := range j.t.Seen {
		if s := &j.t.Seen[k]; s.strict() && s.At > x.At && s.At < x.Until && x.about(s) {
			j.unexpected[k] = true
			j.fail(i, s.At, "not quiet between %s and %s: %s", x.At, x.Until, s)
		}
	}
}

// record holds where some line of a record at that instant has every field. It
// consumes nothing: a record is a fact that several lines may state.
func (j *judging) record(i int, x *Expect) {
	var near []string
	for k := range j.t.Seen {
		s := &j.t.Seen[k]
		if !s.recorded() || s.At != x.At || !x.about(s) {
			continue
		}
		if x.states(s, j.Start) {
			j.listed[k] = true
			return
		}
		if e := x.field("event"); e == "" || e == s.Event {
			near = append(near, s.String())
		}
	}
	if len(near) == 0 {
		j.fail(i, x.At, "no such record: %s", x.Text)
		return
	}
	j.fail(i, x.At, "no such record: %s; there is %s", x.Text, strings.Join(near, "; "))
}

// states reports whether a record has every field of the line. What throws the
// kill switch is a note that has the verb as its name, and goes by either.
func (x *Expect) states(s *Seen, start policy.Instant) bool {
	fields := s.Fields()
	if verb := x.field("event"); s.Event == escalation.EventNote.String() && verb != "" && verb == fields["name"] {
		fields = maps.Clone(fields)
		fields["event"] = verb
	}
	return matchFields(x.Record, fields, start)
}

// field is the text of a field that a record line wants; "" when it does not.
func (x *Expect) field(name string) string {
	for _, f := range x.Record {
		if f.name == name {
			return f.value.Text
		}
	}
	return ""
}

// probe compares the state at the end of an instant.
func (j *judging) probe(i int, x *Expect) {
	got := j.probes[i]
	want, what := x.Decision, "gate "+x.Gate
	switch x.Kind {
	case ExpectStatus:
		want, what = x.Status, "the alert"
		if x.Track != "" {
			what = "track " + x.Track
		}
	case ExpectCheck:
		what = "check of " + x.Operation
	}
	switch {
	case got.why != "":
		j.fail(i, x.At, "%s is not %s: %s", what, want, got.why)
	case got.text != want:
		j.fail(i, x.At, "%s is %s, not %s", what, got.text, want)
	}
}

// strict finds what no line lists. The end of the test is excluded, as every
// interval's is.
func (j *judging) strict() {
	for k := range j.t.Seen {
		s := &j.t.Seen[k]
		if !s.strict() || j.listed[k] || j.unexpected[k] || s.At >= j.Until {
			continue
		}
		j.unexpected[k] = true
		j.fail(-1, s.At, "no line lists this: %s%s", s, keyNote(s))
	}
}

func keyNote(s *Seen) string {
	if s.Key == "" {
		return ""
	}
	return " of " + s.name()
}

// rejections finds events that the machine did not permit and that no line
// expects.
func (j *judging) rejections() {
	for k := range j.t.Seen {
		s := &j.t.Seen[k]
		if s.Verdict != escalation.Rejected.String() || s.Event == escalation.EventReport.String() {
			continue
		}
		if !slices.ContainsFunc(j.Lines, func(x Expect) bool { return j.expects(&x, s) }) {
			j.unexpected[k] = true
			j.fail(-1, s.At, "the machine did not permit this, and no record line expects it: %s", s)
		}
	}
}

// expects reports whether the line says that the event is rejected.
func (j *judging) expects(x *Expect, s *Seen) bool {
	return x.Kind == ExpectRecord && x.At == s.At && x.about(s) &&
		(x.field("verdict") != "" || x.field("reason") != "") && x.states(s, j.Start)
}
