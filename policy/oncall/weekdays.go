package oncall

// weekdays is a set of days of the week, with what it takes to count them in
// closed form.
type weekdays struct {
	in     [7]bool  // by time.Weekday
	upto   [7]int64 // how many of the set are on or before this weekday, from Sunday
	nth    [7]int64 // the weekday of the n-th of the set
	number int64    // how many there are
}

// weekdaysOf is the set of the days that are set in days; none set means all.
func weekdaysOf(days [7]bool) weekdays {
	if days == [7]bool{} {
		days = [7]bool{true, true, true, true, true, true, true}
	}
	set := weekdays{in: days}
	for wd, in := range days {
		if in {
			set.nth[set.number] = int64(wd)
			set.number++
		}
		set.upto[wd] = set.number
	}
	return set
}

func (s *weekdays) has(d int64) bool { return s.in[weekdayOf(d)] }

func (s *weekdays) all() bool { return s.number == 7 }

// anyIn reports whether a day in [from, to] is of the set.
func (s *weekdays) anyIn(from, to int64) bool {
	for d := from; d <= to && d < from+7; d++ {
		if s.has(d) {
			return true
		}
	}
	return false
}

// after is the first day of the set after d.
func (s *weekdays) after(d int64) int64 {
	for d++; !s.has(d); d++ {
	}
	return d
}

// rank is how many days of the set are on or before d, counted from the week of
// 1970-01-01; negative before it.
func (s *weekdays) rank(d int64) int64 {
	wd := weekdayOf(d)
	return (d-wd-sunday)/7*s.number + s.upto[wd]
}

// ranked is the day of the set whose rank is r.
func (s *weekdays) ranked(r int64) int64 {
	week := floorDiv(r-1, s.number)
	return sunday + week*7 + s.nth[r-1-week*s.number]
}

// sunday is the day on which the week of 1970-01-01 began.
const sunday = -4
