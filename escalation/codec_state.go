package escalation

import "github.com/belfry-go/belfry/policy"

// Bits of a state's mask, the frequent ones first: seven bits are a byte.
const (
	stateDocument = 1 << iota
	stateDue
	stateTracks
	stateEntries
	stateContacts
	stateOpen
	statePolicy
	stateDeadlines
	stateGates
	stateActions
	stateMore
	stateResolved
	stateGrace
	stateGraceAt
	stateHighest // another than the present levels
	stateWide    // a level beyond 15
	stateVerified
	stateReopened
	stateLastResort
	stateEnd
)

func stateMask(s *State) uint64 {
	return flag(s.Document != policy.Digest{}, stateDocument) |
		flag(s.Due.Known(), stateDue) |
		flag(len(s.Tracks) > 0, stateTracks) |
		flag(len(s.Entries) > 0, stateEntries) |
		flag(len(s.Contacts) > 0, stateContacts) |
		flag(len(s.Open) > 0, stateOpen) |
		flag(s.Policy != 0, statePolicy) |
		flag(len(s.Deadlines) > 0, stateDeadlines) |
		flag(len(s.Gates) > 0, stateGates) |
		flag(len(s.Actions) > 0, stateActions) |
		flag(s.More != nil, stateMore) |
		flag(s.Resolved.Known(), stateResolved) |
		flag(s.Grace.Known(), stateGrace) |
		flag(s.GraceAt.Known(), stateGraceAt) |
		flag(s.Highest != s.levels(), stateHighest) |
		flag(wide(s.levels()) || wide(s.Highest), stateWide) |
		flag(s.Verified, stateVerified) |
		flag(s.Reopened, stateReopened) |
		flag(s.LastResort.Known(), stateLastResort)
}

// levels is the present levels in the order of Highest.
func (s *State) levels() [4]policy.Level {
	return [4]policy.Level{s.Severity, s.Criticality, s.BlastRadius, s.Priority}
}

// wide reports whether a level does not fit in four bits.
func wide(l [4]policy.Level) bool { return (l[0] | l[1] | l[2] | l[3]) > 15 }

// state writes the state; the key comes first, see decoder.textLike.
func (e *encoder) state(b []byte, s *State) []byte {
	b = e.text(b, s.Key)
	m := stateMask(s)
	b = putUvarint(b, m)
	b = putUvarint(b, uint64(s.Rev))
	b = append(b, byte(s.Status))
	b = putUvarint(b, s.Seq)
	b = putUvarint(b, s.Incarnation)
	b = putInt(b, s.Count)
	b = e.levels(b, s.levels(), m&stateWide != 0)
	if m&stateHighest != 0 {
		b = e.levels(b, s.Highest, m&stateWide != 0)
	}
	if m&stateDocument != 0 {
		b = append(b, s.Document[:]...)
	}
	if m&statePolicy != 0 {
		b = putInt(b, s.Policy)
	}
	b = putInstant(b, s.Opened, 0)
	b = putInstant(b, s.At, s.Opened)
	b = putInstant(b, s.LastSeen, s.Opened)
	for _, i := range [...]policy.Instant{s.Due, s.Resolved, s.Grace, s.GraceAt, s.LastResort} {
		if i.Known() {
			b = putInstant(b, i, s.Opened)
		}
	}
	if m&stateTracks != 0 {
		b = e.tracks(b, s)
	}
	if m&stateEntries != 0 {
		b = e.entries(b, s)
	}
	if m&stateContacts != 0 {
		b = e.contacts(b, s)
	}
	if m&stateOpen != 0 {
		b = e.open(b, s)
	}
	if m&stateDeadlines != 0 {
		b = e.deadlines(b, s)
	}
	if m&stateGates != 0 {
		b = e.gates(b, s)
	}
	if m&stateActions != 0 {
		b = e.actions(b, s)
	}
	if m&stateMore != 0 {
		b = e.more(b, s.More, s.Opened)
	}
	return b
}

