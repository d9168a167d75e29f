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
	moreRebased
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
		flag(len(x.Seen) > 0, moreSeen) |
		flag(x.Rebased != 0, moreRebased)
}

func (e *encoder) more(b []byte, x *More, opened policy.Instant) []byte {
	m := moreMask(x)
	b = putUvarint(b, m)
	if m&moreAcks != 0 {
		b = e.acks(b, x.Acks, opened)
	}
	if m&moreTold != 0 {
		b = e.told(b, x.Told)
	}
	if m&moreHappened != 0 {
		b = e.happened(b, x.Happened, opened)
	}
	if m&moreResolvedBy != 0 {
		b = e.author(b, &x.ResolvedBy)
	}
	b = e.opt(b, m, moreOutcome, x.Outcome)
	if m&moreKinds != 0 {
		b = putUvarint(b, uint64(len(x.Kinds)))
		for _, k := range x.Kinds {
			b = e.text(b, string(k))
		}
	}
	if m&moreDeclined != 0 {
		b = putUvarint(b, uint64(len(x.Declined)))
		for i := range x.Declined {
			b = putInt(b, int(x.Declined[i].Track))
			b = e.target(b, &x.Declined[i].Who)
		}
	}
	if m&moreSilences != 0 {
		b = putUvarint(b, uint64(len(x.Silences)))
		for i := range x.Silences {
			b = e.text(b, x.Silences[i].Name)
			b = putUntil(b, x.Silences[i].Until, opened)
		}
	}
	if m&moreReviews != 0 {
		b = e.reviews(b, x.Reviews, opened)
	}
	if m&moreEvidence != 0 {
		b = e.texts(b, x.Evidence)
	}
	if m&moreLowered != 0 {
		b = putUvarint(b, uint64(len(x.Lowered)))
		for i := range x.Lowered {
			b = append(b, x.Lowered[i].Scale, byte(x.Lowered[i].To))
			b = putInstant(b, x.Lowered[i].At, opened)
		}
	}
	if m&moreSnoozeUsed != 0 {
		b = putDuration(b, x.SnoozeUsed)
	}
	if m&moreSeen != 0 {
		b = putUvarint(b, uint64(len(x.Seen)))
		for i := range x.Seen {
			b = append(b, x.Seen[i][:]...)
		}
	}
	if m&moreRebased != 0 {
		b = putUvarint(b, x.Rebased)
	}
	return b
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
	if m&moreRebased != 0 {
		x.Rebased = d.uvarint()
	}
	d.expect(m, moreMask(x))
	return x
}

func (d *decoder) until(base policy.Instant) policy.Instant {
	m := d.mask(1)
	i := d.known(m, 1, base)
	d.expect(m, flag(i.Known(), 1))
	return i
}

func (e *encoder) acks(b []byte, list []Ack, opened policy.Instant) []byte {
	b = putUvarint(b, uint64(len(list)))
	for i := range list {
		x := &list[i]
		b = putInt(b, int(x.Track))
		b = e.target(b, &x.Who)
		b = putInstant(b, x.At, opened)
		b = putUntil(b, x.Remind, opened)
	}
	return b
}

func (d *decoder) acks(opened policy.Instant) []Ack {
	list := make([]Ack, d.some(4))
	for i := range list {
		list[i] = Ack{Track: d.int16(), Who: d.target(), At: d.instant(opened), Remind: d.until(opened)}
	}
	return list
}

func (e *encoder) told(b []byte, list []Told) []byte {
	b = putUvarint(b, uint64(len(list)))
	for i := range list {
		b = e.target(b, &list[i].To)
		b = e.text(b, list[i].Via)
		b = putInt(b, int(list[i].Track))
	}
	return b
}

func (d *decoder) told() []Told {
	list := make([]Told, d.some(3))
	for i := range list {
		list[i] = Told{To: d.target(), Via: d.text(), Track: d.int16()}
	}
	return list
}

func (e *encoder) happened(b []byte, list []Happening, opened policy.Instant) []byte {
	b = putUvarint(b, uint64(len(list)))
	for i := range list {
		x := &list[i]
		b = append(b, byte(x.Kind), byte(x.Level))
		b = putInt(b, int(x.Index))
		b = putInt(b, int(x.Tier))
		b = e.text(b, x.Name)
		b = putInstant(b, x.At, opened)
	}
	return b
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
