package audit

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// teller makes a report of an alert's entries.
type teller struct {
	rep       *Report
	documents []*policy.Document

	doc   *policy.Document
	state escalation.State
	lost  string // why the state is not known any more; "": it is

	messages map[escalation.EffectID]int // index in rep.Told
	late     time.Duration
}

func newTeller(rep *Report, documents [][]byte) *teller {
	t := &teller{rep: rep, messages: map[escalation.EffectID]int{}}
	for _, text := range documents {
		// A document that this build cannot read costs the report its names.
		if doc, err := policy.Parse("document", text); err == nil {
			t.documents = append(t.documents, doc)
		}
	}
	return t
}

func (t *teller) tell(entries []Entry) {
	records := make([]*escalation.Record, len(entries))
	for i := range entries {
		e := &entries[i]
		if e.Erased {
			t.rep.Erased = append(t.rep.Erased, Erasure{e.Seq, policy.Instant(e.At).String(), escalation.EventKind(e.Kind).String(), e.Sum})
			t.rep.Integrity.Erased++
			continue
		}
		if r, err := escalation.DecodeRecord(e.Body); err == nil {
			records[i] = &r
		}
	}
	t.begin(records)
	for i, r := range records {
		if r == nil {
			t.unread(&entries[i])
			continue
		}
		t.step(r)
		t.record(r)
	}
	t.rep.Integrity.Replayed, t.rep.Integrity.Note = t.lost == "", t.lost
	t.finish()
}

// begin finds the document that the alert opened under: of those with the policy
// that the first record names, the one under which the machine gives most of the
// history again.
func (t *teller) begin(records []*escalation.Record) {
	t.state = escalation.State{Key: t.rep.Key, Incarnation: t.rep.Incarnation}
	most := -1
	for _, doc := range t.documents {
		if records[0] == nil || policyOf(doc, records[0].Policy) < 0 {
			continue
		}
		probe := teller{doc: doc, documents: t.documents, state: t.state}
		n := 0
		for ; n < len(records) && records[n] != nil; n++ {
			if probe.replay(records[n]); probe.lost != "" {
				break
			}
		}
		if n > most {
			t.doc, most = doc, n
		}
	}
	if t.doc == nil && records[0] != nil {
		t.lost = "the document that the alert opened under is not in the export"
	}
}

// policyOf is the index of the policy with a digest; -1: the document has none.
func policyOf(doc *policy.Document, d policy.Digest) int {
	return slices.IndexFunc(doc.Policies, func(p *policy.Policy) bool { return p.Digest == d })
}

// unread tells of an entry whose record is gone.
func (t *teller) unread(e *Entry) {
	at, kind := policy.Instant(e.At).String(), escalation.EventKind(e.Kind).String()
	what := "its record cannot be read by this build"
	if e.Erased {
		what = "erased"
	}
	if t.lost == "" {
		t.lost = "record " + strconv.FormatUint(e.Seq, 10) + ": " + what
	}
	t.rep.Record = append(t.rep.Record, at+" "+kind+": "+what)
}

// step moves the state past a record.
func (t *teller) step(r *escalation.Record) {
	if t.lost == "" {
		t.replay(r)
	}
	if t.lost != "" {
		t.guess(r)
	}
}

// replay has the machine give the record again.
func (t *teller) replay(r *escalation.Record) {
	state, err := escalation.Replay(t.doc, t.state, slices.Values([]escalation.Record{*r}), t.documents...)
	if err != nil {
		t.lost = err.Error()
		return
	}
	t.state = state
	if state.Document != t.doc.Digest {
		for _, doc := range t.documents {
			if doc.Digest == state.Document {
				t.doc = doc
			}
		}
	}
}

// guess makes of the record's policy a state that has the names of its indexes,
// as far as tracks were not added.
func (t *teller) guess(r *escalation.Record) {
	if t.doc == nil || policyOf(t.doc, r.Policy) < 0 {
		for _, doc := range t.documents {
			if policyOf(doc, r.Policy) >= 0 {
				t.doc = doc
				break
			}
		}
	}
	if t.doc == nil {
		return
	}
	p := policyOf(t.doc, r.Policy)
	if p < 0 || t.state.Status != escalation.StatusNone && t.state.Policy == p && len(t.state.Tracks) > 0 {
		return
	}
	t.state.Policy, t.state.Status = p, escalation.StatusTriggered
	t.state.Tracks = nil
	for i := range t.doc.Policies[p].Tracks {
		t.state.Tracks = append(t.state.Tracks, escalation.Track{Policy: int16(p), Index: int16(i), Tier: escalation.NoTier})
	}
}

// record adds what a record says to the report.
func (t *teller) record(r *escalation.Record) {
	lines := escalation.Lines(t.doc, &t.state, r)
	for i := range lines {
		at := r.Event.At
		if i > 0 {
			at = r.Effects[i-1].At
		}
		t.rep.Record = append(t.rep.Record, at.String()+" "+lines[i].String())
	}
	t.governed(r, &lines[0])
	t.event(r, &lines[0])
	for i := range r.Effects {
		t.effect(r, &r.Effects[i], &lines[i+1], &lines[0])
	}
}

