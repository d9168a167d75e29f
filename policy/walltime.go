package policy

import "time"

// wallUnix is the reading of c as if the clock were in UTC.
func (c Civil) wallUnix() int64 {
	return time.Date(c.Year, c.Month, c.Day, c.Hour, c.Min, c.Sec, 0, time.UTC).Unix()
}

// reach is how far from its reading in UTC an instant with a given reading can
// be: no zone was ever a day and two hours off.
const reach = 26 * 60 * 60

// occurrences are the first and the last instant, in Unix seconds, at which a
// clock in loc shows c. Both are the first instant after the gap when it never
// does: time.Date would go back before the gap in zones west of UTC.
func occurrences(c Civil, loc *time.Location) (first, last int64, exists bool) {
	w := c.wallUnix()
	after, jumped := int64(0), false
	for t, end := w-reach, w+reach; t <= end; {
		off, next := segment(t, loc)
		if at := w - off; t <= at && at < next {
			if !exists {
				first = at
			}
			last, exists = at, true
		}
		if !jumped && t+off > w {
			after, jumped = t, true
		}
		t = next
	}
	if !exists {
		return after, after, false
	}
	return first, last, true
}

// segment is the offset of loc at an instant, and an instant up to which it
// stays the same. Package time may place the end of a segment before one that is
// in it, in the last days of a leap year; nothing changes its clock in the next
// hour then.
func segment(unix int64, loc *time.Location) (offset, next int64) {
	at := time.Unix(unix, 0).In(loc)
	_, off := at.Zone()
	_, end := at.ZoneBounds()
	switch {
	case end.IsZero():
		next = unix + 3*reach
	case end.Unix() > unix:
		next = end.Unix()
	default:
		next = unix + 60*60
	}
	return int64(off), next
}

// civilAt is what a clock in loc shows.
func civilAt(unix int64, loc *time.Location) Civil { return civilOf(time.Unix(unix, 0).In(loc)) }

func civilOf(t time.Time) Civil {
	return Civil{t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second()}
}

// String is the form in which a document writes it.
func (c Civil) String() string {
	layout := "2006-01-02T15:04"
	if c.Sec != 0 {
		layout += ":05"
	}
	return time.Unix(c.wallUnix(), 0).UTC().Format(layout)
}
