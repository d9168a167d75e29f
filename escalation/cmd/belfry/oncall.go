package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // who is on call must not depend on the machine's zone files

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
)

// comingWeeks is the span that is shown when no end is given.
const comingWeeks = 28 * 24 * time.Hour

// rota are the schedules that the verb is asked about, and when.
type rota struct {
	dir         *policy.Directory
	schedules   []*oncall.Schedule // sorted by name
	instants    []asked            // empty: the span
	from, until policy.Instant
}

// asked is an instant and how it was written: answers join with the questions
// by the text.
type asked struct {
	text string
	at   policy.Instant
}

// rotaFlags are the verb's flags as written.
type rotaFlags struct {
	at, schedules list
	from, until   string
	directory     string
	stats         bool
}

func (t *tool) oncall(args []string) int {
	f := t.newFlags("oncall", "text", "json", "ical", "svg")
	var r rotaFlags
	f.Var(&r.at, "at", "who is on call at this `instant` (default now); may be given several times")
	f.StringVar(&r.from, "from", "", "the shifts from this `instant` on (default now)")
	f.StringVar(&r.until, "until", "", "the shifts until this `instant`, or for a duration such as 2w (default four weeks)")
	f.Var(&r.schedules, "schedule", "this schedule only, by `name`; may be given several times")
	f.directory(&r.directory)
	f.BoolVar(&r.stats, "stats", false, "how much each person carries in the span, in place of its shifts")
	rest, code, ok := f.begin(args, 1, 1)
	if !ok {
		return code
	}
	out, err := t.answerOncall(rest[0], &r, f.format)
	if err != nil {
		t.sayf("belfry oncall: %v", err)
		return exitUnable
	}
	return t.write(out)
}

func (t *tool) answerOncall(doc string, f *rotaFlags, format string) (string, error) {
	r, err := t.rota(doc, f, policy.InstantOf(time.Now().Truncate(time.Second)), format)
	if err != nil {
		return "", err
	}
	if len(r.schedules) == 0 {
		t.sayf("belfry oncall: %s has no schedules", doc)
	}
	var b bytes.Buffer
	switch {
	case len(r.instants) > 0 && format == "json":
		err = r.writeInstantsJSON(&b)
	case len(r.instants) > 0:
		err = r.writeInstants(&b)
	case f.stats && format == "json":
		err = r.writeStatsJSON(&b)
	case f.stats:
		err = r.writeStats(&b)
	case format == "json":
		err = r.writeShiftsJSON(&b)
	case format == "ical":
		err = r.writeCalendar(&b)
	case format == "svg":
		err = r.writePicture(&b)
	default:
		err = r.writeShifts(&b)
	}
	return b.String(), err
}

// rota reads what the flags and the document say.
func (t *tool) rota(doc string, f *rotaFlags, now policy.Instant, format string) (*rota, error) {
	r := &rota{}
	if err := r.when(f, now, format); err != nil {
		return nil, err
	}
	d, err := t.document(doc, f.directory)
	if err != nil {
		return nil, err
	}
	r.dir = d.Directory
	return r, r.choose(f.schedules)
}

// when reads the instants or the span.
func (r *rota) when(f *rotaFlags, now policy.Instant, format string) error {
	span := f.from != "" || f.until != "" || f.stats || format == "ical" || format == "svg"
	if span && len(f.at) > 0 {
		return fmt.Errorf("--at asks for instants, --from, --until, --stats and the formats ical and svg for a span: write one of them")
	}
	if f.stats && format != "text" && format != "json" {
		return fmt.Errorf("--stats comes as text or json, not as %s", format)
	}
	if !span {
		for _, text := range f.at {
			at, err := parseInstant("--at", text)
			if err != nil {
				return err
			}
			r.instants = append(r.instants, asked{text, at})
		}
		if len(f.at) == 0 {
			r.instants = []asked{{now.String(), now}}
		}
		return nil
	}
	return r.span(f, now)
}

func (r *rota) span(f *rotaFlags, now policy.Instant) (err error) {
	r.from = now
	if f.from != "" {
		if r.from, err = parseInstant("--from", f.from); err != nil {
			return err
		}
	}
	r.until = r.from.Add(comingWeeks)
	if f.until != "" {
		if d, err := policy.ParseDuration(f.until); err == nil {
			r.until = r.from.Add(d)
		} else if r.until, err = parseInstant("--until", f.until); err != nil {
			return err
		}
	}
	if r.until <= r.from {
		return fmt.Errorf("--until %s is not after --from %s", r.until, r.from)
	}
	return nil
}

// parseInstant reads an RFC 3339 time, with or without its seconds.
func parseInstant(flag, text string) (policy.Instant, error) {
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return policy.Instant(t.UnixMicro()), nil // of the zero time, too
		}
	}
	return 0, fmt.Errorf("%s is %q; write an instant such as 2026-03-10T15:30:00Z or 2026-03-10T10:30:00-05:00, with its offset", flag, text)
}

// choose compiles the named schedules, or all.
func (r *rota) choose(only []string) error {
	names := make([]string, 0, len(r.dir.Schedules))
	for name := range r.dir.Schedules {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range only {
		if !slices.Contains(names, name) {
			return fmt.Errorf("--schedule names %q; the document has %s", name, strings.Join(names, ", "))
		}
	}
	var c oncall.Compiler
	for _, name := range names {
		if len(only) > 0 && !slices.Contains(only, name) {
			continue
		}
		s, err := c.Schedule(r.dir.Schedules[name])
		if err != nil {
			return err
		}
		r.schedules = append(r.schedules, s)
	}
	return nil
}

// users are people as a document names them elsewhere, sorted by name, so that
// the answer is the same whatever stands behind it.
func users(people []string) []string {
	out := make([]string, 0, len(people))
	for _, p := range people {
		out = append(out, policy.User(p).String())
	}
	slices.Sort(out)
	return out
}

// whoText is the people of a cell of a table.
func whoText(people []string) string {
	if len(people) == 0 {
		return "nobody"
	}
	return strings.Join(users(people), ", ")
}
