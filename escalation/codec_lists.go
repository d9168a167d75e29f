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
	return l.Cut == o.Cut && slices.Equal(l.Ring, o.Ring) && slices.Equal(l.Depends, o.Depends) &&
		slices.EqualFunc(l.Rosters, o.Rosters, sameResponders) &&
		slices.EqualFunc(l.Recipients, o.Recipients, sameRecipient)
}

func sameResponders(a, b []Responder) bool {
	return slices.EqualFunc(a, b, func(a, b Responder) bool {
		return a.To == b.To && slices.Equal(a.Rules, b.Rules)
	})
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
func (e *encoder) lists(l *Lists, p *pins) {
	if i := p.find(l); i >= 0 {
		e.uvarint(uint64(i) + 1)
		return
	}
	p.add(l)
	e.byte(0)
	m := listsMask(l)
	e.uvarint(m)
	if m&listsRosters != 0 {
		e.uvarint(uint64(len(l.Rosters)))
		for _, r := range l.Rosters {
			e.responders(r)
		}
	}
	if m&listsRecipients != 0 {
		e.recipients(l.Recipients)
	}
	if m&listsRing != 0 {
		e.ints(l.Ring)
	}
	if m&listsDepends != 0 {
		e.texts(l.Depends)
	}
}

func (d *decoder) lists(p *pins) *Lists {
	if ago := d.uvarint(); ago > 0 {
		if ago > uint64(min(p.n, len(p.last))) {
			d.fail("a list is said to stand before, and does not")
			return nil
		}
		return p.last[(p.n-int(ago))%len(p.last)]
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
	if p.find(l) >= 0 {
		d.fail(msgCanonical)
	}
	p.add(l)
	return l
}

func (e *encoder) ints(list []int) {
	e.uvarint(uint64(len(list)))
	for _, v := range list {
		e.int(v)
	}
}

func (d *decoder) ints() []int {
	list := make([]int, d.some(1))
	for i := range list {
		list[i] = d.int()
	}
	return list
}

func (e *encoder) recipients(list []policy.Recipient) {
	e.uvarint(uint64(len(list)))
	for i := range list {
		e.target(list[i].To)
		e.byte(byte(flag(list[i].Essential, 1)))
		e.texts(list[i].Via)
	}
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
func (e *encoder) responders(list []Responder) {
	e.uvarint(uint64(len(list)))
	for i := range list {
		e.target(list[i].To)
		e.uvarint(uint64(len(list[i].Rules)))
		for j := range list[i].Rules {
			r := &list[i].Rules[j]
			e.text(r.Via)
			e.byte(byte(ruleMask(r)))
			if r.After != 0 {
				e.duration(r.After)
			}
		}
	}
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
