package main

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// results is what was measured: by benchmark, by unit, a value for each run.
type results struct {
	machine string // goos, goarch and cpu, as go test says them
	values  map[string]map[string][]float64
}

// procs is what go test puts behind a benchmark's name.
var procs = regexp.MustCompile(`-\d+$`)

// read reads the output of go test -bench. Lines that are no result are passed
// over; an error says that one is malformed, or that there is none.
func read(in io.Reader) (*results, error) {
	r := &results{values: map[string]map[string][]float64{}}
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		line := lines.Text()
		for _, about := range []string{"goos: ", "goarch: ", "cpu: "} {
			if v, ok := strings.CutPrefix(line, about); ok && !strings.Contains(r.machine, v) {
				r.machine = strings.TrimPrefix(r.machine+", "+v, ", ")
			}
		}
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], "Benchmark") || len(f)%2 != 0 {
			continue
		}
		name := procs.ReplaceAllString(strings.TrimPrefix(f[0], "Benchmark"), "")
		if r.values[name] == nil {
			r.values[name] = map[string][]float64{}
		}
		for i := 2; i < len(f); i += 2 {
			v, err := strconv.ParseFloat(f[i], 64)
			if err != nil {
				return nil, fmt.Errorf("%q: %w", line, err)
			}
			r.values[name][f[i+1]] = append(r.values[name][f[i+1]], v)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(r.values) == 0 {
		return nil, fmt.Errorf("no benchmark's result is in it")
	}
	return r, nil
}

// median is the median of a benchmark's values in a unit; ok is false when it
// was not measured.
func (r *results) median(m metric) (v float64, ok bool) {
	list := slices.Clone(r.values[m.bench][m.unit])
	if len(list) == 0 {
		return 0, false
	}
	slices.Sort(list)
	mid := len(list) / 2
	if len(list)%2 == 1 {
		return list[mid], true
	}
	return (list[mid-1] + list[mid]) / 2, true
}

// runs is how often the least often measured benchmark was.
func (r *results) runs() int {
	n := 0
	for _, units := range r.values {
		for _, list := range units {
			if n == 0 || len(list) < n {
				n = len(list)
			}
		}
	}
	return n
}
