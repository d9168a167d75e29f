package sqlitestore_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation/audit"
	"github.com/belfry-go/belfry/escalation/engine"
	"github.com/belfry-go/belfry/notify"
	"github.com/belfry-go/belfry/policy"
)

// An alert's people and words can be forgotten, and its history still holds.
func TestErase(t *testing.T) {
	st := open(t, filepath.Join(t.TempDir(), "erase.db"))
	doc, err := policy.Parse("p.json", []byte(`{"version": 1, "directory": {"people": {"alice": {}}}, "policies": [{"name": "p", "tiers": [{"name": "one", "notify": ["user:alice"]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(engine.Config{Policies: doc, Notifier: notify.Writer(new(bytes.Buffer)), LastResort: notify.Writer(os.Stderr), Store: st})
	if err != nil {
		t.Fatal(err)
	}
	alice := engine.By(policy.User("alice"))
	a := policy.Alert{Key: "db", Kind: policy.RotationFailed, Severity: policy.SeverityLow, Summary: "carla pushed it", Identity: policy.Identity{ID: "svc", Criticality: policy.CriticalityLow}}
	if _, err := e.Trigger(t.Context(), a, alice); err != nil {
		t.Fatal(err)
	}
	if err := e.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Resolve(t.Context(), "db", alice, "carla"); err != nil {
		t.Fatal(err)
	}
	if err := e.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r, err := e.Erase(t.Context(), "db", 0, alice, "asked to"); err != nil || !r.Applied() {
		t.Fatalf("%+v, %v", r, err)
	}
	var file bytes.Buffer
	if err := audit.Export(t.Context(), st, &file); err != nil {
		t.Fatal(err)
	}
	v, err := audit.Verify(bytes.NewReader(file.Bytes()), audit.Trust{})
	if err != nil || !v.Whole() || v.Erased < 3 {
		t.Errorf("%+v, %v; want whole, with what was erased", v, err)
	}
	rep, err := audit.NewReport(&file, "db", 0, audit.Trust{})
	if err != nil || len(rep.Erased) != v.Erased || strings.Contains(strings.Join(rep.Record, "\n"), "carla") {
		t.Errorf("report %+v, %v", rep, err)
	}
}
