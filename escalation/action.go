package escalation

import (
	"slices"
	"strings"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// openActions gives every action its instant.
func (m *machine) openActions() {
	for i := range m.p.Actions {
		a := ActionState{At: policy.Never, DoneAt: policy.Never}
		if at := m.p.Actions[i].At; at != nil && m.p.Actions[i].Mode != policy.ModeOff {
			a.At, _ = m.instant(m.p, at)
		}
		m.s.Actions = append(m.s.Actions, a)
	}
}

// permissive reports whether an anchor makes an action one that gives something
// back.
func permissive(a *policy.Anchor) bool {
	return a.On(policy.AnchorGate) || a.On(policy.AnchorResolved)
}

// actionWaits reports whether action i is still to come at its instant: after a
// resolve only what it, or a gate, brings about; and that only when verified.
func (m *machine) actionWaits(i int) bool {
	a := &m.s.Actions[i]
	if a.Phase != PhaseIdle || !a.At.Known() {
		return false
	}
	at := m.p.Actions[i].At
	if m.s.Resolved.Known() && (at == nil || !permissive(at)) {
		return false
	}
	if at != nil && m.s.Resolved.Known() && at.On(policy.AnchorResolved) {
		return m.s.Verified
	}
	return true
}

// actionsDue begins the actions that are due.
func (m *machine) actionsDue() {
	for i := range m.s.Actions {
		if m.s.Actions[i].At <= m.now && m.actionWaits(i) {
			m.runAction(i)
		}
	}
}

// runAction takes action i as far as it goes now: off, a dry run, refused by its
// guard, held, put to its voters, or started.
func (m *machine) runAction(i int) {
	a := &m.s.Actions[i]
	spec := &m.p.Actions[i]
	if a.Phase == PhaseStarted || spec.Mode == policy.ModeOff || strings.HasSuffix(m.s.Key, "/action/"+spec.Name) {
		a.At = policy.Never
		if a.Phase == PhaseIdle {
			a.Phase = PhaseHeld // off for good; nothing releases it
		}
		return
	}
	ok, known := m.permits(&spec.Guard)
	if !known {
		return
	}
	a.At = policy.Never
	switch {
	case !ok || m.revives(i):
		m.refuse(i)
	case spec.Mode == policy.ModeDryRun && m.heldBack():
		a.Phase = PhasePlanned // a real one would be held
		m.actionLine(i, ResultPlanned, policy.ReasonActionHeld)
	case spec.Mode == policy.ModeDryRun, m.granted(i):
		m.start(i)
	case spec.Mode == policy.ModeApprove:
		a.Phase = PhaseHeld
		m.actionLine(i, ResultHeld, policy.ReasonReviewPending)
		m.beginApproval(i, policy.ReasonReviewPending)
	case m.heldBack():
		a.Phase = PhaseHeld
		m.actionLine(i, ResultHeld, policy.ReasonActionHeld)
		if spec.Approve != nil {
			m.beginApproval(i, policy.ReasonActionHeld)
		} else {
			m.tellAction(i, policy.ReasonActionHeld)
		}
	default:
		m.start(i)
	}
}

// refuse ends action i before it began: told.
func (m *machine) refuse(i int) {
	m.s.Actions[i].Phase = PhaseFailed
	m.actionLine(i, ResultRefused, policy.ReasonActionRefused)
	m.tellAction(i, policy.ReasonActionRefused)
}

// revives reports whether action i would give back what an open leak is about.
func (m *machine) revives(i int) bool {
	at := m.p.Actions[i].At
	return at != nil && permissive(at) && m.leaked()
}

// leaked reports whether the secret of the alert's identity is known to have
// leaked, and nobody has said that this is over.
func (m *machine) leaked() bool {
	own := m.s.Alert.Kind == policy.SecretLeaked || slices.Contains(m.rare().Kinds, policy.SecretLeaked)
	return m.ev.Leaked || own && !m.s.Resolved.Known()
}

// granted reports whether people granted action i.
func (m *machine) granted(i int) bool {
	k := m.reviewOf(ReviewAction, i)
	return k >= 0 && m.s.More.Reviews[k].Granted
}

// refusedByVote reports whether action i waits for votes, or did not get them.
func (m *machine) refusedByVote(i int) bool {
	k := m.reviewOf(ReviewAction, i)
	return k >= 0 && !m.s.More.Reviews[k].Granted
}

// heldBack reports whether no automatic action may begin now.
func (m *machine) heldBack() bool { return m.silenced() || m.ev.Stopped || m.unnamed() }

// unnamed reports whether the alert's identity lacks what an automatic action
// must know of it.
func (m *machine) unnamed() bool {
	id := &m.s.Alert.Identity
	if id.ID == "" || id.Criticality == "" {
		return true
	}
	_, known := id.Criticality.Level()
	return !known
}

// start asks for the run of action i, or, dry, for what it would do.
func (m *machine) start(i int) {
	e := m.emit(EffectRun)
	e.Action, e.Result, e.Text = int16(i), ResultStarted, m.p.Actions[i].Run
	if m.p.Actions[i].Mode == policy.ModeDryRun {
		e.Result = ResultPlanned
	}
	a := &m.s.Actions[i]
	a.Phase, a.Effect, a.At = PhaseStarted, e.ID, policy.Never
}

// actionLine writes what became of an action.
func (m *machine) actionLine(i int, r Result, reason policy.Reason) *Effect {
	e := m.line(LineAction)
	e.Action, e.Result, e.Reason, e.Text = int16(i), r, reason, m.p.Actions[i].Run
	return e
}

// tellAction tells whom action i names, or the targets of the current tiers,
// that it did not come about.
func (m *machine) tellAction(i int, reason policy.Reason) {
	spec := &m.p.Actions[i]
	rs := spec.Tell
	if !spec.TellSet && len(rs) == 0 {
		rs = m.currentTargets()
	}
	if len(rs) == 0 {
		return
	}
	if lists, ok := m.lists(rs); ok {
		m.tellLists(lists, MessageNotice, reason, spec.Name)
	}
}

// currentTargets lists the targets of the tiers that the tracks stand on.
func (m *machine) currentTargets() []policy.Recipient {
	var rs []policy.Recipient
	for ti := range m.s.Tracks {
		t := &m.s.Tracks[ti]
		p, spec := m.spec(t)
		if t.Tier >= 0 && p.Name != policy.Unmatched {
			for _, r := range spec.Tiers[t.Tier].Notify {
				rs = append(rs, policy.Recipient{To: r.To})
			}
		}
	}
	if len(rs) > 0 {
		return rs
	}
	for ti := range m.s.Tracks { // nobody was told yet: the first tiers
		if _, spec := m.spec(&m.s.Tracks[ti]); len(spec.Tiers) > 0 {
			for _, r := range spec.Tiers[0].Notify {
				rs = append(rs, policy.Recipient{To: r.To})
			}
		}
	}
	return rs
}

// tellLists tells those in lists a message that is no page: over their first
// rules, the next at once where one fails.
func (m *machine) tellLists(l *Lists, kind MessageKind, reason policy.Reason, text string) {
	ei := m.addEntry(Entry{Track: -1, Tier: NoTier, Kind: kind, Reason: reason, Lists: l, At: m.now, Remind: policy.Never, Live: true, Text: text})
	n := 0
	for i := range l.Rosters {
		k, _ := m.addTarget(ei, i, true)
		n += k
	}
	for ci := range m.s.Contacts {
		c := &m.s.Contacts[ci]
		if int(c.Entry) != ei {
			continue
		}
		m.call(ci)
		if c = &m.s.Contacts[ci]; !c.Told && !c.Failed {
			m.failover(ci) // its first rule would come later: at once
		}
		m.s.Contacts[ci].Due = policy.Never // no second telling of what is no page
	}
	if n == 0 {
		m.s.Entries = m.s.Entries[:ei]
		m.tellLastResort(reason, -1)
	}
}

// releaseHeld reads the guards of the actions again that a silence held.
func (m *machine) releaseHeld() {
	for i := range m.s.Actions {
		a := &m.s.Actions[i]
		if a.Phase == PhaseHeld && m.p.Actions[i].Mode == policy.ModeAuto && !m.refusedByVote(i) && !strings.HasSuffix(m.s.Key, "/action/"+m.p.Actions[i].Name) {
			a.Phase, a.At = PhaseIdle, m.now
		}
	}
}

// ran takes the report of a run.
func (m *machine) ran(i int) {
	a := &m.s.Actions[i]
	n := m.ev.Report.Subjects
	switch m.ev.Report.Result {
	case ResultDone:
		a.Phase, a.DoneAt = PhaseDone, m.now
		m.actionLine(i, ResultDone, policy.ReasonNone).Subjects = n
		m.happened(Happening{Kind: policy.AnchorAction, Index: int16(i)})
	case ResultPlanned:
		a.Phase = PhasePlanned
		m.actionLine(i, ResultPlanned, policy.ReasonNone).Subjects = n
	case ResultHeld:
		a.Phase = PhaseHeld
		m.actionLine(i, ResultHeld, policy.ReasonActionHeld).Subjects = n
		if m.p.Actions[i].Approve != nil && !m.granted(i) {
			m.beginApproval(i, policy.ReasonActionHeld)
		} else {
			m.tellAction(i, policy.ReasonActionHeld)
		}
	case ResultWithdrawn: // its guard was false when its turn came
		m.refuse(i)
	case ResultRefused:
		a.Phase = PhaseFailed
		m.didNot(i, ResultRefused, policy.ReasonActionRefused)
	default:
		a.Phase = PhaseFailed
		m.didNot(i, ResultFailed, policy.ReasonActionFailed)
	}
}

// undid takes the report of taking action i back. What could not be taken back
// stands as it was done: it may be asked for again.
func (m *machine) undid(i int) {
	a := &m.s.Actions[i]
	switch m.ev.Report.Result {
	case ResultDone:
		a.Phase = PhaseUndone
	case ResultRefused, ResultWithdrawn:
		a.Phase = PhaseDone
		m.tellAction(i, policy.ReasonActionRefused)
	default:
		a.Phase = PhaseDone
		m.tellAction(i, policy.ReasonActionFailed)
	}
}

// didNot is called when an action failed or was refused: told, and after a
// resolve an alert of its own.
func (m *machine) didNot(i int, r Result, reason policy.Reason) {
	m.actionLine(i, r, reason)
	m.happened(Happening{Kind: policy.AnchorActionFailed, Index: int16(i)})
	if !m.s.Resolved.Known() {
		m.tellAction(i, reason)
		return
	}
	a := *m.s.Alert
	a.Key = m.s.Key + "/action/" + m.p.Actions[i].Name
	a.Kind = policy.ActionFailed
	a.Summary = "action " + m.p.Actions[i].Name + " failed: " + a.Summary
	a.ExpiresAt, a.Window, a.Times = time.Time{}, policy.Window{}, nil // the action's alert has no expiry of its own
	m.emit(EffectOpen).Alert = &a
}
