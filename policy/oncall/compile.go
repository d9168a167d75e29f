package oncall

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/belfry-go/belfry/policy"
)

// Compile makes a schedule ready to be asked. It reads s and keeps nothing of
// it. The error names the schedule, every fault in it by its place, and what to
// write instead.
func Compile(s *policy.Schedule) (*Schedule, error) { return new(Compiler).Schedule(s) }

// CompileHours makes hours ready to be asked, as [Compile] does schedules.
func CompileHours(h *policy.Hours) (*Hours, error) { return new(Compiler).Hours(h) }

// Compiler compiles the schedules and hours of one directory. They share the
// tables of their time zones, which are most of the work and of the memory.
// The zero Compiler is ready. It is not for use by several goroutines at once;
// what it makes is.
type Compiler struct {
	zones map[string]*zone
}

func (c *Compiler) zone(name string) (*zone, error) {
	if z := c.zones[name]; z != nil {
		return z, nil
	}
	z, err := loadZone(name)
	if err != nil {
		return nil, err
	}
	if c.zones == nil {
		c.zones = make(map[string]*zone)
	}
	c.zones[name] = z
	return z, nil
}

// Schedule is [Compile].
func (c *Compiler) Schedule(s *policy.Schedule) (*Schedule, error) {
	z, err := c.zone(s.Timezone)
	if err != nil {
		return nil, fmt.Errorf("oncall: schedule %q: timezone: %w", s.Name, err)
	}
	b := builder{s: &Schedule{name: s.Name, zone: z}, rotations: map[string]*rotation{}}
	b.rotationsOf(s)
	b.layersOf(s)
	b.overridesOf(s)
	b.temporaryOf(s)
	if len(b.errs) > 0 {
		for i, err := range b.errs {
			b.errs[i] = fmt.Errorf("oncall: schedule %q: %w", s.Name, err)
		}
		return nil, errors.Join(b.errs...)
	}
	b.s.people = b.groups.people
	return b.s, nil
}

// builder gathers a schedule and all its faults.
type builder struct {
	s         *Schedule
	groups    groups
	rotations map[string]*rotation // nil for one with a fault
	errs      []error
}

func (b *builder) fault(err error, place string, args ...any) {
	if err != nil {
		b.errs = append(b.errs, fmt.Errorf(place+": %w", append(args, err)...))
	}
}

func (b *builder) rotationsOf(s *policy.Schedule) {
	for i := range s.Rotations {
		r := &s.Rotations[i]
		c, err := compileRotation(r, b.s.zone, &b.groups)
		b.fault(err, "rotations.%s", r.Name)
		b.rotations[r.Name] = c
	}
}

func (b *builder) layersOf(s *policy.Schedule) {
	for i := range s.Layers {
		l := &s.Layers[i]
		place := fmt.Sprintf("layers[%d]", i)
		c := layer{always: b.refs(l.Always, place+".always"), shifts: b.shifts(l.Shifts, place)}
		for j := range l.Windows {
			at := fmt.Sprintf("%s.windows[%d]", place, j)
			w, err := compileWindow(&l.Windows[j])
			b.fault(err, "%s", at)
			w.who = b.refs(l.Windows[j].Who, at+".who")
			c.windows = append(c.windows, w)
		}
		b.s.layers = append(b.s.layers, c)
	}
}

func (b *builder) overridesOf(s *policy.Schedule) {
	for i := range s.Overrides {
		o := &s.Overrides[i]
		place := fmt.Sprintf("overrides[%d]", i)
		c := override{who: b.refs(o.Who, place+".who"), replaces: slices.Clone(o.Replaces)}
		b.fault(b.s.override.add(i, o.From, o.To, b.s.zone), "%s", place)
		b.s.overrides = append(b.s.overrides, c)
	}
	b.s.override.index()
}

func (b *builder) temporaryOf(s *policy.Schedule) {
	for i := range s.Temporary {
		t := &s.Temporary[i]
		place := fmt.Sprintf("temporary[%d]", i)
		b.fault(b.s.takeover.add(i, t.From, t.To, b.s.zone), "%s", place)
		b.s.temporary = append(b.s.temporary, b.shifts(t.Shifts, place))
	}
	b.s.takeover.index()
}

func (b *builder) shifts(list []policy.Shift, place string) shifts {
	var c shifts
	for i := range list {
		at := fmt.Sprintf("%s.shifts[%d]", place, i)
		b.fault(c.spans.add(i, list[i].From, list[i].To, b.s.zone), "%s", at)
		c.who = append(c.who, b.refs(list[i].Who, at+".who"))
	}
	c.spans.index()
	return c
}

// refs resolves a list of people and rotations; an empty one puts nobody on.
func (b *builder) refs(list []policy.Ref, place string) []ref {
	var refs []ref
	for _, r := range list {
		if r.Rotation == "" {
			refs = append(refs, ref{group: b.groups.of(r.Person)})
			continue
		}
		c, ok := b.rotations[r.Rotation]
		if !ok {
			b.fault(fmt.Errorf("rotation %q is not in this schedule; it has %s", r.Rotation, b.known()), "%s", place)
		}
		refs = append(refs, ref{rotation: c})
	}
	return refs
}

// known lists the schedule's rotations for an error.
func (b *builder) known() string {
	if len(b.rotations) == 0 {
		return "none"
	}
	var names []string
	for name := range b.rotations {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
