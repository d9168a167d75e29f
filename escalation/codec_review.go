package escalation

import "github.com/belfry-go/belfry/policy"

// Bits of a review's mask.
const (
	reviewPending = 1 << iota
	reviewGranted
	reviewVotes
	reviewVoters
	reviewRequester
	reviewDigest
	reviewRemind
	reviewAfter
	reviewWithin
	reviewAt
	reviewFell
	reviewAsk
	reviewAnswer
	reviewLook
	reviewMaskEnd
)

func reviewMask(x *ReviewState) uint64 {
	return flag(x.Pending, reviewPending) |
		flag(x.Granted, reviewGranted) |
		flag(len(x.Votes) > 0, reviewVotes) |
		flag(len(x.Voters) > 0, reviewVoters) |
		flag(x.Requester != Author{}, reviewRequester) |
		flag(x.Digest != policy.Digest{}, reviewDigest) |
		flag(x.Remind.Known(), reviewRemind) |
		flag(x.After.Known(), reviewAfter) |
		flag(x.Within.Known(), reviewWithin) |
		flag(x.At.Known(), reviewAt) |
		flag(x.Fell, reviewFell) |
		flag(x.Ask != "", reviewAsk) |
		flag(x.Answer != "", reviewAnswer) |
		flag(x.Look.Known(), reviewLook)
}

func (e *encoder) reviews(b []byte, list []ReviewState, opened policy.Instant) []byte {
	b = putUvarint(b, uint64(len(list)))
	for i := range list {
		b = e.review(b, &list[i], opened)
	}
	return b
}

func (e *encoder) review(b []byte, x *ReviewState, opened policy.Instant) []byte {
	m := reviewMask(x)
	b = putUvarint(b, m)
	b = append(b, byte(x.Of))
	b = putInt(b, int(x.Index))
	for _, i := range [...]policy.Instant{x.At, x.Remind, x.After, x.Within, x.Look} {
		if i.Known() {
			b = putInstant(b, i, opened)
		}
	}
	if m&reviewRequester != 0 {
		b = e.author(b, &x.Requester)
	}
	b = e.opt(b, m, reviewAsk, x.Ask)
	b = e.opt(b, m, reviewAnswer, x.Answer)
	if m&reviewDigest != 0 {
		b = append(b, x.Digest[:]...)
	}
	if m&reviewVotes != 0 {
		b = putUvarint(b, uint64(len(x.Votes)))
		for i := range x.Votes {
			v := &x.Votes[i]
			b = putInt(b, int(v.Stage))
			b = e.target(b, &v.Who)
			b = e.text(b, v.Answer)
			b = putInstant(b, v.At, opened)
		}
	}
	if m&reviewVoters != 0 {
		b = e.targets(b, x.Voters)
	}
	return b
}

func (d *decoder) reviews(opened policy.Instant) []ReviewState {
	const size = 3
	n := d.some(size)
	list := make([]ReviewState, 0, min(n, 16))
	for range n {
		list = append(list, ReviewState{})
		d.review(&list[len(list)-1], opened)
		if d.err != nil {
			return nil
		}
	}
	return list
}

func (d *decoder) review(x *ReviewState, opened policy.Instant) {
	m := d.mask(reviewMaskEnd - 1)
	x.Pending, x.Granted, x.Fell = m&reviewPending != 0, m&reviewGranted != 0, m&reviewFell != 0
	x.Of = ReviewOf(d.byte())
	x.Index = d.int16()
	x.At = d.known(m, reviewAt, opened)
	x.Remind = d.known(m, reviewRemind, opened)
	x.After = d.known(m, reviewAfter, opened)
	x.Within = d.known(m, reviewWithin, opened)
	x.Look = d.known(m, reviewLook, opened)
	if m&reviewRequester != 0 {
		x.Requester = d.author()
	}
	x.Ask = d.opt(m, reviewAsk)
	x.Answer = d.opt(m, reviewAnswer)
	x.Digest = d.digest(m, reviewDigest)
	if m&reviewVotes != 0 {
		x.Votes = make([]Vote, d.some(4))
		for i := range x.Votes {
			x.Votes[i] = Vote{Stage: d.int16(), Who: d.target(), Answer: d.text(), At: d.instant(opened)}
		}
	}
	if m&reviewVoters != 0 {
		x.Voters = d.targets()
	}
	d.expect(m, reviewMask(x))
}