func (e *encoder) levels(b []byte, l [4]policy.Level, wide bool) []byte {
	if wide {
		b = append(b, byte(l[0]), byte(l[1]), byte(l[2]), byte(l[3]))
		return b
	}
	b = append(b, byte(l[0]|l[1]<<4), byte(l[2]|l[3]<<4))
	return b
}

func (d *decoder) levels(wide bool) (l [4]policy.Level) {
	if wide {
		for i := range l {
			l[i] = policy.Level(d.byte())
		}
		return l
	}
	a, b := policy.Level(d.byte()), policy.Level(d.byte())
	return [4]policy.Level{a & 15, a >> 4, b & 15, b >> 4}
}

func (d *decoder) digest(m, bit uint64) (v policy.Digest) {
	if m&bit == 0 {
		return v
	}
	if len(d.b)-d.off < len(v) {
		d.fail(msgShort)
		return v
	}
	d.off += copy(v[:], d.b[d.off:])
	return v
}

func (d *decoder) state(s *State) {
	s.Key = d.textLike(s.Key)
	m := d.mask(stateEnd - 1)
	s.Alert, s.More = nil, nil
	s.Rev = d.uint16()
	s.Status = Status(d.byte())
	s.Seq = d.uvarint()
	s.Incarnation = d.uvarint()
	s.Count = d.int()
	l := d.levels(m&stateWide != 0)
	s.Severity, s.Criticality, s.BlastRadius, s.Priority = l[0], l[1], l[2], l[3]
	s.Highest = l
	if m&stateHighest != 0 {
		s.Highest = d.levels(m&stateWide != 0)
	}
	s.Document = d.digest(m, stateDocument)
	s.Policy = 0
	if m&statePolicy != 0 {
		s.Policy = d.int()
	}
	s.Opened = d.instant(0)
	s.At = d.instant(s.Opened)
	s.LastSeen = d.instant(s.Opened)
	s.Due = d.known(m, stateDue, s.Opened)
	s.Resolved = d.known(m, stateResolved, s.Opened)
	s.Grace = d.known(m, stateGrace, s.Opened)
	s.GraceAt = d.known(m, stateGraceAt, s.Opened)
	s.LastResort = d.known(m, stateLastResort, s.Opened)
	s.Verified = m&stateVerified != 0
	s.Reopened = m&stateReopened != 0
	d.parts(m, s)
	if m&stateMore != 0 {
		s.More = d.more(s.Opened)
	}
	d.part = "head"
	d.expect(m, stateMask(s))
}

// parts reads the lists of a state.
func (d *decoder) parts(m uint64, s *State) {
	s.Tracks, s.Entries, s.Contacts, s.Open = s.Tracks[:0], s.Entries[:0], s.Contacts[:0], s.Open[:0]
	s.Deadlines, s.Gates, s.Actions = s.Deadlines[:0], s.Gates[:0], s.Actions[:0]
	if m&stateTracks != 0 {
		d.tracks(s)
	}
	if m&stateEntries != 0 {
		d.entries(s)
	}
	if m&stateContacts != 0 {
		d.contacts(s)
	}
	if m&stateOpen != 0 {
		d.open(s)
	}
	if m&stateDeadlines != 0 {
		d.deadlines(s)
	}
	if m&stateGates != 0 {
		d.gates(s)
	}
	if m&stateActions != 0 {
		d.actions(s)
	}
}

func (e *encoder) deadlines(b []byte, s *State) []byte {
	b = putUvarint(b, uint64(len(s.Deadlines)))
	for i := range s.Deadlines {
		x := &s.Deadlines[i]
		b = append(b, byte(deadlineMask(x)))
		if x.At.Known() {
			b = putInstant(b, x.At, s.Opened)
		}
	}
	return b
}

func deadlineMask(x *DeadlineState) uint64 {
	return flag(x.Met, 1) | flag(x.Missed, 2) | flag(x.At.Known(), 4)
}

