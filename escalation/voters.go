package escalation

import (
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// askVoters asks all stages at once. Where fewer may vote than are needed, the
// fallback is asked too, and without one the exhausted list.
func (m *machine) askVoters(k int, reason policy.Reason) {
	r := m.s.More.Reviews[k]
	spec := m.reviewSpec(r.Of, int(r.Index))
	var rs []policy.Recipient
	for i := range spec.Stages {
		for _, by := range spec.Stages[i].By {
			rs = append(rs, policy.Recipient{To: by})
		}
	}
	lists, ok := m.lists(rs)
	if !ok {
		return
	}
	enough, at := true, 0
	asked := &Lists{Recipients: rs, Rosters: make([][]Responder, len(rs)), Depends: lists.Depends}
	for i := range spec.Stages {
		may := 0
		for range spec.Stages[i].By {
			asked.Rosters[at] = m.eligible(&r, lists.Rosters[at])
			may += len(asked.Rosters[at])
			at++
		}
		enough = enough && may >= spec.Stages[i].Approvals
	}
	if len(m.need) > 0 {
		return
	}
	if n := m.tellVoters(k, asked, MessageReview, reason); n == 0 {
		enough = false
	}
	if !enough {
		m.askFallback(k, policy.ReasonUnresolvable)
	}
}

// eligible returns those of a roster who may vote on r.
func (m *machine) eligible(r *ReviewState, roster []Responder) []Responder {
	var may []Responder
	for i := range roster {
		if barred, known := m.barred(r, roster[i].To); known && barred == VerdictNone {
			may = append(may, roster[i])
		}
	}
	return may
}

// tellVoters sends to voters and remembers whom.
func (m *machine) tellVoters(k int, l *Lists, kind MessageKind, reason policy.Reason) int {
	n := 0
	r := m.own()
	for _, roster := range l.Rosters {
		for i := range roster {
			n++
			if !slices.Contains(r.Reviews[k].Voters, roster[i].To) {
				r.Reviews[k].Voters = append(slices.Clip(r.Reviews[k].Voters), roster[i].To)
			}
		}
	}
	if n > 0 {
		m.tellLists(l, kind, reason, m.reviewName(&r.Reviews[k]))
	}
	return n
}

// askFallback asks the fallback of review k; without one, or when it is nobody,
// the exhausted list is told.
func (m *machine) askFallback(k int, reason policy.Reason) {
	r := m.own()
	spec := m.reviewSpec(r.Reviews[k].Of, int(r.Reviews[k].Index))
	r.Reviews[k].Fell, r.Reviews[k].After = true, policy.Never
	lists, ok := m.lists(spec.Fallback)
	if !ok {
		return
	}
	asked := &Lists{Recipients: spec.Fallback, Rosters: make([][]Responder, len(spec.Fallback))}
	for i, roster := range lists.Rosters {
		asked.Rosters[i] = m.eligible(&r.Reviews[k], roster)
	}
	if len(m.need) > 0 {
		return
	}
	m.reviewLine(k, reason, "fallback")
	if m.tellVoters(k, asked, MessageReview, reason) == 0 {
		m.tellList(reason, m.reviewName(&r.Reviews[k]))
	}
}

// remindVoters tells those again who have not voted.
func (m *machine) remindVoters(k int) {
	r := m.own()
	v := &r.Reviews[k]
	spec := m.reviewSpec(v.Of, int(v.Index))
	v.Remind = v.Remind.Add(spec.Remind)
	var rs []policy.Recipient
	for _, who := range v.Voters {
		if m.votedOn(v, who) < 0 {
			rs = append(rs, policy.Recipient{To: who})
		}
	}
	if lists, ok := m.lists(rs); ok && len(rs) > 0 {
		m.tellLists(lists, MessageReminder, policy.ReasonReviewPending, m.reviewName(v))
	}
}

// tellVoided tells the voters of review k that their votes do not count.
func (m *machine) tellVoided(k int) {
	r := m.s.More.Reviews[k]
	m.reviewLine(k, policy.ReasonReviewVoided, "voided")
	rs := make([]policy.Recipient, len(r.Voters))
	for i, who := range r.Voters {
		rs[i].To = who
	}
	if lists, ok := m.lists(rs); ok && len(rs) > 0 {
		m.tellLists(lists, MessageNotice, policy.ReasonReviewVoided, m.reviewName(&r))
	}
}
