package oncall_test

import (
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
)

func checkError(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("error %v, want it to say %q", err, want)
	}
}

func TestCompileErrors(t *testing.T) {
	rotation := func(change func(*policy.Rotation)) policy.Schedule {
		s := turns("UTC", every(1, policy.Weekly, "2026-01-05T09:00"), "alice")
		change(&s.Rotations[0])
		return s
	}
	layer := func(l policy.Layer) policy.Schedule { return policy.Schedule{Layers: []policy.Layer{l}} }
	always := func(name string) policy.Schedule {
		s := rotation(func(*policy.Rotation) {})
		s.Layers[0].Always = rotations(name)
		return s
	}
	never := policy.When{Abs: policy.Never}
	for _, tt := range []struct {
		want     string
		schedule policy.Schedule
	}{
		{`timezone: time zone "Mars/Olympus" is not known`, policy.Schedule{Timezone: "Mars/Olympus"}},
		{`timezone: time zone "../../etc/passwd" is not known`, policy.Schedule{Timezone: "../../etc/passwd"}},
		{`timezone: time zone "Local" means another zone on every machine`, policy.Schedule{Timezone: "Local"}},
		{"rotations.r: every: 0 is not a number of steps", rotation(func(r *policy.Rotation) { r.Every = 0 })},
		{"rotations.r: every: 1000001 is not a number of steps", rotation(func(r *policy.Rotation) { r.Every = 1_000_001 })},
		{"rotations.r: every: unit 9 is not known", rotation(func(r *policy.Rotation) { r.Unit = 9 })},
		{"rotations.r: no members", rotation(func(r *policy.Rotation) { r.Members = nil })},
		{"rotations.r: members[1]: an empty group", rotation(func(r *policy.Rotation) { r.Members = append(r.Members, nil) })},
		{"rotations.r: start: 2026-02-30T09:00:00 is not a date", rotation(func(r *policy.Rotation) { r.Start.Month, r.Start.Day = time.February, 30 })},
		{"rotations.r: start: 0000-00-00T00:00:00 is not a date", rotation(func(r *policy.Rotation) { r.Start = policy.Civil{} })},
		{`layers[0].always: rotation "x" is not in this schedule; it has r`, always("x")},
		{`layers[0].always: rotation "x" is not in this schedule; it has none`, layer(policy.Layer{Always: rotations("x")})},
		{"layers[0].windows[0]: minutes -1 to 60", layer(policy.Layer{Windows: []policy.DayWindow{{From: -1, To: 60, Who: people("alice")}}})},
		{`layers[0].windows[0].who: rotation "x" is not in this schedule`, layer(policy.Layer{Windows: []policy.DayWindow{{To: 60, Who: rotations("x")}}})},
		{"layers[0].shifts[0]: to: 2026-03-01T00:00:00Z is not after from: 2026-03-02T00:00:00Z", shifted("UTC", "2026-03-02T00:00", "2026-03-01T00:00")},
		{"layers[0].shifts[0]: to: 0000-00-00T00:00:00 is not a date", layer(policy.Layer{Shifts: []policy.Shift{{From: wall("2026-03-01T00:00"), To: never, Who: people("alice")}}})},
		{`overrides[0].who: rotation "x" is not in this schedule`, policy.Schedule{Overrides: []policy.Override{{From: wall("2026-03-01T00:00"), To: wall("2026-03-02T00:00"), Who: rotations("x")}}}},
		{"overrides[0]: from: 0000-00-00T00:00:00 is not a date", policy.Schedule{Overrides: []policy.Override{{From: never, To: never}}}},
		{`temporary[0].shifts[0].who: rotation "x" is not in this schedule`, policy.Schedule{Temporary: []policy.Temporary{{
			From: wall("2026-03-01T00:00"), To: wall("2026-03-02T00:00"),
			Shifts: []policy.Shift{{From: wall("2026-03-01T00:00"), To: wall("2026-03-02T00:00"), Who: rotations("x")}},
		}}}},
	} {
		tt.schedule.Name = "iam"
		_, err := oncall.Compile(&tt.schedule)
		checkError(t, err, `oncall: schedule "iam": `+tt.want)
	}
}

// TestCompileReportsAll: a file's faults are told together.
func TestCompileReportsAll(t *testing.T) {
	s := turns("UTC", every(0, policy.Weekly, "2026-01-05T09:00"), "alice")
	s.Name = "iam"
	s.Layers[0].Windows = []policy.DayWindow{{From: 9000}}
	s.Overrides = []policy.Override{{From: wall("2026-03-02T00:00"), To: wall("2026-03-01T00:00")}}
	_, err := oncall.Compile(&s)
	for _, want := range []string{"rotations.r: every", "layers[0].windows[0]: minutes", "overrides[0]: to"} {
		checkError(t, err, want)
	}
}

// TestCompileKeepsNothing: who is on call does not follow later changes of what
// was compiled.
func TestCompileKeepsNothing(t *testing.T) {
	s := turns("UTC", every(1, policy.Weekly, "2026-01-05T09:00"), "alice", "bob")
	s.Overrides = []policy.Override{{From: wall("2026-01-06T00:00"), To: wall("2026-01-07T00:00"), Who: people("carol"), Replaces: []string{"alice"}}}
	c := compile(t, &s)
	s.Rotations[0].Members[0][0] = "mallory"
	s.Overrides[0].Replaces[0] = "mallory"
	if got := names(c.At(at("2026-01-05T12:00:00Z"))); got != "alice" {
		t.Errorf("on call: %s, want alice", got)
	}
	if got := names(c.At(at("2026-01-06T12:00:00Z"))); got != "carol" {
		t.Errorf("on call: %s, want carol", got)
	}
}
