package escalation

import (
	"slices"

	"github.com/belfry-go/belfry/policy"
)

// pins are the answers that the entries of one state have pinned, so that those
// that several of them share are written once. Only the last few are looked at,
// which bounds the cost.
type pins struct {
	n    int
	last [16]*Lists
}

// find is how many answers ago l was written, from 0; -1 if it was not, or too
// long ago.
func (p *pins) find(l *Lists) int {
	for i := range min(p.n, len(p.last)) {
		o := p.last[(p.n-1-i)%len(p.last)]
		if o == l || o.equal(l) {
			return i
		}
	}
	return -1
}

func (p *pins) add(l *Lists) {
	p.last[p.n%len(p.last)] = l
	p.n++
}

func (l *Lists) equal(o *Lists) bool {
	return l.Cut == o.Cut && len(l.Rosters) == len(o.Rosters) && len(l.Recipients) == len(o.Recipients) && slices.Equal(l.Ring, o.Ring) && slices.Equal(l.Depends, o.Depends) &&
		slices.EqualFunc(l.Rosters, o.Rosters, sameResponders) &&
		slices.EqualFunc(l.Recipients, o.Recipients, sameRecipient)
}

func sameResponders(a, b []Responder) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].To != b[i].To || !slices.Equal(a[i].Rules, b[i].Rules) {
			return false
		}
	}
	return true
}

func sameRecipient(a, b policy.Recipient) bool {
	return a.To == b.To && a.Essential == b.Essential && slices.Equal(a.Via, b.Via)
}

// Bits of the mask of lists.
const (
	listsRosters = 1 << iota
	listsRecipients
	listsRing
	listsDepends
	listsCut
	listsMaskEnd
)

func listsMask(l *Lists) uint64 {
	return flag(len(l.Rosters) > 0, listsRosters) |
		flag(len(l.Recipients) > 0, listsRecipients) |
		flag(len(l.Ring) > 0, listsRing) |
		flag(len(l.Depends) > 0, listsDepends) |
		flag(l.Cut, listsCut)
}

// lists writes 0 and the lists, or from 1 how many lists ago the same were
// written.
func (e *encoder) lists(b []byte, l *Lists, p *pins) []byte {
	if i := p.find(l); i >= 0 {
		b = putUvarint(b, uint64(i)+1)
		return b
	}
	p.add(l)
	b = append(b, 0)
	m := listsMask(l)
	b = putUvarint(b, m)
	if m&listsRosters != 0 {
		b = putUvarint(b, uint64(len(l.Rosters)))
		for _, r := range l.Rosters {
			b = e.responders(b, r)
		}
	}
	if m&listsRecipients != 0 {
		b = e.recipients(b, l.Recipients)
	}
	if m&listsRing != 0 {
		b = e.ints(b, l.Ring)
	}
	if m&listsDepends != 0 {
		b = e.texts(b, l.Depends)
	}
	return b
}

// lists reads what encoder.lists wrote; it is old itself where that is written.
func (d *decoder) lists(p *pins, old *Lists) *Lists {
	if ago := d.uvarint(); ago > 0 {
		if ago > uint64(min(p.n, len(p.last))) {
			d.fail("a list is said to stand before, and does not")
			return nil
		}
		return p.last[(p.n-int(ago))%len(p.last)]
	}
	if d.listsAre(old) {
		d.pin(p, old)
		return old
	}
	l := &Lists{}
	m := d.mask(listsMaskEnd - 1)
	l.Cut = m&listsCut != 0
	if m&listsRosters != 0 {
		l.Rosters = make([][]Responder, d.some(1))
		for i := range l.Rosters {
			l.Rosters[i] = d.responders()
		}
	}
	if m&listsRecipients != 0 {
		l.Recipients = d.recipients()
	}
	if m&listsRing != 0 {
		l.Ring = d.ints()
	}
	if m&listsDepends != 0 {
		l.Depends = d.texts()
	}
	d.expect(m, listsMask(l))
	d.pin(p, l)
	return l
}

// pin notes lists that were written in full, which those that stand before may
// not be.
func (d *decoder) pin(p *pins, l *Lists) {
	if p.find(l) >= 0 {
		d.fail(msgCanonical)
	}
	p.add(l)
}

func (e *encoder) ints(b []byte, list []int) []byte {
	b = putUvarint(b, uint64(len(list)))
	for _, v := range list {
		b = putInt(b, v)
	}
	return b
}

func (d *decoder) ints() []int {
	list := make([]int, d.some(1))
	for i := range list {
		list[i] = d.int()
	}
	return list
}

func (e *encoder) recipients(b []byte, list []policy.Recipient) []byte {
	b = putUvarint(b, uint64(len(list)))
	for i := range list {
		b = e.target(b, &list[i].To)
		b = append(b, byte(flag(list[i].Essential, 1)))
		b = e.texts(b, list[i].Via)
	}
	return b
}

func (d *decoder) recipients() []policy.Recipient {
	list := make([]policy.Recipient, d.some(3))
	for i := range list {
		list[i].To = d.target()
		list[i].Essential = d.mask(1) != 0
		if n := d.count(1); n > 0 {
			list[i].Via = make([]string, n)
			for j := range list[i].Via {
				list[i].Via[j] = d.text()
			}
		}
	}
	return list
}

// responders writes people and channels with their rules.
func (e *encoder) responders(b []byte, list []Responder) []byte {
	b = putUvarint(b, uint64(len(list)))
	for i := range list {
		b = e.target(b, &list[i].To)
		b = putUvarint(b, uint64(len(list[i].Rules)))
		for j := range list[i].Rules {
			r := &list[i].Rules[j]
			b = e.text(b, r.Via)
			b = append(b, byte(ruleMask(r)))
			if r.After != 0 {
				b = putDuration(b, r.After)
			}
		}
	}
	return b
}

func ruleMask(r *Rule) uint64 { return flag(r.Depends, 1) | flag(r.After != 0, 2) }

// responders reads a list that may be empty: nobody is an answer, too.
func (d *decoder) responders() []Responder {
	n := d.count(2)
	if n == 0 {
		return nil
	}
	list := make([]Responder, n)
	for i := range list {
		list[i].To = d.target()
		if n := d.count(2); n > 0 {
			list[i].Rules = make([]Rule, n)
			for j := range list[i].Rules {
				d.rule(&list[i].Rules[j])
			}
		}
	}
	return list
}

func (d *decoder) rule(r *Rule) {
	r.Via = d.text()
	m := d.mask(3)
	r.Depends = m&1 != 0
	if m&2 != 0 {
		r.After = d.duration()
	}
	d.expect(m, ruleMask(r))
}
