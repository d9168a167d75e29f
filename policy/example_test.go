package policy_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// A document in JSON, and what governs an alert.
func ExampleParse() {
	doc, err := policy.Parse("policies.json", []byte(`{
	  "version": 1,
	  "default": "everything-else",
	  "policies": [
	    {"name": "leaks", "match": ["kind in [secret_leaked, anomalous_use]"], "priority": "P1",
	     "tiers": [{"name": "security", "notify": ["role:secops"], "wait": "5m"}, {"name": "lead", "notify": ["role:security-lead"]}]},
	    {"name": "everything-else", "tiers": [{"name": "owner", "notify": ["owner"]}]}
	  ]
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	alert := policy.Alert{Kind: policy.SecretLeaked, Severity: policy.SeverityHigh}
	facts := policy.FactsOf(&alert)
	governs := doc.Choose(&facts)
	fmt.Println(governs.Name, policy.PriorityAt(doc.PriorityOf(governs, &facts)))
	for _, tier := range governs.Tracks[0].Tiers {
		fmt.Println(tier.Name, tier.Notify[0].To, tier.Wait)
	}
	// Output:
	// leaks P1
	// security role:secops 5m0s
	// lead role:security-lead 15m0s
}

// Every fault of a document is reported, with its place and, where a name is
// close, a suggestion.
func ExampleErrors() {
	_, err := policy.Parse("policies.json", []byte(`{
  "version": 1,
  "policies": [
    {"name": "p",
     "match": ["severty >= high"],
     "tiers": [{"name": "t", "notify": ["owner"], "wait": 5}]}
  ]
}`))
	fmt.Println(err)
	var faults policy.Errors
	if errors.As(err, &faults) {
		fmt.Println(len(faults), "faults; the first is at", faults[0].Path)
	}
	// Output:
	// policies.json:5:16: condition "severty >= high" tests the unknown field "severty"
	//     5 |      "match": ["severty >= high"],
	//       |                ^ did you mean "severity"?
	// policies.json:6:59: "wait" is the bare number 5; a duration has a unit, such as "5m"
	//     6 |      "tiers": [{"name": "t", "notify": ["owner"], "wait": 5}]}
	//       |                                                           ^
	// 2 faults; the first is at policies[0].match[0]
}

// Conditions that come from elsewhere than a document, and why they do or do
// not hold for an alert.
func ExampleParseMatch() {
	match, err := policy.ParseMatch("kind = rotation_failed", "severity >= high", "labels.planned != true")
	if err != nil {
		fmt.Println(err)
		return
	}
	alert := policy.Alert{Kind: policy.RotationFailed, Severity: "critical"}
	facts := policy.FactsOf(&alert)
	fmt.Println(match.Holds(&facts))
	for _, clause := range match.Clauses(&facts) {
		fmt.Println(clause.Truth, clause.Text)
	}
	// Output:
	// false
	// true kind = rotation_failed
	// true severity >= high
	// false labels.planned != true
}

// What a sender wrote is read with patience, then brought within limits.
func ExampleReadAlert() {
	alert, unread, err := policy.ReadAlert([]byte(`{
	  "kind": "credential_expiring", "severity": "purple", "confidence": 300,
	  "identity": {"id": "svc-deployer", "owner": "the platform team"},
	  "expires_at": "next week"}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	alert, changed := alert.Normalize()
	_, _, _, assumed := alert.Levels()
	fmt.Println("key:", alert.Key)
	fmt.Println("unread:", unread)
	fmt.Println("changed:", changed)
	fmt.Println("assumed the highest:", assumed)
	// Output:
	// key: credential_expiring/svc-deployer
	// unread: [identity.owner expires_at]
	// changed: [key confidence]
	// assumed the highest: [severity identity.criticality blast_radius]
}

// Durations have units; days and weeks are elapsed time.
func ExampleParseDuration() {
	d, err := policy.ParseDuration("1w2d")
	fmt.Println(d == 9*24*time.Hour, err)
	_, err = policy.ParseDuration("15")
	fmt.Println(err)
	// Output:
	// true <nil>
	// duration "15" has no unit; did you mean "15m"?
}

// A linter points at what it talks about.
func ExampleDocument_Place() {
	doc, err := policy.Parse("policies.json", []byte(`{"version": 1, "policies": [
  {"name": "p", "tiers": [{"name": "t", "notify": ["owner"],
    "wait": "40m"}]}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(doc.Place("policies[0].tracks.main.tiers[0].wait"))
	// Output:
	// policies.json 3 13
}
