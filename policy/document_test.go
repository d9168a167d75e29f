package policy_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
)

const small = `{
  "version": 1,
  "directory": {"people": {"alice": {}}},
  "policies": [
    {"name": "p", "tiers": [{"name": "a", "notify": ["user:alice"], "wait": "5m"}]},
    {"name": "q",
     "tracks": {"x.y": {"tiers": [{"name": "b", "notify": ["owner"]}]}}}
  ]
}`

func TestDigest(t *testing.T) {
	doc := parse(t, small)
	for name, tt := range map[string]struct {
		src  string
		same bool
	}{
		"blanks":            {strings.ReplaceAll(small, "\n", ""), true},
		"order of fields":   {strings.Replace(small, `"name": "a", "notify": ["user:alice"], "wait": "5m"`, `"wait": "5m", "name": "a", "notify": ["user:alice"]`, 1), true},
		"escapes":           {strings.Replace(small, `"owner"`, `"\u006fwner"`, 1), true},
		"directory":         {strings.Replace(small, `"alice": {}`, `"alice": {}, "bob": {}`, 1), true},
		"no directory":      {strings.Replace(small, `"directory": {"people": {"alice": {}}},`, ``, 1), true},
		"a wait":            {strings.Replace(small, `5m`, `6m`, 1), false},
		"a name":            {strings.Replace(small, `"q"`, `"r"`, 1), false},
		"a default written": {strings.Replace(small, `"wait": "5m"`, `"wait": "5m", "ack": "any"`, 1), false},
	} {
		other := parse(t, tt.src)
		if got := other.Digest == doc.Digest; got != tt.same {
			t.Errorf("%s: same digest is %v, want %v", name, got, tt.same)
		}
	}
	changed := parse(t, strings.Replace(small, "5m", "6m", 1))
	if changed.Policies[0].Digest == doc.Policies[0].Digest || changed.Policies[1].Digest != doc.Policies[1].Digest {
		t.Error("the digest of a policy is not of that policy alone")
	}
	if got := doc.Digest.String(); len(got) != 64 {
		t.Errorf("Digest.String = %q", got)
	}
}

// TestDigestOfOrderedParts: tracks and deadlines are walked in their order when
// several are due at one instant, so that their order is part of the document.
func TestDigestOfOrderedParts(t *testing.T) {
	a := parse(t, onePolicy(`"tracks":{"b":{"tiers":[{"name":"t","notify":["owner"]}]},"a":{"tiers":[{"name":"t","notify":["owner"]}]}}`))
	b := parse(t, onePolicy(`"tracks":{"a":{"tiers":[{"name":"t","notify":["owner"]}]},"b":{"tiers":[{"name":"t","notify":["owner"]}]}}`))
	if a.Digest == b.Digest {
		t.Error("documents that differ in the order of tracks have one digest")
	}
	again := parse(t, string(a.Canonical()))
	if again.Policies[0].Tracks[0].Name != "b" {
		t.Error("the canonical form lost the order of tracks")
	}
}

func TestCanonicalText(t *testing.T) {
	doc := parse(t, `{"policies":[{"tiers":[{"notify":["owner"],"name":"t","ack":2}],"name":"p","description":"<a> \"b\"\n\\"}],"version":1,"directory":{}}`)
	const want = `{"policies":[{"description":"<a> \"b\"\u000a\\","name":"p","tiers":[{"ack":2,"name":"t","notify":["owner"]}]}],"version":1}`
	if got := string(doc.Canonical()); got != want {
		t.Errorf("Canonical = %s\nwant        %s", got, want)
	}
}

func TestPosition(t *testing.T) {
	doc := parse(t, small)
	for _, tt := range []struct {
		path      string
		line, col int
	}{
		{"", 1, 1},
		{"version", 2, 14},
		{"policies[0]", 5, 5},
		{"policies[0].name", 5, 14},
		{"policies[0].tiers[0].wait", 5, 77},
		{"policies[0].tracks.main.tiers[0].wait", 5, 77}, // tiers directly are the track main
		{"policies[0].tracks.main", 5, 5},
		{"policies[1].tracks.x.y.tiers[0].notify[0]", 7, 60}, // a name with a dot
		{"policies[1].tracks.x.y.tiers[0].wait", 7, 35},      // absent: the tier
		{"policies[7].name", 4, 15},
		{"policies[x]", 4, 15},
		{"policies[", 4, 15},
		{"nothing.at.all", 1, 1},
	} {
		if line, col := doc.Position(tt.path); line != tt.line || col != tt.col {
			t.Errorf("Position(%q) = %d:%d, want %d:%d", tt.path, line, col, tt.line, tt.col)
		}
	}
}

