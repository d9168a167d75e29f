package escalation

import (
	"crypto/sha256"
	"strconv"

	"github.com/belfry-go/belfry/policy"
)

// reviewSpec returns the rules of a review; nil when the policy has none.
func (m *machine) reviewSpec(of ReviewOf, i int) *policy.Review { return reviewIn(m.p, of, i) }

// reviewIn returns the rules of a review in p; nil when it has none.
func reviewIn(p *policy.Policy, of ReviewOf, i int) *policy.Review {
	switch of {
	case ReviewGate:
		return p.Gates[i].Review
	case ReviewAction:
		return p.Actions[i].Approve
	case ReviewUndo:
		if u := p.Actions[i].Undo; u != nil {
			return u.Approve
		}
		return nil
	}
	return &p.Reviews[i]
}

// reviewOf returns the place of a review in the rare part; -1: never begun.
func (m *machine) reviewOf(of ReviewOf, i int) int {
	for k := range m.rare().Reviews {
		if r := &m.s.More.Reviews[k]; r.Of == of && int(r.Index) == i {
			return k
		}
	}
	return -1
}

// digestOf is what the votes of a review are bound to: the alert, what is asked
// for whom, by whom, and under which policy.
func (m *machine) digestOf(r *ReviewState) policy.Digest {
	h := sha256.New()
	part := func(s string) {
		h.Write([]byte(strconv.Itoa(len(s))))
		h.Write([]byte{':'})
		h.Write([]byte(s))
	}
	part(m.s.Key)
	part(strconv.FormatUint(m.s.Incarnation, 10))
	part(strconv.Itoa(int(r.Of)) + "/" + strconv.Itoa(int(r.Index)))
	if r.Of == ReviewGate {
		for _, op := range m.p.Gates[r.Index].Operations {
			part(op)
		}
	}
	part(m.identity())
	part(m.s.Alert.Identity.CredentialVersion)
	part(r.Requester.Principal.String())
	part(r.Ask)
	h.Write(m.p.Digest[:])
	return policy.Digest(h.Sum(nil))
}

// request asks for the review of a gate, of an action, or of taking one back.
func (m *machine) request() Verdict {
	of, i, v := m.requested()
	if v.Kind != 0 {
		return v
	}
	var behind policy.Target
	var ok bool
	sure := m.firmly(func() { behind, ok = m.behind(m.ev.By) })
	switch {
	case !ok:
		return Verdict{Kind: Need}
	case !sure: // who is behind it could vote for it
		return rejected(Unresolvable)
	}
	n := ReviewState{Of: of, Index: int16(i), Requester: Author{m.ev.By.Principal, behind}, Ask: m.ev.Ask}
	n.Digest = m.digestOf(&n)
	if k := m.reviewOf(of, i); k >= 0 && m.s.More.Reviews[k].Pending {
		if m.s.More.Reviews[k].Digest == n.Digest {
			return ignored(Already)
		}
		m.tellVoided(k)
	}
	m.beginReview(n, policy.ReasonReviewPending)
	return applied
}

// requested returns what a request is for.
func (m *machine) requested() (ReviewOf, int, Verdict) {
	switch ev := m.ev; {
	case ev.Gate != "":
		i := m.gateNamed(ev.Gate)
		if i < 0 || m.p.Gates[i].Review == nil || m.s.Gates[i].Gone {
			return 0, -1, ignored(UnknownThing)
		}
		if m.decide(i, m.now) == Allow {
			return 0, -1, ignored(Already)
		}
		return ReviewGate, i, Verdict{}
	case ev.Undo != "":
		return m.undoRequested()
	case ev.Action != "":
		i := m.actionNamed(ev.Action)
		if i < 0 || m.p.Actions[i].Approve == nil {
			return 0, -1, ignored(UnknownThing)
		}
		if a := m.s.Actions[i].Phase; a == PhaseStarted || a == PhaseDone {
			return 0, -1, ignored(Already)
		}
		return ReviewAction, i, Verdict{}
	}
	return 0, -1, ignored(UnknownThing)
}

