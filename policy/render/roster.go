package render

import (
	"fmt"
	"slices"
	"time"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
)

// MaxRoster is the longest span of a [Roster]. A picture of more shows nothing.
const MaxRoster = 400 * 24 * time.Hour

// Roster is who is on call in a span, by schedule and person: the picture of
// the coming weeks.
type Roster struct {
	From, Until policy.Instant
	Boards      []Board
	people      []string // of all boards, sorted: each has a colour
}

// Board is one schedule of a [Roster].
type Board struct {
	Schedule string
	Zone     *time.Location
	Rows     []Row            // the people who are on call in the span, in the order of their coming
	Gaps     []Bar            // when nobody is
	Days     []policy.Instant // the beginnings of the days of the schedule's calendar
}

// Row is one person of a [Board] and when that person is on call.
type Row struct {
	Person string
	Bars   []Bar
}

// Bar is a span [From, To).
type Bar struct {
	From, To policy.Instant
}

// NewRoster asks the schedules, in their order, for the span [from, until). The
// error says that the span is empty, or longer than [MaxRoster].
func NewRoster(schedules []*oncall.Schedule, from, until policy.Instant) (*Roster, error) {
	if from >= until || until.Sub(from) > MaxRoster {
		return nil, fmt.Errorf("render: a picture from %v until %v; it shows at least an instant and at most %d days", from, until, MaxRoster/(24*time.Hour))
	}
	r := &Roster{From: from, Until: until}
	for _, s := range schedules {
		b := Board{Schedule: s.Name(), Zone: s.Location(), Days: slices.Collect(s.Days(from, until))}
		for sh := range s.Between(from, until) {
			b.add(sh)
		}
		for _, row := range b.Rows {
			r.people = append(r.people, row.Person)
		}
		r.Boards = append(r.Boards, b)
	}
	slices.Sort(r.people)
	r.people = slices.Compact(r.people)
	return r, nil
}

func (b *Board) add(sh oncall.Shift) {
	bar := Bar{sh.From, sh.To}
	if len(sh.OnCall) == 0 {
		b.Gaps = joined(b.Gaps, bar)
	}
	for _, p := range sh.OnCall {
		i := slices.IndexFunc(b.Rows, func(r Row) bool { return r.Person == p })
		if i < 0 {
			i = len(b.Rows)
			b.Rows = append(b.Rows, Row{Person: p})
		}
		b.Rows[i].Bars = joined(b.Rows[i].Bars, bar)
	}
}

// joined adds a bar to those before it, with which it is one when they touch:
// somebody else came or went.
func joined(bars []Bar, next Bar) []Bar {
	if n := len(bars); n > 0 && bars[n-1].To == next.From {
		bars[n-1].To = next.To
		return bars
	}
	return append(bars, next)
}

// nobody is how the row of gaps is called.
const nobody = "nobody"

// weekly reports whether the days are too many to be named one by one.
func (r *Roster) weekly() bool { return r.Until.Sub(r.From) > 10*24*time.Hour }

// labels are the days that are named, with their names: each day, or Mondays.
func (r *Roster) labels(b *Board) (at []policy.Instant, names []string) {
	layout := "Mon 02"
	if r.weekly() {
		layout = "Jan 02"
	}
	for _, d := range b.Days {
		t := d.Time().In(b.Zone)
		if !r.weekly() || t.Weekday() == time.Monday {
			at, names = append(at, d), append(names, t.Format(layout))
		}
	}
	return at, names
}
