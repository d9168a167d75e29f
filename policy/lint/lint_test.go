package lint_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy/lint"
	"github.com/belfry-go/belfry/policy/policyfile"
)

// monday is the instant from which schedules are searched.
var monday = time.Date(2026, time.January, 5, 0, 0, 0, 0, time.UTC)

// findings lints a file; those of the loader are findings, too.
func findings(t *testing.T, path string, cfg lint.Config) []lint.Finding {
	t.Helper()
	doc, err := policyfile.Load(path)
	if err != nil {
		return lint.LoadFindings(path, err)
	}
	return lint.Document(doc, cfg)
}

// Each rule finds what it is about, in its place, and keeps quiet about a
// document that differs in that alone.
func TestRules(t *testing.T) {
	for _, r := range lint.Rules() {
		t.Run(r.ID, func(t *testing.T) {
			cfg := lint.Config{At: monday}
			of := func(path string) []lint.Finding {
				return slices.DeleteFunc(findings(t, path, cfg), func(f lint.Finding) bool { return f.Rule != r.ID })
			}
			bad := "testdata/" + r.ID + ".bad.yaml"
			got := of(bad)
			if len(got) == 0 {
				t.Fatalf("nothing is found in %s", bad)
			}
			for _, f := range got {
				if f.Severity != r.Severity || f.File != bad || f.Line == 0 || f.Column == 0 || f.Message == "" {
					t.Errorf("finding %+v lacks something", f)
				}
			}
			if more := of("testdata/" + r.ID + ".good.yaml"); len(more) > 0 {
				t.Errorf("found in the good document: %s", more[0])
			}
			if r.ID == "BLF001" {
				return
			}
			cfg.Disable = []string{r.ID}
			if more := of(bad); len(more) > 0 {
				t.Errorf("the rule is disabled and found %s", more[0])
			}
		})
	}
}

func TestPlaces(t *testing.T) {
	for _, tc := range []struct{ file, rule, want string }{
		{"BLF001.bad", "BLF001", `testdata/BLF001.bad.yaml:3:34: error: unknown field "notfy" in tier "t1"; did you mean "notify"? [BLF001]`},
		{"BLF003.bad", "BLF003", `testdata/BLF003.bad.yaml:4:5: warning: policy "narrow" never governs: whatever it matches, "broad" above it matches first [BLF003]`},
		{"BLF005.bad", "BLF005", `testdata/BLF005.bad.yaml:6:18: warning: nobody is on call in schedule "s" from 2026-01-05T00:00:00Z until 2026-01-05T08:00:00Z; 5 gaps and 624h0m0s in all until 2026-02-02T00:00:00Z: put a layer under it that always has somebody on [BLF005]`},
		{"BLF019.bad", "BLF019", `testdata/BLF019.bad.yaml:8:8: warning: nobody but user:a is on call in schedule "s" from 2026-01-05T00:00:00Z until 2026-02-02T00:00:00Z: add somebody to hand over to [BLF019]`},
		{"BLF009.bad", "BLF009", `testdata/BLF009.bad.yaml:5:95: warning: tier "t3" is due 40m after the opening, the deadline "contain_by" 30m after it: shorten the waits above, or anchor it as ` + "`at: contain_by - 7m30s` [BLF009]"},
	} {
		var got []string
		for _, f := range findings(t, "testdata/"+tc.file+".yaml", lint.Config{At: monday}) {
			if f.Rule == tc.rule {
				got = append(got, f.String())
			}
		}
		if !slices.Contains(got, tc.want) {
			t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), tc.want)
		}
	}
}

// Without an instant to search from, who is on call is who is named.
func TestOneOnCallWithoutAnInstant(t *testing.T) {
	for file, want := range map[string]int{"testdata/BLF005.bad.yaml": 1, "testdata/BLF019.bad.yaml": 0} {
		got := slices.DeleteFunc(findings(t, file, lint.Config{}), func(f lint.Finding) bool { return f.Rule != "BLF019" && f.Rule != "BLF005" })
		if len(got) != want {
			t.Errorf("%s: %v; want %d, and no gap", file, got, want)
		}
	}
}

// A finding about a credential must not spread it.
func TestSecretIsNotRepeated(t *testing.T) {
	for _, f := range findings(t, "testdata/BLF011.bad.yaml", lint.Config{}) {
		if strings.Contains(f.String(), "T000") {
			t.Errorf("the finding repeats the credential: %s", f)
		}
	}
}

func TestFindingsAreSorted(t *testing.T) {
	got := findings(t, "testdata/BLF006.bad.yaml", lint.Config{At: monday})
	if len(got) < 2 {
		t.Fatalf("want several findings, got %v", got)
	}
	if !slices.IsSortedFunc(got, func(a, b lint.Finding) int { return a.Line - b.Line }) {
		t.Errorf("findings are not in the order of their places: %v", got)
	}
}