// undoRequested says whether an action may be asked back: done, within its
// window, with a review, and never what would revive a leaked secret.
func (m *machine) undoRequested() (ReviewOf, int, Verdict) {
	i := m.actionNamed(m.ev.Undo)
	if i < 0 || m.p.Actions[i].Undo == nil {
		return 0, -1, ignored(UnknownThing)
	}
	a := &m.s.Actions[i]
	u := m.p.Actions[i].Undo
	switch {
	case a.Phase == PhaseUndoing || a.Phase == PhaseUndone:
		return 0, -1, ignored(Already)
	case a.Phase != PhaseDone:
		return 0, -1, ignored(UnknownThing)
	case m.leaked(), u.Approve == nil:
		return 0, -1, rejected(NotAuthorised)
	case a.DoneAt.Known() && m.now > a.DoneAt.Add(u.Within):
		return 0, -1, rejected(TooLong)
	}
	return ReviewUndo, i, Verdict{}
}

// actionNamed returns the action of that name; -1: none.
func (m *machine) actionNamed(name string) int {
	for i := range m.p.Actions {
		if m.p.Actions[i].Name == name {
			return i
		}
	}
	return -1
}

// beginApproval begins the review of action i, which nobody requested.
func (m *machine) beginApproval(i int, reason policy.Reason) {
	if m.p.Actions[i].Approve == nil {
		return
	}
	n := ReviewState{Of: ReviewAction, Index: int16(i)}
	n.Digest = m.digestOf(&n)
	m.beginReview(n, reason)
}

// beginReview puts a review to its voters, in place of an earlier one.
func (m *machine) beginReview(n ReviewState, reason policy.Reason) {
	spec := m.reviewSpec(n.Of, int(n.Index))
	n.Pending, n.At = true, m.now
	n.Remind, n.After, n.Within, n.Look = policy.Never, policy.Never, policy.Never, policy.Never
	if spec.Remind > 0 {
		n.Remind = m.now.Add(spec.Remind)
	}
	if len(spec.Fallback) > 0 && spec.After > 0 {
		n.After = m.now.Add(spec.After)
	}
	if spec.Within > 0 {
		n.Within = m.now.Add(spec.Within)
	}
	switch n.Of {
	case ReviewGate:
		m.s.Gates[n.Index].Denied = false
	case ReviewUndo:
		n.Within = least(n.Within, m.s.Actions[n.Index].DoneAt.Add(m.p.Actions[n.Index].Undo.Within))
	}
	r := m.own()
	k := m.reviewOf(n.Of, int(n.Index))
	if k < 0 {
		r.Reviews = append(r.Reviews, n)
		k = len(r.Reviews) - 1
	} else {
		r.Reviews[k] = n
	}
	m.reviewLine(k, reason, "asked")
	m.askVoters(k, reason)
}

// tellList tells the exhausted list something that is no page.
func (m *machine) tellList(reason policy.Reason, text string) {
	lists, ok := m.lists(m.p.Exhausted.Notify)
	if ok {
		m.tellLists(lists, MessageNotice, reason, text)
	}
}

// reviewName is what a review is about, for people.
func (m *machine) reviewName(r *ReviewState) string {
	switch r.Of {
	case ReviewGate:
		return m.p.Gates[r.Index].Name
	case ReviewAction, ReviewUndo:
		return m.p.Actions[r.Index].Name
	}
	return m.p.Reviews[r.Index].Name
}

// reviewLine writes that a review has changed.
func (m *machine) reviewLine(k int, reason policy.Reason, what string) {
	r := &m.s.More.Reviews[k]
	e := m.line(LineReview)
	e.Reason, e.Text, e.To = reason, what, r.Requester.Principal
	switch r.Of {
	case ReviewGate:
		e.Gate = r.Index
	case ReviewAction, ReviewUndo:
		e.Action = r.Index
	case ReviewAccess:
		e.Review = r.Index
	}
}

