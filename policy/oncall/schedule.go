package oncall

import (
	"slices"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// Schedule says who is on call at any instant. It never changes, and any number
// of goroutines may ask it at once.
type Schedule struct {
	name      string
	zone      *zone
	people    [][]string // of each group
	layers    []layer
	overrides []override
	override  spans
	temporary []shifts
	takeover  spans // when each of temporary is in force
	answers   answers
}

// layer is a union of its parts.
type layer struct {
	always  []ref
	windows []window
	shifts  shifts
}

// ref is a group, or the turn of a rotation.
type ref struct {
	group    group
	rotation *rotation // nil: group
}

// shifts are fixed spans with their people.
type shifts struct {
	spans spans
	who   [][]ref
}

type override struct {
	who      []ref
	replaces []string
}

// Name is the schedule's name in the document.
func (s *Schedule) Name() string { return s.name }

// Location is the schedule's time zone.
func (s *Schedule) Location() *time.Location { return s.zone.loc }

// At is who is on call at i; nil means nobody, as it does for [policy.Never].
//
// The order is that of the document: in the layer that holds, `always` before
// `windows` before `shifts`, each as listed, the people of a turn as listed; then
// the overrides, where whoever replaces somebody takes that person's place and
// whoever is added comes last. Nobody is in it twice. The slice is shared: read
// it only.
//
// A call takes time in proportion to the parts of the schedule, not to how far
// away i is, and allocates nothing once the same people were on call before.
func (s *Schedule) At(i policy.Instant) []string {
	if !i.Known() {
		return nil
	}
	var room [keyRoom]uint32
	q := query{at: i}
	return s.answer(s.fill(&q, room[:0]))
}

// segment is who is on call at i, and until when at least that stays so.
func (s *Schedule) segment(i policy.Instant) ([]string, policy.Instant) {
	var room [keyRoom]uint32
	q := query{at: i, edges: true, until: policy.Never}
	key := s.fill(&q, room[:0])
	return s.answer(key), q.until
}

// query is one question while it is answered. The answer is built as a key: the
// groups on call; then, for each override in force, its mark and its groups. It
// is handed from call to call, not kept here, so that it stays on the stack.
type query struct {
	at    policy.Instant
	m     moment
	edges bool           // whether until is asked for
	until policy.Instant // nothing changes before it
}

const (
	mark    = 1 << 31 // set in an element of a key that is the number of an override
	keyRoom = 24      // longer keys are allocated
	running = 8       // room for spans in force at once, likewise
)

func (q *query) bySecond(sec int64) { q.until = min(q.until, instantAt(sec)) }

func (q *query) byEdge(s *spans) {
	if q.edges {
		q.until = min(q.until, s.until(q.at))
	}
}

// fill finds the groups on call, from the top down: nothing below what holds is
// looked at.
func (s *Schedule) fill(q *query, key []uint32) []uint32 {
	q.m = s.zone.at(secondOf(q.at))
	q.byEdge(&s.takeover)
	if s.takeover.any(q.at) {
		var room [running]int
		if in := s.takeover.running(q.at, room[:0]); len(in) > 0 {
			return s.fillShifts(q, &s.temporary[in[len(in)-1]], key)
		}
	}
	for i := len(s.layers) - 1; i >= 0 && len(key) == 0; i-- {
		key = s.fillLayer(q, &s.layers[i], key)
	}
	q.byEdge(&s.override)
	if s.override.any(q.at) {
		var room [running]int
		for _, i := range s.override.running(q.at, room[:0]) {
			key = append(key, mark|uint32(i))
			key = s.fillRefs(q, s.overrides[i].who, key)
		}
	}
	return key
}

func (s *Schedule) fillLayer(q *query, l *layer, key []uint32) []uint32 {
	key = s.fillRefs(q, l.always, key)
	for i := range l.windows {
		w := &l.windows[i]
		if w.runs(&q.m) {
			key = s.fillRefs(q, w.who, key)
		}
		if q.edges {
			q.bySecond(w.until(&q.m, s.zone))
		}
	}
	return s.fillShifts(q, &l.shifts, key)
}

func (s *Schedule) fillShifts(q *query, sh *shifts, key []uint32) []uint32 {
	q.byEdge(&sh.spans)
	if sh.spans.any(q.at) {
		var room [running]int
		for _, i := range sh.spans.running(q.at, room[:0]) {
			key = s.fillRefs(q, sh.who[i], key)
		}
	}
	return key
}

func (s *Schedule) fillRefs(q *query, refs []ref, key []uint32) []uint32 {
	for i := range refs {
		r := refs[i].rotation
		if r == nil {
			key = append(key, uint32(refs[i].group))
			continue
		}
		if r.covers(&q.m) {
			key = append(key, uint32(r.on(&q.m)))
		}
		if q.edges {
			q.bySecond(r.until(&q.m, s.zone))
		}
	}
	return key
}

// answer turns a key into people.
func (s *Schedule) answer(key []uint32) []string {
	switch {
	case len(key) == 0:
		return nil
	case len(key) == 1 && key[0]&mark == 0:
		return s.people[key[0]]
	}
	return s.answers.get(key, s)
}

// compute is who is on call when the groups of key are.
func (s *Schedule) compute(key []uint32) []string {
	n := markAt(key)
	on := s.union(key[:n])
	for key = key[n:]; len(key) > 0; {
		o := &s.overrides[key[0]&^mark]
		n = 1 + markAt(key[1:])
		on = o.apply(on, s.union(key[1:n]))
		key = key[n:]
	}
	return slices.Clip(on)
}

// markAt is the index of the first mark in key, or its length.
func markAt(key []uint32) int {
	if n := slices.IndexFunc(key, func(k uint32) bool { return k&mark != 0 }); n >= 0 {
		return n
	}
	return len(key)
}

// union is the people of some groups, each once.
func (s *Schedule) union(key []uint32) []string {
	var u []string
	seen := map[string]bool{}
	for _, k := range key {
		for _, p := range s.people[k] {
			if !seen[p] {
				seen[p] = true
				u = append(u, p)
			}
		}
	}
	return u
}

// apply is who is on call after the override, of those on before it; who are
// the people that its `who` is at the moment.
func (o *override) apply(on, who []string) []string {
	switch {
	case len(o.who) > 0 && len(who) == 0:
		// A rotation outside its days. It would leave a hole that nobody
		// wrote, so the override does not act.
		return on
	case len(o.who) == 0 && len(o.replaces) == 0:
		return nil
	case len(o.replaces) == 0:
		return distinct(append(slices.Clip(on), who...))
	}
	var after []string
	for _, p := range on {
		if slices.Contains(o.replaces, p) {
			after = append(after, who...) // for the second replaced, a repetition
		} else {
			after = append(after, p)
		}
	}
	return distinct(after)
}

// distinct is the list without what came before in it.
func distinct(list []string) []string {
	seen := make(map[string]bool, len(list))
	return slices.DeleteFunc(list, func(p string) bool {
		was := seen[p]
		seen[p] = true
		return was
	})
}