// governed notes the policy of a record, where it is another.
func (t *teller) governed(r *escalation.Record, l *escalation.Line) {
	digest := Hash(r.Policy).String()
	if n := len(t.rep.Policies); n > 0 && t.rep.Policies[n-1].Digest == digest {
		return
	}
	name := l.Policy
	if t.doc != nil {
		if p := policyOf(t.doc, r.Policy); p >= 0 {
			name = t.doc.Policies[p].Name
		}
	}
	t.rep.Policies = append(t.rep.Policies, PolicyUsed{name, digest, r.Event.At.String()})
}

// event adds what somebody did, or what became of an effect.
func (t *teller) event(r *escalation.Record, l *escalation.Line) {
	ev := &r.Event
	if ev.Down != nil {
		t.rep.Gaps = append(t.rep.Gaps, Gap{ev.Down.From.String(), ev.Down.To.String()})
	}
	switch ev.Kind {
	case escalation.EventTick:
		return
	case escalation.EventReport:
		t.report(r, l)
		return
	case escalation.EventTrigger:
		t.subject(ev.Alert)
	}
	act := Act{
		Seq: r.Seq, At: ev.At.String(), What: l.Event, By: l.By, Behind: l.Behind, Verdict: l.Verdict,
		About: about(l), Words: strings.Join(slices.DeleteFunc([]string{l.Words, l.Text, l.Outcome, ev.Ask}, func(s string) bool { return s == "" }), "; "),
	}
	if r.Verdict.Reason != escalation.VerdictNone {
		act.Reason = r.Verdict.Reason.String()
	}
	t.rep.Acts = append(t.rep.Acts, act)
	if r.Verdict.Kind != escalation.Applied {
		t.rep.Refused = append(t.rep.Refused, act)
	}
	switch ev.Kind {
	case escalation.EventRequest, escalation.EventVote, escalation.EventUse, escalation.EventBreakGlass:
		t.rep.Reviews = append(t.rep.Reviews, Review{
			At: act.At, Review: firstText(l.Review, l.Gate, l.Action), What: l.Event, By: l.By, Stage: l.Stage, Vote: l.Vote, Verdict: l.Verdict, Reason: act.Reason,
		})
	}
}

// about is what an event is about, in words.
func about(l *escalation.Line) string {
	var parts []string
	for _, p := range [...]struct{ name, text string }{
		{"track", l.Track},
		{"tier", l.Tier},
		{"gate", l.Gate},
		{"action", l.Action},
		{"review", l.Review},
		{"stage", l.Stage},
		{"vote", l.Vote},
		{"evidence", l.Evidence},
		{"silence", l.Name},
		{"to", l.To},
		{"for", l.For},
		{"severity", l.Severity},
	} {
		if p.text != "" && (p.name != "severity" || l.Event != "trigger") {
			parts = append(parts, p.name+" "+p.text)
		}
	}
	return strings.Join(parts, ", ")
}

// tellDeeds adds what is kept of the alert's actions.
func (t *teller) tellDeeds(entries []Entry) {
	for i := range entries {
		e := &entries[i]
		at := policy.Instant(e.At).String()
		_, action, _ := strings.Cut(strings.TrimPrefix(e.Name(), deedPrefix+t.rep.Key+"#"), "/")
		r, err := escalation.DecodeRecord(e.Body)
		switch {
		case e.Erased:
			t.rep.Erased = append(t.rep.Erased, Erasure{e.Seq, at, "of action " + action, e.Sum})
		case err == nil && r.Event.Text != "":
			t.rep.Deeds = append(t.rep.Deeds, Deed{at, action, strings.TrimRight(r.Event.Text, ": ")})
		}
	}
}

// subject takes what a trigger says of the alert.
func (t *teller) subject(a *policy.Alert) {
	t.rep.Alert.Triggers++
	if a == nil {
		return
	}
	if t.lost == "" && t.state.Alert != nil {
		a = t.state.Alert // merged over its triggers
	}
	s := &t.rep.Alert
	s.Kind, s.Summary, s.Source, s.ThirdParty = string(a.Kind), a.Summary, a.Source, a.Identity.ThirdParty
	s.Identity, s.IdentityKind, s.Owner, s.Environment = a.Identity.ID, a.Identity.Kind, a.Identity.Owner.String(), a.Identity.Environment
	s.Severity, s.Criticality, s.BlastRadius = string(a.Severity), string(a.Identity.Criticality), string(a.BlastRadius)
	s.Labels, s.Parties = a.Labels, nil
	for _, p := range a.Parties {
		s.Parties = append(s.Parties, p.String())
	}
}

// finish fills in what the whole history comes to.
func (t *teller) finish() {
	if t.late > 0 {
		t.rep.Latest = t.late.String()
	}
	for i := range t.rep.Acts {
		if a := &t.rep.Acts[i]; a.Verdict == escalation.Applied.String() && a.What == escalation.EventTrigger.String() {
			t.rep.Opened = a.At
			break
		}
	}
	if t.lost != "" || t.state.Status == escalation.StatusNone {
		return
	}
	t.rep.Status, t.rep.Opened = t.state.Status.String(), t.state.Opened.String()
	if t.state.Resolved.Known() {
		t.rep.Resolved = t.state.Resolved.String()
	}
	s := &t.rep.Alert
	s.Severity, s.Criticality = string(policy.SeverityAt(t.state.Severity)), string(policy.CriticalityAt(t.state.Criticality))
	s.BlastRadius, s.Priority = string(policy.BlastRadiusAt(t.state.BlastRadius)), string(policy.PriorityAt(t.state.Priority))
}

// firstText is the first text that is not empty.
func firstText(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}
