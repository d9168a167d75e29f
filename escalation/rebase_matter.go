package escalation

import (
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// lostReview is a review under way that the new policy does not have.
type lostReview struct {
	ReviewState
	name string // of what it was about
}

// carryReviews carries the reviews over, and returns those under way that are
// gone.
func (m *machine) carryReviews(was *policy.Policy) []lostReview {
	if len(m.rare().Reviews) == 0 || was.Digest == m.p.Digest {
		return nil // the same policy: the same numbers
	}
	var lost []lostReview
	r := m.own()
	kept := r.Reviews[:0]
	for _, x := range r.Reviews {
		name := reviewMatter(was, &x)
		before := reviewIn(was, x.Of, int(x.Index))
		k := m.matterNamed(x.Of, name)
		if k < 0 {
			if x.Pending {
				lost = append(lost, lostReview{x, name})
			}
			continue
		}
		x.Index = int16(k)
		x.Votes = carryVotes(x.Votes, before, reviewIn(m.p, x.Of, k))
		kept = append(kept, x)
	}
	r.Reviews = kept
	return lost
}

// reviewMatter is the name of the gate, the action or the access review that a
// review is about.
func reviewMatter(p *policy.Policy, r *ReviewState) string {
	switch r.Of {
	case ReviewGate:
		return p.Gates[r.Index].Name
	case ReviewAction, ReviewUndo:
		return p.Actions[r.Index].Name
	}
	return p.Reviews[r.Index].Name
}

// matterNamed returns the place of what a review is about, if the policy has a
// review for it; -1 otherwise.
func (m *machine) matterNamed(of ReviewOf, name string) int {
	k := -1
	switch of {
	case ReviewGate:
		k = m.gateNamed(name)
	case ReviewAction, ReviewUndo:
		k = m.actionNamed(name)
	case ReviewAccess:
		k = placeOf(m.p.Reviews, name, reviewName)
	}
	if k >= 0 && reviewIn(m.p, of, k) == nil {
		return -1
	}
	return k
}

// carryVotes renumbers the stages of votes that were given; -1: a stage that is
// gone.
func carryVotes(votes []Vote, before, after *policy.Review) []Vote {
	out := slices.Clone(votes)
	for i := range out {
		stage := int16(-1)
		if v := &out[i]; v.Stage >= 0 && int(v.Stage) < len(before.Stages) {
			stage = int16(placeOf(after.Stages, before.Stages[v.Stage].Name, func(s *policy.Stage) string { return s.Name }))
		}
		out[i].Stage = stage
	}
	return out
}

// reviewsAnew begins the reviews again that are under way, or granted what is
// still held, and whose votes the new policy voids, and tells those who were asked
// for one that is gone.
func (m *machine) reviewsAnew(lost []lostReview) {
	for k := range m.rare().Reviews {
		if r := m.s.More.Reviews[k]; (r.Pending || m.grantHeld(&r)) && r.Digest != m.digestOf(&r) {
			m.askAnew(k)
		}
	}
	for i := range lost {
		m.tellLost(&lost[i])
	}
}

// tellLost tells those who were asked that there is nothing to decide any more.
// An action that waited for it stays held, and is told.
func (m *machine) tellLost(r *lostReview) {
	e := m.line(LineReview)
	e.Reason, e.Text, e.To = policy.ReasonReviewVoided, "voided", r.Requester.Principal
	action := -1
	if r.Of == ReviewAction {
		action = m.actionNamed(r.name)
		e.Action = int16(action)
	}
	rs := make([]policy.Recipient, len(r.Voters))
	for i, who := range r.Voters {
		rs[i].To = who
	}
	if lists, ok := m.lists(rs); ok && len(rs) > 0 {
		m.tellLists(lists, MessageNotice, policy.ReasonReviewVoided, r.name)
	}
	if action >= 0 && m.s.Actions[action].Phase == PhaseHeld {
		m.actionLine(action, ResultHeld, policy.ReasonActionHeld)
		m.tellAction(action, policy.ReasonActionHeld)
	}
}

// carryHappened renumbers the event anchors that have happened, and adds those
// that the old policy did not wait for and the state still tells of.
func (m *machine) carryHappened(was *policy.Policy, moves []move) {
	r := m.own()
	kept := r.Happened[:0]
	for _, h := range r.Happened {
		if m.carryAnchor(was, moves, &h) {
			kept = append(kept, h)
		}
	}
	r.Happened = kept
	m.recallTracks()
	m.recallMatters()
}

// carryAnchor renumbers what has happened; false: the new policy does not have
// it.
func (m *machine) carryAnchor(was *policy.Policy, moves []move, h *Happening) bool {
	k := 0
	switch h.Kind {
	case policy.AnchorTier:
		for i := range moves {
			mv := &moves[i]
			if mv.from < 0 || int(mv.policy) != m.p.Index || int(m.prev.Tracks[mv.from].Policy) != was.Index || m.prev.Tracks[mv.from].Index != h.Index {
				continue
			}
			if h.Tier < 0 || int(h.Tier) >= len(mv.tiers) {
				return false // of another policy's track
			}
			h.Index, h.Tier = mv.index, mv.tiers[h.Tier]
			return h.Tier >= 0
		}
		return false
	case policy.AnchorGate:
		k = m.gateNamed(was.Gates[h.Index].Name)
		h.Index = int16(k)
	case policy.AnchorAction, policy.AnchorActionFailed:
		k = m.actionNamed(was.Actions[h.Index].Name)
		h.Index = int16(k)
	default: // names nothing of the policy by number
	}
	return k >= 0
}

// recall notes that an event anchor of the new policy has happened before the
// rebase, unless that is known.
func (m *machine) recall(h Happening) {
	if m.p.Uses&(1<<h.Kind) == 0 {
		return
	}
	r := m.own()
	for i := range r.Happened {
		if o := &r.Happened[i]; o.Kind == h.Kind && o.Index == h.Index && o.Tier == h.Tier && o.Level == h.Level && o.Name == h.Name {
			return
		}
	}
	r.Happened = append(r.Happened, h)
}

// recallTracks recalls acknowledgements, exhaustion and tiers.
func (m *machine) recallTracks() {
	acked, exhausted := policy.Never, policy.Never
	for ti := range m.s.Tracks {
		switch m.s.Tracks[ti].Status {
		case StatusAcknowledged:
			for _, a := range m.rare().Acks {
				if int(a.Track) == ti {
					acked = least(acked, a.At)
				}
			}
		case StatusExhausted:
			exhausted = least(exhausted, m.now)
		default:
		}
	}
	for i := range m.s.Entries {
		e := &m.s.Entries[i]
		switch {
		case e.Track < 0:
		case e.Tier == TierExhausted:
			exhausted = least(exhausted, e.At)
		case e.Tier >= 0 && !e.Extra && int(m.s.Tracks[e.Track].Policy) == m.p.Index:
			m.recall(Happening{Kind: policy.AnchorTier, Index: m.s.Tracks[e.Track].Index, Tier: e.Tier, At: e.At})
		}
	}
	if acked.Known() && !m.knows(policy.AnchorAcknowledged) {
		m.recall(Happening{Kind: policy.AnchorAcknowledged, At: acked})
	}
	if exhausted.Known() && !m.knows(policy.AnchorExhausted) {
		m.recall(Happening{Kind: policy.AnchorExhausted, At: exhausted})
	}
}

// recallMatters recalls what was done, opened, noted and raised. What has no
// instant any more counts from now.
func (m *machine) recallMatters() {
	for i := range m.s.Actions {
		if a := &m.s.Actions[i]; a.Phase == PhaseDone && a.DoneAt.Known() {
			m.recall(Happening{Kind: policy.AnchorAction, Index: int16(i), At: a.DoneAt})
		}
	}
	for i := range m.rare().Reviews {
		r := &m.s.More.Reviews[i]
		if r.Of != ReviewGate || !r.Granted {
			continue
		}
		at := r.At
		for _, v := range r.Votes {
			at = most(at, v.At)
		}
		m.recall(Happening{Kind: policy.AnchorGate, Index: r.Index, At: at})
	}
	for _, name := range m.rare().Evidence {
		m.recall(Happening{Kind: policy.AnchorEvidence, Name: name, At: m.now})
	}
	if opened, _ := m.s.Alert.Severity.Level(); m.s.Severity > opened && !m.knows(policy.AnchorRaised) {
		m.recall(Happening{Kind: policy.AnchorRaised, Level: m.s.Severity, At: m.now})
	}
}

// knows reports whether an anchor of a kind has happened as far as is known.
func (m *machine) knows(k policy.AnchorKind) bool {
	for i := range m.rare().Happened {
		if m.s.More.Happened[i].Kind == k {
			return true
		}
	}
	return false
}
