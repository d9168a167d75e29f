package notify

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// maxRetryAfter bounds what a vendor may ask for. It is far beyond every
// give-up, so that a longer wish changes nothing.
const maxRetryAfter = 24 * time.Hour

// ParseRetryAfter reads a Retry-After header (RFC 9110, section 10.2.3) received at
// now: seconds, or a date in one of the three forms of HTTP. Seconds may have a
// fraction, which some vendors send. The result is never negative and at most a
// day; ok is false for what is neither, an empty header among it.
func ParseRetryAfter(header string, now time.Time) (d time.Duration, ok bool) {
	h := strings.TrimSpace(header)
	if h == "" {
		return 0, false
	}
	if strings.Trim(h, "0123456789.") == "" {
		s, err := strconv.ParseFloat(h, 64)
		if err != nil && !math.IsInf(s, 1) {
			return 0, false
		}
		if s >= maxRetryAfter.Seconds() {
			return maxRetryAfter, true
		}
		return time.Duration(math.Ceil(s * float64(time.Second))), true
	}
	for _, layout := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", time.RFC850, time.ANSIC} {
		if t, err := time.Parse(layout, h); err == nil {
			return min(max(t.Sub(now), 0), maxRetryAfter), true
		}
	}
	return 0, false
}
