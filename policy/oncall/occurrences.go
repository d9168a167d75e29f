package oncall

import (
	"fmt"

	"github.com/belfry-go/belfry/policy"
)

// Occurrences are the first and the last instant at which the clocks of a time
// zone show a wall time: what it means as the start and as the end of a span.
// Both are the first instant after the gap for one that they never show. The
// error names an unknown zone, or a wall time that is none.
func (c *Compiler) Occurrences(timezone string, wall policy.Civil) (first, last policy.Instant, err error) {
	z, err := c.zone(timezone)
	if err != nil {
		return 0, 0, fmt.Errorf("oncall: %w", err)
	}
	w, err := wallOf(wall)
	if err != nil {
		return 0, 0, fmt.Errorf("oncall: %w", err)
	}
	return instantAt(z.first(w)), instantAt(z.last(w)), nil
}
