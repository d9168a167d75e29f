package escalationtest

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/belfry-go/belfry/policy"
)

const preamble = `version: 1
document:
  version: 1
  directory: {people: {a: {}}, schedules: {s: {timezone: UTC, layers: []}}}
  policies: [{name: p, tiers: [{name: t, notify: [user:a]}]}]
tests:
`

func read(src string) *File {
	return Read("x.test.yaml", []byte(src), func(string) ([]byte, error) { return nil, errors.New("no such file") })
}

// Every fault of a file is reported, with its place, and those of one test keep
// no other from running.
func TestFaults(t *testing.T) {
	for _, tc := range []struct{ name, src, want string }{
		{"empty", ``, "is empty"},
		{"no tests", "version: 1\ndocument: {version: 1, policies: []}\n", `has no "tests"`},
		{"no test", "version: 1\ndocument: {version: 1, policies: []}\ntests: []\n", "the file has no test, so it would always pass"},
		{"no policy", "version: 1\ntests: [{name: x, then: [{at: 0s, status: resolved}]}]\n", "the file names no policy"},
		{"both", "version: 1\npolicies: [x.yaml]\ndocument: {version: 1}\ntests: [{name: x}]\n", "both"},
		{"missing file", "version: 1\npolicies: [x.yaml]\ntests: [{name: x}]\n", "cannot be read: no such file"},
		{"version", strings.Replace(preamble, "version: 1", "version: 2", 1) + "  - {name: x, then: [{at: 0s, status: resolved}]}\n", "this format is version: 1"},
		{"misspelt field of the file", preamble + "  - {name: x, then: [{at: 0s, status: resolved}]}\ntest: []\n", `unknown field "test"`},
		{"faulty document", "version: 1\ndocument: {version: 1, policies: [{name: p, tiers: [{name: t, notfy: [user:a]}]}]}\ntests: [{name: x}]\n", `unknown field "notfy"`},
		{"no assertion", preamble + "  - {name: x}\n", `no line in "then", so it would always pass`},
		{"no name", preamble + "  - {then: [{at: 0s, status: resolved}]}\n", `a test has no "name"`},
		{"misspelt field", preamble + "  - {name: x, alerts: {key: k}, then: [{at: 0s, status: resolved}]}\n", `unknown field "alerts" in test "x"`},
		{"misspelt alert", preamble + "  - {name: x, alert: {ky: k}, then: [{at: 0s, status: resolved}]}\n", `unknown field "ky" in an alert`},
		{"misspelt verb", preamble + "  - {name: x, when: [{at: 1m, do: acknowledgx}], then: [{at: 0s, status: resolved}]}\n", `did you mean "acknowledge"?`},
		{"a field of another verb", preamble + "  - {name: x, when: [{at: 1m, do: acknowledge, for: 1h}], then: [{at: 0s, status: resolved}]}\n", `unknown field "for"`},
		{"no at", preamble + "  - {name: x, when: [{do: acknowledge}], then: [{status: resolved}]}\n", `has no "at"`},
		{"bare number", preamble + "  - {name: x, then: [{at: 5, status: resolved}]}\n", "a duration has a unit"},
		{"no expectation", preamble + "  - {name: x, then: [{at: 5m}]}\n", "the line expects nothing"},
		{"misspelt expectation", preamble + "  - {name: x, then: [{at: 5m, notfy: [user:a]}]}\n", `did you mean "notify"?`},
		{"two expectations", preamble + "  - {name: x, then: [{at: 5m, notify: [user:a], status: resolved}]}\n", "the line is about notify and status"},
		{"status", preamble + "  - {name: x, then: [{at: 5m, status: resolve}]}\n", `did you mean "resolved"?`},
		{"reason", preamble + "  - {name: x, then: [{at: 5m, notify: [user:a], reason: initialx}]}\n", `did you mean "initial"?`},
		{"kind", preamble + "  - {name: x, then: [{at: 5m, notify: [user:a], kind: pages}]}\n", `did you mean "page"?`},
		{"decision", preamble + "  - {name: x, then: [{at: 5m, gate: g, decision: open}]}\n", "allow, hold or deny"},
		{"no decision", preamble + "  - {name: x, then: [{at: 5m, gate: g}]}\n", `has no "decision"`},
		{"nobody", preamble + "  - {name: x, then: [{at: 5m, notify: []}]}\n", "lists nobody"},
		{"a team", preamble + "  - {name: x, then: [{at: 5m, notify: [team:t]}]}\n", "is not told itself"},
		{"a bare name", preamble + "  - {name: x, then: [{at: 5m, notify: [a]}]}\n", "not of the form kind:id"},
		{"record field", preamble + "  - {name: x, then: [{at: 5m, record: {evnt: tick}}]}\n", `did you mean "event"?`},
		{"record event", preamble + "  - {name: x, then: [{at: 5m, record: {event: tier_enterd}}]}\n", `did you mean "tier_entered"?`},
		{"record of nothing", preamble + "  - {name: x, then: [{at: 5m, record: {}}]}\n", "any record would do"},
		{"between one", preamble + "  - {name: x, then: [{between: [1m], quiet: true}]}\n", "it is [FROM, UNTIL]"},
		{"between backwards", preamble + "  - {name: x, then: [{between: [2m, 1m], quiet: true}]}\n", "nothing lies between"},
		{"quiet false", preamble + "  - {name: x, then: [{between: [1m, 2m], quiet: false}]}\n", "can only be true"},
		{"after the end", preamble + "  - {name: x, until: 1m, then: [{at: 5m, status: resolved}]}\n", "after the end of the test"},
		{"a step after the end", preamble + "  - {name: x, until: 10m, when: [{at: 1h, do: check, operation: x}], then: [{at: 5m, status: resolved}]}\n", "this happens after the end"},
		{"alertless", preamble + "  - {name: x, when: [{at: 1m, do: trigger}], then: [{at: 5m, status: resolved}]}\n", `needs the test's "alert"`},
		{"schedule", preamble + "  - {name: x, given: {oncall: {t: [a]}}, then: [{at: 5m, status: resolved}]}\n", `which the directory does not have`},
		{"attempt", preamble + "  - {name: x, given: {actions: {r: [failed]}}, then: [{at: 5m, status: resolved}]}\n", "did you mean \"fail\"?"},
		{"no attempt", preamble + "  - {name: x, given: {actions: {r: []}}, then: [{at: 5m, status: resolved}]}\n", "lists no attempt"},
		{"span", preamble + "  - {name: x, given: {fail: [{from: 2m, until: 1m}]}, then: [{at: 5m, status: resolved}]}\n", `is before "from"`},
		{"endless down", preamble + "  - {name: x, given: {down: [{from: 2m}]}, then: [{at: 5m, status: resolved}]}\n", `has no "until"`},
		{"last resort", preamble + "  - {name: x, given: {last_resort: []}, then: [{at: 5m, status: resolved}]}\n", "there is always one"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := read(tc.src)
			err := f.Err
			if err == nil {
				err = f.Cases[0].Err
			}
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got error %v\nwant one with %q", err, tc.want)
			}
			if faults, ok := errors.AsType[policy.Errors](err); ok && len(faults) == 0 {
				t.Error("an error without a fault")
			}
		})
	}
}

