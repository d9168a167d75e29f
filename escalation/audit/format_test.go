package audit_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/audit"
	"github.com/belfry-go/belfry/escalation/store"
)

// named is a store in memory whose name is not random.
type named struct{ *store.Memory }

func (named) Namespace(context.Context) (string, error) { return "n5t2", nil }

func page(t *testing.T) string {
	t.Helper()
	src, err := os.ReadFile("../../docs/evidence.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// The sample of the format in the documentation is one: it is what is written,
// and it holds.
func TestFormatIsAsDocumented(t *testing.T) {
	s := named{store.NewMemory()}
	commitBody(t, s, "alert/db#1", "one")
	commitBody(t, s, "alert/db#1", "two")
	if err := s.Erase(t.Context(), "alert/db#1", 1); err != nil {
		t.Fatal(err)
	}
	file := export(t, s)
	_, rest, _ := strings.Cut(page(t), "```json\n")
	sample, _, _ := strings.Cut(rest, "```")
	if sample != string(file) {
		t.Errorf("docs/evidence.md shows\n%s\nand an export is\n%s", sample, file)
	}
	if v := verify(t, []byte(sample), audit.Trust{}); !v.Whole() {
		t.Error(v.Faults)
	}
}

// Every kind of event has its number in the documentation: the chain covers it.
func TestKindsAreDocumented(t *testing.T) {
	src := page(t)
	n := 0
	for k := escalation.EventTrigger; ; k++ {
		name := k.String()
		if name == "" || strings.HasSuffix(name, "?") {
			break
		}
		n++
		if !regexp.MustCompile(fmt.Sprintf(`\b%d %s\b`, k, name)).MatchString(src) {
			t.Errorf("docs/evidence.md does not say that kind %d is %s", k, name)
		}
	}
	if n < 20 {
		t.Errorf("%d kinds are found", n)
	}
}

// A third implementation, in another language, written from the documentation,
// agrees: on a whole export, and on each of its bytes changed.
func TestThirdImplementation(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	s, _ := small(t)
	if err := s.(store.Eraser).Erase(t.Context(), "engine/main", 1); err != nil {
		t.Fatal(err)
	}
	file := export(t, s)
	path := filepath.Join(t.TempDir(), "export.jsonl")
	run := func(src []byte) error {
		if err := os.WriteFile(path, src, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), python, "testdata/verify.py", path).CombinedOutput()
		if err != nil && !bytes.HasPrefix(out, []byte("broken: ")) {
			t.Fatalf("%v: %s", err, out)
		}
		return err
	}
	if err := run(file); err != nil {
		t.Error(err)
	}
	for i := 0; i < len(file); i += len(file) / 12 {
		bad := bytes.Clone(file)
		bad[i] ^= 1
		if run(bad) == nil {
			t.Errorf("byte %d changed is not found", i)
		}
	}
}
