package policy

import "strings"

// field is what a condition tests.
type field uint8

const (
	fieldKey field = iota
	fieldKind
	fieldSource
	fieldSummary
	fieldID
	fieldIDKind
	fieldOwner
	fieldPrivilege
	fieldEnvironment
	fieldCredential
	fieldLabel
	fieldThirdParty
	fieldConfidence
	fieldSeverity
	fieldCriticality
	fieldBlastRadius
	fieldPriority
	fieldCount
	fieldAge
	fieldHours
	numFields
)

var fieldNames = [numFields]string{
	"key", "kind", "source", "summary", "identity.id", "identity.kind", "identity.owner", "identity.privilege",
	"identity.environment", "identity.credential_version", "labels.", "identity.third_party", "confidence",
	"severity", "identity.criticality", "blast_radius", "priority", "count", "age", "hours",
}

// fieldClass is what values a field has, and so which operators it takes.
type fieldClass uint8

const (
	classText   fieldClass = iota // unordered: absent makes a test false
	classBool                     // true or false; absent is false
	classScale                    // ordered words; absent is the highest
	classNumber                   // whole numbers; absent is 0
	classTime                     // durations
	classHours                    // stands alone
)

func (f field) class() fieldClass {
	switch {
	case f <= fieldLabel:
		return classText
	case f == fieldThirdParty:
		return classBool
	case f >= fieldSeverity && f <= fieldPriority:
		return classScale
	case f == fieldAge:
		return classTime
	case f == fieldHours:
		return classHours
	}
	return classNumber
}

// static reports whether the field cannot change while an alert is open. A
// later trigger merges labels and identity and may bring a new kind; levels
// rise; only the key stays.
func (f field) static() bool { return f == fieldKey }

// fieldNamed finds a field by the name a condition uses; label is the label's
// name. `criticality` is short for `identity.criticality`.
func fieldNamed(name string) (f field, label string, ok bool) {
	if label, ok = strings.CutPrefix(name, "labels."); ok {
		return fieldLabel, label, label != ""
	}
	if name == "criticality" {
		return fieldCriticality, "", true
	}
	for i, n := range fieldNames {
		if n == name && field(i) != fieldLabel && field(i) != fieldHours {
			return field(i), "", true
		}
	}
	return 0, "", false
}

// text returns the value of an unordered field and whether it is there.
// The owner is compared as a Target, and only a pattern needs its text.
func (f field) text(a *Alert, label string) (string, bool) {
	var s string
	switch f {
	case fieldKey:
		s = a.Key
	case fieldKind:
		s = string(a.Kind)
	case fieldSource:
		s = a.Source
	case fieldSummary:
		s = a.Summary
	case fieldID:
		s = a.Identity.ID
	case fieldIDKind:
		s = a.Identity.Kind
	case fieldOwner:
		s = a.Identity.Owner.String()
	case fieldPrivilege:
		s = a.Identity.Privilege
	case fieldEnvironment:
		s = a.Identity.Environment
	case fieldCredential:
		s = a.Identity.CredentialVersion
	case fieldLabel:
		v, ok := a.Labels[label]
		return v, ok
	}
	return s, s != ""
}

// level returns the level of an ordered field. A level that was never set
// counts as the highest, as a value that is absent does.
func (f field) level(x *Facts) Level {
	l, highest := x.Priority, Level(len(priorities))
	switch f {
	case fieldSeverity:
		l, highest = x.Severity, Level(len(severities))
	case fieldCriticality:
		l, highest = x.Criticality, Level(len(criticalities))
	case fieldBlastRadius:
		l, highest = x.BlastRadius, Level(len(blastRadii))
	}
	if l == 0 {
		return highest
	}
	return l
}

// levelNamed reads a word of the field's scale.
func (f field) levelNamed(word string) (Level, bool) {
	switch f {
	case fieldSeverity:
		return Severity(word).Level()
	case fieldCriticality:
		return Criticality(word).Level()
	case fieldBlastRadius:
		return BlastRadius(word).Level()
	}
	return Priority(word).Level()
}

// words lists the scale of the field, lowest first.
func (f field) words() []string {
	var out []string
	add := func(n int, name func(Level) string) {
		for l := 1; l <= n; l++ {
			out = append(out, name(Level(l)))
		}
	}
	switch f {
	case fieldSeverity:
		add(len(severities), func(l Level) string { return string(SeverityAt(l)) })
	case fieldCriticality:
		add(len(criticalities), func(l Level) string { return string(CriticalityAt(l)) })
	case fieldBlastRadius:
		add(len(blastRadii), func(l Level) string { return string(BlastRadiusAt(l)) })
	default:
		add(len(priorities), func(l Level) string { return string(PriorityAt(l)) })
	}
	return out
}
