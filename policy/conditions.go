package policy

// Conditions is a list of conditions that must all hold. The zero value always
// holds.
type Conditions struct{ text []string }

// Holds evaluates the conditions over f.
func (c *Conditions) Holds(f *Facts) Truth { return True }

// HoursNamed returns the names of the hours that the conditions read, sorted.
func (c *Conditions) HoursNamed() []string { return nil }

// Static reports whether the conditions read nothing that can change while an
// alert is open.
func (c *Conditions) Static() bool { return true }

// String is the conditions as text.
func (c *Conditions) String() string { return "" }
