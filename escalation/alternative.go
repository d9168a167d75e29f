package escalation

import "github.com/belfry-go/belfry/policy"

// Alternative reports whether whom a message is for has another contact rule
// still to be taken, should this one fail for good: a host whose channel is down
// need not wait with it. Rules whose channel depends on the alert's own identity
// are none.
func Alternative(doc *policy.Document, s *State, e *Effect) bool {
	m := machine{doc: doc, s: s, prev: s, ev: &Event{At: s.At}, now: s.At}
	for i := range s.Open {
		o := &s.Open[i]
		if o.ID != e.ID || o.Contact < 0 {
			continue
		}
		c := s.Contacts[o.Contact]
		if m.usable(&c) {
			return true
		}
		if !c.Via {
			return false
		}
		c.Via, c.Next = false, 0
		return m.usable(&c)
	}
	return false
}

// usable reports whether contact c has a rule left whose channel can be used.
func (m *machine) usable(c *Contact) bool {
	for k := int(c.Next); k < m.rules(c); k++ {
		if !m.rule(c, k).Depends {
			return true
		}
	}
	return false
}
