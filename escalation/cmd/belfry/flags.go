package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

// flags are those of one verb.
type flags struct {
	*flag.FlagSet
	t       *tool
	format  string
	json    bool
	formats []string
}

// newFlags begins the flags of a verb whose results come in the given formats,
// the first by default.
func (t *tool) newFlags(name string, formats ...string) *flags {
	f := &flags{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError), t: t, formats: formats}
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.StringVar(&f.format, "format", formats[0], "how results are written: "+strings.Join(formats, ", "))
	f.BoolVar(&f.json, "json", false, "the same as --format json")
	return f
}

// errHelp is returned when help was asked for and given.
var errHelp = errors.New("help")

// parse reads flags and arguments in any order. After "--" there are only
// arguments.
func (f *flags) parse(args []string) ([]string, error) {
	var rest []string
	for {
		if err := f.FlagSet.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				f.help()
				return nil, errHelp
			}
			return nil, fmt.Errorf("%w; belfry %s --help lists the flags", err, f.Name())
		}
		n := f.NArg()
		if n == 0 {
			break
		}
		if at := len(args) - n; at > 0 && args[at-1] == "--" {
			rest = append(rest, f.Args()...)
			break
		}
		rest = append(rest, f.Arg(0))
		args = f.Args()[1:]
	}
	if f.json {
		f.format = "json"
	}
	if !slices.Contains(f.formats, f.format) {
		return nil, fmt.Errorf("--format is %q; it is %s", f.format, strings.Join(f.formats, ", "))
	}
	return rest, nil
}

// begin parses, and reports what is wrong; ok is false when the verb is over,
// with its exit code.
func (f *flags) begin(args []string, least, most int) (rest []string, code int, ok bool) {
	rest, err := f.parse(args)
	switch {
	case errors.Is(err, errHelp):
		return nil, exitOK, false
	case err == nil && len(rest) < least:
		err = errors.New("a file is missing")
	case err == nil && most >= 0 && len(rest) > most:
		err = fmt.Errorf("%q is too much", rest[most])
	}
	if err != nil {
		f.t.sayf("belfry %s: %v", f.Name(), err)
		f.t.sayf("usage: %s", f.line())
		return nil, exitUnable, false
	}
	return rest, exitOK, true
}

func (f *flags) line() string {
	for _, v := range verbs() {
		if v.name == f.Name() {
			return strings.TrimSpace("belfry " + v.name + " " + v.args)
		}
	}
	return "belfry " + f.Name()
}

// help writes the verb's usage to standard output.
func (f *flags) help() {
	var b strings.Builder
	for _, v := range verbs() {
		if v.name == f.Name() {
			fmt.Fprintf(&b, "belfry %s: %s\n\nUsage: %s\n\n", v.name, v.summary, f.line())
		}
	}
	f.VisitAll(func(fl *flag.Flag) {
		name, usage := flag.UnquoteUsage(fl)
		def := ""
		if fl.DefValue != "" && fl.DefValue != "false" {
			def = " (default " + fl.DefValue + ")"
		}
		fmt.Fprintf(&b, "  %-22s %s%s\n", strings.TrimSpace("--"+fl.Name+" "+name), usage, def)
	})
	f.t.write(b.String())
}

// list is a flag that may be given several times.
type list []string

func (l *list) String() string { return strings.Join(*l, ", ") }

// Set adds one.
func (l *list) Set(s string) error {
	*l = append(*l, s)
	return nil
}
