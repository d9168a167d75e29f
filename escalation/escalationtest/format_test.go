package escalationtest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"strings"
	"testing"
)

func sampleResults() []Result {
	return []Result{
		{File: "a.test.yaml", Name: "fine", Line: 3, Outcome: Pass, Tiers: []string{"p/main/t"}},
		{File: "a.test.yaml", Name: "not <fine>", Line: 9, Outcome: Fail, Failures: []string{"1m0s: \x01 no", "2m0s: neither"}, timeline: func() string { return "  ✗ 1m0s  x\n" }},
		{File: "b.test.yaml", Outcome: Bad, Failures: []string{"b.test.yaml:1:1: what is this"}},
	}
}

func TestJSONIsOneObjectPerTest(t *testing.T) {
	var b bytes.Buffer
	if err := WriteJSON(&b, sampleResults()); err != nil {
		t.Fatal(err)
	}
	want := `{"file":"a.test.yaml","name":"fine","result":"pass","failures":[]}
{"file":"a.test.yaml","name":"not <fine>","result":"fail","failures":["1m0s: \u0001 no","2m0s: neither"]}
{"file":"b.test.yaml","name":"","result":"error","failures":["b.test.yaml:1:1: what is this"]}
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
	for line := range strings.Lines(b.String()) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

func TestJUnitIsWellFormed(t *testing.T) {
	var b bytes.Buffer
	if err := WriteJUnit(&b, sampleResults()); err != nil {
		t.Fatal(err)
	}
	var got junitSuites
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatalf("%v\n%s", err, b.String())
	}
	if got.Tests != 3 || got.Failures != 1 || got.Errors != 1 || len(got.Suites) != 2 || got.Suites[0].Cases[1].Failure == nil || got.Suites[1].Cases[0].Error == nil {
		t.Errorf("got %+v", got)
	}
}

func TestTextShowsWhatDidNotPass(t *testing.T) {
	var b bytes.Buffer
	if err := WriteText(&b, sampleResults(), false); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"FAIL not <fine> (a.test.yaml:9)", "2m0s: neither", "✗ 1m0s  x", "ERROR b.test.yaml", "3 tests: 1 passed, 1 failed, 1 could not run"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	if strings.Contains(b.String(), "PASS") {
		t.Error("shows what passed")
	}
}

func TestCoverage(t *testing.T) {
	f := read(preamble + "  - {name: told, alert: {key: k}, then: [{at: 0s, notify: [user:a]}]}\n")
	covers := Coverage([]*File{f}, f.Run(t.Context()))
	if len(covers) != 1 || len(covers[0].Entered) != 1 || covers[0].Entered[0] != "p/main/t" || len(covers[0].Missed) != 0 {
		t.Fatalf("covers %+v", covers)
	}
	if covers = Coverage([]*File{f}, nil); len(covers[0].Missed) != 1 {
		t.Errorf("covers without results %+v", covers)
	}
	var b bytes.Buffer
	if err := WriteCover(&b, covers); err != nil || !strings.Contains(b.String(), "0 of 1 tiers entered (0%)") {
		t.Errorf("%v: %s", err, b.String())
	}
}