func (d *decoder) deadlines(s *State) {
	d.part = "deadlines"
	s.Deadlines = resize(s.Deadlines, d.some(1))
	for i := range s.Deadlines {
		m := d.mask(7)
		s.Deadlines[i] = DeadlineState{Met: m&1 != 0, Missed: m&2 != 0, At: d.known(m, 4, s.Opened)}
		d.expect(m, deadlineMask(&s.Deadlines[i]))
	}
}

func gateMask(x *GateState) uint64 {
	return flag(x.Closed, 1) | flag(x.Denied, 2) | flag(x.Opened, 4) | flag(x.Gone, 8) |
		flag(x.Close.Known(), 16) | flag(x.Until.Known(), 32)
}

func (e *encoder) gates(b []byte, s *State) []byte {
	b = putUvarint(b, uint64(len(s.Gates)))
	for i := range s.Gates {
		x := &s.Gates[i]
		b = append(b, byte(gateMask(x)))
		if x.Close.Known() {
			b = putInstant(b, x.Close, s.Opened)
		}
		if x.Until.Known() {
			b = putInstant(b, x.Until, s.Opened)
		}
	}
	return b
}

func (d *decoder) gates(s *State) {
	d.part = "gates"
	s.Gates = resize(s.Gates, d.some(1))
	for i := range s.Gates {
		m := d.mask(63)
		s.Gates[i] = GateState{
			Closed: m&1 != 0, Denied: m&2 != 0, Opened: m&4 != 0, Gone: m&8 != 0,
			Close: d.known(m, 16, s.Opened), Until: d.known(m, 32, s.Opened),
		}
		d.expect(m, gateMask(&s.Gates[i]))
	}
}

func actionMask(x *ActionState) uint64 {
	return flag(x.At.Known(), 1) | flag(!x.Effect.IsZero(), 2) | flag(x.DoneAt.Known(), 4)
}

func (e *encoder) actions(b []byte, s *State) []byte {
	b = putUvarint(b, uint64(len(s.Actions)))
	for i := range s.Actions {
		x := &s.Actions[i]
		b = append(b, byte(actionMask(x)))
		b = append(b, byte(x.Phase))
		if x.At.Known() {
			b = putInstant(b, x.At, s.Opened)
		}
		if !x.Effect.IsZero() {
			b = putEffectID(b, x.Effect)
		}
		if x.DoneAt.Known() {
			b = putInstant(b, x.DoneAt, s.Opened)
		}
	}
	return b
}

func (d *decoder) actions(s *State) {
	d.part = "actions"
	s.Actions = resize(s.Actions, d.some(2))
	for i := range s.Actions {
		m := d.mask(7)
		x := &s.Actions[i]
		*x = ActionState{Phase: ActionPhase(d.byte()), At: d.known(m, 1, s.Opened)}
		if m&2 != 0 {
			x.Effect = d.effectID()
		}
		x.DoneAt = d.known(m, 4, s.Opened)
		d.expect(m, actionMask(x))
	}
}

func (e *encoder) open(b []byte, s *State) []byte {
	b = putUvarint(b, uint64(len(s.Open)))
	for i := range s.Open {
		b = putEffectID(b, s.Open[i].ID)
		b = putInt(b, int(s.Open[i].Contact))
		b = putUvarint(b, uint64(s.Open[i].Rule)<<1|flag(s.Open[i].Via, 1))
	}
	return b
}

func (d *decoder) open(s *State) {
	d.part = "open messages"
	s.Open = resize(s.Open, d.some(4))
	for i := range s.Open {
		s.Open[i] = OpenMessage{ID: d.effectID(), Contact: d.int16()}
		rule := d.uvarint()
		if rule > 1<<9-1 {
			d.fail("a message is of a rule that no contact has")
		}
		s.Open[i].Rule, s.Open[i].Via = uint8(rule>>1), rule&1 != 0
	}
}