func TestFaultsOfOneTestStopNoOther(t *testing.T) {
	f := read(preamble + `  - {name: bad, nonsense: 1, then: [{at: 5, status: resolvd}]}
  - {name: good, alert: {key: k}, then: [{at: 0s, notify: [user:a]}]}
`)
	if f.Err != nil {
		t.Fatal(f.Err)
	}
	results := f.Run(t.Context())
	if results[0].Outcome != Bad || results[1].Outcome != Pass {
		t.Errorf("outcomes %s and %s, want error and pass: %v", results[0].Outcome, results[1].Outcome, results[1].Failures)
	}
	for _, want := range []string{`unknown field "nonsense"`, "bare number 5", `did you mean "resolved"?`, "x.test.yaml:7:"} {
		if !strings.Contains(results[0].Failures[0], want) {
			t.Errorf("the failure lacks %q:\n%s", want, results[0].Failures[0])
		}
	}
}

func TestDefaults(t *testing.T) {
	f := read(preamble + "  - {name: x, alert: {key: k}, when: [{at: 1m, do: note, text: hm}], then: [{at: 10m, status: triggered}]}\n")
	if f.Err != nil || f.Cases[0].Err != nil {
		t.Fatal(f.Err, f.Cases[0].Err)
	}
	c := f.Cases[0]
	if c.Until != 70*time.Minute || !c.Strict || c.Steps[0].Event.By.Principal != policy.Service("test") ||
		!slices.Equal(c.Given.LastResort, []string{"last-resort"}) || c.Start != policy.InstantOf(defaultStart) {
		t.Errorf("defaults: until %s, strict %t, by %s, last resort %v, start %s",
			c.Until, c.Strict, c.Steps[0].Event.By.Principal, c.Given.LastResort, c.Start)
	}
}

