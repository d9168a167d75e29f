package policy

// The ordered scales of an alert. A value is text, as a sender writes it; its
// Level is a position from 1 up, so that levels compare with < and >=. A value
// that is absent or not of the scale has the highest level: what is not known
// is treated as the worst, and the caller records that it was assumed.
type (
	// Severity says how bad this event is: info, low, medium, high, critical.
	Severity string
	// Criticality says how much depends on the identity: low, medium, high,
	// critical, or the aliases tier3 to tier0.
	Criticality string
	// BlastRadius says how far the effects travel: isolated, workload, service,
	// environment, production, organization, ecosystem.
	BlastRadius string
	// Priority is what the policy makes of the three: P5 (lowest) to P1.
	Priority string
)

// The values of the ordered scales, each from the lowest to the highest.
const (
	SeverityInfo     Severity = "info"
	SeverityLow      Severity = "low"
	SeverityMedium   Severity = "medium"
	SeverityHigh     Severity = "high"
	SeverityCritical Severity = "critical"

	CriticalityLow      Criticality = "low"
	CriticalityMedium   Criticality = "medium"
	CriticalityHigh     Criticality = "high"
	CriticalityCritical Criticality = "critical"

	BlastIsolated     BlastRadius = "isolated"
	BlastWorkload     BlastRadius = "workload"
	BlastService      BlastRadius = "service"
	BlastEnvironment  BlastRadius = "environment"
	BlastProduction   BlastRadius = "production"
	BlastOrganization BlastRadius = "organization"
	BlastEcosystem    BlastRadius = "ecosystem"

	P1 Priority = "P1"
	P2 Priority = "P2"
	P3 Priority = "P3"
	P4 Priority = "P4"
	P5 Priority = "P5"
)

// Level is a position on a scale, from 1 up; 0 means "not set".
type Level uint8

var (
	severities    = [...]Severity{SeverityInfo, SeverityLow, SeverityMedium, SeverityHigh, SeverityCritical}
	criticalities = [...]Criticality{CriticalityLow, CriticalityMedium, CriticalityHigh, CriticalityCritical}
	blastRadii    = [...]BlastRadius{BlastIsolated, BlastWorkload, BlastService, BlastEnvironment, BlastProduction, BlastOrganization, BlastEcosystem}
	priorities    = [...]Priority{P5, P4, P3, P2, P1}
)

// levelOf returns the position of v in scale and whether it is of the scale.
func levelOf[T ~string](scale []T, v T) (Level, bool) {
	for i, s := range scale {
		if s == v {
			return Level(i + 1), true
		}
	}
	return Level(len(scale)), false
}

// nameOf is the inverse of levelOf; "" for 0 and what is beyond the scale.
func nameOf[T ~string](scale []T, l Level) T {
	if l == 0 || int(l) > len(scale) {
		return ""
	}
	return scale[l-1]
}

// Level returns the position of s and whether s is a value of the scale; one
// that is not has the level of critical.
func (s Severity) Level() (Level, bool) { return levelOf(severities[:], s) }

// Level returns the position of c, an alias counting as what it stands for, and
// whether c is a value of the scale; one that is not has the level of critical.
func (c Criticality) Level() (Level, bool) {
	switch c {
	case "tier0":
		c = CriticalityCritical
	case "tier1":
		c = CriticalityHigh
	case "tier2":
		c = CriticalityMedium
	case "tier3":
		c = CriticalityLow
	}
	return levelOf(criticalities[:], c)
}

// Level returns the position of b and whether b is a value of the scale; one
// that is not has the level of ecosystem.
func (b BlastRadius) Level() (Level, bool) { return levelOf(blastRadii[:], b) }

// Level returns the position of p (P5 is 1, P1 is 5) and whether p is a value
// of the scale; one that is not has the level of P1.
func (p Priority) Level() (Level, bool) { return levelOf(priorities[:], p) }

// SeverityAt names a level of severity; "" for none.
func SeverityAt(l Level) Severity { return nameOf(severities[:], l) }

// CriticalityAt names a level of criticality; "" for none.
func CriticalityAt(l Level) Criticality { return nameOf(criticalities[:], l) }

// BlastRadiusAt names a level of blast radius; "" for none.
func BlastRadiusAt(l Level) BlastRadius { return nameOf(blastRadii[:], l) }

// PriorityAt names a level of priority; "" for none.
func PriorityAt(l Level) Priority { return nameOf(priorities[:], l) }
