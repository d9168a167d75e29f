// Package lint finds what a policy document may say but should not: a tier
// that tells nobody new, a schedule with a hole, a policy that never governs.
//
// What cannot be meant is refused when a document is loaded; what is merely
// unwise is a finding here. Each rule was written against a way in which a
// page was lost somewhere. A rule has an id that does not change (BLF002), a
// severity, and a sentence that says what to do.
//
//	doc, err := policyfile.Load("policies.yaml")
//	if err != nil {
//		findings = lint.LoadFindings(err)
//	} else {
//		findings = lint.Document(doc, lint.Config{At: now})
//	}
package lint

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// Severity says how bad a finding is.
type Severity string

const (
	Error   Severity = "error"   // somebody will not be told
	Warning Severity = "warning" // it works until something else goes wrong
	Info    Severity = "info"    // worth knowing
)

// Finding is one thing that a rule found, with its place.
type Finding struct {
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	File     string   `json:"file"`
	Line     int      `json:"line"`   // from 1; 0 when there is no place
	Column   int      `json:"column"` // from 1, in runes
	Path     string   `json:"path,omitempty"`
	Message  string   `json:"message"` // what is wrong, and what to do
}

// String is the finding on one line, as file:line:col: severity: message [rule];
// where there is no place, file: severity: message [rule].
func (f Finding) String() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s: %s [%s]", f.File, f.Severity, f.Message, f.Rule)
	}
	return fmt.Sprintf("%s:%d:%d: %s: %s [%s]", f.File, f.Line, f.Column, f.Severity, f.Message, f.Rule)
}

// Config says how a document is looked at. The zero Config is ready for use.
type Config struct {
	// Disable lists the ids of rules that are left out.
	Disable []string
	// At is the instant from which schedules are searched for gaps.
	//
	// Defaults to the zero time: schedules are then not searched.
	At time.Time
	// Horizon is how far schedules are searched.
	//
	// Defaults to 4 weeks.
	Horizon time.Duration
}

// Rule describes a rule.
type Rule struct {
	ID       string
	Severity Severity
	Title    string
	check    func(*pass)
}

// loadRule is the id of what a document is refused for.
const loadRule = "BLF001"

// Rules returns all rules, by id.
func Rules() []Rule {
	return []Rule{
		{loadRule, Error, "the document cannot be loaded", nil},
		{"BLF002", Warning, "a track asks one tier, once", fewTiers},
		{"BLF003", Warning, "a policy never governs, for an earlier one matches first", shadowed},
		{"BLF004", Warning, "a tier tells the same people as the one above it", sameTargets},
		{"BLF005", Warning, "a schedule has a gap", gaps},
		{"BLF006", Warning, "a track hangs on one person", onePerson},
		{"BLF007", Warning, "all who are told are told over one channel", oneChannel},
		{"BLF008", Error, "a channel depends on the identity that the policy is about", circular},
		{"BLF009", Warning, "the ladder is longer than its deadline", lateTier},
		{"BLF010", Warning, "an automatic action has no guard", unguarded},
		{"BLF011", Error, "the document holds what looks like a credential", secrets},
		{"BLF012", Warning, "a reminder comes before the last try to send is over", hastyReminder},
		{"BLF013", Warning, "a review has nobody to fall back on", noFallback},
		{"BLF014", Error, "a target names a team or role without people", emptyGroup},
		{"BLF015", Warning, "the first page of a grave policy waits", firstPageWaits},
		{"BLF016", Info, "something is defined and never used", unused},
		{"BLF017", Info, "a ladder that ends tells the last resort only", noExhausted},
		{"BLF018", Info, "what no policy matches goes to the last resort", noDefault},
		{"BLF019", Warning, "a schedule has one person on call", oneOnCall},
	}
}

// Document runs the rules over a document, by place.
func Document(doc *policy.Document, cfg Config) []Finding {
	if cfg.Horizon <= 0 {
		cfg.Horizon = 4 * 7 * 24 * time.Hour
	}
	p := &pass{doc: doc, cfg: cfg}
	for _, r := range Rules() {
		if r.check == nil || slices.Contains(cfg.Disable, r.ID) {
			continue
		}
		p.rule = r
		r.check(p)
	}
	slices.SortStableFunc(p.found, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Rule, b.Rule))
	})
	return p.found
}

// LoadFindings turns what a document was refused for into findings. An error
// that has no place is one finding.
func LoadFindings(file string, err error) []Finding {
	if err == nil {
		return nil
	}
	all, ok := errors.AsType[policy.Errors](err)
	if !ok {
		return []Finding{{Rule: loadRule, Severity: Error, File: file, Message: err.Error()}}
	}
	out := make([]Finding, len(all))
	for i, e := range all {
		msg := e.Msg
		if e.Suggestion != "" {
			msg += fmt.Sprintf("; did you mean %q?", e.Suggestion)
		}
		out[i] = Finding{loadRule, Error, cmp.Or(e.File, file), e.Line, e.Column, e.Path, msg}
	}
	return out
}

// pass is one run of the rules over one document.
type pass struct {
	doc   *policy.Document
	cfg   Config
	rule  Rule
	found []Finding
}

// report records a finding of the present rule at a path of the document.
func (p *pass) report(path, format string, args ...any) {
	file, line, col := p.doc.Place(path)
	p.found = append(p.found, Finding{
		Rule: p.rule.ID, Severity: p.rule.Severity, File: file, Line: line, Column: col, Path: path,
		Message: fmt.Sprintf(format, args...),
	})
}

// policies are those of the document, without the built-in one.
func (p *pass) policies() []*policy.Policy {
	return p.doc.Policies[:len(p.doc.Policies)-1]
}

func policyPath(i int) string { return fmt.Sprintf("policies[%d]", i) }

func trackPath(i int, track string) string { return policyPath(i) + ".tracks." + track }

func tierPath(i int, track string, tier int) string {
	return fmt.Sprintf("%s.tiers[%d]", trackPath(i, track), tier)
}

// eachTrack visits the tracks of all policies.
func (p *pass) eachTrack(visit func(pol *policy.Policy, i int, t *policy.Track)) {
	for i, pol := range p.policies() {
		for k := range pol.Tracks {
			visit(pol, i, &pol.Tracks[k])
		}
	}
}
