package policy

import (
	"fmt"
	"slices"
)

// priorityRow is one line of the priority table; the first that holds decides.
type priorityRow struct {
	when Conditions
	is   Level
}

// PriorityOf returns the priority of an alert that p governs: the policy's own,
// else the table's, else by points. f.Priority is not read.
func (d *Document) PriorityOf(p *Policy, f *Facts) Level {
	if p != nil && p.Priority != 0 {
		return p.Priority
	}
	if d.table != nil {
		return tablePriority(d.table, f)
	}
	return pointsPriority(f)
}

// tablePriority is total for a table that was checked at load; what follows
// the loop is what an unknown priority means everywhere.
func tablePriority(table []priorityRow, f *Facts) Level {
	for i := range table {
		if table[i].when.Holds(f) == True {
			return table[i].is
		}
	}
	return Level(len(priorities))
}

// blastPoints are the points of a blast radius, by level.
var blastPoints = [...]int{0, 0, 1, 1, 2, 2, 3, 3}

// absentPoints is what an absent criticality or blast radius counts: to take
// either for the worst would make every alert of a terse sender a P1.
const absentPoints = 2

func pointsPriority(f *Facts) Level {
	points := int(fieldSeverity.level(f)) - 1
	points += scalePoints(f, fieldCriticality, func(l Level) int { return int(l) - 1 })
	points += scalePoints(f, fieldBlastRadius, func(l Level) int { return blastPoints[l] })
	switch {
	case points >= 8:
		return 5
	case points >= 6:
		return 4
	case points >= 4:
		return 3
	case points >= 2:
		return 2
	}
	return 1
}

// scalePoints counts a scale, or absentPoints when the alert lacks it and
// nobody has lowered what was assumed.
func scalePoints(f *Facts, of field, points func(Level) int) int {
	l := of.level(f)
	absent, highest := false, Level(len(blastRadii))
	switch {
	case of == fieldCriticality:
		highest = Level(len(criticalities))
		absent = f.Alert != nil && f.Alert.Identity.Criticality == ""
	default:
		absent = f.Alert != nil && f.Alert.BlastRadius == ""
	}
	if absent && l == highest {
		return absentPoints
	}
	return points(l)
}

// maxTableFacts bounds what a table may test beside the scales: each doubles
// the combinations that are checked.
const maxTableFacts = 8

// maxTableLines and maxTableTests bound a table for the same reason.
const (
	maxTableLines = 64
	maxTableTests = 256
)

// checkTable returns what is wrong with a table, or "": some alert gets no
// priority, or raising a scale lowers it. Conditions on other facts than the
// three scales are tried both ways.
func checkTable(table []priorityRow) string {
	var free []*test // conditions on other facts, each kind once
	id := map[*test]int{}
	tests := 0
	for i := range table {
		walk(table[i].when.all, func(t *test) {
			tests++
			if t.field.class() == classScale || len(free) > maxTableFacts {
				return
			}
			text := t.String()
			at := slices.IndexFunc(free, func(o *test) bool { return o.String() == text })
			if at < 0 {
				at = len(free)
				free = append(free, t)
			}
			id[t] = at
		})
	}
	if len(free) > maxTableFacts {
		return fmt.Sprintf("the table tests more than %d facts beside severity, criticality and blast radius, too many to check", maxTableFacts)
	}
	if tests > maxTableTests {
		return fmt.Sprintf("the table has more than %d conditions, too many to check", maxTableTests)
	}
	for set := range 1 << len(free) {
		if !possible(free, set) {
			continue
		}
		if msg := checkTableFor(table, id, set); msg != "" {
			return msg
		}
	}
	return ""
}

// possible rules out that one field equals two values, and that a condition
// and its negation hold at once.
func possible(free []*test, set int) bool {
	for i, a := range free {
		for j, b := range free[:i] {
			if set>>i&1 == 0 || set>>j&1 == 0 || a.field != b.field || a.label != b.label {
				continue
			}
			if a.op == opEqual && b.op == opEqual && (a.not == b.not && !a.not || a.not != b.not && a.text == b.text && a.number == b.number) {
				return false
			}
		}
	}
	return true
}

// checkTableFor checks every combination of the scales, with the free facts of
// set holding.
func checkTableFor(table []priorityRow, id map[*test]int, set int) string {
	var got [6][5][8]Level
	for s := Level(1); s <= 5; s++ {
		for c := Level(1); c <= 4; c++ {
			for b := Level(1); b <= 7; b++ {
				f := Facts{Severity: s, Criticality: c, BlastRadius: b}
				l := Level(0)
				for i := range table {
					if holdsAssuming(table[i].when.all, opAll, &f, id, set) {
						l = table[i].is
						break
					}
				}
				if l == 0 {
					return "no line of the table holds for " + scalesText(&f) + "; end it with a line without `when`"
				}
				got[s][c][b] = l
				if below := max(got[s-1][c][b], got[s][c-1][b], got[s][c][b-1]); l < below {
					return fmt.Sprintf("the table is not monotone: %s is %s, but with one of them lower it is %s", scalesText(&f), PriorityAt(l), PriorityAt(below))
				}
			}
		}
	}
	return ""
}

func scalesText(f *Facts) string {
	return fmt.Sprintf("severity %s, criticality %s, blast_radius %s",
		SeverityAt(f.Severity), CriticalityAt(f.Criticality), BlastRadiusAt(f.BlastRadius))
}

// holdsAssuming evaluates tests over the scales of f, with the other facts
// holding as set says.
func holdsAssuming(tests []test, op operator, f *Facts, id map[*test]int, set int) bool {
	for i := range tests {
		t := &tests[i]
		var holds bool
		if t.op == opAny || t.op == opAll {
			holds = holdsAssuming(t.kids, t.op, f, id, set)
		} else if t.field.class() == classScale {
			holds = t.holds(f) == True
		} else {
			holds = set>>id[t]&1 == 1
		}
		if holds != (op == opAll) {
			return holds
		}
	}
	return op == opAll
}
