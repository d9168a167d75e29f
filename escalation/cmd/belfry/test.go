package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"regexp"
	"runtime"
	"sync"
	"time"

	"github.com/belfry-go/belfry/escalation/escalationtest"
)

func (t *tool) test(args []string) int {
	f := t.newFlags("test", "text", "json", "junit")
	only := f.String("run", "", "run only the tests whose name `matches`")
	cover := f.Bool("cover", false, "say which tiers no test enters")
	verbose := f.Bool("v", false, "show the timeline of tests that pass, too")
	names, code, ok := f.begin(args, 1, -1)
	if !ok {
		return code
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		t.sayf("belfry test: --run: %v", err)
		return exitUnable
	}
	if names, err = testFiles(names); err != nil {
		t.sayf("belfry test: %v", err)
		return exitUnable
	}
	files := t.read(names)
	results := play(files, match)
	if len(results) == 0 {
		t.sayf("belfry test: --run %q matches no test", *only)
		return exitUnable
	}
	var b bytes.Buffer
	switch f.format {
	case "json":
		err = escalationtest.WriteJSON(&b, results)
	case "junit":
		err = escalationtest.WriteJUnit(&b, results)
	default:
		err = escalationtest.WriteText(&b, results, *verbose)
	}
	if err == nil && *cover {
		// Beside JSON and JUnit the coverage is talk.
		w := t.stderr
		if f.format == "text" {
			w = &b
		}
		err = escalationtest.WriteCover(w, escalationtest.Coverage(files, results))
	}
	if err != nil {
		t.sayf("belfry test: %v", err)
		return exitUnable
	}
	if code := t.write(b.String()); code != exitOK {
		return code
	}
	return testExit(results)
}

// testExit is 2 when some test could not be run, else 1 when one failed.
func testExit(results []escalationtest.Result) int {
	code := exitOK
	for _, r := range results {
		switch r.Outcome {
		case escalationtest.Bad:
			return exitUnable
		case escalationtest.Fail:
			code = exitFailed
		}
	}
	return code
}

// each runs work for 0 to n-1 on all processors.
func each(n int, work func(i int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := range next {
				work(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

// read reads the files, all at once; "-" is standard input.
func (t *tool) read(names []string) []*escalationtest.File {
	files := make([]*escalationtest.File, len(names))
	each(len(names), func(i int) {
		if names[i] != "-" {
			files[i] = escalationtest.Load(names[i])
			return
		}
		src, err := t.readFile("-")
		if files[i] = escalationtest.Read("-", src, os.ReadFile); err != nil {
			files[i].Err = err
		}
	})
	return files
}

// play runs the tests whose names match, all at once; the results stand in the
// order of the files.
func play(files []*escalationtest.File, match *regexp.Regexp) []escalationtest.Result {
	type job struct {
		c *escalationtest.Case
		r *escalationtest.Result
	}
	var jobs []job
	var results []*escalationtest.Result
	for _, f := range files {
		if f.Err != nil {
			r := f.Run(context.Background())[0]
			results = append(results, &r)
			continue
		}
		for _, c := range f.Cases {
			if !match.MatchString(c.Name) {
				continue
			}
			r := new(escalationtest.Result)
			results = append(results, r)
			jobs = append(jobs, job{c, r})
		}
	}
	each(len(jobs), func(i int) {
		begun := time.Now()
		*jobs[i].r = jobs[i].c.Run(context.Background())
		jobs[i].r.Elapsed = time.Since(begun)
	})
	out := make([]escalationtest.Result, len(results))
	for i, r := range results {
		out[i] = *r
	}
	return out
}

// readFile reads a file, or standard input for "-".
func (t *tool) readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(t.stdin)
	}
	return os.ReadFile(name)
}
