package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation/escalationtest"
	"github.com/belfry-go/belfry/internal/golden"
)

// exported plays the first test of a file of the quickstart, and returns the
// file with its history.
func exported(t *testing.T, name string) (file, key string) {
	t.Helper()
	f := escalationtest.Load(filepath.Join("../../../examples/quickstart", name+".test.yaml"))
	if f.Err != nil {
		t.Fatal(f.Err)
	}
	var b bytes.Buffer
	if err := f.Cases[0].Export(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), name+".jsonl")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file, f.Cases[0].Alert.Key
}

func ran(t *testing.T, want int, args ...string) string {
	t.Helper()
	var out, talk bytes.Buffer
	if code := run(args, strings.NewReader(""), &out, &talk); code != want {
		t.Fatalf("belfry %s: exit %d; want %d\n%s", strings.Join(args, " "), code, want, &talk)
	}
	return out.String()
}

var hashes = regexp.MustCompile(`[0-9a-f]{64}`)

// check compares a report with its golden file, but for its hashes: they change
// with every field that a record gets.
func check(t *testing.T, name, got string) {
	t.Helper()
	golden.Check(t, "evidence/"+name, hashes.ReplaceAll([]byte(got), []byte("(hash)")))
}

// The evidence of the four cases of the quickstart, whole, in all forms.
func TestEvidenceOfTheFourCases(t *testing.T) {
	for _, name := range []string{"token-expires", "leaked-key", "rotation-failed", "partner-inactive"} {
		t.Run(name, func(t *testing.T) {
			file, key := exported(t, name)
			if out := ran(t, exitOK, "verify", file); !strings.HasPrefix(out, "whole: ") {
				t.Error(out)
			}
			for _, format := range []string{"md", "html", "json"} {
				check(t, name+"."+format, ran(t, exitOK, "evidence", file, "--key", key, "--format", format))
			}
			check(t, name+".ocsf", ran(t, exitOK, "evidence", file, "--format", "ocsf"))
		})
	}
}

// A file that was tampered with is reported, and said to be broken.
func TestEvidenceOfABrokenExport(t *testing.T) {
	file, key := exported(t, "leaked-key")
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	broken := bytes.Replace(src, []byte(`"seq":2,"at":1`), []byte(`"seq":2,"at":2`), 1)
	if bytes.Equal(broken, src) {
		t.Fatal("nothing was changed")
	}
	if err := os.WriteFile(file, broken, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := ran(t, exitFailed, "verify", file); !strings.Contains(out, "entry 2: ") || !strings.Contains(out, "BROKEN") {
		t.Error(out)
	}
	if out := ran(t, exitFailed, "evidence", file, "--key", key); !strings.Contains(out, "THE EXPORT IS BROKEN") {
		t.Error(out)
	}
	var v struct {
		Whole  bool
		Faults []struct{ Seq int }
	}
	if err := json.Unmarshal([]byte(ran(t, exitFailed, "verify", file, "--json")), &v); err != nil || v.Whole || v.Faults[0].Seq != 2 {
		t.Errorf("%+v, %v", v, err)
	}
}

// What the schema's class Incident Finding requires is in each event, and its
// numbers are among those that the class lists.
func TestEvidenceIsOCSF(t *testing.T) {
	between := map[string][2]float64{ // required numbers, and their ranges
		"activity_id": {1, 3}, "category_uid": {2, 2}, "class_uid": {2005, 2005}, "severity_id": {1, 5}, "status_id": {1, 5}, "time": {1e12, 1e13},
	}
	for _, name := range []string{"token-expires", "leaked-key", "rotation-failed", "partner-inactive"} {
		file, _ := exported(t, name)
		var seen []float64
		for _, l := range strings.Split(strings.TrimSpace(ran(t, exitOK, "evidence", file, "--format", "ocsf")), "\n") {
			var e map[string]any
			if err := json.Unmarshal([]byte(l), &e); err != nil {
				t.Fatal(err)
			}
			for field, span := range between {
				if n, ok := e[field].(float64); !ok || n < span[0] || n > span[1] {
					t.Errorf("%s is %v in %s", field, e[field], l)
				}
			}
			activity, _ := e["activity_id"].(float64)
			if e["type_uid"] != 200500+activity {
				t.Errorf("type_uid is %v in %s", e["type_uid"], l)
			}
			seen = append(seen, activity)
			if e["assignee"] == nil && e["assignee_group"] == nil {
				t.Errorf("neither assignee nor assignee_group in %s", l)
			}
			meta, _ := e["metadata"].(map[string]any)
			if product, _ := meta["product"].(map[string]any); meta["version"] != "1.3.0" || product["name"] == "" {
				t.Errorf("metadata is %v", meta)
			}
			findings, _ := e["finding_info_list"].([]any)
			if first, _ := findings[0].(map[string]any); first["uid"] == "" {
				t.Errorf("finding without uid in %s", l)
			}
		}
		if seen[0] != 1 || !slices.Contains(seen, 3) {
			t.Errorf("%s: activities %v; want a creation first, and a closure", name, seen)
		}
	}
}

// hostile is an alert that would like to be markup.
const hostile = `
version: 1
document:
  version: 1
  directory: {people: {alice: {}}}
  policies: [{name: p, tiers: [{name: t, notify: ["user:alice"]}]}]
tests:
  - name: hostile
    start: 2026-03-10T14:00:00Z
    alert:
      key: "k"
      kind: rotation_failed
      severity: low
      summary: "<script>alert(1)</script> | [x](javascript:x) **b** https://a.example/ \n# head ` + "`code`" + `"
      labels: {"<img src=x>": "a|b"}
      identity: {id: "<b>x</b>", criticality: low}
    when:
      - {at: 1m, do: resolve, by: "user:alice", outcome: "</td><script>"}
    then:
      - {at: 0s, notify: [user:alice]}
`

func TestEvidenceOfAHostileAlert(t *testing.T) {
	f := escalationtest.Read("hostile.test.yaml", []byte(hostile), nil)
	if f.Err != nil {
		t.Fatal(f.Err)
	}
	var b bytes.Buffer
	if err := f.Cases[0].Export(t.Context(), &b); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "h.jsonl")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	page := ran(t, exitOK, "evidence", file, "--key", "k", "--format", "html")
	for _, bad := range []string{"<script", "<img", "<b>"} {
		if strings.Contains(page, bad) {
			t.Errorf("%q stands in the page", bad)
		}
	}
	check(t, "hostile.md", ran(t, exitOK, "evidence", file, "--key", "k"))
}
