package main

import (
	"bytes"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
)

// lookAhead is how far the end of a shift is looked for.
const lookAhead = 366 * 24 * time.Hour

// onCallAt is one answer as JSON.
type onCallAt struct {
	Schedule string   `json:"schedule"`
	At       string   `json:"at"` // as it was asked
	OnCall   []string `json:"on_call"`
}

// writeInstantsJSON writes an object for each instant, in the order asked, and
// schedule, by name.
func (r *rota) writeInstantsJSON(b *bytes.Buffer) error {
	for _, i := range r.instants {
		for _, s := range r.schedules {
			line, err := jsonLine(onCallAt{s.Name(), i.text, users(s.At(i.at))})
			if err != nil {
				return err
			}
			b.WriteString(line)
		}
	}
	return nil
}

// writeInstants writes the same as a table, with the next hand-off.
func (r *rota) writeInstants(b *bytes.Buffer) error {
	if len(r.schedules) == 0 {
		return nil
	}
	w := newTable(b, "SCHEDULE", "AT", "ON CALL", "UNTIL", "THEN")
	for _, i := range r.instants {
		for _, s := range r.schedules {
			until, then := r.next(s, i.at)
			ends, next := "-", "-"
			if until.Known() {
				ends, next = local(until, s.Location()), whoText(then)
			}
			w.row(s.Name(), local(i.at, s.Location()), whoText(s.At(i.at)), ends, next)
		}
	}
	return w.Flush()
}

// next is when other people come on after i, and who; Never when nobody does
// within a year.
func (r *rota) next(s *oncall.Schedule, i policy.Instant) (policy.Instant, []string) {
	first := true
	var now []string
	for sh := range s.Between(i, i.Add(lookAhead)) {
		if first {
			now, first = sh.OnCall, false
			continue
		}
		if !slices.Equal(users(now), users(sh.OnCall)) {
			return sh.From, sh.OnCall
		}
	}
	return policy.Never, nil
}

// local is an instant as the clocks of a zone show it, with the offset.
func local(i policy.Instant, loc *time.Location) string {
	return i.Time().In(loc).Format(time.RFC3339Nano)
}

// table is text in columns under a heading.
type table struct {
	*tabwriter.Writer
}

func newTable(b *bytes.Buffer, heading ...string) table {
	t := table{tabwriter.NewWriter(b, 0, 0, 2, ' ', 0)}
	t.row(heading...)
	return t
}

// row writes one line. The writer keeps its errors until it is flushed.
func (t table) row(cells ...string) {
	for i, c := range cells {
		if i > 0 {
			_, _ = t.Write([]byte{'\t'})
		}
		_, _ = t.Write([]byte(c))
	}
	_, _ = t.Write([]byte{'\n'})
}
