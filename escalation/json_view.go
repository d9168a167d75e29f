package escalation

import (
	"encoding/hex"
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// StateView is a state with names, for tools and people. Its JSON leaves out
// what is empty; texts are as in [Line]. Fields are only ever added.
type StateView struct {
	Key         string `json:"key"`
	Incarnation uint64 `json:"incarnation"`
	Seq         uint64 `json:"seq"`
	Rev         uint16 `json:"rev"`
	Status      string `json:"status"`
	Document    string `json:"document,omitempty"` // digest, in hexadecimal
	Policy      string `json:"policy,omitempty"`

	Subject     string `json:"subject,omitempty"`
	Kind        string `json:"kind,omitempty"`
	Summary     string `json:"summary,omitempty"`
	Severity    string `json:"severity,omitempty"`
	Criticality string `json:"criticality,omitempty"`
	BlastRadius string `json:"blast_radius,omitempty"`
	Priority    string `json:"priority,omitempty"`
	Count       int    `json:"count,omitempty"`

	Opened   string `json:"opened,omitempty"`
	LastSeen string `json:"last_seen,omitempty"`
	At       string `json:"at,omitempty"`  // of the last event
	Due      string `json:"due,omitempty"` // the next deadline of the machine
	Grace    string `json:"grace,omitempty"`
	Resolved string `json:"resolved,omitempty"`
	Verified bool   `json:"verified,omitempty"`
	Reopened bool   `json:"reopened,omitempty"`
	By       string `json:"resolved_by,omitempty"`
	Outcome  string `json:"outcome,omitempty"`

	Tracks    []TrackView    `json:"tracks,omitempty"`
	Deadlines []DeadlineView `json:"deadlines,omitempty"`
	Gates     []GateView     `json:"gates,omitempty"`
	Actions   []ActionView   `json:"actions,omitempty"`
	Reviews   []ReviewView   `json:"reviews,omitempty"`
	Silences  []SilenceView  `json:"silences,omitempty"`
	Evidence  []string       `json:"evidence,omitempty"`
}

// TrackView is a track with names.
type TrackView struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Tier   string `json:"tier,omitempty"`
	Pass   int    `json:"pass,omitempty"`
	Since  string `json:"since,omitempty"` // due instant of the current tier
	Until  string `json:"until,omitempty"` // end of its wait
	// Acknowledged is who has acknowledged, until when that holds AckUntil.
	Acknowledged []string `json:"acknowledged,omitempty"`
	AckUntil     string   `json:"ack_until,omitempty"`
	Declined     []string `json:"declined,omitempty"`
	SnoozedUntil string   `json:"snoozed_until,omitempty"`
	// Told is who was told in this pass.
	Told []string `json:"told,omitempty"`
}

// DeadlineView is a deadline with its name.
type DeadlineView struct {
	Name   string `json:"name"`
	At     string `json:"at,omitempty"` // empty: its anchor has not happened
	Met    bool   `json:"met,omitempty"`
	Missed bool   `json:"missed,omitempty"`
}

// GateView is a gate as it answers at the instant of the last event.
type GateView struct {
	Name       string   `json:"name"`
	Operations []string `json:"operations,omitempty"`
	Decision   string   `json:"decision"`
	Closes     string   `json:"closes,omitempty"`
	Until      string   `json:"until,omitempty"` // the end of its opening
}

// ActionView is an action with its names.
type ActionView struct {
	Name  string `json:"name"`
	Run   string `json:"run,omitempty"`
	Phase string `json:"phase"`
	At    string `json:"at,omitempty"`
	Done  string `json:"done,omitempty"`
}

// ReviewView is a review with names.
type ReviewView struct {
	Of        string     `json:"of"` // gate, action, undo, access
	Name      string     `json:"name"`
	Status    string     `json:"status"` // pending, granted or ended
	Requester string     `json:"requester,omitempty"`
	Ask       string     `json:"ask,omitempty"`
	At        string     `json:"at,omitempty"`
	Until     string     `json:"until,omitempty"`
	Answer    string     `json:"answer,omitempty"`
	Voters    []string   `json:"voters,omitempty"`
	Votes     []VoteView `json:"votes,omitempty"`
}

