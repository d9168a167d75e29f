package policy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// sample is an alert in which every field that conditions read is set.
func sample() policy.Alert {
	return policy.Alert{
		Key: "db/main", Kind: policy.RotationFailed, Severity: "high", Summary: "rotation failed 3 times",
		Source: "rotator", Confidence: 90, Labels: map[string]string{"team": "payments", "empty": "", "app.io/name": "x"},
		Identity: policy.Identity{
			ID: "svc", Kind: "api_key", Owner: policy.Target{Kind: policy.TargetTeam, ID: "platform"}, Criticality: "tier1",
			Privilege: "admin", Environment: "production", ThirdParty: true, CredentialVersion: "7",
		},
		BlastRadius: "production",
	}
}

func TestMatchHolds(t *testing.T) {
	full := sample()
	bare := policy.Alert{}
	for _, tt := range []struct {
		cond       string
		full, bare policy.Truth
	}{
		{"key = db/main", policy.True, policy.False},
		{"kind = rotation_failed", policy.True, policy.False},
		{"kind != secret_leaked", policy.True, policy.False}, // absent: false under != too
		{"not(kind = secret_leaked)", policy.True, policy.False},
		{"not(kind = rotation_failed)", policy.False, policy.False},
		{"source in [scanner, rotator]", policy.True, policy.False},
		{"summary =~ \"rotation failed [0-9]+ times\"", policy.True, policy.False},
		{"summary =~ failed", policy.False, policy.False}, // anchored
		{"summary !~ failed", policy.True, policy.False},
		{"labels.team = payments", policy.True, policy.False},
		{"labels.app.io/name = x", policy.True, policy.False},
		{"labels.empty = \"\"", policy.True, policy.False}, // there, and empty
		{"labels.other != payments", policy.False, policy.False},
		{"not(labels.other = payments)", policy.False, policy.False},
		{"labels.team=payments", policy.True, policy.False},
		{"identity.id = svc", policy.True, policy.False},
		{"identity.kind = api_key", policy.True, policy.False},
		{"identity.owner = team:platform", policy.True, policy.False},
		{"identity.owner != team:platform", policy.False, policy.False},
		{"identity.owner in [user:a, team:platform]", policy.True, policy.False},
		{"not(identity.owner in [user:a])", policy.True, policy.False},
		{"identity.owner =~ \"team:.*\"", policy.True, policy.False},
		{"identity.privilege = admin", policy.True, policy.False},
		{"identity.environment in [production]", policy.True, policy.False},
		{"identity.credential_version = 7", policy.True, policy.False},
		{"identity.third_party = true", policy.True, policy.False},
		{"identity.third_party != true", policy.False, policy.True}, // a bool is never absent
		{"not(identity.third_party = true)", policy.False, policy.True},
		{"confidence >= 90", policy.True, policy.False},
		{"confidence = 0", policy.False, policy.True}, // absent is 0
		{"severity = high", policy.True, policy.False},
		{"severity = critical", policy.False, policy.True}, // absent is the highest
		{"severity >= high", policy.True, policy.True},
		{"severity < critical", policy.True, policy.False},
		{"severity in [low, high]", policy.True, policy.False},
		{"not(severity in [low, high])", policy.False, policy.True},
		{"severity != high", policy.False, policy.True},
		{"identity.criticality = high", policy.True, policy.False}, // tier1 is an alias
		{"criticality <= tier1", policy.True, policy.False},
		{"blast_radius > environment", policy.True, policy.True},
		{"any(kind = x, severity = high)", policy.True, policy.False},
		{"not(any(kind = x, severity = high))", policy.False, policy.False},
		{"not(kind = x, severity = high)", policy.True, policy.True}, // not all of them
	} {
		c, err := policy.ParseMatch(tt.cond)
		if err != nil {
			t.Errorf("ParseMatch(%q): %v", tt.cond, err)
			continue
		}
		for _, a := range []struct {
			name  string
			alert *policy.Alert
			want  policy.Truth
		}{{"full", &full, tt.full}, {"bare", &bare, tt.bare}} {
			f := policy.FactsOf(a.alert)
			if got := c.Holds(&f); got != a.want {
				t.Errorf("%q of the %s alert is %v, want %v", tt.cond, a.name, got, a.want)
			}
		}
		again, err := policy.ParseMatch(c.Texts()...)
		if err != nil || again.String() != c.String() {
			t.Errorf("%q reads back as %q, %v", c.String(), again.String(), err)
		}
	}
}

// guardOf compiles a tier's `when`.
func guardOf(t *testing.T, conds string) *policy.Conditions {
	t.Helper()
	doc := parse(t, onePolicy(`"tiers":[{"name":"t","notify":["owner"],"when":[`+conds+`]}]`))
	return &doc.Policies[0].Tracks[0].Tiers[0].When
}

