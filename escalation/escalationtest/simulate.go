package escalationtest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// Simulation is an alert, and what people do about it, in a world in which
// everything works.
type Simulation struct {
	Document *policy.Document
	Alert    policy.Alert
	Start    policy.Instant
	// Until is how long it is looked at.
	//
	// Defaults to a day after the last instant that the alert names, at most a
	// year.
	Until time.Duration
	Steps []Step // see ParseStep
	Given Given
}

// Simulate plays a simulation through the real engine. The error says what kept
// it from being played.
func Simulate(ctx context.Context, sim Simulation) (*Timeline, error) {
	c := &Case{
		Document: sim.Document, Alert: &sim.Alert, Start: sim.Start, Steps: sim.Steps, Until: sim.Until, Given: sim.Given,
	}
	if c.Until <= 0 {
		c.Until = horizon(&sim)
	}
	if len(c.Given.LastResort) == 0 {
		c.Given.LastResort = defaultLastResort()
	}
	p, err := playCase(ctx, c)
	if err != nil {
		return nil, err
	}
	return p.out, nil
}

// horizon is a day after the last instant that the alert names, or that
// somebody does something.
func horizon(sim *Simulation) time.Duration {
	const day = 24 * time.Hour
	last := sim.Start
	note := func(t time.Time) {
		if at := policy.InstantOf(t); at.Known() {
			last = max(last, at)
		}
	}
	a := &sim.Alert
	note(a.ExpiresAt)
	note(a.Window.Opens)
	note(a.Window.Closes)
	for _, t := range a.Times {
		note(t)
	}
	for _, s := range sim.Steps {
		last = max(last, sim.Start.Add(s.At))
	}
	return min(last.Sub(sim.Start)+day, 366*day)
}

// ParseStep reads one step from a line of words: when, what, by whom, and the
// fields that the verb takes.
//
//	17m acknowledge user:bob track=main
//	2h snooze user:bob for=30m
//
// The author may be left out; it is service:test then. A value with blanks
// stands in double quotes.
func ParseStep(text string) (Step, error) {
	words, err := splitWords(text)
	if err != nil {
		return Step{}, err
	}
	if len(words) < 2 {
		return Step{}, fmt.Errorf("an event is `WHEN VERB [AUTHOR] [FIELD=VALUE…]`, such as `17m acknowledge user:bob`; this is %q", text)
	}
	n := &policy.Node{Kind: policy.NodeMap, Line: 1, Column: 1}
	set := func(name, value string) {
		kind := policy.NodeString
		n.Fields = append(n.Fields, policy.Field{Name: name, Line: 1, Column: 1, Value: &policy.Node{Kind: kind, Text: value, Line: 1, Column: 1}})
	}
	set("at", words[0])
	set("do", words[1])
	for i, w := range words[2:] {
		name, value, ok := strings.Cut(w, "=")
		switch {
		case ok:
			set(name, value)
		case i == 0:
			set("by", w)
		default:
			return Step{}, fmt.Errorf("event %q: %q is no FIELD=VALUE", text, w)
		}
	}
	r := &reader{Decoder: policy.NewDecoder("", nil)}
	s := r.step(n, "")
	if err := r.Err(); err != nil {
		return Step{}, fmt.Errorf("event %q: %s", text, plainError(err))
	}
	return s, nil
}

// plainError is the text of faults without their places: a line of words has
// none.
func plainError(err error) string {
	faults, ok := err.(policy.Errors) //nolint:errorlint // what Decoder.Err returns
	if !ok {
		return err.Error()
	}
	texts := make([]string, len(faults))
	for i, f := range faults {
		texts[i] = f.Msg
		if f.Suggestion != "" {
			texts[i] += fmt.Sprintf(" (did you mean %q?)", f.Suggestion)
		}
	}
	return strings.Join(texts, "; ")
}

// splitWords splits at blanks outside of double quotes.
func splitWords(s string) ([]string, error) {
	var words []string
	var word strings.Builder
	inside, begun := false, false
	for _, r := range s {
		switch {
		case r == '"':
			inside, begun = !inside, true
		case !inside && (r == ' ' || r == '\t' || r == '\n'):
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(r)
			begun = true
		}
	}
	if inside {
		return nil, fmt.Errorf("%q has a quote without an end", s)
	}
	if begun {
		words = append(words, word.String())
	}
	return words, nil
}
