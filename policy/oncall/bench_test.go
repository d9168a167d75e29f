package oncall_test

import (
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
)

// realistic is a weekly rotation under business-hours cover and an incident
// week, with overrides, in a zone with daylight saving time.
func realistic() *policy.Schedule {
	person := func(names ...string) (refs []policy.Ref) {
		for _, n := range names {
			refs = append(refs, policy.Ref{Person: n})
		}
		return refs
	}
	weekdays := [7]bool{false, true, true, true, true, true, false}
	return &policy.Schedule{
		Name: "iam-oncall", Timezone: "America/Chicago",
		Rotations: []policy.Rotation{{
			Name: "primary", Every: 1, Unit: policy.Weekly, Start: civil("2023-01-02T09:00"),
			Members: [][]string{{"alice"}, {"bob"}, {"carol"}, {"dan"}, {"erin"}},
		}},
		Layers: []policy.Layer{
			{Always: []policy.Ref{{Rotation: "primary"}}},
			{Windows: []policy.DayWindow{{
				Days: weekdays, From: 8 * 60, To: 20 * 60,
				Who: []policy.Ref{{Rotation: "primary"}, {Person: "frank"}},
			}}},
			{Shifts: []policy.Shift{{From: wall("2026-03-01T00:00"), To: wall("2026-03-02T00:00"), Who: person("carol")}}},
		},
		Overrides: []policy.Override{
			{From: wall("2026-01-10T00:00"), To: wall("2026-01-12T00:00"), Who: person("dan"), Replaces: []string{"alice"}},
			{From: wall("2026-03-05T00:00"), To: wall("2026-03-06T00:00"), Who: person("grace")},
		},
	}
}

func BenchmarkAt(b *testing.B) {
	s, err := oncall.Compile(realistic())
	if err != nil {
		b.Fatal(err)
	}
	from := at("2026-01-01T00:00:00Z")
	for _, bm := range []struct {
		name string
		step time.Duration
	}{{"same", 0}, {"year", 67*time.Minute + 13*time.Second}} {
		b.Run(bm.name, func(b *testing.B) {
			for i := from; i < from.Add(400*24*time.Hour); i = i.Add(30 * time.Minute) {
				s.At(i)
			}
			b.ReportAllocs()
			i := from
			for n := 0; b.Loop(); n++ {
				s.At(i)
				if i = i.Add(bm.step); n%8192 == 0 {
					i = from
				}
			}
		})
	}
}

func BenchmarkBetweenYear(b *testing.B) {
	s, err := oncall.Compile(realistic())
	if err != nil {
		b.Fatal(err)
	}
	from := at("2026-01-01T00:00:00Z")
	b.ReportAllocs()
	for b.Loop() {
		for range s.Between(from, from.Add(365*24*time.Hour)) {
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	s := realistic()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := oncall.Compile(s); err != nil {
			b.Fatal(err)
		}
	}
}