// Policies of several files are one document; a directory may stand in a file
// of its own, listed or named.
func TestPoliciesInFiles(t *testing.T) {
	fsys := fstest.MapFS{
		"t/listed.test.yaml": {Data: []byte("version: 1\npolicies: [../p/a.yaml, ../p/b.yaml, ../p/dir.yaml]\ntests:\n" +
			"  - {name: first, alert: {key: k, kind: one}, then: [{at: 0s, notify: [user:a]}]}\n" +
			"  - {name: second, alert: {key: k, kind: two}, then: [{at: 0s, notify: [user:b]}]}\n")},
		"t/named.test.yaml": {Data: []byte("version: 1\npolicies: [../p/named.yaml]\ntests:\n" +
			"  - {name: x, alert: {key: k}, then: [{at: 0s, notify: [user:a]}]}\n")},
		"p/a.yaml":     {Data: []byte("version: 1\npolicies: [{name: one, match: [kind = one], tiers: [{name: t, notify: [user:a]}]}]\n")},
		"p/b.yaml":     {Data: []byte("version: 1\npolicies: [{name: two, match: [kind = two], tiers: [{name: t, notify: [user:b]}]}]\n")},
		"p/dir.yaml":   {Data: []byte("version: 1\ndirectory: {people: {a: {}, b: {}}}\n")},
		"p/named.yaml": {Data: []byte("version: 1\ndirectory: dir.yaml\npolicies: [{name: p, tiers: [{name: t, notify: [user:a]}]}]\n")},
	}
	RunFS(t, fsys, "t/*.test.yaml")
}

func TestLoadOfNoFile(t *testing.T) {
	f := Load(filepath.Join(t.TempDir(), "none.test.yaml"))
	if !errors.Is(f.Err, os.ErrNotExist) {
		t.Errorf("error %v, want one that says that there is no such file", f.Err)
	}
	if r := f.Run(t.Context()); len(r) != 1 || r[0].Outcome != Bad || len(r[0].Failures) != 1 {
		t.Errorf("results %+v, want one error", r)
	}
}

func TestSpread(t *testing.T) {
	got := spread([]Step{{At: time.Minute, Times: 3, Until: 4 * time.Minute, Line: 1}, {At: 2 * time.Minute, Line: 2}})
	var at []time.Duration
	for _, s := range got {
		at = append(at, s.At)
	}
	if want := []time.Duration{time.Minute, 2 * time.Minute, 2 * time.Minute, 3 * time.Minute}; !slices.Equal(at, want) {
		t.Errorf("instants %v, want %v", at, want)
	}
	if got[1].Line != 1 || got[2].Line != 2 {
		t.Error("steps of one instant do not keep the order of the file")
	}
}

