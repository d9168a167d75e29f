// Command table reads what go test -bench printed and writes a table of the
// goals: what was measured beside what, by the median of all runs, and whether
// the goal is met.
//
//	go test -run '^$' -bench . -count 6 . | go run ./cmd/table
//
// With -in FILE it puts the table into the file, between two lines that stand
// there for it.
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
	flag.Parse()
	if err := run(os.Stdin, os.Stdout, *into); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer, into string) error {
	r, err := read(in)
	if err != nil {
		return err
	}
	text := table(r, goals())
	if into == "" {
		_, err := io.WriteString(out, text)
		return err
	}
	page, err := os.ReadFile(into)
	if err != nil {
		return err
	}
	fresh, err := put(string(page), text)
	if err != nil {
		return fmt.Errorf("%s: %w", into, err)
	}
	return os.WriteFile(into, []byte(fresh), 0o644) //nolint:gosec // a page of documentation
}

// The lines between which put puts.
const (
	begin = "<!-- measured: begin -->\n"
	end   = "<!-- measured: end -->\n"
)

// put replaces what stands between the two lines of page.
func put(page, text string) (string, error) {
	before, rest, ok := strings.Cut(page, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return "", fmt.Errorf("there are no lines %q and %q", strings.TrimSpace(begin), strings.TrimSpace(end))
	}
	return before + begin + "\n" + text + "\n" + end + after, nil
}
