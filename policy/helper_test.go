package policy_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/policy"
)

// parse compiles a JSON document, which must be valid.
func parse(t testing.TB, src string) *policy.Document {
	t.Helper()
	doc, err := policy.Parse("test.json", []byte(src))
	if err != nil {
		t.Fatalf("Parse:\n%v", err)
	}
	return doc
}

// withPolicies is a document of policies written as match conditions; policy i
// is called p<i>.
func withPolicies(matches ...[]string) string {
	var b strings.Builder
	b.WriteString(`{"version":1,"policies":[`)
	for i, m := range matches {
		if i > 0 {
			b.WriteByte(',')
		}
		quoted := make([]string, len(m))
		for j, c := range m {
			quoted[j] = c
			if !strings.HasPrefix(c, "{") {
				quoted[j] = fmt.Sprintf("%q", c)
			}
		}
		fmt.Fprintf(&b, `{"name":"p%d","match":[%s],"tiers":[{"name":"t","notify":["owner"]}]}`, i, strings.Join(quoted, ","))
	}
	b.WriteString(`]}`)
	return b.String()
}

// onePolicy is a document of one policy p with the given fields.
func onePolicy(fields string) string {
	return `{"version":1,"policies":[{"name":"p",` + fields + `}]}`
}