func source(t *testing.T, file, src string) policy.Source {
	t.Helper()
	root, err := policy.ParseNode(file, []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return policy.Source{File: file, Text: []byte(src), Root: root}
}

func TestLink(t *testing.T) {
	a := source(t, "a.json", `{"version":1,"default":"q","policies":[{"name":"p","tiers":[{"name":"t","notify":["user:alice"]}]}]}`)
	b := source(t, "b.json", `{"version":1,"policies":[{"name":"q","tiers":[{"name":"t","notify":["user:bob"]}]}],
		"directory":{"people":{"alice":{},"bob":{}}}}`)
	doc, err := policy.Link(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if doc.Default != 1 || doc.Policies[1].Name != "q" || len(doc.Directory.People) != 2 {
		t.Errorf("linked: default %d, policies %v", doc.Default, doc.Policies)
	}
	for path, want := range map[string]string{"policies[0].name": "a.json", "policies[1].tiers[0]": "b.json", "directory.people": "b.json", "": "a.json"} {
		if file, _, _ := doc.Place(path); file != want {
			t.Errorf("Place(%q) is in %s, want %s", path, file, want)
		}
	}
	one := parse(t, `{"version":1,"default":"q","policies":[{"name":"p","tiers":[{"name":"t","notify":["user:alice"]}]},{"name":"q","tiers":[{"name":"t","notify":["user:bob"]}]}]}`)
	if doc.Digest != one.Digest {
		t.Error("a document in two files has another digest than in one")
	}
	_, err = policy.Link(a, source(t, "c.json", `{"version":1,"default":"p","policies":[{"name":"p","gates":[]},{"name":"r","tiers":[{"name":"t","notify":["userr:x"]}]}]}`))
	if err == nil {
		t.Fatal("faults in the second file are not found")
	}
	for _, want := range []string{`c.json:1:24: "default" stands in a.json too`, `c.json:1:48: policy "p" stands in a.json, line 1, already`, `c.json:1:107: target "userr:x"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no fault %q in\n%v", want, err)
		}
	}
	if _, err := policy.Link(); err != nil {
		t.Errorf("no file is an empty document, not %v", err)
	}
}

func TestCompileWithoutText(t *testing.T) {
	root, err := policy.ParseNode("x", []byte(`{"version": 2}`))
	if err != nil {
		t.Fatal(err)
	}
	_, err = policy.Compile("x.json", nil, root)
	if want := `x.json:1:13: "version" is 2; this format is version: 1`; err == nil || err.Error() != want {
		t.Errorf("Compile = %v, want %s", err, want)
	}
	for _, root := range []*policy.Node{nil, {}} {
		if _, err := policy.Compile("x.json", nil, root); err == nil || !strings.Contains(err.Error(), "the document is empty") {
			t.Errorf("Compile of an empty tree = %v", err)
		}
	}
}

// TestDefaults: what is not written has the value that the format documents.
func TestDefaults(t *testing.T) {
	doc := parse(t, onePolicy(`"tiers":[{"name":"a","notify":["owner"]},{"name":"b","notify":["owner"],"at":"open + 1h"},
		{"name":"c","notify":["owner"],"at":"expiry"},{"name":"d","notify":["owner"],"at":["open + 2h","expiry"],"unless":"acknowledged","ack":"none"},
		{"name":"e","run":["x","x"]}]`))
	p := doc.Policies[0]
	tiers := p.Tracks[0].Tiers
	if tiers[0].Wait != 15*time.Minute || tiers[0].Ack != (policy.AckNeed{Count: 1}) || tiers[0].PickNext || tiers[0].EmptyWait || tiers[0].UnreachWait || tiers[0].Every != 0 {
		t.Errorf("tier a is %+v", tiers[0])
	}
	var unless []policy.Unless
	for _, tier := range tiers {
		unless = append(unless, tier.Unless)
	}
	if want := []policy.Unless{policy.UnlessAcknowledged, policy.UnlessAcknowledged, policy.UnlessResolved, policy.UnlessAcknowledged, policy.UnlessAcknowledged}; !slices.Equal(unless, want) {
		t.Errorf("unless is %v, want %v", unless, want)
	}
	if tiers[3].Ack != (policy.AckNeed{}) || len(tiers[4].Run) != 1 || p.Actions[0].Mode != policy.ModeAuto || p.Actions[0].Budget != (policy.Budget{Max: 20, Weight: 100, Per: time.Hour}) {
		t.Errorf("ack none is %+v, run is %v of %+v", tiers[3].Ack, tiers[4].Run, p.Actions)
	}
	if p.Ack != (policy.AckRule{Timeout: 8 * time.Hour}) || p.Refire != (policy.Refire{Acknowledged: policy.RiseIgnore, Within: 10 * time.Minute}) || p.Rise != policy.RiseReopen {
		t.Errorf("ack %+v, refire %+v, rise %v", p.Ack, p.Refire, p.Rise)
	}
	if !doc.Directory.Open || doc.Directory.Teams != nil {
		t.Errorf("a document without a directory has %+v", doc.Directory)
	}
}

func TestAnchors(t *testing.T) {
	doc := parse(t, onePolicy(`"deadlines":{"renew-by":{"at":"expiry"},"b":{"at":"renew-by - 5m"}},
		"tracks":{"a/b":{"tiers":[{"name":"c","notify":["owner"]},{"name":"late - 5m","notify":["owner"]}]}},
		"gates":[{"name":"g","operations":["x"],"close":"never"}],
		"actions":[{"run":"r","mode":"off"},{"run":"s/failed","mode":"off"}],
		"reviews":[
			{"name":"0","by":["owner"],"at":"renew-by"},{"name":"1","by":["owner"],"at":"renew-by - 1h30m"},
			{"name":"2","by":["owner"],"at":"open+1h"},{"name":"3","by":["owner"],"at":"open -5m"},
			{"name":"4","by":["owner"],"at":"tier:a/b/c + 1s"},{"name":"5","by":["owner"],"at":"tier:a/b/late - 5m"},
			{"name":"6","by":["owner"],"at":"tier:a/b/late - 5m - 5m"},{"name":"7","by":["owner"],"at":"action:s/failed"},
			{"name":"8","by":["owner"],"at":"action:r/failed"},{"name":"9","by":["owner"],"at":"renew-by - 12.5%"},
			{"name":"10","by":["owner"],"at":"times.found + 1d"},{"name":"11","by":["owner"],"at":"gate:g"},
			{"name":"12","by":["owner"],"at":"raised:critical"},{"name":"13","by":["owner"],"at":"window.closes - 2d"},
			{"name":"14","by":["owner"],"at":"evidence:credential-rotated"},{"name":"15","by":["owner"],"at":"expiry + 50 %"}]`))
	want := []policy.Term{
		{Kind: policy.AnchorDeadline},
		{Kind: policy.AnchorDeadline, Offset: -90 * time.Minute},
		{Kind: policy.AnchorOpen, Offset: time.Hour},
		{Kind: policy.AnchorOpen, Offset: -5 * time.Minute},
		{Kind: policy.AnchorTier, Offset: time.Second},
		{Kind: policy.AnchorTier, Tier: 1},
		{Kind: policy.AnchorTier, Tier: 1, Offset: -5 * time.Minute},
		{Kind: policy.AnchorAction, Index: 1},
		{Kind: policy.AnchorActionFailed},
		{Kind: policy.AnchorDeadline, Share: -1250},
		{Kind: policy.AnchorTime, Name: "found", Offset: 24 * time.Hour},
		{Kind: policy.AnchorGate},
		{Kind: policy.AnchorRaised, Level: 5},
		{Kind: policy.AnchorWindowCloses, Offset: -48 * time.Hour},
		{Kind: policy.AnchorEvidence, Name: "credential-rotated"},
		{Kind: policy.AnchorExpiry, Share: 5000},
	}
	for i, r := range doc.Policies[0].Reviews {
		if got := r.At.Terms; len(got) != 1 || got[0] != want[i] {
			t.Errorf("%q is %+v, want %+v", r.At.Text, got, want[i])
		}
	}
}

// TestMinimalDirectories: a section that is absent is the host's; one that is
// there and empty of what a policy names is a fault.
func TestMinimalDirectories(t *testing.T) {
	for name, src := range map[string]string{
		"empty layers":        `{"version":1,"directory":{"people":{"A":{}},"schedules":{"s":{"timezone":"UTC","layers":[]}}},"policies":[{"name":"p","tiers":[{"name":"t","notify":["schedule:s"]}]}]}`,
		"no services":         `{"version":1,"authority":{"verify":["service:verifier","responders"]},"directory":{"people":{"A":{}}}}`,
		"other services":      `{"version":1,"authority":{"verify":["service:verifier"]},"directory":{"services":{"bot":{}}}}`,
		"no people":           `{"version":1,"directory":{"teams":{"t":["A"]}},"policies":[{"name":"p","tiers":[{"name":"t","notify":["user:B","team:t"]}]}]}`,
		"no teams":            `{"version":1,"directory":{"people":{"A":{}}},"policies":[{"name":"p","tiers":[{"name":"t","notify":["team:x","role:y","schedule:z","channel:c"]}]}]}`,
		"null person":         `{"version":1,"directory":{"people":{"A":null}}}`,
		"prefix user":         `{"version":1,"directory":{"people":{"A":{}},"teams":{"t":["user:A"]}}}`,
		"review by a role":    `{"version":1,"directory":{"people":{"A":{}}},"policies":[{"name":"p","reviews":[{"name":"r","at":"open","by":["role:x"],"approvals":5}]}]}`,
		"review by the owner": `{"version":1,"directory":{"people":{"A":{}},"roles":{}},"policies":[{"name":"p","reviews":[{"name":"r","at":"open","by":["owner"],"approvals":5}]}]}`,
		"a seat is given up":  `{"version":1,"directory":{"people":{"A":{},"B":{}},"roles":{"one":["A"],"both":["A","B"]}},"policies":[{"name":"p","reviews":[{"name":"r","at":"open","stages":[{"by":["role:both"]},{"by":["role:one"]}]}]}]}`,
	} {
		if _, err := policy.Parse("t.json", []byte(src)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestPolicyNamed(t *testing.T) {
	doc := parse(t, small)
	if p := doc.PolicyNamed("q"); p == nil || p.Index != 1 || p.Doc != doc {
		t.Errorf("PolicyNamed(q) = %+v", p)
	}
	if doc.PolicyNamed("nobody") != nil {
		t.Error("a policy that is not there was found")
	}
	if doc.PolicyNamed(policy.Unmatched) != doc.Policies[2] {
		t.Error("the built-in policy is not found by its name")
	}
}

// TestRepeatedNames: who is named twice is told once; contact rules stand in
// the order in which they are due.
func TestRepeatedNames(t *testing.T) {
	doc := parse(t, `{"version":1,"directory":{"people":{"A":{"contact":[{"via":"voice","after":"10m"},{"via":"sms"},{"via":"push"}]}},
		"teams":{"t":["A","user:A"]}},"policies":[{"name":"p","parties":["user:A","user:A"],
		"tiers":[{"name":"a","notify":["user:A",{"to":"user:A"},"team:t"]}]}]}`)
	p := doc.Policies[0]
	if n := p.Tracks[0].Tiers[0].Notify; len(n) != 2 || n[1].To.Kind != policy.TargetTeam {
		t.Errorf("notify is %v", n)
	}
	if len(p.Parties) != 1 || len(doc.Directory.Teams["t"]) != 1 {
		t.Errorf("parties are %v, the team is %v", p.Parties, doc.Directory.Teams["t"])
	}
	want := []policy.ContactRule{{Via: "sms"}, {Via: "push"}, {Via: "voice", After: 10 * time.Minute}}
	if got := doc.Directory.People["A"].Contact; !slices.Equal(got, want) {
		t.Errorf("contact rules are %v, want %v", got, want)
	}
}
