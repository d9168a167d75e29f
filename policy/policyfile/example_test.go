package policyfile_test

import (
	"fmt"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/policyfile"
)

// A document in YAML is the same document as in JSON.
func ExampleParse() {
	yaml, err := policyfile.Parse("policies.yaml", []byte(`
version: 1
policies:
  - name: rotation
    match: [kind = rotation_failed]
    tiers:
      - {name: owner, notify: [owner], wait: 5m}
      - {name: platform, notify: [team:platform]}
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	json, err := policy.Parse("policies.json", yaml.Canonical())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(yaml.Policies[0].Match.String(), yaml.Digest == json.Digest)
	// Output:
	// kind = rotation_failed true
}

func ExampleParse_fault() {
	_, err := policyfile.Parse("policies.yaml", []byte(`
version: 1
policies:
  - name: rotation
    tiers:
      - name: owner
        notify: [owner]
        wiat: 5m
`))
	fmt.Println(err)
	// Output:
	// policies.yaml:8:9: unknown field "wiat" in tier "owner"
	//     8 |         wiat: 5m
	//       |         ^ did you mean "wait"?
}
