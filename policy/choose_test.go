package policy_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/belfry-go/belfry/policy"
)

// scan is Choose without an index: what the words say.
func scan(d *policy.Document, f *policy.Facts) *policy.Policy {
	for _, p := range d.Policies[:len(d.Policies)-1] {
		if p.Match.Holds(f) == policy.True {
			return p
		}
	}
	return d.Policies[d.Default]
}

// randomCondition draws from few fields and values, so that matches happen.
func randomCondition(r *rand.Rand, depth int) string {
	text := func() string { return string(rune('a' + r.IntN(4))) }
	level := func() string { return []string{"low", "medium", "high", "critical"}[r.IntN(4)] }
	switch r.IntN(11) {
	case 0:
		return "kind = " + text()
	case 1:
		return fmt.Sprintf("kind in [%s, %s]", text(), text())
	case 2:
		return fmt.Sprintf("labels.%s = %s", text(), text())
	case 3:
		return fmt.Sprintf("labels.%s in [%s, %s]", text(), text(), text())
	case 4:
		return "severity = " + level()
	case 5:
		return "severity in [" + level() + "]"
	case 6:
		return "severity >= " + level()
	case 7:
		return "identity.owner = team:" + text()
	case 8:
		return "identity.environment != " + text()
	case 9:
		if depth > 0 {
			return fmt.Sprintf("any(%s, %s)", randomCondition(r, depth-1), randomCondition(r, depth-1))
		}
		return "source =~ '[ab]'"
	}
	if depth > 0 {
		return fmt.Sprintf("not(%s, %s)", randomCondition(r, depth-1), randomCondition(r, depth-1))
	}
	return "identity.third_party = true"
}

func randomAlert(r *rand.Rand, labels int) policy.Alert {
	text := func() string { return []string{"", "a", "b", "c", "d"}[r.IntN(5)] }
	a := policy.Alert{
		Kind: policy.Kind(text()), Source: text(), Severity: policy.Severity([]string{"", "low", "medium", "high", "critical", "odd"}[r.IntN(6)]),
		Identity: policy.Identity{Environment: text(), ThirdParty: r.IntN(2) == 0},
		Labels:   map[string]string{},
	}
	if o := text(); o != "" {
		a.Identity.Owner = policy.Target{Kind: policy.TargetTeam, ID: o}
	}
	for range labels {
		a.Labels[string(rune('a'+r.IntN(4)))] = text()
	}
	return a
}

// TestChooseEqualsScan: the index finds what a scan of the document finds.
func TestChooseEqualsScan(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	indexed := 0
	for range 300 {
		matches := make([][]string, 1+r.IntN(30))
		for i := range matches {
			for range r.IntN(4) {
				matches[i] = append(matches[i], randomCondition(r, 2))
			}
			if len(matches[i]) == 0 && r.IntN(10) > 0 {
				matches[i] = append(matches[i], randomCondition(r, 2))
			}
		}
		doc := parse(t, withPolicies(matches...))
		for range 40 {
			a := randomAlert(r, r.IntN(4))
			f := policy.FactsOf(&a)
			got, want := doc.Choose(&f), scan(doc, &f)
			if got != want {
				t.Fatalf("Choose = %s, a scan finds %s\nalert %+v\nmatches %q", got.Name, want.Name, a, matches)
			}
			if got.Name != policy.Unmatched {
				indexed++
			}
		}
	}
	if indexed < 1000 {
		t.Errorf("only %d alerts matched: the test shows little", indexed)
	}
}

// TestChooseManyLabels: an alert whose labels lead to more lists than are
// merged is still governed by the first policy that matches.
func TestChooseManyLabels(t *testing.T) {
	var matches [][]string
	a := policy.Alert{Labels: map[string]string{}}
	for i := range 60 {
		matches = append(matches, []string{fmt.Sprintf("labels.l%d = v", i), "kind = never"})
		a.Labels[fmt.Sprintf("l%d", i)] = "v"
	}
	matches = append(matches, []string{"labels.l7 = v"})
	doc := parse(t, withPolicies(matches...))
	f := policy.FactsOf(&a)
	if got := doc.Choose(&f).Name; got != "p60" {
		t.Errorf("Choose = %s, want p60", got)
	}
}

func TestChooseDefault(t *testing.T) {
	const p = `{"version":1,"policies":[{"name":"a","match":["kind = x"],"tiers":[{"name":"t","notify":["owner"]}]}]%s}`
	a := policy.Alert{Kind: "y"}
	f := policy.FactsOf(&a)
	if got := parse(t, fmt.Sprintf(p, "")).Choose(&f).Name; got != policy.Unmatched {
		t.Errorf("without a default %q governs, want %q", got, policy.Unmatched)
	}
	if got := parse(t, fmt.Sprintf(p, `,"default":"a"`)).Choose(&f).Name; got != "a" {
		t.Errorf("the default is %q, want a", got)
	}
	if got := parse(t, `{"version":1}`).Choose(&f); got.Name != policy.Unmatched || len(got.Tracks) != 1 {
		t.Errorf("a document without policies is governed by %+v", got)
	}
}

// thousand is a document of n policies, the last of which matches the alert.
func thousand(n int) (string, policy.Alert) {
	matches := make([][]string, n)
	for i := range matches {
		matches[i] = []string{"severity >= medium", "kind = credential_expiring", fmt.Sprintf("labels.service = svc-%d", i)}
	}
	return withPolicies(matches...), policy.Alert{
		Kind: policy.CredentialExpiring, Severity: "high", Labels: map[string]string{"service": fmt.Sprintf("svc-%d", n-1), "team": "x"},
	}
}

func TestChooseDoesNotAllocate(t *testing.T) {
	src, a := thousand(1000)
	doc := parse(t, src)
	f := policy.FactsOf(&a)
	if n := testing.AllocsPerRun(100, func() {
		if doc.Choose(&f).Name != "p999" {
			t.Fatal("another policy governs")
		}
	}); n != 0 {
		t.Errorf("Choose allocates %v times", n)
	}
}

func BenchmarkChoose(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("policies=%d", n), func(b *testing.B) {
			src, a := thousand(n)
			doc := parse(b, src)
			f := policy.FactsOf(&a)
			b.ReportAllocs()
			for b.Loop() {
				if doc.Choose(&f).Index != n-1 {
					b.Fatal("another policy governs")
				}
			}
		})
	}
}

func BenchmarkParse(b *testing.B) {
	src, _ := thousand(1000)
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		parse(b, src)
	}
}
