package engine

import (
	"slices"
	"sync"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// maxSilence is how long a silence may last.
const maxSilence = 7 * 24 * time.Hour

// silence is one silence as it stands: a value; its methods are pure.
type silence struct {
	Name   string            `json:"name"`
	Key    string            `json:"key,omitempty"`
	Match  []string          `json:"match,omitempty"`
	By     escalation.Author `json:"by"`
	Reason string            `json:"reason"`
	From   policy.Instant    `json:"from"`
	Until  policy.Instant    `json:"until"`
	Ended  bool              `json:"ended,omitempty"`
}

// holds reports whether the silence is in force at an instant. Its end is not:
// quiet ends early rather than late.
func (q *silence) holds(at policy.Instant) bool {
	return q.Name != "" && !q.Ended && at >= q.From && at < q.Until
}

// due is when the silence ends by itself.
func (q *silence) due() policy.Instant {
	if q.Ended || q.Name == "" {
		return policy.Never
	}
	return q.Until
}

// inForce is a silence with its conditions read.
type inForce struct {
	silence
	match policy.Conditions
}

// concerns reports whether the silence is over an alert. An author who is the
// alert's subject, or a party to it, silences nothing of it.
func (q *inForce) concerns(a *policy.Alert, key string, parties []policy.Target) bool {
	who := q.By.Principal
	if who.ID == a.Identity.ID && a.Identity.ID != "" || slices.Contains(a.Parties, who) || slices.Contains(parties, who) {
		return false
	}
	if len(q.Match) == 0 {
		return q.Key == key
	}
	f := policy.FactsOf(a)
	return q.match.Holds(&f) == policy.True
}

// silences are those in force, by name: a projection of their streams.
type silences struct {
	mu   sync.Mutex
	list []inForce // sorted by name
}

// set makes q known, or forgets it when it ended.
func (qs *silences) set(q silence) error {
	match, err := policy.ParseMatch(q.Match...)
	if err != nil {
		return err
	}
	qs.mu.Lock()
	defer qs.mu.Unlock()
	i, found := slices.BinarySearchFunc(qs.list, q.Name, func(a inForce, name string) int {
		switch {
		case a.Name < name:
			return -1
		case a.Name > name:
			return 1
		}
		return 0
	})
	list := slices.Clone(qs.list) // over reads without the lock
	switch {
	case found && q.Ended:
		list = slices.Delete(list, i, i+1)
	case found:
		list[i] = inForce{q, match}
	case !q.Ended:
		list = slices.Insert(list, i, inForce{q, match})
	}
	qs.list = list
	return nil
}

func (qs *silences) all() []inForce {
	qs.mu.Lock()
	defer qs.mu.Unlock()
	return qs.list
}

// over returns what holds at an instant over an alert that is triggered then.
func (qs *silences) over(at policy.Instant, a *policy.Alert, doc *document) []escalation.SilenceFact {
	list := qs.all()
	if len(list) == 0 {
		return nil
	}
	alert, _ := a.Normalize()
	f := policy.FactsOf(&alert)
	parties := doc.Choose(&f).Parties
	var facts []escalation.SilenceFact
	for i := range list {
		if list[i].holds(at) && list[i].concerns(&alert, alert.Key, parties) {
			facts = append(facts, escalation.SilenceFact{Name: list[i].Name, Until: list[i].Until})
		}
	}
	return facts
}
