package escalation

import (
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// askVoters asks all stages at once. Where fewer may vote than are needed, the
// fallback is asked too, and without one the exhausted list.
func (m *machine) askVoters(k int, reason policy.Reason) {
	asked, may, ok := m.electorate(k)
	if !ok {
		return
	}
	m.tellVoters(k, asked, MessageReview, reason)
	m.askIfShort(k, may)
}

// electorate returns whom the stages of review k ask, and who may fill each. It is
// false while the directory is asked.
func (m *machine) electorate(k int) (asked *Lists, may [][]policy.Target, ok bool) {
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
		return nil, nil, false
	}
	asked = &Lists{Recipients: rs, Rosters: make([][]Responder, len(rs)), Depends: lists.Depends}
	may = make([][]policy.Target, len(spec.Stages))
	at := 0
	for i := range spec.Stages {
		for range spec.Stages[i].By {
			asked.Rosters[at] = m.eligible(&r, lists.Rosters[at])
			for _, who := range asked.Rosters[at] {
				may[i] = append(may[i], who.To)
			}
			at++
		}
	}
	return asked, may, len(m.need) == 0
}

// askIfShort asks the fallback of review k when those who may vote cannot fill its
// stages.
func (m *machine) askIfShort(k int, may [][]policy.Target) {
	r := m.s.More.Reviews[k]
	if spec := m.reviewSpec(r.Of, int(r.Index)); !fillable(spec.Stages, may) {
		m.askFallback(k, policy.ReasonUnresolvable)
	}
}

// recount looks whether the pending reviews still have voters enough, after
// somebody turned out to be a party.
func (m *machine) recount() {
	for k := range m.rare().Reviews {
		if r := &m.s.More.Reviews[k]; !r.Pending || r.Fell {
			continue
		}
		if _, may, ok := m.electorate(k); ok {
			m.askIfShort(k, may)
		}
	}
}

// fillable reports whether the stages can all be filled by those who may fill
// each, one person counting once in all: it looks for somebody of their own for
// each approval, and for that moves those already taken to where they may stand
// instead.
func fillable(stages []policy.Stage, may [][]policy.Target) bool {
	taken := map[policy.Target]int{} // the stage that somebody stands for
	for i := range stages {
		for range max(stages[i].Approvals, 1) {
			if !seat(i, may, taken, map[policy.Target]bool{}) {
				return false
			}
		}
	}
	return true
}

// seat finds somebody for one more approval of stage i, whom it has not tried.
func seat(i int, may [][]policy.Target, taken map[policy.Target]int, tried map[policy.Target]bool) bool {
	for _, who := range may[i] {
		if tried[who] {
			continue
		}
		tried[who] = true
		other, busy := taken[who]
		if busy && other == i {
			continue
		}
		if !busy || seat(other, may, taken, tried) {
			taken[who] = i
			return true
		}
	}
	return false
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
	asked := &Lists{Recipients: spec.Fallback, Rosters: make([][]Responder, len(spec.Fallback)), Depends: lists.Depends}
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
