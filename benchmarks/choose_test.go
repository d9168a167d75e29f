package benchmarks

import (
	"fmt"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"
	"github.com/open-policy-agent/opa/v1/rego"

	"github.com/belfry-go/belfry/policy"
)

// sizes are numbers of policies. Each policy has three conditions: a team of
// its own, one of three kinds, an identity by the beginning of its name. Only
// the last one matches.
var sizes = []int{10, 100, 1000}

// chooser is an engine that finds the policy of an alert.
type chooser struct {
	name string
	make func(tb testing.TB, n int) func() string
}

var choosers = []chooser{
	{"belfry", belfryChooser},
	{"belfry-scan", belfryScan},
	{"expr", exprChooser},
	{"cel", celChooser},
	{"opa", opaChooser},
}

// BenchmarkChoose is P3: the policy that governs an alert.
func BenchmarkChoose(b *testing.B) {
	for _, c := range choosers {
		for _, n := range sizes {
			b.Run(fmt.Sprintf("who=%s/policies=%d", c.name, n), func(b *testing.B) {
				choose := c.make(b, n)
				b.ReportAllocs()
				for b.Loop() {
					choose()
				}
			})
		}
	}
}

// TestChoosers holds all engines to one answer.
func TestChoosers(t *testing.T) {
	for _, c := range choosers {
		for _, n := range []int{1, 10} {
			if got, want := c.make(t, n)(), fmt.Sprintf("p%d", n-1); got != want {
				t.Errorf("%s of %d policies: %s; want %s", c.name, n, got, want)
			}
		}
	}
}

// chosen is an alert for the last of n policies.
func chosen(n int) policy.Alert {
	a := alertNumber(7)
	a.Labels = map[string]string{"team": fmt.Sprintf("team-%d", n-1), "region": "eu-west-1"}
	return a
}

func belfryChooser(tb testing.TB, n int) func() string {
	return belfryBy(tb, n, `labels.team = team-%d`)
}

// belfryScan has the team as a pattern, which no index leads to: each policy is
// tried.
func belfryScan(tb testing.TB, n int) func() string {
	return belfryBy(tb, n, `labels.team =~ \"team-%d\"`)
}

func belfryBy(tb testing.TB, n int, condition string) func() string {
	policies := make([]string, n)
	for i := range policies {
		policies[i] = fmt.Sprintf(`{"name": "p%d", "match": ["`+condition+`", "kind in [rotation_failed, credential_expiring, secret_leaked]", "identity.id =~ \"svc-.*\""], "tiers": [{"name": "one", "notify": ["owner"]}]}`, i, i)
	}
	doc := must[*policy.Document](tb)(policy.Parse("choose.json", []byte(`{"version": 1, "policies": [`+strings.Join(policies, ",")+`]}`)))
	alert := chosen(n)
	facts := &policy.Facts{Alert: &alert, Severity: 4, Criticality: 2, BlastRadius: 3, Count: 1}
	return func() string { return doc.Choose(facts).Name }
}

// fieldsOf is an alert as the peers take it, in the form in which each of them
// was fastest.
func fieldsOf(a *policy.Alert) map[string]any {
	return map[string]any{"team": a.Labels["team"], "kind": string(a.Kind), "id": a.Identity.ID}
}

// exprChooser is one program for each policy, on one machine that is used again.
func exprChooser(tb testing.TB, n int) func() string {
	alert := chosen(n)
	env := fieldsOf(&alert)
	programs := make([]*vm.Program, n)
	names := make([]string, n)
	for i := range programs {
		text := fmt.Sprintf(`team == "team-%d" && kind in ["rotation_failed", "credential_expiring", "secret_leaked"] && id startsWith "svc-"`, i)
		programs[i] = must[*vm.Program](tb)(expr.Compile(text, expr.Env(env), expr.AsBool()))
		names[i] = fmt.Sprintf("p%d", i)
	}
	var machine vm.VM
	return func() string {
		for i, p := range programs {
			ok, err := machine.Run(p, env)
			if err != nil {
				tb.Fatal(err)
			}
			if ok == true {
				return names[i]
			}
		}
		return ""
	}
}

// celChooser is one program for each policy.
func celChooser(tb testing.TB, n int) func() string {
	env := must[*cel.Env](tb)(cel.NewEnv(
		cel.Variable("team", cel.StringType), cel.Variable("kind", cel.StringType), cel.Variable("id", cel.StringType)))
	programs := make([]cel.Program, n)
	names := make([]string, n)
	for i := range programs {
		text := fmt.Sprintf(`team == "team-%d" && kind in ["rotation_failed", "credential_expiring", "secret_leaked"] && id.startsWith("svc-")`, i)
		ast, issues := env.Compile(text)
		if issues.Err() != nil {
			tb.Fatal(issues.Err())
		}
		programs[i] = must[cel.Program](tb)(env.Program(ast, cel.EvalOptions(cel.OptOptimize)))
		names[i] = fmt.Sprintf("p%d", i)
	}
	alert := chosen(n)
	vars := fieldsOf(&alert)
	return func() string {
		for i, p := range programs {
			out, _, err := p.Eval(vars)
			if err != nil {
				tb.Fatal(err)
			}
			if out.Value() == true {
				return names[i]
			}
		}
		return ""
	}
}

// opaChooser is a rule for each policy, without an order, which is what its own
// index of rules is good at.
func opaChooser(tb testing.TB, n int) func() string {
	var module strings.Builder
	module.WriteString("package choose\n")
	for i := range n {
		fmt.Fprintf(&module, "policy := \"p%d\" if {\n\tinput.team == \"team-%d\"\n\tinput.kind in {\"rotation_failed\", \"credential_expiring\", \"secret_leaked\"}\n\tstartswith(input.id, \"svc-\")\n}\n", i, i)
	}
	ctx := tb.Context()
	query := must[rego.PreparedEvalQuery](tb)(rego.New(
		rego.Query("data.choose.policy"), rego.Module("choose.rego", module.String())).PrepareForEval(ctx))
	alert := chosen(n)
	input := fieldsOf(&alert)
	return func() string {
		results, err := query.Eval(ctx, rego.EvalInput(input))
		if err != nil || len(results) != 1 {
			tb.Fatal(results, err)
		}
		return results[0].Expressions[0].Value.(string)
	}
}
