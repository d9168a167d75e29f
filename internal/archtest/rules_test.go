package archtest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// tree is a tree of sources by path.
func tree(t *testing.T, sources map[string]string) *Tree {
	t.Helper()
	tr, err := Load(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		if err := tr.Add(name, []byte(sources[name])); err != nil {
			t.Fatal(err)
		}
	}
	return tr
}

// found renders breaches without their reasons, which are prose; that each has
// one is checked here.
func found(t *testing.T, breaches []Breach) []string {
	t.Helper()
	var out []string
	for _, b := range breaches {
		if b.Why == "" {
			t.Errorf("%s has no reason", b)
		}
		out = append(out, b.Pos+": "+b.What)
	}
	return out
}

func compare(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// TestPurityRules shows each rule broken, and beside it what it must let pass.
// A source is the body of escalation/step.go from line 3 on.
func TestPurityRules(t *testing.T) {
	tests := []struct {
		name, body string
		want       []string // "line: what"
	}{
		{"goroutine", "func f() { go f() }", []string{"3: starts a goroutine"}},
		{"select", "func f() { select {} }", []string{"3: selects"}},
		{"channel type", "type c chan int", []string{"3: has a channel type"}},
		{
			"send and receive", "func f(c C) {\nc <- 1\n<-c\nfor range c {\n}\n}\n\ntype C = chan int",
			[]string{"4: sends on a channel", "5: receives from a channel", "6: ranges over a channel", "10: has a channel type"},
		},

		{"clock", "import \"time\"\n\nvar now = time.Now", []string{"5: uses time.Now"}},
		{"clock, renamed", "import t \"time\"\n\nfunc f(at t.Time) t.Duration { return t.Since(at) }", []string{"5: uses time.Since"}},
		{"clock, dot import", "import . \"time\"\n\nvar _ = After(Second)", []string{"5: uses time.After"}},
		{
			"clock, all", "import \"time\"\n\nfunc f(at time.Time) {\ntime.Until(at)\ntime.Sleep(1)\ntime.Tick(1)\ntime.NewTimer(1)\n" +
				"time.NewTicker(1)\ntime.AfterFunc(1, nil)\n_ = time.Local\n_ = at.Local()\ntime.LoadLocation(\"UTC\")\n}",
			[]string{
				"6: uses time.Until", "7: uses time.Sleep", "8: uses time.Tick", "9: uses time.NewTimer", "10: uses time.NewTicker",
				"11: uses time.AfterFunc", "12: uses time.Local", "13: uses time.Local", "14: uses time.LoadLocation",
			},
		},
		{"values of time pass", "import \"time\"\n\nfunc f(a, b time.Time) bool { return a.After(b) || a.UTC().Add(time.Hour).Equal(time.UnixMicro(1)) }", nil},

		{"random", "import _ \"math/rand/v2\"", []string{"3: imports math/rand/v2"}},
		{"environment", "import _ \"os\"", []string{"3: imports os"}},
		{"locks", "import (\n_ \"sync\"\n_ \"sync/atomic\"\n)", []string{"4: imports sync", "5: imports sync/atomic"}},
		{"context", "import _ \"context\"", []string{"3: imports context"}},
		{"json", "import _ \"encoding/json\"", []string{"3: imports encoding/json"}},

		{"map", "func f(m map[string]int) { for range m {\n} }", []string{"3: ranges over a map"}},
		{"map, named", "type set map[int]bool\n\nfunc (s set) f() { for range s {\n} }", []string{"5: ranges over a map"}},
		{"map, generic", "func f[M ~map[K]V, K comparable, V any](m M) { for range m {\n} }", []string{"3: ranges over a map"}},
		{
			"map, by iterator", "import \"maps\"\n\nfunc f(m map[int]int) {\nfor range maps.Keys(m) {\n}\nfor range maps.All[map[int]int](m) {\n}\n}",
			[]string{"6: uses maps.Keys", "8: uses maps.All"},
		},
		{"map, sorted", "import (\n\"maps\"\n\"slices\"\n)\n\nfunc f(m map[int]int) int { return m[slices.Sorted(maps.Keys(m))[0]] }", nil},
		{"other ranges pass", "func f[T any](s []T, a [3]int, str string, n int, seq func(func(int) bool)) {\nfor range s {\n}\nfor range a {\n}\n" +
			"for range str {\n}\nfor range n {\n}\nfor range seq {\n}\n}", nil},

		{"package variable", "var n int\n\nfunc f() { n++ }", []string{"5: changes the package variable n"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := tree(t, map[string]string{"escalation/step.go": "package escalation\n\n" + tt.body})
			breaches, err := CheckPurity(tr)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, found(t, breaches), prefixed("escalation/step.go:", tt.want))
		})
	}
}

