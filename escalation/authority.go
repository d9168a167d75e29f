package escalation

import "github.com/belfry-go/belfry/policy"

// behind returns the person behind an author; ok is false while it is asked.
func (m *machine) behind(by Author) (policy.Target, bool) {
	if !by.Behind.IsZero() || by.Principal.Kind != policy.TargetService {
		return by.Behind, true
	}
	a, ok := m.answer(Question{Kind: QuestionAuthor, Target: by.Principal, At: m.now})
	if !ok {
		return policy.Target{}, false
	}
	m.unsure = m.unsure || !a.fresh()
	return a.Behind, true
}

// subject reports whether the author is the alert's own identity.
func (m *machine) subject() bool {
	return m.ev.By.Principal.ID != "" && m.ev.By.Principal.ID == m.identity() && m.ev.By.Principal.Kind == policy.TargetService
}

// barredAuthor refuses the subject and the parties, also behind a service: as
// the host names who is behind it, else as the directory does. Where there are
// parties and the directory cannot say, the author may be one.
func (m *machine) barredAuthor() (Verdict, bool) {
	by := m.ev.By
	if m.subject() || m.party(by.Principal) {
		return rejected(IsParty), false
	}
	if len(m.s.Alert.Parties)+len(m.p.Parties) == 0 {
		return Verdict{}, true
	}
	var behind policy.Target
	var known bool
	sure := m.firmly(func() { behind, known = m.behind(by) })
	switch {
	case !known:
		return Verdict{Kind: Need}, false
	case m.party(behind):
		return rejected(IsParty), false
	case !sure:
		return rejected(Unresolvable), false
	}
	return Verdict{}, true
}

// behindParty reports whether a person stands behind a service that is a party,
// as the directory knows it: what the service may not permit, they may not.
func (m *machine) behindParty(who policy.Target) (yes, known bool) {
	known = true
	for _, parties := range [...][]policy.Target{m.s.Alert.Parties, m.p.Parties} {
		for _, p := range parties {
			if p.Kind != policy.TargetService {
				continue
			}
			behind, ok := m.behind(Author{Principal: p})
			if ok && behind == who {
				return true, true
			}
			known = known && ok
		}
	}
	return false, known
}

// mayQuiet says whether the author may hold, hand on or quieten: a person of the
// directory, never the subject or a party.
func (m *machine) mayQuiet() (Verdict, bool) {
	if m.ev.By.Principal.Kind != policy.TargetUser {
		return rejected(NotAPerson), false
	}
	if v, ok := m.barredAuthor(); !ok {
		return v, false
	}
	list := []policy.Principal{{Class: classPeople}}
	if (m.ev.Kind == EventSilence || m.ev.Kind == EventUnsilence) && m.p.Authority.Silence != nil {
		list = m.p.Authority.Silence
	}
	return m.mayBy(list)
}

// Classes of an authority line.
const (
	classAny        = "any"
	classPeople     = "people"
	classResponders = "responders"
	classServices   = "services"
)

// mayAcknowledge says whether the author's acknowledgement counts.
func (m *machine) mayAcknowledge() (Verdict, bool) {
	list := m.p.Authority.Acknowledge
	if list == nil {
		list = []policy.Principal{{Class: classPeople}}
	}
	v, ok := m.mayBy(list)
	if ok {
		if barred, ok := m.barredAuthor(); !ok {
			return barred, false
		}
	}
	if m.party(m.ev.By.Principal) {
		return rejected(IsParty), false
	}
	if !ok && v.Kind == Rejected && m.ev.By.Principal.Kind != policy.TargetUser {
		v = rejected(NotAPerson)
	}
	return v, ok
}

// mayResolve says whether the author may end the telling.
func (m *machine) mayResolve() (Verdict, bool) {
	if v, ok := m.barredAuthor(); !ok {
		return v, false
	}
	list := m.p.Authority.Resolve
	if list == nil {
		list = []policy.Principal{{Class: classPeople}, {Class: classServices}}
	}
	return m.mayBy(list)
}

// verifies reports whether the author's resolve is a verified one.
func (m *machine) verifies() (verified, known bool) {
	list := m.p.Authority.Verify
	if list == nil {
		list = []policy.Principal{{Class: classResponders}}
	}
	var v Verdict
	m.firmly(func() { v, verified = m.mayBy(list) })
	return verified, verified || v.Kind != Need
}

