package escalation

import "github.com/belfry-go/belfry/policy"

// Bits of an event's mask: what every event may have, then what the events of a
// person have, then the rest.
const (
	eventID = 1 << iota
	eventAnswers
	eventReport
	eventBy
	eventBehind
	eventTrack
	eventNoClaim // ClaimedAt is Never; with neither bit it is the zero instant

	eventTier
	eventAlert
	eventTo
	eventFor
	eventName
	eventReason
	eventIncarnation

	eventDown
	eventGate
	eventStage
	eventVote
	eventText
	eventEvidence
	eventOutcome

	eventAction
	eventUndo
	eventReview
	eventAsk
	eventPrior
	eventSilences
	eventClaimedAt

	eventSeverity
	eventCriticality
	eventBlastRadius
	eventPolicy
	eventMapping
	eventStopped
	eventLeaked
	eventMaskEnd
)

func eventMask(v *Event) uint64 {
	return eventMaskPerson(v) | eventMaskFacts(v) |
		flag(v.ID != "", eventID) |
		flag(!v.By.Principal.IsZero(), eventBy) |
		flag(!v.By.Behind.IsZero(), eventBehind) |
		flag(v.Alert != nil, eventAlert) |
		flag(v.Incarnation != 0, eventIncarnation) |
		flag(!v.ClaimedAt.Known(), eventNoClaim) |
		flag(v.ClaimedAt.Known() && v.ClaimedAt != 0, eventClaimedAt)
}

// eventMaskPerson is the bits of what a person says.
func eventMaskPerson(v *Event) uint64 {
	return flag(v.Track != "", eventTrack) |
		flag(v.Tier != "", eventTier) |
		flag(!v.To.IsZero(), eventTo) |
		flag(v.For != 0, eventFor) |
		flag(v.Name != "", eventName) |
		flag(v.Reason != "", eventReason) |
		flag(v.Text != "", eventText) |
		flag(v.Evidence != "", eventEvidence) |
		flag(v.Outcome != "", eventOutcome) |
		flag(v.Severity != "", eventSeverity) |
		flag(v.Criticality != "", eventCriticality) |
		flag(v.BlastRadius != "", eventBlastRadius) |
		flag(v.Gate != "", eventGate) |
		flag(v.Action != "", eventAction) |
		flag(v.Undo != "", eventUndo) |
		flag(v.Review != "", eventReview) |
		flag(v.Stage != "", eventStage) |
		flag(v.Vote != "", eventVote) |
		flag(v.Ask != "", eventAsk) |
		flag(v.Policy != "", eventPolicy) |
		flag(v.Mapping != nil, eventMapping)
}

// eventMaskFacts is the bits of what the driver adds.
func eventMaskFacts(v *Event) uint64 {
	return flag(len(v.Answers) > 0, eventAnswers) |
		flag(v.Report != Report{}, eventReport) |
		flag(v.Down != nil, eventDown) |
		flag(v.Prior != nil, eventPrior) |
		flag(len(v.Silences) > 0, eventSilences) |
		flag(v.Stopped, eventStopped) |
		flag(v.Leaked, eventLeaked)
}

func (e *encoder) event(b []byte, v *Event) []byte {
	m := eventMask(v)
	b = putUvarint(b, m)
	b = append(b, byte(v.Kind))
	b = putInstant(b, v.At, 0)
	b = e.opt(b, m, eventID, v.ID)
	if m&eventBy != 0 {
		b = e.target(b, &v.By.Principal)
	}
	if m&eventBehind != 0 {
		b = e.target(b, &v.By.Behind)
	}
	if m&eventClaimedAt != 0 {
		b = putInstant(b, v.ClaimedAt, v.At)
	}
	if m&eventIncarnation != 0 {
		b = putUvarint(b, v.Incarnation)
	}
	if m&eventAlert != 0 {
		b = e.alert(b, v.Alert)
	}
	if m&eventPerson != 0 {
		b = e.eventPerson(b, m, v)
	}
	b = e.eventFacts(b, m, v)
	return b
}

// eventPerson is the bits of eventMaskPerson: a tick has none of them.
const eventPerson = eventTrack | eventTier | eventTo | eventFor | eventName | eventReason | eventText |
	eventEvidence | eventOutcome | eventSeverity | eventCriticality | eventBlastRadius | eventGate |
	eventAction | eventUndo | eventReview | eventStage | eventVote | eventAsk | eventPolicy | eventMapping