func prefixed(prefix string, list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, prefix+s)
	}
	return out
}

func TestPurityLicences(t *testing.T) {
	tr := tree(t, map[string]string{
		"escalation/drive.go":        "package escalation\n\nimport _ \"context\"\nimport _ \"sync\"\n",
		"escalation/directory_at.go": "package escalation\n\nimport _ \"context\"\n",
		"escalation/json_state.go":   "package escalation\n\nimport _ \"encoding/json\"\nimport _ \"context\"\n",
	})
	breaches, err := CheckPurity(tr)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, found(t, breaches), []string{"escalation/drive.go:4: imports sync", "escalation/json_state.go:4: imports context"})
}

func TestPurityOfWhatDoesNotCompile(t *testing.T) {
	tr := tree(t, map[string]string{"escalation/step.go": "package escalation\n\nvar x = y\n"})
	if _, err := CheckPurity(tr); err == nil || !strings.Contains(err.Error(), "escalation/step.go:3:9: undefined: y") {
		t.Errorf("error %v, want the compiler's", err)
	}
}

// TestPuritySeesImportedTypes goes through the importer for our own rooms.
func TestPuritySeesImportedTypes(t *testing.T) {
	tr := tree(t, map[string]string{
		"policy/set.go":      "package policy\n\ntype Set map[string]bool\n\nvar Last int\n",
		"escalation/step.go": "package escalation\n\nimport \"" + Module + "/policy\"\n\nfunc f(s policy.Set) {\nfor range s {\npolicy.Last = 1\n}\n}\n",
	})
	breaches, err := CheckPurity(tr)
	if err != nil {
		t.Fatal(err)
	}
	compare(t, found(t, breaches),
		[]string{"escalation/step.go:6: ranges over a map", "escalation/step.go:7: assigns to the package variable Last"})
}

func TestFrozenRules(t *testing.T) {
	const vars = "package gate\n\nimport \"sync\"\n\n" +
		"type box struct{ n int; in []int }\n\nfunc (b *box) put() {}\nfunc (b box) get() int { return b.n }\n\n" +
		"var (\nn int\nb box\np = &box{}\nm = map[int]int{}\nlist = []int{1}\nonce sync.Once\nbase = list\n)\n\n"
	tests := []struct {
		name, body string
		want       []string
	}{
		{"assignment", "n = 1", []string{"assigns to the package variable n"}},
		{"one of several", "var k int; k, n = 1, 2; _ = k", []string{"assigns to the package variable n"}},
		{"with operator", "n += 1", []string{"assigns to the package variable n"}},
		{"increment", "n++", []string{"changes the package variable n"}},
		{"range", "for n = range list {}", []string{"assigns to the package variable n"}},
		{"field", "b.n = 1", []string{"assigns to the package variable b"}},
		{"field of a field", "b.in[0] = 1", []string{"assigns to the package variable b"}},
		{"through a pointer", "p.n = 1; (*p).n = 2", []string{"assigns to the package variable p", "assigns to the package variable p"}},
		{"element", "m[1] = 1; list[0]++", []string{"assigns to the package variable m", "changes the package variable list"}},
		{"built-ins", "delete(m, 1); clear(m); copy(list[:1], base)", []string{
			"deletes the package variable m", "clears the package variable m", "copys the package variable list",
		}},
		{"address", "q := &b.n; _ = q", []string{"takes the address of the package variable b"}},
		{"pointer method", "b.put(); once.Do(nil)", []string{
			"calls a pointer method of the package variable b", "calls a pointer method of the package variable once",
		}},
		{"reading passes", "_ = n + b.get() + m[1] + list[0] + len(append(list, 1)); p.put()", nil},
		{"locals pass", "n := 1; n = 2; n++; var b box; b.n = n; b.put(); _ = &b", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			source := vars + "func f() { " + tt.body + " }\n"
			tr := tree(t, map[string]string{"escalation/gate/board.go": source})
			line := strings.Count(source, "\n")
			compare(t, found(t, CheckFrozen(tr)), prefixed(fmt.Sprintf("escalation/gate/board.go:%d: ", line), tt.want))
		})
	}
}

func TestFrozenLetsProgramsAndSharedVariablesBe(t *testing.T) {
	tr := tree(t, map[string]string{
		"examples/one/main.go":  "package main\n\nvar n int\n\nfunc main() { n = 1 }\n",
		"escalation/machine.go": "package escalation\n\nvar empty, full int\n\nfunc f() (*int, *int) {\nreturn &empty,\n&full\n}\n\nfunc g() { empty = 1 }\n",
	})
	compare(t, found(t, CheckFrozen(tr)), []string{
		"escalation/machine.go:7: takes the address of the package variable full",
		"escalation/machine.go:10: assigns to the package variable empty",
	})
}
