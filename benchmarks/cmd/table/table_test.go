package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const output = `goos: linux
goarch: amd64
pkg: github.com/belfry-go/belfry/benchmarks
cpu: AMD EPYC
BenchmarkStep/who=belfry-into-2         	 100	        30.0 ns/op	       0 B/op	       0 allocs/op
BenchmarkStep/who=belfry-into-2         	 100	        90.0 ns/op	       0 B/op	       0 allocs/op
BenchmarkStep/who=belfry-into-2         	 100	        50.0 ns/op	       0 B/op	       0 allocs/op
a line of something else
BenchmarkStep/who=looplab-2         	 100	       400 ns/op	       289 B/op	       5 allocs/op
BenchmarkStep/who=looplab-2         	 100	       100 ns/op	       289 B/op	       5 allocs/op
BenchmarkYear/who=belfry        	       1	 1 ns/op	    1234567 events/s
PASS
`

func TestTable(t *testing.T) {
	r, err := read(strings.NewReader(output))
	if err != nil {
		t.Fatal(err)
	}
	rows := []goal{
		{"P1", "into", ns("Step/who=belfry-into"), "looplab", ns("Step/who=looplab"), false, 0.2},
		{"P1", "into", ns("Step/who=belfry-into"), "looplab", ns("Step/who=looplab"), false, 0.1},
		{"P1", "allocations", allocs("Step/who=belfry-into"), "", metric{}, false, 0},
		{"P5", "year", metric{"Year/who=belfry", "events/s"}, "", metric{}, true, 700_000},
		{"P5", "year", metric{"Year/who=belfry", "events/s"}, "mock", metric{"Year/who=mock", "events/s"}, true, 1000},
		{"", "said", ns("Step/who=looplab"), "", metric{}, false, none},
	}
	want := `Medians of 1 runs on linux, amd64, AMD EPYC.

| | what | measured | beside | measured | ratio | goal | |
|---|---|--:|---|--:|--:|--:|---|
| P1 | into | 50 ns | looplab | 250 ns | 1/5 | ≤ 1/5 | met |
| P1 | into | 50 ns | looplab | 250 ns | 1/5 | ≤ 1/10 | **missed** |
| P1 | allocations | 0 |  |  |  | ≤ 0 | met |
| P5 | year | 1,234,567/s |  |  |  | ≥ 700,000/s | met |
| P5 | year | – | mock | – | – | ≥ 1,000 × | not measured |
|  | said | 250 ns |  |  |  |  |  |
`
	if got := table(r, rows); got != want {
		t.Errorf("table:\n%s\nwant:\n%s", got, want)
	}
}

func TestPut(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	page := "# Page\n\n" + begin("measured") + "old\n" + end("measured") + "tail\n"
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(strings.NewReader(output), nil, file, "measured", goals()); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{"# Page\n\n" + begin("measured"), "| P1 | the same by `StepInto` | 50 ns |", end("measured") + "tail\n"} {
		if !strings.Contains(string(got), part) {
			t.Errorf("the page lacks %q:\n%s", part, got)
		}
	}
	if strings.Contains(string(got), "old") {
		t.Error("the old table stands still")
	}
	if _, err := put("no lines", "measured", ""); err == nil {
		t.Error("a page without the lines is taken")
	}
}

func TestReadNothing(t *testing.T) {
	for _, text := range []string{"", "PASS\n", "BenchmarkX 1 many ns/op\n"} {
		if _, err := read(strings.NewReader(text)); err == nil {
			t.Errorf("%q is taken for results", text)
		}
	}
}
