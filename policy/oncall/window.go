package oncall

import (
	"fmt"
	"math"

	"github.com/belfry-go/belfry/policy"
)

// window is a span of the day on some weekdays. It belongs to the day it starts
// on: [from, to) in wall time since that day's midnight, to ≤ 48h.
type window struct {
	days     weekdays
	from, to int64
	who      []ref
}

// compileWindow takes a window with no days for one of every day.
func compileWindow(w *policy.DayWindow) (window, error) {
	if w.From < 0 || w.From >= 24*60 || w.To < 0 || w.To > 24*60 {
		return window{}, fmt.Errorf("minutes %d to %d are not times of a day; write from: \"09:00\", to: \"17:00\"", w.From, w.To)
	}
	c := window{days: weekdaysOf(w.Days), from: int64(w.From) * minute, to: int64(w.To) * minute}
	if c.to <= c.from {
		c.to += day
	}
	return c, nil
}

// candidates are the days whose window, were it on that day, is running at m.
func (w *window) candidates(m *moment) (from, to int64) {
	return dayOf(m.low-w.to) + 1, dayOf(m.high - w.from)
}

// runs reports whether the window is running at m.
func (w *window) runs(m *moment) bool {
	from, to := w.candidates(m)
	return w.days.anyIn(from, to)
}

// until is a second after m up to which the window neither begins nor ends.
func (w *window) until(m *moment, z *zone) int64 {
	from, to := w.candidates(m)
	end := z.first(w.days.after(to)*day + w.from)
	for d := from; d <= to; d++ {
		if w.days.has(d) {
			end = min(end, z.last(d*day+w.to))
		}
	}
	return end
}

// maxIdleDays bounds the search for a window's next span. A window of one day a
// week can fall into a gap, or into a day that was skipped, a week or two in a
// row at most.
const maxIdleDays = 60

// next is the first second after m at which the window begins, with a span that
// is not empty.
func (w *window) next(m *moment, z *zone) int64 {
	_, today := w.candidates(m)
	for d := w.days.after(today); d <= today+maxIdleDays; d = w.days.after(d) {
		if begin := z.first(d*day + w.from); begin < z.last(d*day+w.to) {
			return begin
		}
	}
	return math.MaxInt64
}
