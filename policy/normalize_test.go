package policy_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/belfry-go/belfry/policy"
)

func TestNormalize(t *testing.T) {
	long := strings.Repeat("ü", 2000)
	at := time.Date(2026, 3, 10, 15, 30, 0, 123456789, time.FixedZone("", 3600))
	for _, tt := range []struct {
		name    string
		in      policy.Alert
		changed []string
		check   func(policy.Alert) bool
	}{
		{"nothing to do", sample(), nil, func(a policy.Alert) bool { return reflect.DeepEqual(a, sample()) }},
		{"empty key", policy.Alert{Kind: "k", Identity: policy.Identity{ID: "i"}}, []string{"key"}, func(a policy.Alert) bool { return a.Key == "k/i" }},
		{"empty alert", policy.Alert{}, []string{"key"}, func(a policy.Alert) bool { return a.Key == "/" }},
		{"long texts", policy.Alert{Key: "k", Summary: long, Source: long}, []string{"summary", "source"}, func(a policy.Alert) bool {
			return len(a.Summary) == policy.MaxSummary && len(a.Source) == policy.MaxKeyText && utf8.ValidString(a.Summary)
		}},
		{"cut on a rune", policy.Alert{Key: "k" + long}, []string{"key"}, func(a policy.Alert) bool {
			return len(a.Key) == policy.MaxKeyText-1 && utf8.ValidString(a.Key)
		}},
		{"invalid UTF-8", policy.Alert{Key: "a\xffb\x00c", Severity: "\xff"}, []string{"key", "severity"}, func(a policy.Alert) bool { return a.Key == "a\uFFFDb\uFFFDc" }},
		{"confidence", policy.Alert{Key: "k", Confidence: 900}, []string{"confidence"}, func(a policy.Alert) bool { return a.Confidence == 100 }},
		{"negative confidence", policy.Alert{Key: "k", Confidence: -1}, []string{"confidence"}, func(a policy.Alert) bool { return a.Confidence == 0 }},
		{"unknown scale values stay", policy.Alert{Key: "k", Severity: "purple"}, nil, func(a policy.Alert) bool { return a.Severity == "purple" }},
		{"a label", policy.Alert{Key: "k", Labels: map[string]string{"a": long, "b": "x"}}, []string{"labels.a"}, func(a policy.Alert) bool {
			return len(a.Labels["a"]) == policy.MaxLabelText && a.Labels["b"] == "x"
		}},
		{"a link", policy.Alert{Key: "k", Links: []string{"x", long}}, []string{"links[1]"}, func(a policy.Alert) bool { return len(a.Links[1]) == policy.MaxLinkText }},
		{"a party", policy.Alert{Key: "k", Parties: []policy.Target{policy.User("a\x00")}}, []string{"parties[0]"}, func(a policy.Alert) bool { return a.Parties[0] == policy.User("a\uFFFD") }},
		{"identity", policy.Alert{Key: "k", Identity: policy.Identity{ID: long, Owner: policy.User(long)}}, []string{"identity.id", "identity.owner"}, func(a policy.Alert) bool {
			return len(a.Identity.ID) == policy.MaxKeyText && a.Identity.Owner.Kind == policy.TargetUser
		}},
		{"instants", policy.Alert{Key: "k", ExpiresAt: at, Times: map[string]time.Time{"found": at}}, nil, func(a policy.Alert) bool {
			want := time.Date(2026, 3, 10, 14, 30, 0, 123456000, time.UTC)
			return a.ExpiresAt == want && a.Times["found"] == want
		}},
	} {
		got, changed := tt.in.Normalize()
		if !slices.Equal(changed, tt.changed) {
			t.Errorf("%s: changed %v, want %v", tt.name, changed, tt.changed)
		}
		if !tt.check(got) {
			t.Errorf("%s: got %+v", tt.name, got)
		}
		if again, more := got.Normalize(); len(more) > 0 || !reflect.DeepEqual(again, got) {
			t.Errorf("%s: not at rest after one pass: %v", tt.name, more)
		}
	}
}

func TestNormalizeBoundsLists(t *testing.T) {
	a := policy.Alert{Key: "k", Labels: map[string]string{}, Times: map[string]time.Time{}}
	for i := range 200 {
		a.Labels[fmt.Sprintf("l%03d", i)] = "v"
		a.Links = append(a.Links, "x")
		a.Parties = append(a.Parties, policy.User("p"))
		a.Times[fmt.Sprintf("t%03d", i)] = time.Unix(1, 0)
	}
	got, changed := a.Normalize()
	if !slices.Equal(changed, []string{"labels", "links", "parties", "times"}) {
		t.Errorf("changed %v", changed)
	}
	if len(got.Labels) != policy.MaxLabels || len(got.Links) != policy.MaxLinks || len(got.Parties) != policy.MaxParties || len(got.Times) != policy.MaxAlertTimes {
		t.Errorf("kept %d labels, %d links, %d parties, %d times", len(got.Labels), len(got.Links), len(got.Parties), len(got.Times))
	}
	if _, ok := got.Labels["l000"]; !ok || got.Labels["l199"] != "" {
		t.Errorf("the first labels by name are not those kept")
	}
	if len(a.Labels) != 200 {
		t.Error("the caller's map was changed")
	}
}

func TestLevels(t *testing.T) {
	a := policy.Alert{Severity: "purple", Identity: policy.Identity{Criticality: "tier3"}}
	sev, crit, blast, assumed := a.Levels()
	if sev != 5 || crit != 1 || blast != 7 || !slices.Equal(assumed, []string{"severity", "blast_radius"}) {
		t.Errorf("Levels = %d %d %d %v", sev, crit, blast, assumed)
	}
	full := sample()
	if _, _, _, assumed := full.Levels(); assumed != nil {
		t.Errorf("assumed %v of an alert that says everything", assumed)
	}
}
