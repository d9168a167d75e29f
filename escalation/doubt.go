package escalation

import (
	"cmp"
	"slices"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// A directory that errs or hangs is answered by its last good answer, marked, or
// by none. A page goes out on that: the person of an hour ago is better than
// nobody. A permission is not given on it: who left an hour ago would still have
// it. So whatever gives one is asked firmly: it rests on fresh answers, and on
// what the document itself names, or it is not given.

// fresh reports whether the directory gave the answer now.
func (a *Answer) fresh() bool { return !a.Stale && !a.Failed }

// firmly asks on behalf of a permission: meanwhile an answer that is not fresh is
// no. It reports whether all that was looked at was fresh.
func (m *machine) firmly(ask func()) (sure bool) {
	firm, unsure := m.firm, m.unsure
	m.firm, m.unsure = true, false
	ask()
	sure = !m.unsure
	m.firm, m.unsure = firm, unsure || !sure
	return sure
}

// says is what an answer with yes or no says.
func (m *machine) says(a *Answer) bool {
	if m.firm && !a.fresh() {
		m.unsure = true
		return false
	}
	return a.Yes
}

// notAuthorised refuses whom no line names; where the directory could not say
// so, that.
func (m *machine) notAuthorised() Verdict {
	if m.firm && m.unsure {
		return rejected(Unresolvable)
	}
	return rejected(NotAuthorised)
}

// holds evaluates a guard of what tells people. Doubt whether hours hold is no
// reason to be silent. known is false while hours are asked for.
func (m *machine) holds(c *policy.Conditions) (ok, known bool) {
	// The last good answer is good until the hours were to begin; when they were
	// to end it does not say.
	t, known := m.truth(c, func(a *Answer) bool { return a.fresh() || a.Stale && !a.Yes })
	return t != policy.False, known
}

// permits evaluates a guard of what acts by itself. What hangs on hours that
// nobody knows is not done.
func (m *machine) permits(c *policy.Conditions) (ok, known bool) {
	t, known := m.truth(c, (*Answer).fresh)
	return t == policy.True, known
}

// truth evaluates a guard at the present instant: Unknown where it hangs on hours
// for which there is no answer that is good enough. known is false while hours
// are asked for.
func (m *machine) truth(c *policy.Conditions, good func(*Answer) bool) (t policy.Truth, known bool) {
	f := m.facts()
	if t = c.Holds(&f); t != policy.Unknown {
		return t, true
	}
	known = true
	for _, name := range c.HoursNamed() {
		a, ok := m.answer(Question{Kind: QuestionHours, Name: name, At: m.now})
		if !ok {
			known = false
		} else if good(a) {
			f.Hours = append(f.Hours, policy.HoursFact{Name: name, Open: a.Yes})
		}
	}
	if !known {
		return policy.False, false
	}
	return c.Holds(&f), true
}

// A review that nobody can decide, for the directory does not say whether those
// who voted still may, is looked at again: soon, and then ever more seldom.
const (
	lookSoon = time.Minute
	lookLate = time.Hour
)

// lookAgain puts off the decision of review k.
func (m *machine) lookAgain(k int) {
	r := &m.own().Reviews[k]
	last := slices.MaxFunc(r.Votes, func(a, b Vote) int { return cmp.Compare(a.At, b.At) })
	r.Look = m.now.Add(min(max(m.now.Sub(last.At), lookSoon), lookLate))
}