// VoteView is one person's vote.
type VoteView struct {
	By    string `json:"by"`
	Stage string `json:"stage,omitempty"`
	Vote  string `json:"vote"`
	At    string `json:"at"`
}

// SilenceView is a silence that holds over the alert.
type SilenceView struct {
	Name  string `json:"name"`
	Until string `json:"until,omitempty"`
}

// View returns s with the names of doc, the document that it is pinned to. What
// doc has no name for is shown by its number. Nothing of s is kept but texts.
func View(doc *policy.Document, s *State) StateView {
	n := namesOf(doc, s)
	v := StateView{
		Key: s.Key, Incarnation: s.Incarnation, Seq: s.Seq, Rev: s.Rev, Status: s.Status.String(), Policy: n.policy(),
		Severity: string(policy.SeverityAt(s.Severity)), Criticality: string(policy.CriticalityAt(s.Criticality)),
		BlastRadius: string(policy.BlastRadiusAt(s.BlastRadius)), Priority: string(policy.PriorityAt(s.Priority)),
		Subject: n.subject(), Count: s.Count, Verified: s.Verified, Reopened: s.Reopened,
	}
	if s.Alert != nil {
		v.Kind, v.Summary = string(s.Alert.Kind), s.Alert.Summary
	}
	if s.Document != (policy.Digest{}) {
		v.Document = hex.EncodeToString(s.Document[:])
	}
	if s.Status == StatusNone {
		return v // not opened: its instants mean nothing
	}
	v.Opened, v.LastSeen, v.At = instantText(s.Opened), instantText(s.LastSeen), instantText(s.At)
	v.Due, v.Grace, v.Resolved = instantText(s.Due), instantText(s.Grace), instantText(s.Resolved)
	more := rareOf(s)
	v.By, v.Outcome, v.Evidence = more.ResolvedBy.Principal.String(), more.Outcome, slices.Clone(more.Evidence)
	for i := range s.Tracks {
		v.Tracks = append(v.Tracks, n.viewTrack(i))
	}
	for i := range s.Deadlines {
		d := &s.Deadlines[i]
		if !d.At.Known() && bypassReview(doc, s, i) {
			continue // it is another kind of alert's
		}
		v.Deadlines = append(v.Deadlines, DeadlineView{Name: n.deadline(i), At: instantText(d.At), Met: d.Met, Missed: d.Missed})
	}
	for i := range s.Gates {
		v.Gates = append(v.Gates, n.viewGate(i))
	}
	for i := range s.Actions {
		a := &s.Actions[i]
		v.Actions = append(v.Actions, ActionView{
			Name: n.action(i), Run: n.run(i), Phase: enumName(phaseNames[:], a.Phase), At: instantText(a.At), Done: instantText(a.DoneAt),
		})
	}
	for i := range more.Reviews {
		v.Reviews = append(v.Reviews, n.viewReview(&more.Reviews[i]))
	}
	for _, q := range more.Silences {
		v.Silences = append(v.Silences, SilenceView{Name: q.Name, Until: instantText(q.Until)})
	}
	return v
}

var (
	phaseNames    = [...]string{"idle", "started", "held", "done", "failed", "undone", "undoing", "planned"}
	reviewOfNames = [...]string{"gate", "action", "undo", "access"}
)

func (n *names) viewTrack(i int) TrackView {
	t := &n.s.Tracks[i]
	v := TrackView{
		Name: n.track(i), Status: t.Status.String(), Tier: n.tier(i, int(t.Tier)), Pass: int(t.Pass),
		AckUntil: instantText(t.AckEnd), SnoozedUntil: instantText(t.Snooze),
	}
	if t.Tier != NoTier {
		v.Since, v.Until = instantText(t.Start), instantText(t.End)
	}
	for _, a := range rareOf(n.s).Acks {
		if int(a.Track) == i {
			v.Acknowledged = append(v.Acknowledged, a.Who.String())
		}
	}
	for _, d := range rareOf(n.s).Declined {
		if int(d.Track) == i {
			v.Declined = append(v.Declined, d.Who.String())
		}
	}
	for j := range n.s.Contacts {
		c := &n.s.Contacts[j]
		if who, track := n.contact(c); c.Told && track == i && !slices.Contains(v.Told, who) {
			v.Told = append(v.Told, who)
		}
	}
	return v
}

