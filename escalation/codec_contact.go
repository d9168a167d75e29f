package escalation

import "math"

// Bits of a contact's mask.
const (
	contactTold = 1 << iota
	contactReached
	contactNext // another than 1
	contactDue
	contactPlace // another than usualContact says
	contactLast
	contactFailed
	contactVia
	contactDeclined
	contactMaskEnd
)

func contactMask(x *Contact, usual Contact) uint64 {
	return flag(x.Told, contactTold) |
		flag(x.Reached, contactReached) |
		flag(x.Next != 1, contactNext) |
		flag(x.Due.Known(), contactDue) |
		flag(x.Entry != usual.Entry || x.Target != usual.Target || x.Who != usual.Who, contactPlace) |
		flag(x.Last != 0, contactLast) |
		flag(x.Failed, contactFailed) |
		flag(x.Via, contactVia) |
		flag(x.Declined, contactDeclined)
}

// usualContact is where contact i stands most often: at the responder after the
// one of the contact before it, in the order of entries and their rosters. The
// encoding says only where it is otherwise.
func usualContact(s *State, i int) (c Contact) {
	e, t, w := 0, 0, 0
	if i > 0 {
		b := &s.Contacts[i-1]
		e, t, w = int(b.Entry), int(b.Target), int(b.Who)+1
	}
	if e < 0 || t < 0 || w < 0 {
		return c
	}
	const steps = 8 // bounds the cost where many rosters are empty
	for range steps {
		switch {
		case e >= len(s.Entries) || e > math.MaxInt16:
			return c
		case s.Entries[e].Lists == nil || t >= len(s.Entries[e].Lists.Rosters) || t > math.MaxInt16:
			e, t, w = e+1, 0, 0
		case w >= len(s.Entries[e].Lists.Rosters[t]) || w > math.MaxInt16:
			t, w = t+1, 0
		default:
			return Contact{Entry: int16(e), Target: int16(t), Who: int16(w)}
		}
	}
	return c
}

func (e *encoder) contacts(b []byte, s *State) []byte {
	b = putUvarint(b, uint64(len(s.Contacts)))
	for i := range s.Contacts {
		x := &s.Contacts[i]
		m := contactMask(x, usualContact(s, i))
		b = putUvarint(b, m)
		if m&contactPlace != 0 {
			b = putInt(b, int(x.Entry))
			b = putInt(b, int(x.Target))
			b = putInt(b, int(x.Who))
		}
		if m&contactNext != 0 {
			b = append(b, x.Next)
		}
		if m&contactLast != 0 {
			b = append(b, x.Last)
		}
		if m&contactDue != 0 {
			b = putInstant(b, x.Due, s.Opened)
		}
	}
	return b
}

func (d *decoder) contacts(s *State) {
	d.part = "contacts"
	s.Contacts = resize(s.Contacts, d.some(1))
	for i := range s.Contacts {
		x := &s.Contacts[i]
		m := d.mask(contactMaskEnd - 1)
		usual := usualContact(s, i)
		*x = Contact{
			Entry: usual.Entry, Target: usual.Target, Who: usual.Who, Next: 1,
			Told: m&contactTold != 0, Reached: m&contactReached != 0, Failed: m&contactFailed != 0,
			Via: m&contactVia != 0, Declined: m&contactDeclined != 0,
		}
		if m&contactPlace != 0 {
			x.Entry, x.Target, x.Who = d.int16(), d.int16(), d.int16()
		}
		if m&contactNext != 0 {
			x.Next = d.byte()
		}
		if m&contactLast != 0 {
			x.Last = d.byte()
		}
		x.Due = d.known(m, contactDue, s.Opened)
		d.expect(m, contactMask(x, usual))
	}
}
