package policy_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"unicode/utf8"

	"github.com/belfry-go/belfry/policy"
)

// FuzzParse: no text makes the parser panic; a document that it accepts has a
// canonical form of the same digest, and its errors have places.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/invalid/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Add([]byte(small))
	f.Add([]byte(onePolicy(`"deadlines":{"d":{"at":"expiry - 15%"}},"tiers":[{"name":"t","notify":[{"to":"owner","via":["sms"]}],"at":["d - 5m","open"]}]`)))
	f.Add([]byte(`{"version":1,"directory":{"people":{"a":{"contact":[{"via":"x"}]}},"schedules":{"s":{"rotations":{"r":{"every":"1w","start":"2026-01-05T09:00","members":["a"]}},"layers":[{"always":["rotation:r"]}]}}}}`))
	f.Add([]byte(`{"version":1,"priority":[{"when":["severity >= high"],"is":"P1"},{"is":"P3"}],"expectations":[{"name":"e","key":"k","every":"1d","alert":{"kind":"x"}}]}`))
	f.Add([]byte(onePolicy(`"gates":[{"name":"g","operations":["x"],"close":"open","open":"review","review":{"by":["owner"]},"break_glass":{"by":["role:r"]}}],"reviews":[{"name":"r","at":"resolved","by":["owner"],"answers":["a","b"]}]`)))
	f.Fuzz(func(t *testing.T, src []byte) {
		doc, err := policy.Parse("f.json", src)
		if err != nil {
			var errs policy.Errors
			if !errors.As(err, &errs) || len(errs) == 0 || err.Error() == "" {
				t.Fatalf("not a list of faults: %v", err)
			}
			return
		}
		again, err := policy.Parse("canonical.json", doc.Canonical())
		if err != nil {
			t.Fatalf("the canonical form is refused: %v\n%s", err, doc.Canonical())
		}
		if again.Digest != doc.Digest || !bytes.Equal(again.Canonical(), doc.Canonical()) {
			t.Fatalf("the canonical form is not canonical:\n%s\n%s", doc.Canonical(), again.Canonical())
		}
		a := sample()
		facts := policy.FactsOf(&a)
		if p, q := doc.Choose(&facts), again.Choose(&facts); p.Name != q.Name || p != scan(doc, &facts) {
			t.Fatalf("Choose = %q, from the canonical form %q", p.Name, q.Name)
		}
	})
}

// FuzzMatch: no text makes the reader of conditions panic; what it accepts
// reads back as itself and holds for the same alerts.
func FuzzMatch(f *testing.F) {
	for _, s := range []string{
		"kind = secret_leaked", `labels.team =~ "pay.*"`, "severity in [low, high]", "not(any(kind = a, kind = b))",
		"identity.owner != team:x", `summary = "a \"b\" \\"`, "confidence >= 5", "criticality < tier0", "labels.a,b = c", "all(kind = a, key='x,y')",
	} {
		f.Add(s, "x", "y")
	}
	f.Fuzz(func(t *testing.T, cond, kind, label string) {
		c, err := policy.ParseMatch(cond)
		if err != nil {
			return
		}
		again, err := policy.ParseMatch(c.Texts()...)
		if err != nil {
			t.Fatalf("%q is written %q, which is refused: %v", cond, c.String(), err)
		}
		a := policy.Alert{Kind: policy.Kind(kind), Summary: label, Labels: map[string]string{"team": label, label: kind}}
		facts := policy.FactsOf(&a)
		if c.Holds(&facts) != again.Holds(&facts) || c.String() != again.String() {
			t.Fatalf("%q is written %q and reads back as %q", cond, c.String(), again.String())
		}
	})
}

// FuzzAlert: no payload makes the reader of alerts panic, and what it reads is
// at rest once it is normalized.
func FuzzAlert(f *testing.F) {
	f.Add([]byte(fullAlert))
	f.Add([]byte(`{"labels":{"a":1},"times":{"b":"2026-01-01T00:00:00Z"},"identity":{"owner":"x"}}`))
	f.Add([]byte("{\"key\":\"\xff\\u0000\"}"))
	f.Fuzz(func(t *testing.T, src []byte) {
		a, _, err := policy.ReadAlert(src)
		if err != nil {
			return
		}
		got, _ := a.Normalize()
		if got.Key == "" || !utf8.ValidString(got.Key) || len(got.Key) > policy.MaxKeyText {
			t.Fatalf("key %q", got.Key)
		}
		if again, changed := got.Normalize(); len(changed) > 0 || !reflect.DeepEqual(again, got) {
			t.Fatalf("normalized twice: %v\n%+v\n%+v", changed, got, again)
		}
	})
}
