package policyfile_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/policyfile"
)

// files writes a directory of files and returns where it is.
func files(t *testing.T, content map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range content {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const (
	policies = "version: 1\npolicies:\n  - {name: p, tiers: [{name: t, notify: [\"user:alice\"]}]}\n"
	people   = "version: 1\ndirectory: {people: {alice: {}}}\n"
)

func TestLoadSeveralFiles(t *testing.T) {
	dir := files(t, map[string]string{
		"policies.yaml":   policies,
		"named.yaml":      policies + "directory: sub/people.yaml\n",
		"wrong.yaml":      strings.Replace(policies, "alice", "alicia", 1),
		"people.yaml":     people,
		"people.json":     `{"version": 1, "directory": {"people": {"alice": {}}}}`,
		"alone.yaml":      "directory: {people: {alice: {}}}\n",
		"bare.yaml":       "people: {alice: {}}\n",
		"names-bare.yaml": policies + "directory: bare.yaml\n",
		"sub/people.yaml": people,
	})
	at := func(name string) string { return filepath.Join(dir, name) }
	want, err := policyfile.Load(at("policies.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, paths := range [][]string{
		{at("policies.yaml"), at("people.yaml")},
		{at("people.json"), at("policies.yaml")},
		{at("named.yaml")},
		{at("names-bare.yaml")},
		{at("policies.yaml"), at("bare.yaml")},
		{at("alone.yaml"), at("policies.yaml")},
		{at("named.yaml"), at("sub/people.yaml")}, // named and given: read once
		{at("policies.yaml"), at("people.yaml"), at("policies.yaml")},
	} {
		doc, err := policyfile.Load(paths...)
		if err != nil {
			t.Errorf("Load(%v): %v", paths, err)
			continue
		}
		if doc.Digest != want.Digest || doc.Directory.People["alice"] == nil {
			t.Errorf("Load(%v) has digest %s, want %s; people %v", paths, doc.Digest, want.Digest, doc.Directory.People)
		}
	}
	_, err = policyfile.Load(at("wrong.yaml"), at("people.yaml"))
	if want := at("wrong.yaml") + `:3:42: "user:alicia" is not in the directory`; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Load = %v, want an error with %q", err, want)
	}
}

func TestLoadErrors(t *testing.T) {
	dir := files(t, map[string]string{
		"syntax.yaml":  "a: [",
		"fault.yaml":   "version: 1\nversion: 1\npolicys: []\n",
		"missing.yaml": "version: 1\ndirectory: nowhere.yaml\n",
		"twice.yaml":   people,
		"people.yaml":  people,
	})
	at := func(name string) string { return filepath.Join(dir, name) }
	_, err := policyfile.Load(at("syntax.yaml"), at("fault.yaml"))
	var errs policy.Errors
	if !errors.As(err, &errs) || len(errs) != 2 {
		t.Errorf("the faults of two files: %v", err)
	}
	_, err = policyfile.Load(at("fault.yaml"))
	if !errors.As(err, &errs) || len(errs) != 2 || errs[1].Suggestion != "policies" {
		t.Errorf("faults of the form and of the meaning are not told together: %v", err)
	}
	if _, err := policyfile.Load(at("missing.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory file that is not there: %v", err)
	}
	if _, err := policyfile.Load(at("none.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := policyfile.Load(dir); err == nil {
		t.Error("a directory was read as a file")
	}
	if _, err := policyfile.Load(); err == nil {
		t.Error("no file at all is no error")
	}
	_, err = policyfile.Load(at("people.yaml"), at("twice.yaml"))
	if want := `"directory" stands in ` + at("people.yaml") + " too"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("two directories: %v, want an error with %q", err, want)
	}
}

func TestParseNamesNoFile(t *testing.T) {
	_, err := policyfile.Parse("-", []byte(policies+"directory: people.yaml\n"))
	if err == nil || !strings.HasPrefix(err.Error(), "-:4:12: \"directory\" is the name of a file") {
		t.Errorf("Parse = %v; want the place of the name", err)
	}
}