// contact is who a contact is, and on which track; -1 when its indexes lead
// nowhere.
func (n *names) contact(c *Contact) (who string, track int) {
	if c.Entry < 0 || int(c.Entry) >= len(n.s.Entries) {
		return "", -1
	}
	e := &n.s.Entries[c.Entry]
	if e.Lists == nil || c.Target < 0 || int(c.Target) >= len(e.Lists.Rosters) {
		return "", -1
	}
	roster := e.Lists.Rosters[c.Target]
	if c.Who < 0 || int(c.Who) >= len(roster) {
		return "", -1
	}
	return roster[c.Who].To.String(), int(e.Track)
}

func (n *names) viewGate(i int) GateView {
	g := &n.s.Gates[i]
	v := GateView{Name: n.gate(i), Closes: instantText(g.Close), Until: instantText(g.Until), Decision: Deny.String()}
	if n.p != nil && i < len(n.p.Gates) {
		v.Operations = slices.Clone(n.p.Gates[i].Operations)
		v.Decision = GateDecision(n.doc, n.s, i, n.s.At).String()
	}
	return v
}

func (n *names) viewReview(r *ReviewState) ReviewView {
	v := ReviewView{
		Of: enumName(reviewOfNames[:], r.Of), Status: "ended", Requester: r.Requester.Principal.String(), Ask: r.Ask,
		At: instantText(r.At), Until: instantText(r.Within), Answer: r.Answer, Voters: targetNames(r.Voters),
	}
	switch {
	case r.Pending:
		v.Status = "pending"
	case r.Granted:
		v.Status = "granted"
	}
	switch r.Of {
	case ReviewGate:
		v.Name = n.gate(int(r.Index))
	case ReviewAction, ReviewUndo:
		v.Name = n.action(int(r.Index))
	case ReviewAccess:
		v.Name = n.review(int(r.Index))
	}
	stages := n.stages(r)
	for _, vote := range r.Votes {
		stage := ""
		if vote.Stage >= 0 && int(vote.Stage) < len(stages) {
			stage = stages[vote.Stage].Name
		}
		v.Votes = append(v.Votes, VoteView{By: vote.Who.String(), Stage: stage, Vote: vote.Answer, At: instantText(vote.At)})
	}
	return v
}

// stages is the stages of a review in the governing policy.
func (n *names) stages(r *ReviewState) []policy.Stage {
	if n.p == nil || r.Index < 0 {
		return nil
	}
	var spec *policy.Review
	switch i := int(r.Index); {
	case r.Of == ReviewGate && i < len(n.p.Gates):
		spec = n.p.Gates[i].Review
	case r.Of == ReviewAction && i < len(n.p.Actions):
		spec = n.p.Actions[i].Approve
	case r.Of == ReviewUndo && i < len(n.p.Actions) && n.p.Actions[i].Undo != nil:
		spec = n.p.Actions[i].Undo.Approve
	case r.Of == ReviewAccess && i < len(n.p.Reviews):
		spec = &n.p.Reviews[i]
	}
	if spec == nil {
		return nil
	}
	return spec.Stages
}

// bypassReview reports whether a deadline is that of the review of a break-glass.
func bypassReview(doc *policy.Document, s *State, i int) bool {
	if doc == nil || s.Policy < 0 || s.Policy >= len(doc.Policies) || doc.Policies[s.Policy] == nil {
		return false
	}
	deadlines := doc.Policies[s.Policy].Deadlines
	return i < len(deadlines) && deadlines[i].At.On(policy.AnchorBypassReview)
}
