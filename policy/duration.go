package policy

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// ParseDuration reads a duration of the rule language: Go's form extended by d
// (24 hours) and w (168 hours), elapsed time and not the calendar's. A bare
// number is an error, except "0": a unit that has to be guessed is a page that
// comes at the wrong time. Negative durations are refused.
func ParseDuration(s string) (time.Duration, error) {
	if s == "0" {
		return 0, nil
	}
	if s == "" {
		return 0, fmt.Errorf("a duration is empty; write one such as 5m, 1h30m or 2d")
	}
	var total float64
	rest := s
	for rest != "" {
		n := 0
		for n < len(rest) && (rest[n] >= '0' && rest[n] <= '9' || rest[n] == '.') {
			n++
		}
		u := n
		for u < len(rest) && (rest[u] < '0' || rest[u] > '9') && rest[u] != '.' {
			u++
		}
		if n == 0 {
			return 0, fmt.Errorf("duration %q is not of the form 90s, 5m, 1h30m, 2d or 1w", s)
		}
		if u == n {
			return 0, fmt.Errorf("duration %q has no unit; did you mean %q?", s, s+"m")
		}
		unit, ok := durationUnits[rest[n:u]]
		if !ok {
			return 0, fmt.Errorf("duration %q has an unknown unit %q (ms s m h d w)", s, rest[n:u])
		}
		var num float64
		if _, err := fmt.Sscanf(rest[:n], "%g", &num); err != nil || strings.Count(rest[:n], ".") > 1 {
			return 0, fmt.Errorf("duration %q has a malformed number %q", s, rest[:n])
		}
		total += num * float64(unit)
		rest = rest[u:]
	}
	if total > math.MaxInt64/2 {
		return 0, fmt.Errorf("duration %q is too long", s)
	}
	return time.Duration(math.Round(total/1000)) * 1000, nil
}

var durationUnits = map[string]time.Duration{
	"us": time.Microsecond, "µs": time.Microsecond, "ms": time.Millisecond, "s": time.Second,
	"m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour,
}
