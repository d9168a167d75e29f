package policy_test

import (
	"strings"
	"testing"

	"github.com/belfry-go/belfry/policy"
)

func TestPriorityByPoints(t *testing.T) {
	doc := parse(t, `{"version":1}`)
	for _, tt := range []struct {
		sev, crit, blast string
		want             policy.Priority
	}{
		{"critical", "critical", "ecosystem", "P1"}, // 4+3+3
		{"critical", "", "", "P1"},                  // 4+2+2
		{"", "", "", "P1"},                          // an absent severity is the highest
		{"high", "", "", "P2"},                      // 3+2+2
		{"medium", "", "", "P2"},                    // 2+2+2
		{"low", "", "", "P3"},                       // 1+2+2
		{"info", "", "", "P3"},                      // 0+2+2
		{"high", "high", "production", "P2"},        // 3+2+2
		{"critical", "high", "production", "P1"},    // 4+2+2
		{"medium", "low", "service", "P4"},          // 2+0+1
		{"info", "low", "isolated", "P5"},           // 0
		{"info", "medium", "isolated", "P5"},        // 1
		{"info", "tier2", "workload", "P4"},         // 0+1+1
		{"low", "unheard-of", "isolated", "P3"},     // 1+3+0: unknown is the highest, not absent
		{"info", "low", "environment", "P4"},        // 0+0+2
		{"info", "low", "unheard-of", "P4"},         // 0+0+3
	} {
		a := policy.Alert{Severity: policy.Severity(tt.sev), Identity: policy.Identity{Criticality: policy.Criticality(tt.crit)}, BlastRadius: policy.BlastRadius(tt.blast)}
		f := policy.FactsOf(&a)
		if got := policy.PriorityAt(doc.PriorityOf(nil, &f)); got != tt.want {
			t.Errorf("severity %q, criticality %q, blast radius %q give %s, want %s", tt.sev, tt.crit, tt.blast, got, tt.want)
		}
	}
}

// TestPriorityOfLoweredAbsentLevel: what a person set in place of an absent
// value counts as that value.
func TestPriorityOfLoweredAbsentLevel(t *testing.T) {
	doc := parse(t, `{"version":1}`)
	a := policy.Alert{Severity: "medium"}
	f := policy.FactsOf(&a)
	f.Criticality = 1 // lowered to low: 2+0+2
	if got := policy.PriorityAt(doc.PriorityOf(nil, &f)); got != "P3" {
		t.Errorf("priority is %s, want P3", got)
	}
}

// TestPointsAreMonotone: raising one input never lowers the priority.
func TestPointsAreMonotone(t *testing.T) {
	doc := parse(t, `{"version":1}`)
	at := func(s, c, b policy.Level) policy.Level {
		a := policy.Alert{Severity: policy.SeverityAt(s), Identity: policy.Identity{Criticality: policy.CriticalityAt(c)}, BlastRadius: policy.BlastRadiusAt(b)}
		f := policy.FactsOf(&a)
		return doc.PriorityOf(nil, &f)
	}
	for s := policy.Level(1); s <= 5; s++ {
		for c := policy.Level(1); c <= 4; c++ {
			for b := policy.Level(1); b <= 7; b++ {
				here := at(s, c, b)
				if s < 5 && at(s+1, c, b) < here || c < 4 && at(s, c+1, b) < here || b < 7 && at(s, c, b+1) < here {
					t.Errorf("raising an input of %d %d %d lowers the priority", s, c, b)
				}
			}
		}
	}
}

func TestPriorityTable(t *testing.T) {
	doc := parse(t, `{"version":1,"priority":[
		{"when":["criticality >= critical","severity >= high"],"is":"P1"},
		{"when":["labels.tier = gold"],"is":"P2"},
		{"when":[{"any":["severity >= medium","kind = secret_leaked"]}],"is":"P3"},
		{"is":"P4"}],
		"policies":[{"name":"own","priority":"P5","tiers":[{"name":"t","notify":["owner"]}]}]}`)
	for _, tt := range []struct {
		alert policy.Alert
		want  policy.Priority
	}{
		{policy.Alert{Severity: "high", Identity: policy.Identity{Criticality: "critical"}}, "P1"},
		{policy.Alert{}, "P1"}, // absent is the highest here
		{policy.Alert{Severity: "low", Identity: policy.Identity{Criticality: "low"}, Labels: map[string]string{"tier": "gold"}}, "P2"},
		{policy.Alert{Severity: "medium", Identity: policy.Identity{Criticality: "low"}}, "P3"},
		{policy.Alert{Severity: "info", Kind: "secret_leaked", Identity: policy.Identity{Criticality: "low"}}, "P3"},
		{policy.Alert{Severity: "info", Identity: policy.Identity{Criticality: "low"}}, "P4"},
	} {
		f := policy.FactsOf(&tt.alert)
		if got := policy.PriorityAt(doc.PriorityOf(doc.PolicyNamed(policy.Unmatched), &f)); got != tt.want {
			t.Errorf("%+v is %s, want %s", tt.alert, got, tt.want)
		}
		if got := policy.PriorityAt(doc.PriorityOf(doc.PolicyNamed("own"), &f)); got != "P5" {
			t.Errorf("the policy's own priority does not win: %s", got)
		}
	}
}

func TestPriorityTableRefused(t *testing.T) {
	for _, tt := range []struct{ table, want string }{
		{`[{"when":["severity >= low"],"is":"P1"}]`, "no line of the table holds for severity info"},
		{`[{"when":["kind = a"],"is":"P1"}]`, "no line of the table holds"},
		{`[{"when":["severity <= low"],"is":"P1"},{"is":"P2"}]`, "not monotone"},
		{`[{"when":["blast_radius = service"],"is":"P1"},{"is":"P2"}]`, "not monotone"},
		{`[{"when":["criticality in [medium]"],"is":"P3"},{"is":"P4"}]`, "not monotone"},
		{`[{"when":["kind = a","severity = low"],"is":"P1"},{"is":"P2"}]`, "not monotone"},
		{`[{"when":[{"not":["kind = a","severity >= low"]}],"is":"P1"},{"is":"P2"}]`, "not monotone"},
	} {
		_, err := policy.Parse("t.json", []byte(`{"version":1,"priority":`+tt.table+`}`))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want an error with %q", tt.table, err, tt.want)
		}
	}
	// One kind cannot be two kinds: no combination of these lowers anything.
	parse(t, `{"version":1,"priority":[
		{"when":["kind = a","severity <= critical"],"is":"P2"},
		{"when":["kind = b","severity >= medium"],"is":"P1"},
		{"when":["kind = b"],"is":"P3"},{"is":"P5"}]}`)
}