func (e *encoder) eventPerson(b []byte, m uint64, v *Event) []byte {
	b = e.opt(b, m, eventTrack, v.Track)
	b = e.opt(b, m, eventTier, v.Tier)
	if m&eventTo != 0 {
		b = e.target(b, &v.To)
	}
	if m&eventFor != 0 {
		b = putDuration(b, v.For)
	}
	b = e.opt(b, m, eventName, v.Name)
	b = e.opt(b, m, eventReason, v.Reason)
	b = e.opt(b, m, eventText, v.Text)
	b = e.opt(b, m, eventEvidence, v.Evidence)
	b = e.opt(b, m, eventOutcome, v.Outcome)
	b = e.opt(b, m, eventSeverity, string(v.Severity))
	b = e.opt(b, m, eventCriticality, string(v.Criticality))
	b = e.opt(b, m, eventBlastRadius, string(v.BlastRadius))
	b = e.opt(b, m, eventGate, v.Gate)
	b = e.opt(b, m, eventAction, v.Action)
	b = e.opt(b, m, eventUndo, v.Undo)
	b = e.opt(b, m, eventReview, v.Review)
	b = e.opt(b, m, eventStage, v.Stage)
	b = e.opt(b, m, eventVote, v.Vote)
	b = e.opt(b, m, eventAsk, v.Ask)
	b = e.opt(b, m, eventPolicy, v.Policy)
	if m&eventMapping != 0 {
		b = e.mapping(b, v.Mapping, v.At)
	}
	return b
}

func (e *encoder) eventFacts(b []byte, m uint64, v *Event) []byte {
	if m&eventReport != 0 {
		b = e.report(b, &v.Report, v.At)
	}
	if m&eventDown != 0 {
		b = putInstant(b, v.Down.From, v.At)
		b = putInstant(b, v.Down.To, v.At)
	}
	if m&eventPrior != 0 {
		b = e.prior(b, v.Prior, v.At)
	}
	if m&eventSilences != 0 {
		b = putUvarint(b, uint64(len(v.Silences)))
		for i := range v.Silences {
			b = e.text(b, v.Silences[i].Name)
			b = putUntil(b, v.Silences[i].Until, v.At)
		}
	}
	if m&eventAnswers != 0 {
		b = putUvarint(b, uint64(len(v.Answers)))
		for i := range v.Answers {
			b = e.answer(b, &v.Answers[i], v.At)
		}
	}
	return b
}

func (d *decoder) event(v *Event) {
	d.part = "event"
	m := d.mask(eventMaskEnd - 1)
	v.Kind = EventKind(d.byte())
	v.At = d.instant(0)
	v.ID = d.opt(m, eventID)
	if m&eventBy != 0 {
		v.By.Principal = d.target()
	}
	if m&eventBehind != 0 {
		v.By.Behind = d.target()
	}
	switch {
	case m&eventNoClaim != 0:
		v.ClaimedAt = policy.Never
	case m&eventClaimedAt != 0:
		v.ClaimedAt = d.instant(v.At)
	}
	if m&eventIncarnation != 0 {
		v.Incarnation = d.uvarint()
	}
	if m&eventAlert != 0 {
		v.Alert = d.alert()
	}
	if m&eventPerson != 0 {
		d.eventPerson(m, v)
	}
	d.eventFacts(m, v)
	d.expect(m, eventMask(v))
}

func (d *decoder) eventPerson(m uint64, v *Event) {
	v.Track = d.opt(m, eventTrack)
	v.Tier = d.opt(m, eventTier)
	if m&eventTo != 0 {
		v.To = d.target()
	}
	if m&eventFor != 0 {
		v.For = d.duration()
	}
	v.Name = d.opt(m, eventName)
	v.Reason = d.opt(m, eventReason)
	v.Text = d.opt(m, eventText)
	v.Evidence = d.opt(m, eventEvidence)
	v.Outcome = d.opt(m, eventOutcome)
	v.Severity = policy.Severity(d.opt(m, eventSeverity))
	v.Criticality = policy.Criticality(d.opt(m, eventCriticality))
	v.BlastRadius = policy.BlastRadius(d.opt(m, eventBlastRadius))
	v.Gate = d.opt(m, eventGate)
	v.Action = d.opt(m, eventAction)
	v.Undo = d.opt(m, eventUndo)
	v.Review = d.opt(m, eventReview)
	v.Stage = d.opt(m, eventStage)
	v.Vote = d.opt(m, eventVote)
	v.Ask = d.opt(m, eventAsk)
	v.Policy = d.opt(m, eventPolicy)
	if m&eventMapping != 0 {
		v.Mapping = d.mapping(v.At)
	}
}

