package policy_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
)

const fullAlert = `{"key": "db/main", "kind": "rotation_failed", "severity": "high", "summary": "rotation failed 3 times", "confidence": 90,
 "source": "rotator", "labels": {"team": "payments", "attempt": 3, "dry": true}, "links": ["https://example.com/1"], "parties": ["user:mallory"],
 "identity": {"id": "svc-deployer", "kind": "service_account", "owner": "team:platform", "criticality": "high",
              "privilege": "admin", "environment": "production", "third_party": false, "credential_version": "7"},
 "blast_radius": "production", "expires_at": "2026-03-10T16:30:00+01:00",
 "window": {"opens": "2026-03-10T14:00:00Z", "closes": "2026-03-10T16:00:00Z"}, "times": {"discovered": "2026-03-10T13:55:00Z"}}`

func TestReadAlert(t *testing.T) {
	a, unread, err := policy.ReadAlert([]byte(fullAlert))
	if err != nil || len(unread) > 0 {
		t.Fatalf("ReadAlert: unread %v, %v", unread, err)
	}
	want := policy.Alert{
		Key: "db/main", Kind: policy.RotationFailed, Severity: "high", Summary: "rotation failed 3 times", Confidence: 90, Source: "rotator",
		Labels: map[string]string{"team": "payments", "attempt": "3", "dry": "true"}, Links: []string{"https://example.com/1"},
		Parties: []policy.Target{policy.User("mallory")},
		Identity: policy.Identity{
			ID: "svc-deployer", Kind: "service_account", Owner: policy.Target{Kind: policy.TargetTeam, ID: "platform"}, Criticality: "high",
			Privilege: "admin", Environment: "production", CredentialVersion: "7",
		},
		BlastRadius: "production", ExpiresAt: time.Date(2026, 3, 10, 15, 30, 0, 0, time.UTC),
		Window: policy.Window{Opens: time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC), Closes: time.Date(2026, 3, 10, 16, 0, 0, 0, time.UTC)},
		Times:  map[string]time.Time{"discovered": time.Date(2026, 3, 10, 13, 55, 0, 0, time.UTC)},
	}
	if !reflect.DeepEqual(a, want) {
		t.Errorf("ReadAlert = %+v\nwant %+v", a, want)
	}
	out, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := policy.ParseAlert(out); err != nil || !reflect.DeepEqual(again, a) {
		t.Errorf("after a round trip through JSON: %+v, %v", again, err)
	}
	root, err := policy.ParseNode("", []byte(fullAlert))
	if err != nil {
		t.Fatal(err)
	}
	d := policy.NewDecoder("", []byte(fullAlert))
	if strict := d.Alert(root, ""); d.Err() != nil || !reflect.DeepEqual(strict, want) {
		t.Errorf("the strict decoder reads %+v, %v", strict, d.Err())
	}
}

// TestReadAlertIsTolerant: a sender's slip costs the field, never the page.
func TestReadAlertIsTolerant(t *testing.T) {
	for _, tt := range []struct {
		src    string
		unread []string
		check  func(policy.Alert) bool
	}{
		{`{}`, nil, func(a policy.Alert) bool { return reflect.DeepEqual(a, policy.Alert{}) }},
		{` {"unknown": [{"a": {}}], "key": "k"} `, nil, func(a policy.Alert) bool { return a.Key == "k" }},
		{`{"key": "a", "key": "b"}`, nil, func(a policy.Alert) bool { return a.Key == "b" }},
		{`{"key": 17, "summary": null, "source": true}`, nil, func(a policy.Alert) bool { return a.Key == "17" && a.Source == "true" }},
		{`{"key": {"a": 1}, "severity": ["x"]}`, []string{"key", "severity"}, func(a policy.Alert) bool { return a.Key == "" }},
		{
			`{"expires_at": "tomorrow", "window": {"opens": 5}, "times": {"a": "x", "b": "2026-01-01T00:00:00Z"}}`,
			[]string{"expires_at", "window.opens", "times.a"},
			func(a policy.Alert) bool { return a.ExpiresAt.IsZero() && len(a.Times) == 1 },
		},
		{`{"confidence": "80", "identity": {"third_party": "true"}}`, nil, func(a policy.Alert) bool { return a.Confidence == 80 && a.Identity.ThirdParty }},
		{`{"confidence": 80.6}`, nil, func(a policy.Alert) bool { return a.Confidence == 80 }},
		{
			`{"confidence": "sure", "identity": {"owner": "platform", "third_party": []}}`,
			[]string{"confidence", "identity.owner", "identity.third_party"},
			func(a policy.Alert) bool { return a.Identity.Owner.IsZero() },
		},
		{
			`{"identity": "svc", "labels": [], "links": "x", "times": 1, "parties": [1, "user:a"]}`,
			[]string{"identity", "links", "labels", "times", "parties[0]"},
			func(a policy.Alert) bool { return len(a.Parties) == 1 },
		},
		{`{"links": [1, "x"], "labels": {"a": {}, "b": 1}, "identity": null, "times": null}`, []string{"links[0]", "labels.a"}, func(a policy.Alert) bool {
			return len(a.Links) == 1 && a.Labels["b"] == "1"
		}},
		{"{\"key\": \"a\xffb\"}", nil, func(a policy.Alert) bool { return a.Key == "a\uFFFDb" }},
	} {
		a, unread, err := policy.ReadAlert([]byte(tt.src))
		if err != nil {
			t.Errorf("%s: %v", tt.src, err)
			continue
		}
		slices.Sort(unread)
		slices.Sort(tt.unread)
		if !slices.Equal(unread, tt.unread) || !tt.check(a) {
			t.Errorf("%s: unread %v, want %v; %+v", tt.src, unread, tt.unread, a)
		}
	}
}

func TestReadAlertErrors(t *testing.T) {
	for src, want := range map[string]string{
		``:                              "1:1",
		`[]`:                            "must be a JSON object",
		"{\"key\":\n nope}":             "2:2",
		`{} {}`:                         "after the end",
		strings.Repeat(`{"a":`, 100):    "nested deeper",
		strings.Repeat(" ", 4<<20) + "": "ends where",
		strings.Repeat(" ", 5<<20):      "longer than",
	} {
		if _, err := policy.ParseAlert([]byte(src)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseAlert(%.20q) = %v, want an error with %q", src, err, want)
		}
	}
}
