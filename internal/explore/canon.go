package explore

import (
	"slices"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

const (
	// longAgo is where the past ends: what lies farther back is as far as any
	// rule of an explored policy looks.
	longAgo = 72 * time.Hour
	// baseSeq is the number that every explored state has.
	baseSeq = 1000
	// maxCount is where counting ends: no explored guard asks for more.
	maxCount = 3
)

// canonical makes s the state that stands for all that differ from it only in
// when they happen: it moves s to [Base], numbers its messages anew, and forgets
// how long ago the distant past was. What the machine does next is the same but
// for the move, as long as no answer hangs on the clock on the wall.
func canonical(s *escalation.State) {
	c := mover{by: Base.Sub(s.At), past: Base.Add(-longAgo)}
	s.At, s.LastSeen, s.Seq, s.Count = Base, Base, baseSeq, min(s.Count, maxCount)
	c.move(&s.Opened, &s.Resolved, &s.Due, &s.Grace, &s.GraceAt, &s.LastResort)
	for i := range s.Deadlines {
		c.move(&s.Deadlines[i].At)
	}
	for i := range s.Tracks {
		t := &s.Tracks[i]
		c.move(&t.Start, &t.End, &t.Next, &t.Began, &t.PassAt, &t.AckEnd, &t.Snooze, &t.Again)
	}
	for i := range s.Entries {
		c.move(&s.Entries[i].At, &s.Entries[i].Remind)
	}
	for i := range s.Contacts {
		c.move(&s.Contacts[i].Due)
	}
	for i := range s.Gates {
		c.move(&s.Gates[i].Close, &s.Gates[i].Until)
	}
	for i := range s.Actions {
		c.move(&s.Actions[i].At, &s.Actions[i].DoneAt)
	}
	renumber(s)
	if s.More != nil {
		s.More = c.rare(s.More)
	}
	s.Alert = c.alert(s.Alert)
}

// mover moves instants.
type mover struct {
	by   time.Duration
	past policy.Instant
}

func (c *mover) move(at ...*policy.Instant) {
	for _, p := range at {
		*p = c.moved(*p)
	}
}

func (c *mover) moved(at policy.Instant) policy.Instant {
	if !at.Known() {
		return at
	}
	return max(at.Add(c.by), c.past)
}

// renumber gives the messages under way, and the runs, numbers in the order in
// which they stand.
func renumber(s *escalation.State) {
	for i := range s.Open {
		s.Open[i].ID = escalation.EffectID{Seq: 1, I: uint16(i)}
	}
	for i := range s.Actions {
		if !s.Actions[i].Effect.IsZero() {
			s.Actions[i].Effect = escalation.EffectID{Seq: 2, I: uint16(i)}
		}
	}
}

// rare moves a copy of the rare part: it may be shared.
func (c *mover) rare(m *escalation.More) *escalation.More {
	n := *m
	n.Acks = slices.Clone(m.Acks)
	for i := range n.Acks {
		c.move(&n.Acks[i].At, &n.Acks[i].Remind)
	}
	n.Silences = slices.Clone(m.Silences)
	for i := range n.Silences {
		c.move(&n.Silences[i].Until)
	}
	n.Happened = slices.Clone(m.Happened)
	for i := range n.Happened {
		c.move(&n.Happened[i].At)
	}
	n.Lowered = slices.Clone(m.Lowered)
	for i := range n.Lowered {
		c.move(&n.Lowered[i].At)
	}
	n.Reviews = slices.Clone(m.Reviews)
	for i := range n.Reviews {
		r := &n.Reviews[i]
		c.move(&r.At, &r.Remind, &r.After, &r.Within, &r.Look)
		r.Votes = slices.Clone(r.Votes)
		for k := range r.Votes {
			c.move(&r.Votes[k].At)
		}
	}
	return &n
}

// alert moves the instants that an alert carries; one that carries none stays
// the same value.
func (c *mover) alert(a *policy.Alert) *policy.Alert {
	if c.by == 0 || a == nil || a.ExpiresAt.IsZero() && a.Window == (policy.Window{}) && len(a.Times) == 0 {
		return a
	}
	n := *a
	n.ExpiresAt = c.moved(policy.InstantOf(a.ExpiresAt)).Time()
	n.Window.Opens = c.moved(policy.InstantOf(a.Window.Opens)).Time()
	n.Window.Closes = c.moved(policy.InstantOf(a.Window.Closes)).Time()
	if len(a.Times) > 0 {
		n.Times = make(map[string]time.Time, len(a.Times))
		for name, at := range a.Times {
			n.Times[name] = c.moved(policy.InstantOf(at)).Time()
		}
	}
	return &n
}

// fingerprint is a 64-bit hash of b (FNV-1a, eight bytes at a time, with a
// finish that mixes). That two of a million states have the same has a chance of
// three in a hundred million.
func fingerprint(b []byte) uint64 {
	const prime = 0x9e3779b97f4a7c15
	h := uint64(len(b)) * prime
	for len(b) >= 8 {
		w := uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 | uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
		h = mix(h ^ w)
		b = b[8:]
	}
	var w uint64
	for i, x := range b {
		w |= uint64(x) << (8 * i)
	}
	return mix(mix(h^w) ^ prime)
}

func mix(h uint64) uint64 {
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	h ^= h >> 29
	h *= 0xbf58476d1ce4e5b9
	return h ^ h>>32
}
