package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/engine"
)

// timeline is the history of one alert, as the engine committed it.
type timeline struct {
	name   string // key#n
	opened time.Time
	policy string
	status string // and since when
	since  time.Time
	lines  []moment
}

// moment is one line of a record, and when it was.
type moment struct {
	at   time.Time
	line escalation.Line
}

// timelines are those of all alerts, in the order in which they opened.
type timelines struct{ list []*timeline }

// add is told of each record by the engine.
func (ts *timelines) add(r engine.Record) {
	if r.Incarnation == 0 {
		return // not an alert's
	}
	name := alertName(r.Key, r.Incarnation)
	at := r.Record.Event.At.Time()
	i := slices.IndexFunc(ts.list, func(t *timeline) bool { return t.name == name })
	if i < 0 {
		i = len(ts.list)
		ts.list = append(ts.list, &timeline{name: name, opened: at})
	}
	t := ts.list[i]
	for _, l := range escalation.Lines(r.Document, &r.State, &r.Record) {
		t.lines = append(t.lines, moment{at, l})
		switch l.Event {
		case "matched":
			t.policy = l.Policy + ", " + l.Priority
		case "status":
			t.status, t.since = l.Status, at
		}
	}
}

// print writes all timelines: as JSON whole, for people what decided something.
func (ts *timelines) print(p *printer) {
	if !p.json {
		p.line("")
	}
	for _, t := range ts.list {
		if !p.json {
			p.line(fmt.Sprintf("%s: %s, %s after %s", t.name, t.policy, t.status, t.since.Sub(t.opened)))
		}
		for i, m := range t.lines {
			switch {
			case p.json:
				p.object(struct {
					At   time.Time       `json:"at"`
					Type string          `json:"type"`
					Line escalation.Line `json:"line"`
				}{m.at, "record", m.line})
			case i > 0 && decides(&m.line): // the first is the trigger, which the header stands for
				p.line(fmt.Sprintf("  +%-8s %-12s %s", m.at.Sub(t.opened), m.line.Event, story(&m.line)))
			}
		}
	}
}

// decides reports whether a line says what somebody did, or what the machine
// made of it; the rest is how that came about.
func decides(l *escalation.Line) bool {
	switch l.Event {
	case "report", "tick", "delivery", "notify", "opened", "matched", "deadline_set", "action", "status":
		return false
	}
	return true
}

// story is a line in words.
func story(l *escalation.Line) string {
	words := nonEmpty(l.By, place(l.Track, l.Tier), l.Run, l.Gate, l.Decision, l.Deadline, l.Vote, l.Evidence, l.Outcome, l.Result)
	if l.Verdict == "rejected" || l.Verdict == "ignored" {
		words = append(words, l.Verdict)
	}
	if l.Reason != "" {
		words = append(words, "("+l.Reason+")")
	}
	if len(l.PassedOver) > 0 {
		words = append(words, "after", strings.Join(l.PassedOver, ", "), "had", l.Waited)
	}
	if l.Margin != "" {
		words = append(words, "with", l.Margin, "to spare")
	}
	return strings.Join(words, " ")
}
