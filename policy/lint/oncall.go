package lint

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
)

// eachSchedule visits the schedules by name, with the span that is searched;
// from is Never when none is.
func (p *pass) eachSchedule(visit func(name string, s *oncall.Schedule, from, to policy.Instant)) {
	from := policy.InstantOf(p.cfg.At.Truncate(time.Second)) // the zero time stays zero
	var c oncall.Compiler
	for _, name := range slices.Sorted(maps.Keys(p.doc.Directory.Schedules)) {
		if s, err := c.Schedule(p.doc.Directory.Schedules[name]); err == nil { // else the loader has said so
			visit(name, s, from, from.Add(p.cfg.Horizon))
		}
	}
}

// gaps: an empty tier is skipped, so a hole in a schedule is found by the page
// that falls into it.
func gaps(p *pass) {
	p.eachSchedule(func(name string, s *oncall.Schedule, from, to policy.Instant) {
		if !from.Known() {
			return
		}
		var first oncall.Shift
		var sum time.Duration
		n := 0
		for gap := range s.Gaps(from, to) {
			if n == 0 {
				first = gap
			}
			sum += gap.To.Sub(gap.From)
			n++
		}
		if n == 0 {
			return
		}
		more := ""
		if n > 1 {
			more = fmt.Sprintf("; %d gaps and %v in all until %s", n, sum, to)
		}
		p.report("directory.schedules."+name, "nobody is on call in schedule %q from %s until %s%s: put a layer under it that always has somebody on",
			name, first.From, first.To, more)
	})
}

// oneOnCall: a rotation of one has nobody to hand over to, or to swap with.
func oneOnCall(p *pass) {
	p.eachSchedule(func(name string, s *oncall.Schedule, from, to policy.Instant) {
		people, when := scheduled(p.doc.Directory.Schedules[name]), ""
		if from.Known() {
			people, when = onCallIn(s, from, to), fmt.Sprintf(" from %s until %s", from, to)
		}
		if len(people) == 1 {
			p.report("directory.schedules."+name, "nobody but user:%s is on call in schedule %q%s: add somebody to hand over to", people[0], name, when)
		}
	})
}

// onCallIn is who is on call at some time of a span, up to the second.
func onCallIn(s *oncall.Schedule, from, to policy.Instant) []string {
	var people []string
	for sh := range s.Between(from, to) {
		for _, who := range sh.OnCall {
			if !slices.Contains(people, who) {
				people = append(people, who)
			}
		}
		if len(people) > 1 {
			break
		}
	}
	return people
}
