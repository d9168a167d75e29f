// Command table reads what go test -bench printed and writes a table of the
// goals: what was measured beside what, by the median of all runs, and whether
// the goal is met.
//
//	go test -run '^$' -bench . -count 6 . | go run ./cmd/table
//
// With -in FILE it puts the table into the file, between two lines that stand
// there for it. With -durable it is the table of what is written to a disk or a
// server, which is measured apart.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

func main() {
	into := flag.String("in", "", "put the table into this `file` instead of printing it")
	durable := flag.Bool("durable", false, "make the table of what is durable")
	flag.Parse()
	part, rows := "measured", goals()
	if *durable {
		part, rows = "durable", durableGoals()
	}
	if err := run(os.Stdin, os.Stdout, *into, part, rows); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer, into, part string, rows []goal) error {
	r, err := read(in)
	if err != nil {
		return err
	}
	text := table(r, rows)
	if into == "" {
		_, err := io.WriteString(out, text)
		return err
	}
	page, err := os.ReadFile(into)
	if err != nil {
		return err
	}
	fresh, err := put(string(page), part, text)
	if err != nil {
		return fmt.Errorf("%s: %w", into, err)
	}
	return os.WriteFile(into, []byte(fresh), 0o644) //nolint:gosec // a page of documentation
}

// begin and end are the lines between which put puts a part.
func begin(part string) string { return "<!-- " + part + ": begin -->\n" }
func end(part string) string   { return "<!-- " + part + ": end -->\n" }

// put replaces what stands between the two lines of a part of page.
func put(page, part, text string) (string, error) {
	before, rest, ok := strings.Cut(page, begin(part))
	_, after, ok2 := strings.Cut(rest, end(part))
	if !ok || !ok2 {
		return "", fmt.Errorf("there are no lines %q and %q", strings.TrimSpace(begin(part)), strings.TrimSpace(end(part)))
	}
	return before + begin(part) + "\n" + text + "\n" + end(part) + after, nil
}
