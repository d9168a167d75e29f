package policy

import "time"

func (c *compiler) compileExpectations() {
	seen := make(map[string]section, len(c.expected))
	for _, s := range c.expected {
		n := c.enter(s)
		e := c.expectation(n, s.path)
		if first, dup := seen[e.Name]; dup && e.Name != "" {
			c.faultf(nameNode(n), s.path+".name", "expectation %q stands in %s already", e.Name, first.where(s))
		}
		seen[e.Name] = s
		c.doc.Expectations = append(c.doc.Expectations, e)
	}
}

func (c *compiler) expectation(n *Node, path string) Expectation {
	o := c.Object(n, path, called("expectation", n, path))
	e := Expectation{Name: o.Name()}
	if o.Need("key") != nil {
		if e.Key = o.Text("key"); e.Key == "" {
			c.Fault(o.Node("key"), o.Path("key"), "\"key\" is empty")
		}
	}
	if o.Need("every") != nil {
		e.Every = o.Duration("every", 0, time.Microsecond)
	}
	e.Grace = o.Duration("grace", 0, 0)
	e.FromFirst = o.Enum("starts", 0, "now", "first") == 1
	arm := o.Node("arm_by")
	e.ArmBy = o.Duration("arm_by", 0, time.Microsecond)
	switch {
	case e.FromFirst && arm == nil:
		c.faultf(n, path, "%s starts with the first success and needs `arm_by`, or a job that never ran would never be missed", o.what)
	case !e.FromFirst && arm != nil:
		c.faultf(arm, o.Path("arm_by"), "\"arm_by\" goes with `starts: first`")
	}
	if a := o.Need("alert"); a != nil {
		e.Alert = c.Alert(a, o.Path("alert"))
	}
	if e.Alert.Key == "" {
		e.Alert.Key = e.Key
	}
	o.Done()
	return e
}
