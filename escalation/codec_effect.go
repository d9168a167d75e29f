package escalation

import "github.com/belfry-go/belfry/policy"

// Bits of an effect's mask. A bit says that a field differs from what it is in
// most effects: indexes -1, Until and From Never, the instant the event's, the
// id what the record and the place in it give.
const (
	effectTrack = 1 << iota
	effectTier
	effectPass
	effectReason
	effectTo
	effectTarget // another than To
	effectVia

	effectMessage
	effectWaited
	effectPassedOver
	effectStatus
	effectUntil
	effectResult
	effectDeadline

	effectEssential
	effectFrom
	effectGate
	effectAction
	effectReview
	effectDecision
	effectText

	effectAt
	effectAssumed
	effectAlert
	effectSubjects
	effectIDBit
	effectMaskEnd
)

func effectMask(x *Effect, r *Record, i int) uint64 {
	return flag(x.Track != -1, effectTrack) |
		flag(x.Tier != NoTier, effectTier) |
		flag(x.Pass != 0, effectPass) |
		flag(x.Reason != policy.ReasonNone, effectReason) |
		flag(!x.To.IsZero(), effectTo) |
		flag(x.Target != x.To, effectTarget) |
		flag(x.Via != "", effectVia) |
		flag(x.Message != MessageNone, effectMessage) |
		flag(x.Waited != 0, effectWaited) |
		flag(len(x.PassedOver) > 0, effectPassedOver) |
		flag(x.Status != StatusNone, effectStatus) |
		flag(x.Until.Known(), effectUntil) |
		flag(x.Result != ResultNone, effectResult) |
		flag(x.Deadline != -1, effectDeadline) |
		flag(x.Essential, effectEssential) |
		flag(x.From.Known(), effectFrom) |
		flag(x.Gate != -1, effectGate) |
		flag(x.Action != -1, effectAction) |
		flag(x.Review != -1, effectReview) |
		flag(x.Decision != DecisionNone, effectDecision) |
		flag(x.Text != "", effectText) |
		flag(x.At != r.Event.At, effectAt) |
		flag(len(x.Assumed) > 0, effectAssumed) |
		flag(x.Alert != nil, effectAlert) |
		flag(x.Subjects != 0, effectSubjects) |
		flag(x.ID.Seq != r.Seq || int(x.ID.I) != i, effectIDBit)
}

// effectRare is the bits of what most effects lack, so that these fields are
// passed over together.
const effectRare = effectGate | effectAction | effectReview | effectDeadline | effectDecision | effectText |
	effectAt | effectAssumed | effectAlert | effectSubjects | effectIDBit | effectFrom

func (e *encoder) effect(b []byte, x *Effect, r *Record, i int) []byte {
	m := effectMask(x, r, i)
	b = putUvarint(b, m)
	b = append(b, byte(x.Kind))
	if m&effectTrack != 0 {
		b = putInt(b, int(x.Track))
	}
	if m&effectTier != 0 {
		b = putInt(b, int(x.Tier))
	}
	if m&effectPass != 0 {
		b = append(b, x.Pass)
	}
	if m&effectReason != 0 {
		b = append(b, byte(x.Reason))
	}
	if m&effectMessage != 0 {
		b = append(b, byte(x.Message))
	}
	if m&effectStatus != 0 {
		b = append(b, byte(x.Status))
	}
	if m&effectResult != 0 {
		b = append(b, byte(x.Result))
	}
	if m&effectTo != 0 {
		b = e.target(b, &x.To)
	}
	if m&effectTarget != 0 {
		b = e.target(b, &x.Target)
	}
	b = e.opt(b, m, effectVia, x.Via)
	if m&effectWaited != 0 {
		b = putDuration(b, x.Waited)
	}
	if m&effectPassedOver != 0 {
		b = e.responders(b, x.PassedOver)
	}
	if m&effectUntil != 0 {
		b = putInstant(b, x.Until, r.Event.At)
	}
	if m&effectRare != 0 {
		b = e.effectRare(b, m, x, r.Event.At)
	}
	return b
}

func (e *encoder) effectRare(b []byte, m uint64, x *Effect, at policy.Instant) []byte {
	if m&effectIDBit != 0 {
		b = putEffectID(b, x.ID)
	}
	if m&effectAt != 0 {
		b = putInstant(b, x.At, at)
	}
	if m&effectFrom != 0 {
		b = putInstant(b, x.From, at)
	}
	for _, index := range [...]int16{x.Gate, x.Action, x.Review, x.Deadline} {
		if index != -1 {
			b = putInt(b, int(index))
		}
	}
	if m&effectDecision != 0 {
		b = append(b, byte(x.Decision))
	}
	b = e.opt(b, m, effectText, x.Text)
	if m&effectAssumed != 0 {
		b = e.texts(b, x.Assumed)
	}
	if m&effectSubjects != 0 {
		b = putInt(b, x.Subjects)
	}
	if m&effectAlert != 0 {
		b = e.alert(b, x.Alert)
	}
	return b
}

func (d *decoder) effect(x *Effect, r *Record, i int) {
	m := d.mask(effectMaskEnd - 1)
	x.ID = EffectID{Seq: r.Seq, I: uint16(i)}
	x.Kind = EffectKind(d.byte())
	x.At, x.Until, x.From = r.Event.At, policy.Never, policy.Never
	x.Essential = m&effectEssential != 0
	x.Track = d.index(m, effectTrack)
	x.Tier = d.index(m, effectTier)
	x.Gate, x.Action, x.Review, x.Deadline = -1, -1, -1, -1
	if m&effectPass != 0 {
		x.Pass = d.byte()
	}
	if m&effectReason != 0 {
		x.Reason = policy.Reason(d.byte())
	}
	if m&effectMessage != 0 {
		x.Message = MessageKind(d.byte())
	}
	if m&effectStatus != 0 {
		x.Status = Status(d.byte())
	}
	if m&effectResult != 0 {
		x.Result = Result(d.byte())
	}
	if m&effectTo != 0 {
		x.To = d.target()
	}
	x.Target = x.To
	if m&effectTarget != 0 {
		x.Target = d.target()
	}
	x.Via = d.opt(m, effectVia)
	if m&effectWaited != 0 {
		x.Waited = d.duration()
	}
	if m&effectPassedOver != 0 {
		x.PassedOver = d.responders()
	}
	if m&effectUntil != 0 {
		x.Until = d.instant(r.Event.At)
	}
	if m&effectRare != 0 {
		d.effectRare(m, x, r.Event.At)
	}
	d.expect(m, effectMask(x, r, i))
}

func (d *decoder) effectRare(m uint64, x *Effect, at policy.Instant) {
	if m&effectIDBit != 0 {
		x.ID = d.effectID()
	}
	if m&effectAt != 0 {
		x.At = d.instant(at)
	}
	x.From = d.known(m, effectFrom, at)
	x.Gate = d.index(m, effectGate)
	x.Action = d.index(m, effectAction)
	x.Review = d.index(m, effectReview)
	x.Deadline = d.index(m, effectDeadline)
	if m&effectDecision != 0 {
		x.Decision = Decision(d.byte())
	}
	x.Text = d.opt(m, effectText)
	if m&effectAssumed != 0 {
		x.Assumed = d.texts()
	}
	if m&effectSubjects != 0 {
		x.Subjects = d.int()
	}
	if m&effectAlert != 0 {
		x.Alert = d.alert()
	}
}

// index reads an index if bit is set in m; else it is -1, none.
func (d *decoder) index(m, bit uint64) int16 {
	if m&bit == 0 {
		return -1
	}
	return d.int16()
}
