package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What the page about schedules shows is what its document answers.
func TestOncallPage(t *testing.T) {
	page, err := os.ReadFile("../../../docs/on-call.md")
	if err != nil {
		t.Fatal(err)
	}
	_, doc, _ := strings.Cut(string(page), "```yaml\n")
	doc, _, found := strings.Cut(doc, "```")
	if !found {
		t.Fatal("the page has no document")
	}
	file := filepath.Join(t.TempDir(), "oncall.yaml")
	if err := os.WriteFile(file, []byte(doc), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"--at", "2026-03-08T08:00:00Z"},
		{"--from", "2026-03-02T00:00:00Z", "--until", "14h"},
	} {
		var out, talk bytes.Buffer
		if code := run(append([]string{"oncall", file, "--json"}, args...), nil, &out, &talk); code != exitOK {
			t.Fatalf("%v: exit %d, %s", args, code, talk.String())
		}
		if !strings.Contains(string(page), "```json\n"+out.String()+"```") {
			t.Errorf("%v: the page does not show\n%s", args, out.String())
		}
	}
}

// Without --at and --from the instant is now, which is on every schedule that
// has somebody always.
func TestOncallNow(t *testing.T) {
	for _, args := range [][]string{{"--json"}, {"--json", "--until", "1h"}, {"--format", "ical"}} {
		var out, talk bytes.Buffer
		in := strings.NewReader("schedules: {s: {layers: [{always: [zoe]}]}}")
		if code := run(append([]string{"oncall", "-"}, args...), in, &out, &talk); code != exitOK || !strings.Contains(out.String(), "zoe") {
			t.Errorf("%v: exit %d, %q, %q", args, code, out.String(), talk.String())
		}
	}
}
