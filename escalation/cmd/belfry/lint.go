package main

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/lint"
	"github.com/belfry-go/belfry/policy/policyfile"
)

func (t *tool) lint(args []string) int {
	f := t.newFlags("lint", "text", "json")
	strict := f.Bool("strict", false, "exit with 3 when there are warnings")
	at := f.String("at", "", "search schedules for gaps from this `time` on (default now)")
	var directory string
	f.directory(&directory)
	var disable list
	f.Var(&disable, "disable", "leave out a `rule`, such as BLF002; may be given several times, or with commas")
	files, code, ok := f.begin(args, 1, -1)
	if !ok {
		return code
	}
	cfg := lint.Config{At: time.Now()}
	for _, d := range disable {
		cfg.Disable = append(cfg.Disable, strings.Split(d, ",")...)
	}
	if err := checkRules(cfg.Disable); err != nil {
		t.sayf("belfry lint: %v", err)
		return exitUnable
	}
	if *at != "" {
		var err error
		if cfg.At, err = time.Parse(time.RFC3339, *at); err != nil {
			t.sayf("belfry lint: --at is %q; write an instant such as 2026-03-10T15:30:00Z", *at)
			return exitUnable
		}
	}
	var found []lint.Finding
	unable := false
	for _, name := range files {
		more, parsed := t.lintFile(name, directory, cfg)
		found = append(found, more...)
		unable = unable || !parsed
	}
	if code := t.findings(found, f.format); code != exitOK {
		return code
	}
	return lintExit(found, *strict, unable)
}

// lintFile lints one document. parsed is false when it could not be read as
// YAML or JSON: what is wrong with it is a finding all the same, where it has a
// place. Of one whose only fault as text is a name that stands twice the rest
// is looked at, too.
func (t *tool) lintFile(name, directory string, cfg lint.Config) (found []lint.Finding, parsed bool) {
	src, err := t.readFile(name)
	if err != nil {
		t.sayf("belfry lint: %v", err)
		return nil, false
	}
	if root, err := policyfile.Tree(name, src); root == nil {
		return lint.LoadFindings(name, err), false
	}
	doc, err := load(name, src, directory)
	if err == nil {
		return lint.Document(doc, cfg), true
	}
	if _, ok := errors.AsType[policy.Errors](err); !ok {
		t.sayf("belfry lint: %v", err)
		return nil, false
	}
	return lint.LoadFindings(name, err), true
}

func checkRules(ids []string) error {
	rules := lint.Rules()
	for _, id := range ids {
		if !slices.ContainsFunc(rules, func(r lint.Rule) bool { return r.ID == id }) {
			return errors.New("--disable names the rule " + id + ", which there is not; rules are " + rules[0].ID + " to " + rules[len(rules)-1].ID)
		}
	}
	return nil
}

func (t *tool) findings(found []lint.Finding, format string) int {
	var b strings.Builder
	for _, x := range found {
		if format == "json" {
			line, err := json.Marshal(x)
			if err != nil {
				t.sayf("belfry lint: %v", err)
				return exitUnable
			}
			b.Write(line)
		} else {
			b.WriteString(x.String())
		}
		b.WriteByte('\n')
	}
	return t.write(b.String())
}

func lintExit(found []lint.Finding, strict, unable bool) int {
	has := func(s lint.Severity) bool {
		return slices.ContainsFunc(found, func(x lint.Finding) bool { return x.Severity == s })
	}
	switch {
	case unable:
		return exitUnable
	case has(lint.Error):
		return exitFailed
	case strict && has(lint.Warning):
		return exitWarnings
	}
	return exitOK
}