// mayBreakGlass says whether the author may bypass gate i: whom the policy names,
// and not who is asking others for the very same.
func (m *machine) mayBreakGlass(i int, rule *policy.BreakGlassRule) (Verdict, bool) {
	if m.ev.By.Principal.Kind != policy.TargetUser {
		return rejected(NotAPerson), false
	}
	if v, ok := m.barredAuthor(); !ok {
		return v, false
	}
	if k := m.reviewOf(ReviewGate, i); k >= 0 && m.s.More.Reviews[k].Pending {
		switch r := &m.s.More.Reviews[k]; m.ev.By.Principal {
		case r.Requester.Principal:
			return rejected(IsRequester), false
		case r.Requester.Behind:
			return rejected(BehindRequester), false
		}
	}
	var ok, known, party, asked bool
	unbiased := m.firmly(func() { party, asked = m.behindParty(m.ev.By.Principal) })
	sure := m.firmly(func() { ok, known = m.memberOfAny(m.ev.By.Principal, rule.By) })
	switch {
	case !known, !asked:
		return Verdict{Kind: Need}, false
	case party:
		return rejected(IsParty), false
	case !unbiased, !ok && !sure:
		return rejected(Unresolvable), false
	case !ok:
		return rejected(NotAuthorised), false
	case m.ev.Reason == "":
		return rejected(NoReason), false
	}
	return Verdict{}, true
}

// mayBy says whether a line of the authority lets the author through.
func (m *machine) mayBy(list []policy.Principal) (Verdict, bool) {
	known := true
	for _, p := range list {
		ok, k := m.is(p)
		if ok {
			return Verdict{}, true
		}
		known = known && k
	}
	if !known {
		return Verdict{Kind: Need}, false
	}
	return m.notAuthorised(), false
}

// is reports whether the author is what one word of a line names.
func (m *machine) is(p policy.Principal) (ok, known bool) {
	by := m.ev.By.Principal
	switch p.Class {
	case classAny:
		return true, true
	case classServices:
		return by.Kind == policy.TargetService, true
	case classPeople:
		if by.Kind != policy.TargetUser {
			return false, true
		}
		return m.listed(by)
	case classResponders:
		if by.Kind != policy.TargetUser || !m.toldEver(by) {
			return false, true
		}
		if !m.firm {
			return true, true
		}
		return m.listed(by) // who was told by a last good answer may have left
	}
	return m.member(by, p.Target)
}

// listed reports whether a person is in the directory.
func (m *machine) listed(who policy.Target) (ok, known bool) {
	a, ok := m.answer(Question{Kind: QuestionAuthor, Target: who, At: m.now})
	return ok && m.says(a), ok
}

// member reports whether who counts as target.
func (m *machine) member(who, target policy.Target) (ok, known bool) {
	if who == target {
		return true, true
	}
	if who.Kind != policy.TargetUser || target.Kind == policy.TargetUser || target.Kind == policy.TargetService || target.Kind == policy.TargetChannel {
		return false, true
	}
	name := target
	if target.Kind == policy.TargetOwner && !m.s.Alert.Identity.Owner.IsZero() {
		name = m.s.Alert.Identity.Owner
		if name == who {
			return true, true
		}
	}
	a, ok := m.answer(Question{Kind: QuestionMember, Target: who, Name: name.String(), Subject: m.identity(), At: m.now})
	return ok && m.says(a), ok
}

// memberOfAny reports whether who counts as one of the targets.
func (m *machine) memberOfAny(who policy.Target, targets []policy.Target) (ok, known bool) {
	known = true
	for _, t := range targets {
		in, k := m.member(who, t)
		if in {
			return true, true
		}
		known = known && k
	}
	return false, known
}

// toldEver reports whether this alert has told who.
func (m *machine) toldEver(who policy.Target) bool {
	for i := range m.s.Contacts {
		if c := &m.s.Contacts[i]; c.Told && m.responder(c).To == who {
			return true
		}
	}
	for _, t := range m.rare().Told {
		if t.To == who {
			return true
		}
	}
	return false
}

// barred says why a person may not vote on r; none when they may.
func (m *machine) barred(r *ReviewState, who policy.Target) (VerdictReason, bool) {
	switch {
	case who == r.Requester.Principal:
		return IsRequester, true
	case who == r.Requester.Behind:
		return BehindRequester, true
	case m.party(who), who.ID != "" && who.ID == m.identity():
		return IsParty, true
	}
	spec := m.reviewSpec(r.Of, int(r.Index))
	in, known := m.memberOfAny(who, spec.Exclude)
	if in {
		return IsExcluded, true
	}
	party, asked := m.behindParty(who)
	if party {
		return IsParty, true
	}
	return VerdictNone, known && asked
}
