package escalation

import "github.com/belfry-go/belfry/policy"

// Bits of a record's mask.
const (
	recordPolicy = 1 << iota
	recordEffects
	recordReason
	recordQuestions
	recordMaskEnd
)

func recordMask(r *Record) uint64 {
	return flag(r.Policy != policy.Digest{}, recordPolicy) |
		flag(len(r.Effects) > 0, recordEffects) |
		flag(r.Verdict.Reason != VerdictNone, recordReason) |
		flag(len(r.Verdict.Questions) > 0, recordQuestions)
}

func (e *encoder) record(b []byte, r *Record) []byte {
	m := recordMask(r)
	b = putUvarint(b, m)
	b = putUvarint(b, r.Seq)
	if m&recordPolicy != 0 {
		b = append(b, r.Policy[:]...)
	}
	b = append(b, byte(r.Verdict.Kind))
	if m&recordReason != 0 {
		b = append(b, byte(r.Verdict.Reason))
	}
	b = e.event(b, &r.Event)
	if m&recordQuestions != 0 {
		b = putUvarint(b, uint64(len(r.Verdict.Questions)))
		for i := range r.Verdict.Questions {
			b = e.question(b, &r.Verdict.Questions[i], r.Event.At)
		}
	}
	if m&recordEffects != 0 {
		b = putUvarint(b, uint64(len(r.Effects)))
		for i := range r.Effects {
			b = e.effect(b, &r.Effects[i], r, i)
		}
	}
	return b
}

func (d *decoder) record(r *Record) {
	m := d.mask(recordMaskEnd - 1)
	r.Seq = d.uvarint()
	r.Policy = d.digest(m, recordPolicy)
	r.Verdict.Kind = VerdictKind(d.byte())
	if m&recordReason != 0 {
		r.Verdict.Reason = VerdictReason(d.byte())
	}
	d.event(&r.Event)
	if m&recordQuestions != 0 {
		d.part = "questions"
		r.Verdict.Questions = make([]Question, d.some(2))
		for i := range r.Verdict.Questions {
			d.question(&r.Verdict.Questions[i], r.Event.At)
		}
	}
	if m&recordEffects != 0 {
		d.part = "effects"
		n := d.some(2)
		r.Effects = make([]Effect, 0, min(n, firstItems))
		for i := range n {
			r.Effects = append(r.Effects, Effect{})
			d.effect(&r.Effects[i], r, i)
			if d.err != nil {
				return
			}
		}
	}
	d.expect(m, recordMask(r))
}

// firstItems is for how many items of a list room is made before any of them
// was read: items that are large in memory may be small in the encoding.
const firstItems = 32

// Bits of a question's mask.
const (
	questionTarget = 1 << iota
	questionSubject
	questionName
	questionAt // another than the event's
	questionTrack
	questionTier
	questionMaskEnd
)

func questionMask(q *Question, at policy.Instant) uint64 {
	return flag(!q.Target.IsZero(), questionTarget) |
		flag(q.Subject != "", questionSubject) |
		flag(q.Name != "", questionName) |
		flag(q.At != at, questionAt) |
		flag(q.Track != 0, questionTrack) |
		flag(q.Tier != 0, questionTier)
}

func (e *encoder) question(b []byte, q *Question, at policy.Instant) []byte {
	m := questionMask(q, at)
	b = putUvarint(b, m)
	b = append(b, byte(q.Kind))
	if m&questionTarget != 0 {
		b = e.target(b, &q.Target)
	}
	b = e.opt(b, m, questionSubject, q.Subject)
	b = e.opt(b, m, questionName, q.Name)
	if m&questionAt != 0 {
		b = putInstant(b, q.At, at)
	}
	if m&questionTrack != 0 {
		b = putInt(b, q.Track)
	}
	if m&questionTier != 0 {
		b = putInt(b, q.Tier)
	}
	return b
}

func (d *decoder) question(q *Question, at policy.Instant) {
	m := d.mask(questionMaskEnd - 1)
	q.Kind = QuestionKind(d.byte())
	if m&questionTarget != 0 {
		q.Target = d.target()
	}
	q.Subject = d.opt(m, questionSubject)
	q.Name = d.opt(m, questionName)
	q.At = at
	if m&questionAt != 0 {
		q.At = d.instant(at)
	}
	if m&questionTrack != 0 {
		q.Track = d.int()
	}
	if m&questionTier != 0 {
		q.Tier = d.int()
	}
	d.expect(m, questionMask(q, at))
}

// Bits of an answer's mask.
const (
	answerResponders = 1 << iota
	answerYes
	answerNext // of hours: known
	answerOrder
	answerBehind
	answerStale
	answerFailed
	answerNever // Next is Never; with neither bit it is the zero instant
	answerMaskEnd
)

func answerMask(a *Answer) uint64 {
	return flag(len(a.Responders) > 0, answerResponders) |
		flag(a.Yes, answerYes) |
		flag(a.Next.Known() && a.Next != 0, answerNext) |
		flag(len(a.Order) > 0, answerOrder) |
		flag(!a.Behind.IsZero(), answerBehind) |
		flag(a.Stale, answerStale) |
		flag(a.Failed, answerFailed) |
		flag(!a.Next.Known(), answerNever)
}

func (e *encoder) answer(b []byte, a *Answer, at policy.Instant) []byte {
	b = e.question(b, &a.Question, at)
	m := answerMask(a)
	b = putUvarint(b, m)
	if m&answerResponders != 0 {
		b = e.responders(b, a.Responders)
	}
	if m&answerNext != 0 {
		b = putInstant(b, a.Next, at)
	}
	if m&answerOrder != 0 {
		b = e.ints(b, a.Order)
	}
	if m&answerBehind != 0 {
		b = e.target(b, &a.Behind)
	}
	return b
}

func (d *decoder) answer(a *Answer, at policy.Instant) {
	d.question(&a.Question, at)
	m := d.mask(answerMaskEnd - 1)
	a.Yes, a.Stale, a.Failed = m&answerYes != 0, m&answerStale != 0, m&answerFailed != 0
	if m&answerResponders != 0 {
		a.Responders = d.responders()
	}
	switch {
	case m&answerNext != 0:
		a.Next = d.instant(at)
	case m&answerNever != 0:
		a.Next = policy.Never
	}
	if m&answerOrder != 0 {
		a.Order = d.ints()
	}
	if m&answerBehind != 0 {
		a.Behind = d.target()
	}
	d.expect(m, answerMask(a))
}