func (d *decoder) eventFacts(m uint64, v *Event) {
	v.Stopped, v.Leaked = m&eventStopped != 0, m&eventLeaked != 0
	if m&eventReport != 0 {
		d.report(&v.Report, v.At)
	}
	if m&eventDown != 0 {
		v.Down = &Span{d.instant(v.At), d.instant(v.At)}
	}
	if m&eventPrior != 0 {
		v.Prior = d.prior(v.At)
	}
	if m&eventSilences != 0 {
		d.part = "silences"
		v.Silences = make([]SilenceFact, d.some(2))
		for i := range v.Silences {
			v.Silences[i] = SilenceFact{d.text(), d.until(v.At)}
		}
	}
	if m&eventAnswers != 0 {
		d.part = "answers"
		n := d.some(3)
		v.Answers = make([]Answer, 0, min(n, firstItems))
		for i := range n {
			v.Answers = append(v.Answers, Answer{})
			d.answer(&v.Answers[i], v.At)
			if d.err != nil {
				return
			}
		}
	}
}

// Bits of a report's mask.
const (
	reportAttempt = 1 << iota
	reportDetail
	reportLate
	reportRetryAt
	reportSubjects
	reportZero // RetryAt is the zero instant; with neither bit it is Never
	reportMaskEnd
)

func reportMask(r *Report) uint64 {
	return flag(r.Attempt != 1, reportAttempt) |
		flag(r.Detail != "", reportDetail) |
		flag(r.Late != 0, reportLate) |
		flag(r.RetryAt.Known() && r.RetryAt != 0, reportRetryAt) |
		flag(r.Subjects != 0, reportSubjects) |
		flag(r.RetryAt == 0, reportZero)
}

func (e *encoder) report(b []byte, r *Report, at policy.Instant) []byte {
	m := reportMask(r)
	b = putUvarint(b, m)
	b = putEffectID(b, r.Effect)
	b = append(b, byte(r.Result))
	if m&reportAttempt != 0 {
		b = putInt(b, r.Attempt)
	}
	b = e.opt(b, m, reportDetail, r.Detail)
	if m&reportLate != 0 {
		b = putDuration(b, r.Late)
	}
	if m&reportRetryAt != 0 {
		b = putInstant(b, r.RetryAt, at)
	}
	if m&reportSubjects != 0 {
		b = putInt(b, r.Subjects)
	}
	return b
}

func (d *decoder) report(r *Report, at policy.Instant) {
	m := d.mask(reportMaskEnd - 1)
	*r = Report{Effect: d.effectID(), Result: Result(d.byte()), Attempt: 1, RetryAt: policy.Never}
	if m&reportAttempt != 0 {
		r.Attempt = d.int()
	}
	r.Detail = d.opt(m, reportDetail)
	if m&reportLate != 0 {
		r.Late = d.duration()
	}
	switch {
	case m&reportRetryAt != 0:
		r.RetryAt = d.instant(at)
	case m&reportZero != 0:
		r.RetryAt = 0
	}
	if m&reportSubjects != 0 {
		r.Subjects = d.int()
	}
	d.expect(m, reportMask(r))
}

func (e *encoder) prior(b []byte, p *Prior, at policy.Instant) []byte {
	b = putUvarint(b, p.Incarnation)
	b = append(b, byte(flag(p.Reopened, 1)))
	b = putUntil(b, p.ResolvedAt, at)
	b = putUntil(b, p.GraceAt, at)
	b = putUvarint(b, uint64(len(p.Stood)))
	for i := range p.Stood {
		b = e.text(b, p.Stood[i].Policy)
		b = e.text(b, p.Stood[i].Track)
		b = e.text(b, p.Stood[i].Tier)
	}
	return b
}

func (d *decoder) prior(at policy.Instant) *Prior {
	p := &Prior{
		Incarnation: d.uvarint(), Reopened: d.mask(1) != 0,
		ResolvedAt: d.until(at), GraceAt: d.until(at),
	}
	if n := d.count(3); n > 0 {
		p.Stood = make([]Stand, n)
		for i := range p.Stood {
			p.Stood[i] = Stand{d.text(), d.text(), d.text()}
		}
	}
	return p
}
