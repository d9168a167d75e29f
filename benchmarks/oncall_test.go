package benchmarks

import (
	"fmt"
	"testing"
	"time"
	_ "time/tzdata" // what is measured must not depend on the machine's zone files

	"github.com/teambition/rrule-go"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
)

// rota is a weekly rotation of five in a zone with daylight saving time, under
// cover for business hours and a weekend, with overrides.
const rota = `{"version": 1, "directory": {
	"people": {"alice": {}, "bob": {}, "carol": {}, "dan": {}, "erin": {}, "frank": {}, "grace": {}},
	"schedules": {"iam-oncall": {
		"timezone": "America/Chicago",
		"rotations": {"primary": {"every": "1w", "start": "2023-01-02T09:00", "members": ["alice", "bob", "carol", "dan", "erin"]}},
		"layers": [
			{"always": ["rotation:primary"]},
			{"windows": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "08:00", "to": "20:00", "who": ["rotation:primary", "frank"]}]},
			{"shifts": [{"from": "2026-03-01T00:00", "to": "2026-03-02T00:00", "who": ["carol"]}]}],
		"overrides": [
			{"from": "2026-01-10T00:00", "to": "2026-01-12T00:00", "who": ["dan"], "replaces": ["alice"]},
			{"from": "2026-03-05T00:00", "to": "2026-03-06T00:00", "who": ["grace"]}]}}},
	"policies": [{"name": "p", "tiers": [{"name": "one", "notify": ["schedule:iam-oncall"]}]}]}`

// asked is the instants that are asked for: a year from three years after the
// rotation's start, in steps that drift through the hours.
func asked() []policy.Instant {
	var list []policy.Instant
	start := policy.InstantOf(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	for at := start; at < start.Add(365*24*time.Hour); at = at.Add(67*time.Minute + 13*time.Second) {
		list = append(list, at)
	}
	return list
}

func schedule(tb testing.TB) *oncall.Schedule {
	tb.Helper()
	doc := must[*policy.Document](tb)(policy.Parse("rota.json", []byte(rota)))
	return must[*oncall.Schedule](tb)(oncall.Compile(doc.Directory.Schedules["iam-oncall"]))
}

// recurrences is the rotation alone, as a recurrence rule for each of its
// people: who is on is whose rule began last.
func recurrences(tb testing.TB) (rules []*rrule.RRule, names []string) {
	tb.Helper()
	zone := must[*time.Location](tb)(time.LoadLocation("America/Chicago"))
	for i, name := range []string{"alice", "bob", "carol", "dan", "erin"} {
		rules = append(rules, must[*rrule.RRule](tb)(rrule.NewRRule(rrule.ROption{
			Freq: rrule.WEEKLY, Interval: 5, Dtstart: time.Date(2023, 1, 2+7*i, 9, 0, 0, 0, zone),
		})))
		names = append(names, name)
	}
	return rules, names
}

func onByRules(rules []*rrule.RRule, names []string, at time.Time) (who string) {
	var last time.Time
	for i, r := range rules {
		if began := r.Before(at, true); began.After(last) {
			last, who = began, names[i]
		}
	}
	return who
}

// BenchmarkOnCall is P10: who is on call at an instant.
func BenchmarkOnCall(b *testing.B) {
	instants := asked()
	b.Run("who=belfry", func(b *testing.B) {
		s := schedule(b)
		for _, at := range instants {
			s.At(at) // each set of people is made once
		}
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			s.At(instants[i%len(instants)])
		}
	})
	b.Run("who=rrule", func(b *testing.B) {
		rules, names := recurrences(b)
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			onByRules(rules, names, instants[i%len(instants)].Time())
		}
	})
}

// TestOnCall holds both to one rotation, through both changes of the clock.
func TestOnCall(t *testing.T) {
	s := schedule(t)
	rules, names := recurrences(t)
	for _, at := range asked() {
		on := s.At(at)
		if want := onByRules(rules, names, at.Time()); len(on) == 1 && on[0] != want && !covered(at) {
			t.Fatalf("%s: %v; the rules say %s", at, on, want)
		}
	}
	if got := fmt.Sprint(s.At(policy.InstantOf(time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)))); got != "[alice grace]" {
		t.Errorf("on 5 March %s; want the turn's person and who was added", got)
	}
}

// covered reports whether somebody else than the rotation says who is on.
func covered(at policy.Instant) bool {
	t := at.Time()
	return t.Month() == time.January && t.Day() >= 9 && t.Day() <= 13 || t.Month() == time.March && t.Day() <= 7
}
