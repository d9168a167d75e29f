package escalation

import (
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// Words of a vote.
const (
	voteApprove = "approve"
	voteReject  = "reject"
)

// vote counts one person's vote for one stage of a pending review.
func (m *machine) vote() Verdict {
	k := m.votedReview()
	if m.ev.By.Principal.Kind != policy.TargetUser {
		return rejected(NotAPerson)
	}
	if k < 0 || !m.s.More.Reviews[k].Pending {
		return ignored(UnknownThing)
	}
	r := m.s.More.Reviews[k]
	spec := m.reviewSpec(r.Of, int(r.Index))
	who := m.ev.By.Principal
	var why VerdictReason
	var known bool
	sure := m.firmly(func() { why, known = m.barred(&r, who) })
	switch {
	case !known:
		return Verdict{Kind: Need}
	case why != VerdictNone:
		return rejected(why)
	case !sure: // excluded or not: the directory does not say
		return rejected(Unresolvable)
	}
	if r.Of == ReviewUndo && m.leaked() && m.ev.Vote == voteApprove {
		return rejected(NotAuthorised) // it leaked since it was asked back
	}
	if !validVote(spec, m.ev.Vote) {
		return ignored(UnknownThing)
	}
	var stage int
	var v Verdict
	m.firmly(func() { stage, v = m.stageFor(&r, spec, who) })
	if v.Kind != 0 {
		return v
	}
	if m.votedOn(&r, who) >= 0 {
		return ignored(Already)
	}
	o := m.own()
	o.Reviews[k].Votes = append(slices.Clip(r.Votes), Vote{Stage: int16(stage), Who: who, Answer: m.ev.Vote, At: m.now})
	if m.ev.Vote == voteReject && spec.Answers == nil {
		m.deny(k)
		return applied
	}
	if !m.decideReview(k) {
		return rejected(Unresolvable) // to be cast again when the directory answers
	}
	return applied
}

// validVote reports whether a vote is a word of the review.
func validVote(spec *policy.Review, vote string) bool {
	if spec.Answers == nil {
		return vote == voteApprove || vote == voteReject
	}
	return slices.Contains(spec.Answers, vote)
}

// votedReview returns the review that a vote is for.
func (m *machine) votedReview() int {
	find := func(of ReviewOf, i int) int {
		if i < 0 {
			return -1
		}
		return m.reviewOf(of, i)
	}
	switch ev := m.ev; {
	case ev.Gate != "":
		return find(ReviewGate, m.gateNamed(ev.Gate))
	case ev.Action != "":
		return find(ReviewAction, m.actionNamed(ev.Action))
	case ev.Undo != "":
		return find(ReviewUndo, m.actionNamed(ev.Undo))
	case ev.Review != "":
		for i := range m.p.Reviews {
			if m.p.Reviews[i].Name == ev.Review {
				return find(ReviewAccess, i)
			}
		}
	}
	return -1
}

// votedOn returns the vote of a person on a review; -1: none.
func (m *machine) votedOn(r *ReviewState, who policy.Target) int {
	for i := range r.Votes {
		if r.Votes[i].Who == who {
			return i
		}
	}
	return -1
}

// stageFor returns the stage that a vote counts for: the one it names, or the
// first that its author may fill and that still lacks somebody.
func (m *machine) stageFor(r *ReviewState, spec *policy.Review, who policy.Target) (int, Verdict) {
	known := true
	may := -1
	for i := range spec.Stages {
		if m.ev.Stage != "" && spec.Stages[i].Name != m.ev.Stage {
			continue
		}
		ok, k := m.fills(r, spec, i, who)
		known = known && k
		if ok && (may < 0 || m.filled(r, spec, may) && !m.filled(r, spec, i)) {
			may = i
		}
	}
	if !known {
		return -1, Verdict{Kind: Need}
	}
	if may >= 0 {
		return may, Verdict{}
	}
	if m.ev.Stage != "" {
		for i := range spec.Stages {
			if spec.Stages[i].Name == m.ev.Stage {
				return -1, m.notAuthorised()
			}
		}
		return -1, ignored(UnknownThing)
	}
	return -1, m.notAuthorised()
}

// fills reports whether a person may vote for stage i now; once the fallback was
// asked, it may for any.
func (m *machine) fills(r *ReviewState, spec *policy.Review, i int, who policy.Target) (ok, known bool) {
	ok, known = m.memberOfAny(who, spec.Stages[i].By)
	if ok || !known || !r.Fell {
		return ok, known
	}
	for _, f := range spec.Fallback {
		in, k := m.member(who, f.To)
		ok, known = ok || in, known && k
	}
	return ok, known
}

// filled reports whether stage i has the approvals that it needs.
func (m *machine) filled(r *ReviewState, spec *policy.Review, i int) bool {
	n := 0
	for k := range r.Votes {
		if int(r.Votes[k].Stage) == i && r.Votes[k].Answer != voteReject {
			n++
		}
	}
	return n >= max(spec.Stages[i].Approvals, 1)
}

// decideReviews looks at every pending review again: evidence has come.
func (m *machine) decideReviews() {
	for k := range m.rare().Reviews {
		if m.s.More.Reviews[k].Pending && !m.decideReview(k) {
			m.lookAgain(k)
		}
	}
}

// decideReview grants review k when every stage is filled by people who still
// may fill it, and every item of evidence is there. It is false when the
// directory does not say who may: then nothing was decided.
func (m *machine) decideReview(k int) (decided bool) {
	r := m.s.More.Reviews[k]
	spec := m.reviewSpec(r.Of, int(r.Index))
	for i := range spec.Stages {
		if !m.filled(&r, spec, i) {
			return true
		}
	}
	for _, e := range spec.Evidence {
		if !m.noted(e) {
			return true
		}
	}
	kept := make([]Vote, 0, len(r.Votes))
	for _, v := range r.Votes {
		ok, known, sure := m.stillCounts(&r, spec, v)
		if !known {
			return true // asked
		}
		if !sure {
			return false
		}
		if ok {
			kept = append(kept, v)
		}
	}
	if len(kept) < len(r.Votes) {
		o := m.own()
		o.Reviews[k].Votes = kept
		r.Votes = kept
		for i := range spec.Stages {
			if !m.filled(&r, spec, i) {
				return true
			}
		}
	}
	m.grant(k)
	return true
}

// stillCounts reports whether a vote is still by somebody who may cast it: who left
// the stage, or became a party since, does not count. It is not sure where the
// directory does not say.
func (m *machine) stillCounts(r *ReviewState, spec *policy.Review, v Vote) (ok, known, sure bool) {
	var why VerdictReason
	excluded := m.firmly(func() { why, known = m.barred(r, v.Who) })
	if !known || why != VerdictNone {
		return false, known, true
	}
	sure = m.firmly(func() { ok, known = m.fills(r, spec, int(v.Stage), v.Who) })
	return ok, known, excluded && (ok || sure)
}

// noted reports whether an item of evidence is there.
func (m *machine) noted(item string) bool {
	return slices.Contains(m.rare().Evidence, item)
}

// grant carries out what review k decided.
func (m *machine) grant(k int) {
	r := m.close(k)
	r.Granted = true
	spec := m.reviewSpec(r.Of, int(r.Index))
	i := int(r.Index)
	of := r.Of
	m.reviewLine(k, policy.ReasonNone, "granted")
	switch of {
	case ReviewGate:
		g := &m.s.Gates[i]
		g.Denied, g.Opened, g.Until = false, true, m.now.Add(spec.For)
		m.gateLine(i, Allow)
		m.happened(Happening{Kind: policy.AnchorGate, Index: int16(i)})
		m.gatesClose(m.now)
	case ReviewAction:
		m.approved(i)
	case ReviewUndo:
		e := m.emit(EffectUndo)
		e.Action, e.Result, e.Text = int16(i), ResultStarted, m.p.Actions[i].Run
		a := &m.s.Actions[i]
		a.Phase, a.Effect = PhaseUndoing, e.ID
	case ReviewAccess:
		r.Answer = strictest(spec.Answers, r.Votes)
		m.reviewLine(k, policy.ReasonNone, r.Answer)
	}
	if spec.Resolve && !m.s.Resolved.Known() {
		m.over()
	}
}

// approved runs an action whose review was granted, if its guard still holds.
func (m *machine) approved(i int) {
	ok, known := m.permits(&m.p.Actions[i].Guard)
	if !known {
		return
	}
	if !ok || m.revives(i) {
		m.refuse(i)
		return
	}
	m.start(i)
}

// strictest returns the vote that stands last in the list of answers.
func strictest(answers []string, votes []Vote) string {
	best := -1
	for _, v := range votes {
		for i, a := range answers {
			if a == v.Answer {
				best = max(best, i)
			}
		}
	}
	if best < 0 {
		return ""
	}
	return answers[best]
}

// deny ends review k by a rejection.
func (m *machine) deny(k int) {
	r := m.close(k)
	m.reviewLine(k, policy.ReasonNone, "denied")
	switch r.Of {
	case ReviewGate:
		m.s.Gates[r.Index].Denied = true
		m.gateLine(int(r.Index), m.decide(int(r.Index), m.now))
	case ReviewAction:
		m.actionLine(int(r.Index), ResultHeld, policy.ReasonActionHeld)
		m.tellAction(int(r.Index), policy.ReasonActionHeld)
	}
}