func TestGuardHolds(t *testing.T) {
	a := sample()
	for _, tt := range []struct {
		conds string
		hours []policy.HoursFact
		want  policy.Truth
	}{
		{`"count >= 3"`, nil, policy.True},
		{`"count < 3"`, nil, policy.False},
		{`"age > 1h"`, nil, policy.True},
		{`"age >= 2h"`, nil, policy.True},
		{`"age != 2h"`, nil, policy.False},
		{`"priority >= P2"`, nil, policy.True},
		{`"priority = P1"`, nil, policy.False},
		{`"hours(day)"`, nil, policy.Unknown},
		{`"hours(day)"`, []policy.HoursFact{{Name: "night", Open: true}}, policy.Unknown},
		{`"hours(day)"`, []policy.HoursFact{{Name: "day", Open: true}}, policy.True},
		{`{"not":["hours(day)"]}`, []policy.HoursFact{{Name: "day", Open: true}}, policy.False},
		{`{"not":["hours(day)"]}`, nil, policy.Unknown},
		{`"hours(day)","count > 100"`, nil, policy.False}, // does not hang on the hours
		{`"count > 100","hours(day)"`, nil, policy.False},
		{`{"any":["hours(day)","count > 1"]}`, nil, policy.True},
		{`{"any":["hours(day)","count > 100"]}`, nil, policy.Unknown},
		{``, nil, policy.True},
	} {
		c := guardOf(t, tt.conds)
		f := policy.FactsOf(&a)
		f.Count, f.Age, f.Priority, f.Hours = 3, 2*time.Hour, 4, tt.hours
		if got := c.Holds(&f); got != tt.want {
			t.Errorf("%s with %v is %v, want %v", tt.conds, tt.hours, got, tt.want)
		}
	}
}

func TestHoursNamedAndStatic(t *testing.T) {
	for _, tt := range []struct {
		conds  string
		hours  []string
		static bool
	}{
		{``, nil, true},
		{`"key = a"`, nil, true},
		{`"hours(night)",{"any":["hours(day)",{"not":["hours(night)"]}]}`, []string{"day", "night"}, false},
		{`"count > 1"`, nil, false},
		{`"severity > low"`, nil, false},
		{`"kind = a"`, nil, false},
		{`"labels.a = a"`, nil, false},
		{`"identity.environment = production"`, nil, false}, // a later trigger merges the identity
		{`"key = a","age > 1h"`, nil, false},
	} {
		c := guardOf(t, tt.conds)
		if got := c.HoursNamed(); !slices.Equal(got, tt.hours) {
			t.Errorf("HoursNamed of %s = %v, want %v", tt.conds, got, tt.hours)
		}
		if got := c.Static(); got != tt.static {
			t.Errorf("Static of %s = %v, want %v", tt.conds, got, tt.static)
		}
	}
}

func TestConditionsText(t *testing.T) {
	c, err := policy.ParseMatch(`summary = "a, \"b\" \\ c"`, `labels.x =~ 'a\.b'`, "severity in [high, low]", "not(kind in ['a b', c])", "confidence >= 5")
	if err != nil {
		t.Fatal(err)
	}
	const want = `summary = "a, \"b\" \\ c"; labels.x =~ "a\\.b"; severity in [low, high]; not(kind in ["a b", c]); confidence >= 5`
	if got := strings.Join(c.Texts(), "; "); got != want {
		t.Errorf("Texts = %s\nwant    %s", got, want)
	}
	a := sample()
	a.Labels = map[string]string{"x": "a.b"}
	f := policy.FactsOf(&a)
	clauses := c.Clauses(&f)
	if len(clauses) != c.Len() || clauses[0].Truth != policy.False || clauses[1].Truth != policy.True || clauses[4].Text != "confidence >= 5" {
		t.Errorf("Clauses = %v", clauses)
	}
	var always policy.Conditions
	if always.String() != "always" || always.Holds(&f) != policy.True {
		t.Errorf("the zero Conditions are %q and %v", always.String(), always.Holds(&f))
	}
}

func TestHoldsDoesNotAllocate(t *testing.T) {
	c, err := policy.ParseMatch("kind = rotation_failed", "labels.team =~ 'pay.*'", "identity.owner in [user:a, team:platform]",
		"any(severity = low, blast_radius >= service)", "identity.environment in [staging, production]")
	if err != nil {
		t.Fatal(err)
	}
	a := sample()
	f := policy.FactsOf(&a)
	if n := testing.AllocsPerRun(100, func() {
		if c.Holds(&f) != policy.True {
			t.Fatal("does not hold")
		}
	}); n != 0 {
		t.Errorf("Holds allocates %v times", n)
	}
}

func TestParseMatchErrors(t *testing.T) {
	for cond, want := range map[string]string{
		"knd = a":         `did you mean "kind"?`,
		"severity = hihg": `did you mean "high"?`,
		"count > 3":       "guards only",
		"hours(day)":      "guards only",
		"":                "no operator",
		"not()":           "no operator",
		"(kind = a)":      "unknown field",
	} {
		if _, err := policy.ParseMatch(cond); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseMatch(%q) = %v, want an error with %q", cond, err, want)
		}
	}
}
