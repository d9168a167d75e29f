package benchmarks

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// toolCases and toolPolicies are what the tool is given at once.
const (
	toolCases    = 1000
	toolPolicies = 1000
)

// BenchmarkTool is P11: the command-line tool as a whole process, from its start
// to its end. Building it is not counted.
func BenchmarkTool(b *testing.B) {
	tool := buildTool(b)
	for _, run := range []struct {
		name string
		args []string
	}{
		{"test", []string{"test", "--format", "json", write(b, "cases.test.yaml", manyCases(toolCases))}},
		{"lint", []string{"lint", write(b, "policies.yaml", manyPolicies(toolPolicies))}},
	} {
		b.Run("verb="+run.name, func(b *testing.B) {
			for b.Loop() {
				if out, err := exec.Command(tool, run.args...).CombinedOutput(); err != nil {
					b.Fatalf("%v: %s", err, out[:min(len(out), 2000)])
				}
			}
		})
	}
}

// TestTool checks that the tool plays every case, and that a case can fail.
func TestTool(t *testing.T) {
	tool := buildTool(t)
	const n = 5
	cases := manyCases(n)
	out, err := exec.Command(tool, "test", "--format", "json", write(t, "good.test.yaml", cases)).Output()
	if err != nil || bytes.Count(out, []byte(`"case `)) < n {
		t.Errorf("%v, %s; want %d cases that pass", err, out, n)
	}
	cases = strings.Replace(cases, "{at: 5m, notify: ['user:bob']", "{at: 5m, notify: ['user:carol']", 1)
	if err := exec.Command(tool, "test", write(t, "bad.test.yaml", cases)).Run(); err == nil {
		t.Error("a case that expects the wrong page passes")
	}
	if out, err := exec.Command(tool, "lint", write(t, "policies.yaml", manyPolicies(n))).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func buildTool(tb testing.TB) string {
	tb.Helper()
	tool := filepath.Join(tb.TempDir(), "belfry")
	build := exec.Command("go", "build", "-o", tool, "./escalation/cmd/belfry")
	build.Dir = ".." // whose go.mod knows what the tool requires
	if out, err := build.CombinedOutput(); err != nil {
		tb.Fatalf("%v: %s", err, out)
	}
	return tool
}

func write(tb testing.TB, name, text string) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// manyCases is a test file of n tests: an alert climbs a tier, is acknowledged,
// and is resolved.
func manyCases(n int) string {
	var b strings.Builder
	b.WriteString(`version: 1
document:
  version: 1
  directory: {people: {alice: {contact: [{via: push}, {via: sms, after: 2m}]}, bob: {}, carol: {}}}
  policies:
    - name: rotation
      match: [kind = rotation_failed]
      priority: P2
      tiers:
        - {name: owner, notify: ['user:alice'], wait: 5m}
        - {name: backup, notify: ['user:bob'], wait: 10m}
        - {name: lead, notify: ['user:carol']}
tests:
`)
	for i := range n {
		fmt.Fprintf(&b, `  - name: case %d
    start: '2026-03-02T09:00:00Z'
    alert: {key: db/%d, kind: rotation_failed, severity: high, identity: {id: svc-db-%d, criticality: high}}
    when:
      - {at: 7m, do: acknowledge, by: 'user:bob'}
      - {at: 20m, do: resolve, by: 'user:bob'}
    then:
      - {at: 0s, notify: ['user:alice'], via: push}
      - {at: 2m, notify: ['user:alice'], via: sms}
      - {at: 5m, notify: ['user:bob']}
      - {between: [7m, 20m], quiet: true}
    until: 1h
`, i, i, i)
	}
	return b.String()
}

// manyPolicies is a document of n policies, each for a team of its own.
func manyPolicies(n int) string {
	var b strings.Builder
	b.WriteString("version: 1\ndirectory:\n  people: {alice: {}, bob: {}, carol: {}}\n  teams: {platform: [alice, bob]}\npolicies:\n")
	for i := range n {
		fmt.Fprintf(&b, `  - name: team-%d
    match: [labels.team = team-%d, "severity >= medium"]
    priority: P2
    tiers:
      - {name: owner, notify: ['user:alice'], wait: 5m}
      - {name: platform, notify: ['team:platform'], wait: 15m}
      - {name: lead, notify: ['user:carol']}
`, i, i)
	}
	b.WriteString("  - {name: rest, tiers: [{name: lead, notify: ['user:carol', 'user:bob']}]}\ndefault: rest\n")
	return b.String()
}