func TestQuietAtAnInstant(t *testing.T) {
	f := read(preamble + "  - {name: holds, alert: {key: k}, strict: false, then: [{at: 1m, quiet: true}]}\n" +
		"  - {name: does not, alert: {key: k}, strict: false, then: [{at: 0s, quiet: true}]}\n")
	r := f.Run(t.Context())
	if r[0].Outcome != Pass || r[1].Outcome != Fail {
		t.Errorf("outcomes %s and %s, want pass and fail: %v %v", r[0].Outcome, r[1].Outcome, r[0].Failures, r[1].Failures)
	}
}

func TestParseStep(t *testing.T) {
	s, err := ParseStep(`17m acknowledge user:bob track=main`)
	if err != nil || s.At != 17*time.Minute || s.Do != "acknowledge" || s.Event.By.Principal != policy.User("bob") || s.Event.Track != "main" {
		t.Errorf("step %+v, error %v", s, err)
	}
	if s, err = ParseStep(`1h silence user:bob for=2h name=m reason="we mend it"`); err != nil || s.Event.Reason != "we mend it" {
		t.Errorf("step %+v, error %v", s, err)
	}
	for src, want := range map[string]string{
		"":                               "an event is",
		"17m":                            "an event is",
		"17 acknowledge":                 "has no unit",
		"17m acknowledgx user:bob":       `did you mean "acknowledge"?`,
		"17m acknowledge user:bob main":  "no FIELD=VALUE",
		"17m acknowledge bob":            "not of the form kind:id",
		"17m acknowledge user:bob x=1":   `unknown field "x"`,
		`17m note user:bob text="no end`: "a quote without an end",
	} {
		if _, err := ParseStep(src); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one with %q", src, err, want)
		}
	}
}

// Whatever a file holds, reading and playing it ends without a panic.
func FuzzRead(f *testing.F) {
	names, _ := filepath.Glob("testdata/*/*.test.yaml")
	for _, name := range names {
		if src, err := os.ReadFile(name); err == nil {
			f.Add(src)
		}
	}
	f.Add([]byte(preamble + "  - {name: x, alert: {}, then: [{at: 0s, notify: [user:a]}]}\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		file := Read("fuzz.test.yaml", src, func(string) ([]byte, error) { return nil, errors.New("none") })
		for _, c := range file.Cases {
			if c.Err == nil && c.Until <= 3*time.Hour && len(c.Steps) < 50 {
				c.Run(t.Context())
			}
		}
	})
}