// reviewsDue reminds, falls back, ends reviews whose time is over, and begins
// the access reviews that are due.
func (m *machine) reviewsDue() {
	for i := range m.p.Reviews {
		if at := m.p.Reviews[i].At; at != nil && m.reviewOf(ReviewAccess, i) < 0 {
			if x, _ := m.instant(m.p, at); x <= m.now {
				n := ReviewState{Of: ReviewAccess, Index: int16(i)}
				n.Digest = m.digestOf(&n)
				m.beginReview(n, policy.ReasonReviewPending)
			}
		}
	}
	for k := range m.rare().Reviews {
		r := &m.s.More.Reviews[k]
		if r.Within <= m.now {
			m.expire(k)
			continue
		}
		if r.Remind <= m.now { // before the fallback: who is asked now is not reminded now
			m.remindVoters(k)
		}
		if m.s.More.Reviews[k].After <= m.now {
			m.askFallback(k, policy.ReasonReviewNoDecision)
		}
		if m.s.More.Reviews[k].Look <= m.now {
			m.own().Reviews[k].Look = policy.Never
			if !m.decideReview(k) {
				m.lookAgain(k)
			}
		}
	}
}

// accessDue returns when the next access review begins.
func (m *machine) accessDue() policy.Instant {
	due := policy.Never
	for i := range m.p.Reviews {
		if at := m.p.Reviews[i].At; at != nil && m.reviewOf(ReviewAccess, i) < 0 {
			x, _ := m.instant(m.p, at)
			due = least(due, x)
		}
	}
	return due
}

// close ends review k; it is not pending any more and has no timers.
func (m *machine) close(k int) *ReviewState {
	r := &m.own().Reviews[k]
	r.Pending = false
	r.Remind, r.After, r.Within, r.Look = policy.Never, policy.Never, policy.Never, policy.Never
	return r
}

// expire ends review k at its `within`: denied, recorded, told.
func (m *machine) expire(k int) {
	r := m.close(k)
	m.reviewLine(k, policy.ReasonReviewExpired, "expired")
	name := m.reviewName(r)
	if r.Of == ReviewGate {
		m.s.Gates[r.Index].Denied = true
		m.gateLine(int(r.Index), m.decide(int(r.Index), m.now))
	}
	if r.Of == ReviewAction {
		m.tellList(policy.ReasonReviewExpired, name)
		return
	}
	to := r.Requester.Principal
	if to.Kind != policy.TargetUser {
		to = r.Requester.Behind
	}
	if to.IsZero() {
		m.tellList(policy.ReasonReviewExpired, name)
		return
	}
	if lists, ok := m.lists([]policy.Recipient{{To: to}}); ok {
		m.tellLists(lists, MessageNotice, policy.ReasonReviewExpired, name)
	}
}

// voidReviews voids the votes of reviews that a trigger has changed the ground
// of. What was granted, and is held by something else, is put to its voters anew.
func (m *machine) voidReviews() {
	for k := range m.rare().Reviews {
		r := m.s.More.Reviews[k]
		if !r.Pending && !m.grantHeld(&r) {
			continue
		}
		d := m.digestOf(&r)
		switch {
		case d == r.Digest:
			continue
		case !r.Pending:
			m.askAnew(k)
			continue
		}
		m.tellVoided(k)
		o := m.own()
		o.Reviews[k].Votes, o.Reviews[k].Digest = nil, d
	}
}

// askAnew begins review k again for the same requester; its votes are void.
func (m *machine) askAnew(k int) {
	r := m.s.More.Reviews[k]
	m.tellVoided(k)
	n := ReviewState{Of: r.Of, Index: r.Index, Requester: r.Requester, Ask: r.Ask}
	n.Digest = m.digestOf(&n)
	m.beginReview(n, policy.ReasonReviewPending)
}

// grantHeld reports whether r granted an action that was not begun yet.
func (m *machine) grantHeld(r *ReviewState) bool {
	return r.Of == ReviewAction && r.Granted && m.s.Actions[r.Index].Phase == PhaseHeld
}
