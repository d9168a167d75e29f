package archtest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestImportRules gives one file and says which of its imports break a rule.
func TestImportRules(t *testing.T) {
	const ours = Module + "/"
	tests := []struct {
		name, file, imports string
		want                []string
	}{
		{"down", "escalation/step.go", ours + "policy", nil},
		{"up", "policy/rule.go", ours + "escalation", []string{"policy imports escalation"}},
		{"root package", "policy/rule.go", Module, []string{"policy imports the root package"}},
		{"sideways", "notify/mux.go", ours + "escalation", []string{"notify imports escalation"}},
		{"host in the machine", "escalation/step.go", ours + "escalation/engine", []string{"escalation imports escalation/engine"}},
		{"a test may", "policy/rule_test.go", ours + "escalation", nil},
		{"template", "policy/text.go", "text/template", []string{"policy imports text/template"}},
		{"template below", "policy/text.go", "text/template/parse", []string{"policy imports text/template/parse"}},
		{"net", "escalation/link.go", "net/url", []string{"escalation imports net/url"}},
		{"net in a channel", "notify/webhook/send.go", "net/http", nil},
		{"json", "policy/parse.go", "encoding/json", nil},
		{"testing", "notify/mux.go", "testing", []string{"imports testing"}},
		{"what serves testing", "notify/webhook/w.go", "net/http/httptest", []string{"imports net/http/httptest"}},
		{"testing in its place", "notify/notifytest/run.go", "testing", nil},
		{"testing in a test", "notify/mux_test.go", "testing", nil},
		{"golden", "policy/render/text.go", ours + "internal/golden", []string{"imports internal/golden"}},
		{"golden in a test", "policy/render/text_test.go", ours + "internal/golden", nil},
		{"yaml", "policy/policyfile/load.go", yamlModule, nil},
		{"yaml elsewhere", "policy/parse.go", yamlModule, []string{"policy imports " + yamlModule}},
		{"clock", "escalation/engine/engine.go", clockModule, nil},
		{"clock elsewhere", "escalation/audit/verify.go", clockModule, []string{"escalation/audit imports " + clockModule}},
		{"clock in a test", "escalation/audit/verify_test.go", clockModule, nil},
		{"errgroup", "escalation/engine/run.go", syncModule + "/errgroup", nil},
		{"errgroup elsewhere", "notify/mux.go", syncModule + "/errgroup", []string{"notify imports " + syncModule + "/errgroup"}},
		{"cmp", "escalation/engine/engine.go", cmpModule + "/cmp", []string{"imports " + cmpModule + "/cmp"}},
		{"cmp in a test", "policy/rule_test.go", cmpModule + "/cmp", nil},
		{"cmp in a suite", "escalation/store/storetest/run.go", cmpModule + "/cmp", nil},
		{"another module", "escalation/engine/engine.go", "example.com/x", []string{"escalation/engine imports example.com/x"}},
		{"another module in a test", "escalation/engine/engine_test.go", "example.com/x", []string{"escalation/engine imports example.com/x"}},
		{"almost the clock", "escalation/engine/engine.go", clockModule + "work", []string{"escalation/engine imports " + clockModule + "work"}},
		{"almost ours", "escalation/engine/engine.go", Module + "tower", []string{"escalation/engine imports " + Module + "tower"}},
		{"internal in an example", "examples/one/main.go", ours + "internal/golden", []string{"imports internal/golden"}},
		{"own row before the general", "notify/notifytest/run.go", ours + "notify/webhook", []string{"notify/notifytest imports notify/webhook"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := tree(t, map[string]string{tt.file: "package p\n\nimport _ \"" + tt.imports + "\"\n"})
			compare(t, found(t, CheckImports(tr, rooms())), prefixed(tt.file+":3: ", tt.want))
		})
	}
}

func TestRoomWithoutARow(t *testing.T) {
	tr := tree(t, map[string]string{"escalation/attic/a.go": "package attic\n", "escalation/attic/b.go": "package attic\n"})
	compare(t, found(t, CheckImports(tr, rooms())), []string{"escalation/attic/a.go:1: package without a row in the import table"})
}

// TestTableHasNoWayUp checks the table itself: following its arrows never
// leads back, so that two rows cannot together allow what neither means to.
func TestTableHasNoWayUp(t *testing.T) {
	table := rooms()
	var dirs []string
	for _, r := range table {
		if r.why == "" {
			t.Errorf("%s has no reason", r.path)
		}
		dirs = append(dirs, strings.TrimSuffix(r.path, "/..."))
	}
	slices.Sort(dirs)
	dirs = slices.Compact(dirs)
	var walk func(dir string, way []string)
	walk = func(dir string, way []string) {
		if slices.Contains(way, dir) {
			t.Errorf("a way back: %s", strings.Join(append(way, dir), " → "))
			return
		}
		r, _ := roomOf(table, dir)
		for _, to := range dirs {
			if to != dir && underAny(to, r.ours) {
				walk(to, append(slices.Clone(way), dir))
			}
		}
	}
	for _, dir := range dirs {
		walk(dir, nil)
	}
}

