package main

import (
	"bytes"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/belfry-go/belfry/policy/oncall"
	"github.com/belfry-go/belfry/policy/render"
)

// onCallShift is one shift as JSON. Nobody on call is a gap, not left out: the
// shifts of a schedule fill the span.
type onCallShift struct {
	Schedule string   `json:"schedule"`
	From     string   `json:"from"`
	To       string   `json:"to"`
	OnCall   []string `json:"on_call"`
}

// shifts are those of the span. Neighbours with the same people are one, though
// a schedule tells them in another order.
func (r *rota) shifts(s *oncall.Schedule) iter.Seq[oncall.Shift] {
	return func(yield func(oncall.Shift) bool) {
		var last oncall.Shift
		for sh := range s.Between(r.from, r.until) {
			sh.OnCall = slices.Sorted(slices.Values(sh.OnCall))
			if last.To == sh.From && slices.Equal(last.OnCall, sh.OnCall) {
				last.To = sh.To
				continue
			}
			if last.From < last.To && !yield(last) {
				return
			}
			last = sh
		}
		yield(last)
	}
}

func (r *rota) writeShiftsJSON(b *bytes.Buffer) error {
	for _, s := range r.schedules {
		for sh := range r.shifts(s) {
			line, err := jsonLine(onCallShift{s.Name(), sh.From.String(), sh.To.String(), users(sh.OnCall)})
			if err != nil {
				return err
			}
			b.WriteString(line)
		}
	}
	return nil
}

// writeShifts writes the picture of the span, unless it is too long for one,
// then its shifts.
func (r *rota) writeShifts(b *bytes.Buffer) error {
	if len(r.schedules) == 0 {
		return nil
	}
	if r.until.Sub(r.from) <= render.MaxRoster {
		picture, err := render.NewRoster(r.schedules, r.from, r.until)
		if err != nil {
			return err
		}
		b.WriteString(picture.Text())
		b.WriteByte('\n')
	}
	w := newTable(b, "SCHEDULE", "FROM", "TO", "ON CALL")
	for _, s := range r.schedules {
		for sh := range r.shifts(s) {
			w.row(s.Name(), local(sh.From, s.Location()), local(sh.To, s.Location()), whoText(sh.OnCall))
		}
	}
	return w.Flush()
}

func (r *rota) writePicture(b *bytes.Buffer) error {
	picture, err := render.NewRoster(r.schedules, r.from, r.until)
	if err != nil {
		return err
	}
	b.WriteString(picture.SVG())
	return nil
}

// writeCalendar stamps the calendar with the beginning of its span, so that the
// same question has the same answer.
func (r *rota) writeCalendar(b *bytes.Buffer) error {
	feeds := make([]oncall.Feed, len(r.schedules))
	for i, s := range r.schedules {
		feeds[i] = oncall.Feed{Name: s.Name(), Shifts: r.shifts(s)}
	}
	return oncall.ICal(b, r.from, feeds...)
}

// onCallStat is what one person carries, as JSON.
type onCallStat struct {
	Schedule string `json:"schedule"`
	Person   string `json:"person"`
	Total    string `json:"total"`
	Nights   string `json:"nights"`
	Weekends string `json:"weekends"`
	Shifts   int    `json:"shifts"`
}

func (r *rota) writeStatsJSON(b *bytes.Buffer) error {
	return r.eachStat(func(s *oncall.Schedule, st oncall.Stat) error {
		line, err := jsonLine(onCallStat{s.Name(), users([]string{st.Person})[0], st.Total.String(), st.Nights.String(), st.Weekends.String(), st.Shifts})
		b.WriteString(line)
		return err
	})
}

func (r *rota) writeStats(b *bytes.Buffer) error {
	w := newTable(b, "SCHEDULE", "PERSON", "TOTAL", "SHARE", "NIGHTS", "WEEKENDS", "SHIFTS")
	err := r.eachStat(func(s *oncall.Schedule, st oncall.Stat) error {
		share := 100 * float64(st.Total) / float64(r.until.Sub(r.from))
		w.row(s.Name(), users([]string{st.Person})[0], hours(st.Total), fmt.Sprintf("%.0f%%", share), hours(st.Nights), hours(st.Weekends), fmt.Sprint(st.Shifts))
		return nil
	})
	if err != nil {
		return err
	}
	return w.Flush()
}

func (r *rota) eachStat(visit func(s *oncall.Schedule, st oncall.Stat) error) error {
	for _, s := range r.schedules {
		stats, err := s.Stats(r.from, r.until, r.dir.People)
		if err != nil {
			return err
		}
		for _, st := range stats {
			if err := visit(s, st); err != nil {
				return err
			}
		}
	}
	return nil
}

// hours is a duration without zeros behind it.
func hours(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
