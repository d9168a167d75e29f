package policy

import (
	"fmt"
	"slices"
)

var principalClasses = []string{"any", "people", "responders", "services"}

// authority reads an `authority`; a line that is absent is base's.
func (c *compiler) authority(n *Node, path string, base Authority) Authority {
	o := c.Object(n, path, "\"authority\"")
	a := Authority{
		Acknowledge: c.principals(o, "acknowledge", base.Acknowledge),
		Resolve:     c.principals(o, "resolve", base.Resolve),
		Verify:      c.principals(o, "verify", base.Verify),
		Silence:     c.principals(o, "silence", base.Silence),
		Rebase:      c.principals(o, "rebase", base.Rebase),
		Release:     c.principals(o, "release", base.Release),
	}
	o.Done()
	return a
}

// principals reads one line; an empty list means nobody and is not nil.
func (c *compiler) principals(o *Object, name string, base []Principal) []Principal {
	if o.Node(name) == nil {
		return base
	}
	items, path := o.List(name)
	out := make([]Principal, 0, len(items))
	for i, item := range items {
		at := index(path, i)
		text, ok := c.Text(item, at)
		if !ok {
			continue
		}
		if slices.Contains(principalClasses, text) {
			out = append(out, Principal{Class: text})
			continue
		}
		if _, err := ParseTarget(text); err != nil {
			c.FaultNear(item, at, fmt.Sprintf("%q is neither any, people, responders or services nor a user:, team:, role: or service:", clip(text)), text, principalClasses)
			continue
		}
		if t, ok := c.target(item, at, principalKinds); ok {
			out = append(out, Principal{Target: t})
		}
	}
	return out
}
