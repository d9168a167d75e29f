package oncall

import (
	"fmt"
	"math"

	"github.com/belfry-go/belfry/policy"
)

// Hours is a named set of windows, such as business hours. It never changes,
// and any number of goroutines may ask it at once.
type Hours struct {
	name    string
	zone    *zone
	windows []window
}

// Hours is [CompileHours].
func (c *Compiler) Hours(h *policy.Hours) (*Hours, error) {
	z, err := c.zone(h.Timezone)
	if err != nil {
		return nil, fmt.Errorf("oncall: hours %q: timezone: %w", h.Name, err)
	}
	hours := &Hours{name: h.Name, zone: z}
	for i := range h.Windows {
		w, err := compileWindow(&h.Windows[i])
		if err != nil {
			return nil, fmt.Errorf("oncall: hours %q: windows[%d]: %w", h.Name, i, err)
		}
		hours.windows = append(hours.windows, w)
	}
	return hours, nil
}

// Name is the name of the hours in the document.
func (h *Hours) Name() string { return h.name }

// Open reports whether i is in one of the windows. It allocates nothing.
func (h *Hours) Open(i policy.Instant) bool {
	if !i.Known() {
		return false
	}
	m := h.zone.at(secondOf(i))
	return h.open(&m)
}

func (h *Hours) open(m *moment) bool {
	for k := range h.windows {
		if h.windows[k].runs(m) {
			return true
		}
	}
	return false
}

// NextOpen is i itself when the hours are open at i, else the instant at which
// they next open; [policy.Never] when they have no windows, and for Never.
func (h *Hours) NextOpen(i policy.Instant) policy.Instant {
	if !i.Known() {
		return policy.Never
	}
	m := h.zone.at(secondOf(i))
	if h.open(&m) {
		return i
	}
	next := int64(math.MaxInt64)
	for k := range h.windows {
		next = min(next, h.windows[k].next(&m, h.zone))
	}
	return instantAt(next)
}
