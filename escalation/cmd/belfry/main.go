// Command belfry works with escalation policies: it lints and tests them, and
// shows what they would do.
//
//	belfry VERB [flags] [args]
//
// Results go to standard output, everything else to standard error. Flags may
// stand before or after the arguments; --json is --format json on every verb.
// The exit code is 0 when all is well, 1 when a check failed, 2 when the tool
// could not run (usage, a file that cannot be read), and 3 when there were
// warnings and --strict was given.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// The exit codes.
const (
	exitOK       = 0
	exitFailed   = 1 // a check failed
	exitUnable   = 2 // it could not run
	exitWarnings = 3 // only warnings, with --strict
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// tool is one run of the program: its streams.
type tool struct {
	stdin          io.Reader
	stdout, stderr io.Writer
}

// verb is one thing that the tool does.
type verb struct {
	name    string
	args    string // of the usage line
	summary string
	run     func(t *tool, args []string) int
}

// verbs lists what the tool does, in the order of its help.
func verbs() []verb {
	return []verb{
		{"lint", "[flags] FILE…", "find what a policy document says but should not", (*tool).lint},
		{"test", "[flags] FILE…|DIR|DIR/...", "run test files", (*tool).test},
		{"simulate", "[flags] DOC", "show what happens to an alert, if nobody acts or as --event says", (*tool).simulate},
		{"explain", "[flags] DOC", "say why a policy governs an alert, and why somebody was told or not", (*tool).explain},
		{"oncall", "[flags] DOC", "say who is on call, and when others come on", (*tool).oncall},
		{"verify", "[flags] FILE", "say whether an exported history was changed", (*tool).verify},
		{"evidence", "[flags] FILE", "report on one alert of an exported history", (*tool).evidence},
		{"version", "", "print how this program was built", (*tool).version},
	}
}

// run is the whole program but for the process.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	t := &tool{stdin, stdout, stderr}
	if len(args) == 0 {
		t.usage(stderr)
		return exitUnable
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		if len(args) > 1 {
			return run([]string{args[1], "--help"}, stdin, stdout, stderr)
		}
		t.usage(stdout)
		return exitOK
	case "-version", "--version":
		return t.version(args[1:])
	}
	for _, v := range verbs() {
		if v.name == args[0] {
			return v.run(t, args[1:])
		}
	}
	names := make([]string, 0, len(verbs()))
	for _, v := range verbs() {
		names = append(names, v.name)
	}
	t.sayf("belfry: unknown verb %q; there are %s", args[0], strings.Join(names, " "))
	return exitUnable
}

func (t *tool) usage(w io.Writer) {
	var b strings.Builder
	b.WriteString("belfry works with escalation policies.\n\nUsage: belfry VERB [flags] [args]\n\n")
	for _, v := range verbs() {
		fmt.Fprintf(&b, "  %-10s %s\n", v.name, v.summary)
	}
	b.WriteString("\nbelfry VERB --help says more. Exit codes: 0 well, 1 a check failed, 2 could not run, 3 warnings (--strict).\n")
	_, _ = io.WriteString(w, b.String()) // nothing can be done about a closed pipe
}

// sayf writes a line of talk.
func (t *tool) sayf(format string, args ...any) {
	_, _ = fmt.Fprintf(t.stderr, format+"\n", args...)
}

// write writes a result; a failure to write is reported by the exit code.
func (t *tool) write(s string) int {
	if _, err := io.WriteString(t.stdout, s); err != nil {
		t.sayf("belfry: write: %v", err)
		return exitUnable
	}
	return exitOK
}
