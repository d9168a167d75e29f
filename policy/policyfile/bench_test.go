package policyfile_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/policy/policyfile"
)

func BenchmarkParse(b *testing.B) {
	var doc strings.Builder
	doc.WriteString("version: 1\npolicies:\n")
	for i := range 1000 {
		fmt.Fprintf(&doc, "  - name: p%d\n    match: [kind = credential_expiring, labels.service = svc-%d]\n    deadlines: {renew_by: {at: expiry}}\n"+
			"    tiers:\n      - {name: owner, notify: [owner], wait: 5m}\n      - {name: backup, notify: [team:platform]}\n"+
			"      - {name: iam, notify: [schedule:iam], at: renew_by - 30m}\n", i, i)
	}
	src := []byte(doc.String())
	b.SetBytes(int64(len(src)))
	for b.Loop() {
		if _, err := policyfile.Parse("p.yaml", src); err != nil {
			b.Fatal(err)
		}
	}
}
