package escalation

import "github.com/belfry-go/belfry/policy"

// Bits of the mask of a state's rare part.
const (
	moreAcks = 1 << iota
	moreTold
	moreHappened
	moreResolvedBy
	moreOutcome
	moreKinds
	moreDeclined
	moreSilences
	moreReviews
	moreEvidence
	moreLowered
	moreSnoozeUsed
	moreSeen
	moreMaskEnd
)

func moreMask(x *More) uint64 {
	return flag(len(x.Acks) > 0, moreAcks) |
		flag(len(x.Told) > 0, moreTold) |
		flag(len(x.Happened) > 0, moreHappened) |
		flag(x.ResolvedBy != Author{}, moreResolvedBy) |
		flag(x.Outcome != "", moreOutcome) |
		flag(len(x.Kinds) > 0, moreKinds) |
		flag(len(x.Declined) > 0, moreDeclined) |
		flag(len(x.Silences) > 0, moreSilences) |
		flag(len(x.Reviews) > 0, moreReviews) |
		flag(len(x.Evidence) > 0, moreEvidence) |
		flag(len(x.Lowered) > 0, moreLowered) |
		flag(x.SnoozeUsed != 0, moreSnoozeUsed) |
		flag(len(x.Seen) > 0, moreSeen)
}

func (e *encoder) more(x *More, opened policy.Instant) {
	m := moreMask(x)
	e.uvarint(m)
	if m&moreAcks != 0 {
		e.acks(x.Acks, opened)
	}
	if m&moreTold != 0 {
		e.told(x.Told)
	}
	if m&moreHappened != 0 {
		e.happened(x.Happened, opened)
	}
	if m&moreResolvedBy != 0 {
		e.author(x.ResolvedBy)
	}
	e.opt(m, moreOutcome, x.Outcome)
	if m&moreKinds != 0 {
		e.uvarint(uint64(len(x.Kinds)))
		for _, k := range x.Kinds {
			e.text(string(k))
		}
	}
	if m&moreDeclined != 0 {
		e.uvarint(uint64(len(x.Declined)))
		for i := range x.Declined {
			e.int(int(x.Declined[i].Track))
			e.target(x.Declined[i].Who)
		}
	}
	if m&moreSilences != 0 {
		e.uvarint(uint64(len(x.Silences)))
		for i := range x.Silences {
			e.text(x.Silences[i].Name)
			e.until(x.Silences[i].Until, opened)
		}
	}
	if m&moreReviews != 0 {
		e.reviews(x.Reviews, opened)
	}
	if m&moreEvidence != 0 {
		e.texts(x.Evidence)
	}
	if m&moreLowered != 0 {
		e.uvarint(uint64(len(x.Lowered)))
		for i := range x.Lowered {
			e.b = append(e.b, x.Lowered[i].Scale, byte(x.Lowered[i].To))
			e.instant(x.Lowered[i].At, opened)
		}
	}
	if m&moreSnoozeUsed != 0 {
		e.duration(x.SnoozeUsed)
	}
	if m&moreSeen != 0 {
		e.uvarint(uint64(len(x.Seen)))
		for i := range x.Seen {
			e.b = append(e.b, x.Seen[i][:]...)
		}
	}
}

func (d *decoder) more(opened policy.Instant) *More {
	d.part = "rare part"
	x := &More{}
	m := d.mask(moreMaskEnd - 1)
	if m&moreAcks != 0 {
		x.Acks = d.acks(opened)
	}
	if m&moreTold != 0 {
		x.Told = d.told()
	}
	if m&moreHappened != 0 {
		x.Happened = d.happened(opened)
	}
	if m&moreResolvedBy != 0 {
		x.ResolvedBy = d.author()
	}
	x.Outcome = d.opt(m, moreOutcome)
	if m&moreKinds != 0 {
		x.Kinds = make([]policy.Kind, d.some(1))
		for i := range x.Kinds {
			x.Kinds[i] = policy.Kind(d.text())
		}
	}
	if m&moreDeclined != 0 {
		x.Declined = make([]Declined, d.some(2))
		for i := range x.Declined {
			x.Declined[i] = Declined{d.int16(), d.target()}
		}
	}
	if m&moreSilences != 0 {
		x.Silences = make([]Silence, d.some(2))
		for i := range x.Silences {
			x.Silences[i] = Silence{d.text(), d.until(opened)}
		}
	}
	if m&moreReviews != 0 {
		x.Reviews = d.reviews(opened)
	}
	if m&moreEvidence != 0 {
		x.Evidence = d.texts()
	}
	if m&moreLowered != 0 {
		x.Lowered = make([]Lowered, d.some(3))
		for i := range x.Lowered {
			x.Lowered[i] = Lowered{d.byte(), policy.Level(d.byte()), d.instant(opened)}
		}
	}
	if m&moreSnoozeUsed != 0 {
		x.SnoozeUsed = d.duration()
	}
	if m&moreSeen != 0 {
		x.Seen = make([]policy.Digest, d.some(len(policy.Digest{})))
		for i := range x.Seen {
			x.Seen[i] = d.digest(1, 1)
		}
	}
	d.expect(m, moreMask(x))
	return x
}

// until writes an instant that may be Never, outside of any mask.
func (e *encoder) until(i, base policy.Instant) {
	e.byte(byte(flag(i.Known(), 1)))
	if i.Known() {
		e.instant(i, base)
	}
}

func (d *decoder) until(base policy.Instant) policy.Instant {
	m := d.mask(1)
	i := d.known(m, 1, base)
	d.expect(m, flag(i.Known(), 1))
	return i
}

func (e *encoder) acks(list []Ack, opened policy.Instant) {
	e.uvarint(uint64(len(list)))
	for i := range list {
		x := &list[i]
		e.int(int(x.Track))
		e.target(x.Who)
		e.instant(x.At, opened)
		e.until(x.Remind, opened)
	}
}

func (d *decoder) acks(opened policy.Instant) []Ack {
	list := make([]Ack, d.some(4))
	for i := range list {
		list[i] = Ack{Track: d.int16(), Who: d.target(), At: d.instant(opened), Remind: d.until(opened)}
	}
	return list
}

func (e *encoder) told(list []Told) {
	e.uvarint(uint64(len(list)))
	for i := range list {
		e.target(list[i].To)
		e.text(list[i].Via)
		e.int(int(list[i].Track))
	}
}

func (d *decoder) told() []Told {
	list := make([]Told, d.some(3))
	for i := range list {
		list[i] = Told{To: d.target(), Via: d.text(), Track: d.int16()}
	}
	return list
}

func (e *encoder) happened(list []Happening, opened policy.Instant) {
	e.uvarint(uint64(len(list)))
	for i := range list {
		x := &list[i]
		e.b = append(e.b, byte(x.Kind), byte(x.Level))
		e.int(int(x.Index))
		e.int(int(x.Tier))
		e.text(x.Name)
		e.instant(x.At, opened)
	}
}

func (d *decoder) happened(opened policy.Instant) []Happening {
	list := make([]Happening, d.some(6))
	for i := range list {
		list[i] = Happening{
			Kind: policy.AnchorKind(d.byte()), Level: policy.Level(d.byte()),
			Index: d.int16(), Tier: d.int16(), Name: d.text(), At: d.instant(opened),
		}
	}
	return list
}