// Every field of the documented format is known.
func TestWholeFormat(t *testing.T) {
	f := read(`version: 1
document:
  version: 1
  policies: [{name: p, tiers: [{name: t, notify: ["schedule:iam-oncall"]}], actions: [{run: disable-key, at: open, mode: auto}]}]
tests:
  - name: owner sleeps, IAM renews
    description: what it is about
    start: 2026-03-10T14:00:00Z
    alert: {key: db/main, kind: rotation_failed, severity: high, summary: rotation failed 3 times, confidence: 90, source: rotator,
      labels: {team: payments}, links: ["https://example.org"], parties: ["user:mallory"],
      identity: {id: svc-deployer, kind: service_account, owner: "team:platform", criticality: high, privilege: admin, environment: production, third_party: false, credential_version: "7"},
      blast_radius: production, expires_at: 2026-03-10T15:30:00Z, window: {opens: 2026-03-10T14:00:00Z, closes: 2026-03-10T16:00:00Z}, times: {discovered: 2026-03-10T13:55:00Z}}
    given:
      oncall: {iam-oncall: [{from: 0s, until: 2h, who: [bob]}]}
      fail: [{to: "user:alice", via: sms, from: 0s, until: 10m, kind: permanent, after: 5s}, {kind: temporary}]
      down: [{from: 1m, until: 2h}]
      actions: {disable-key: [fail, {result: ok, after: 12s}, unknown, refuse, unverified]}
      subjects: {disable-key: [id1, id2], other: 7}
      undo: {disable-key: [ok]}
      last_resort: [last-resort]
    when:
      - {at: 10m, do: acknowledge, by: "user:alice", track: main, key: db/main, id: e1}
      - {at: 11m, do: unacknowledge, by: "user:alice", track: main}
      - {at: 12m, do: decline, by: "user:alice", track: main}
      - {at: 13m, do: escalate, track: main, tier: t}
      - {at: 14m, do: reassign, track: main, to: "team:x"}
      - {at: 15m, do: add_responder, track: main, to: "user:x"}
      - {at: 16m, do: snooze, track: main, for: 1h}
      - {at: 17m, do: silence, name: s, match: [kind = rotation_failed], for: 1h, reason: x}
      - {at: 18m, do: silence, name: s, key: k, for: 1h, reason: x}
      - {at: 19m, do: unsilence, name: s}
      - {at: 20m, do: resolve, by: "user:bob", outcome: token_renewed}
      - {at: 21m, do: use, gate: g}
      - {at: 22m, do: break_glass, gate: g, reason: x}
      - {at: 23m, do: stop_actions, reason: x}
      - {at: 24m, do: release_actions, reason: x}
      - {at: 25m, do: raise, severity: high, criticality: high, blast_radius: production, reason: x}
      - {at: 26m, do: lower, severity: low, reason: x}
      - {at: 27m, do: request, gate: g, ask: {scope: x}, reason: x}
      - {at: 28m, do: request, action: a}
      - {at: 29m, do: request, undo: a}
      - {at: 30m, do: vote, gate: g, stage: s, vote: approve}
      - {at: 31m, do: vote, action: a, vote: reject}
      - {at: 32m, do: vote, undo: a, vote: reject}
      - {at: 33m, do: vote, review: r, vote: keep}
      - {at: 34m, do: note, text: words, evidence: rotated}
      - {at: 35m, do: succeeded, outcome: contained}
      - {at: 36m, do: succeeded, expectation: nightly}
      - {at: 37m, do: check, subject: svc, operation: deploy}
      - {at: 38m, do: load, document: {version: 1, policies: [{name: q, tiers: [{name: t, notify: ["user:a"]}]}]}}
      - {at: 39m, do: rebase, policy: q}
      - {at: 40m, do: trigger, alert: {key: other}}
      - {at: 41m, do: trigger, times: 5, until: 50m}
    then:
      - {at: 0s, notify: ["user:alice"], track: main, tier: owner, reason: initial, via: sms, pass: 1, kind: page, count: 1, bundle: 4, delivered: false, key: db/main}
      - {at: 60m, notify: ["user:bob", "channel:room", last-resort], tier: iam, reason: deadline_approaching}
      - {at: 83m, status: resolved, track: main}
      - {at: 0s, run: pause-automation, name: pause, subjects: 2}
      - {at: 0s, run: pause-automation, result: held}
      - {at: 2h, undo: disable-key, result: started}
      - {at: 90m, gate: deploy, decision: allow}
      - {at: 90m, check: deploy, subject: svc-deployer, decision: allow}
      - {between: [61m, 83m], quiet: true}
      - {at: 10m, record: {event: acknowledge, verdict: applied, reason: x, by: x, key: x, track: x, tier: x, pass: 1, target: x, to: x, via: x, passed_over: [x], waited: 1m,
          deadline: x, margin: 1m, at: 1m, from: 1m, until: 1m, policy: x, priority: P1, assumed: [x], gate: x, action: x, subject: x, operation: x, decision: allow, count: 1, late: 1m}}
    until: 3h
    strict: true
`)
	if f.Err != nil {
		t.Fatal(f.Err)
	}
	if err := f.Cases[0].Err; err != nil {
		t.Fatal(err)
	}
	if n := len(f.Cases[0].Steps); n != 32 {
		t.Errorf("%d steps, want 32", n)
	}
}