func TestGraphDrawsRooms(t *testing.T) {
	tr := tree(t, map[string]string{
		"policy/a.go":      "package policy\n\nimport _ \"strings\"\n",
		"policy/a_test.go": "package policy\n\nimport _ \"" + Module + "/notify\"\n",
		"notify/b.go":      "package notify\n\nimport _ \"" + Module + "/policy\"\nimport _ \"" + clockModule + "\"\n",
	})
	const want = "notify                       → " + clockModule + ", policy\npolicy                       → std\n"
	if got := Graph(tr); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestGoModRules(t *testing.T) {
	const good = "module m\n\ngo 1.26.0\n\nrequire (\n\t" + clockModule + " v1.3.5 // engine\n\n\t" + yamlModule + " v4.0.0\n)\n\nrequire " + cmpModule + " v0.7.0\n"
	tests := []struct {
		name, add string
		want      []string
	}{
		{"good", "", nil},
		{"a fifth", "require example.com/x v1.0.0", []string{"requires example.com/x"}},
		{"a fifth in a block", "require (\n\texample.com/x v1.0.0 // indirect\n)", []string{"requires example.com/x"}},
		{"toolchain", "toolchain go1.26.1", []string{"names a toolchain"}},
		{"tool", "tool example.com/x/cmd", []string{"names a tool"}},
		{"tool in a block", "tool (\n\texample.com/x/cmd\n)", []string{"names a tool"}},
		{"replace", "replace " + cmpModule + " => ../cmp", []string{"replaces a module"}},
		{"a comment", "// require example.com/x v1.0.0", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, b := range CheckGoMod("go.mod", []byte(good+tt.add+"\n")) {
				got = append(got, b.What)
			}
			compare(t, got, tt.want)
		})
	}
}

func TestHouseRules(t *testing.T) {
	tests := []struct {
		name, file, body string
		want             []string
	}{
		{"clock", "notify/a.go", "import \"time\"\n\nvar now = time.Now", []string{"5: uses time.Now"}},
		{"clock, renamed", "notify/a.go", "import t \"time\"\n\nfunc f() { t.Sleep(1) }", []string{"5: uses time.Sleep"}},
		{"clock in the seam", "escalation/engine/config.go", "import \"time\"\n\nvar now = time.Now", nil},
		{"clock in a program", "examples/one/main.go", "import \"time\"\n\nvar now = time.Now", nil},
		{"clock in a test", "notify/a_test.go", "import \"time\"\n\nvar now = time.Now", nil},
		{"another Now", "notify/a.go", "import \"example.com/time/v2/clock\"\n\nvar now = clock.Now", nil},
		{
			"print", "notify/a.go", "import \"fmt\"\n\nfunc f() {\nfmt.Println()\nfmt.Printf(\"\")\nfmt.Fprintln(nil)\n}",
			[]string{"6: uses fmt.Println", "7: uses fmt.Printf"},
		},
		{"print in the tool", "escalation/cmd/belfry/main.go", "import \"fmt\"\n\nfunc f() { fmt.Println() }", nil},
		{"init", "notify/a.go", "func init() {}", []string{"3: has an init function"}},
		{"init, a method", "notify/a.go", "type t int\n\nfunc (t) init() {}", nil},
		{"dot import", "notify/a.go", "import . \"time\"\n\nvar now = Now", []string{"3: dot import"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tr := tree(t, map[string]string{tt.file: "package p\n\n" + tt.body + "\n"})
			compare(t, found(t, CheckHouse(tr)), prefixed(tt.file+":", tt.want))
		})
	}
}

func TestLongFiles(t *testing.T) {
	tr := tree(t, map[string]string{
		"policy/long.go":  "package policy\n" + strings.Repeat("\n", maxRows),
		"policy/short.go": "package policy\n",
	})
	compare(t, LongFiles(tr), []string{"policy/long.go has 401 lines"})
}

func TestLoadReadsTheModuleAlone(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"a/a.go", "a/a_test.go", "a/testdata/bad.go", "a/.hidden/h.go", "_old/o.go", "nested/go.mod", "nested/n.go", "nested/deep/d.go",
	} {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("package p\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tr, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range tr.Files {
		got = append(got, f.Path)
	}
	compare(t, got, []string{"a/a.go", "a/a_test.go"})
}

func TestLoadNamesWhatItCannotParse(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "bad.go"), []byte("package"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "bad.go:1:8") {
		t.Errorf("error %v, want the place", err)
	}
}
