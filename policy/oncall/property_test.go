package oncall_test

import (
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
)

// zones lists the zones that the machine has files for.
func zones(tb testing.TB) []string {
	tb.Helper()
	for _, root := range []string{os.Getenv("ZONEINFO"), "/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo"} {
		if info, err := os.Stat(root); err == nil && info.IsDir() {
			if list := zonesUnder(root); len(list) > 0 {
				return list
			}
		}
	}
	return traps // no zone files here: those that tzdata, linked in, is sure to have
}

func zonesUnder(root string) (list []string) {
	_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		name := filepath.ToSlash(strings.TrimPrefix(path, root+string(filepath.Separator)))
		if err != nil || e.IsDir() || strings.HasPrefix(name, "posix/") || strings.HasPrefix(name, "right/") || name == "localtime" {
			return nil //nolint:nilerr // what cannot be read is no zone
		}
		if data, err := os.ReadFile(path); err == nil && strings.HasPrefix(string(data), "TZif") {
			list = append(list, name)
		}
		return nil
	})
	slices.Sort(list)
	return list
}

// traps are the zones whose clocks did the oddest things.
var traps = []string{
	"America/Santiago", "America/Havana", "America/Sao_Paulo", "America/St_Johns", "America/Chicago",
	"Asia/Beirut", "Africa/Cairo", "Africa/Casablanca", "Asia/Gaza", "Asia/Tehran", "Asia/Pyongyang",
	"Europe/Berlin", "Europe/Dublin", "Europe/Lisbon", "Europe/Istanbul", "Europe/Volgograd",
	"Australia/Lord_Howe", "Antarctica/Troll", "Antarctica/Casey", "America/Caracas",
	"Pacific/Apia", "Pacific/Kiritimati", "Pacific/Kwajalein", "Pacific/Fakaofo", "Pacific/Chatham", "UTC",
}

// transitionNear is an instant near a change of the zone's clock, else t.
func transitionNear(loc *time.Location, t time.Time) time.Time {
	if _, end := t.In(loc).ZoneBounds(); !end.IsZero() && end.Sub(t) < 3*366*24*time.Hour {
		return end
	}
	return t
}

// generator makes schedules around an instant.
type generator struct {
	*rand.Rand
	zone   string
	center time.Time
}

func newGenerator(seed uint64, zone string) *generator {
	r := rand.New(rand.NewPCG(seed, 7))
	loc, err := time.LoadLocation(zone)
	if err != nil {
		panic(fmt.Sprintf("zone %q: %v", zone, err))
	}
	from := time.Date(1975, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, r.IntN(80*365))
	return &generator{Rand: r, zone: zone, center: transitionNear(loc, from).UTC().Truncate(time.Minute)}
}

var crew = []string{"alice", "bob", "carol", "dan", "erin", "frank"}

func (g *generator) person() string { return crew[g.IntN(len(crew))] }

func (g *generator) dayset() (set [7]bool) {
	for i := range set {
		set[i] = g.IntN(2) == 0
	}
	if none(set) {
		set[g.IntN(7)] = true
	}
	return set
}

// moment is a wall time near the centre, often on a full or half hour.
func (g *generator) moment(reach time.Duration) time.Time {
	loc, _ := time.LoadLocation(g.zone)
	c := g.center.In(loc)
	w := time.Date(c.Year(), c.Month(), c.Day(), c.Hour(), 0, 0, 0, time.UTC)
	unit := []time.Duration{time.Minute, 30 * time.Minute, time.Hour}[g.IntN(3)]
	return w.Add(time.Duration(g.Int64N(int64(2*reach))) - reach).Truncate(unit)
}

func (g *generator) when(t time.Time) policy.When {
	if g.IntN(3) == 0 {
		return policy.When{Abs: policy.InstantOf(t)}
	}
	return policy.When{Abs: policy.Never, Civil: civilOf(t)}
}

func (g *generator) span() (from, to policy.When) {
	f := g.moment(4 * 24 * time.Hour)
	t := f.Add(time.Duration(1+g.IntN(60*40)) * time.Minute)
	if from, to = g.when(f), g.when(t); from.Abs.Known() != to.Abs.Known() {
		to = policy.When{Abs: policy.Never, Civil: civilOf(f.Add(26*time.Hour + t.Sub(f)))}
		if from.Abs == policy.Never {
			from = policy.When{Abs: policy.Never, Civil: civilOf(f)}
		}
	}
	return from, to
}

func (g *generator) rotation(name string) policy.Rotation {
	r := policy.Rotation{Name: name, Unit: policy.RotationUnit(g.IntN(4)), Every: 1 + g.IntN(3)}
	reach := map[policy.RotationUnit]time.Duration{
		policy.Hourly: 48 * time.Hour, policy.Daily: 30 * 24 * time.Hour,
		policy.Weekly: 200 * 24 * time.Hour, policy.Monthly: 500 * 24 * time.Hour,
	}[r.Unit]
	if r.Unit == policy.Hourly && g.IntN(2) == 0 {
		r.Every = 1
	}
	if g.IntN(3) == 0 {
		r.Days = g.dayset()
	}
	start := g.moment(reach)
	if g.IntN(2) == 0 { // hand over at the time of day at which the clock changes
		loc, _ := time.LoadLocation(g.zone)
		c := g.center.In(loc).Add(time.Duration(g.IntN(7)-3) * 15 * time.Minute)
		start = time.Date(start.Year(), start.Month(), start.Day(), c.Hour(), c.Minute(), 0, 0, time.UTC)
	}
	r.Start = civilOf(start)
	for range 1 + g.IntN(4) {
		group := []string{g.person()}
		if g.IntN(4) == 0 {
			group = append(group, g.person())
		}
		r.Members = append(r.Members, group)
	}
	return r
}

func (g *generator) refs(s *policy.Schedule) []policy.Ref {
	refs := people(g.person())
	if g.IntN(2) == 0 {
		refs = append(refs, policy.Ref{Rotation: s.Rotations[g.IntN(len(s.Rotations))].Name})
	}
	return refs[g.IntN(len(refs)):]
}

func (g *generator) shifts(s *policy.Schedule, n int) (list []policy.Shift) {
	for range n {
		from, to := g.span()
		list = append(list, policy.Shift{From: from, To: to, Who: g.refs(s)})
	}
	return list
}

func (g *generator) layer(s *policy.Schedule) (l policy.Layer) {
	if g.IntN(2) == 0 {
		l.Always = g.refs(s)
	}
	for range g.IntN(3) {
		l.Windows = append(l.Windows, policy.DayWindow{Days: g.dayset(), From: g.IntN(48) * 30, To: g.IntN(49) * 30, Who: g.refs(s)})
	}
	l.Shifts = g.shifts(s, g.IntN(3))
	return l
}

func (g *generator) schedule() *policy.Schedule {
	s := &policy.Schedule{Name: "random", Timezone: g.zone}
	for i := range 1 + g.IntN(3) {
		s.Rotations = append(s.Rotations, g.rotation(fmt.Sprint("r", i)))
	}
	for range g.IntN(4) {
		s.Layers = append(s.Layers, g.layer(s))
	}
	for range g.IntN(4) {
		o := policy.Override{}
		o.From, o.To = g.span()
		if g.IntN(4) > 0 {
			o.Who = g.refs(s)
		}
		if g.IntN(2) == 0 {
			o.Replaces = []string{g.person(), g.person()}
		}
		s.Overrides = append(s.Overrides, o)
	}
	for range g.IntN(4) / 2 {
		t := policy.Temporary{Shifts: g.shifts(s, g.IntN(3))}
		t.From, t.To = g.span()
		s.Temporary = append(s.Temporary, t)
	}
	return s
}

// describe prints a schedule so that a failure can be made a vector.
func describe(s *policy.Schedule) string { return fmt.Sprintf("%+v", *s) }

// span of the comparison, around the generator's centre.
const around = 5 * 24 * time.Hour

func compareWithDumb(t *testing.T, g *generator, s *policy.Schedule, every time.Duration) {
	t.Helper()
	c, d := compile(t, s), newDumb(s)
	from, to := policy.InstantOf(g.center.Add(-around)), policy.InstantOf(g.center.Add(around))
	for i := from; i < to; i = i.Add(every) {
		if got, want := c.At(i), d.at(i); !slices.Equal(got, want) {
			t.Fatalf("At(%v) = %v, minute by minute %v\n%s", i, got, want, describe(s))
		}
	}
	checkTiles(t, c, from, to)
}

// checkTiles holds Between to what it promises and to At.
func checkTiles(t *testing.T, c *oncall.Schedule, from, to policy.Instant) {
	t.Helper()
	at, last := from, oncall.Shift{}
	for sh := range c.Between(from, to) {
		if sh.From != at || sh.To <= sh.From || sh.To > to {
			t.Fatalf("Between: shift %v to %v after %v", sh.From, sh.To, at)
		}
		if last.To != 0 && slices.Equal(last.OnCall, sh.OnCall) {
			t.Fatalf("Between: %v does not change at %v", sh.OnCall, sh.From)
		}
		middle := sh.From + (sh.To-sh.From)/2
		for _, i := range []policy.Instant{sh.From, middle, sh.To - 1} {
			if got := c.At(i); !slices.Equal(got, sh.OnCall) {
				t.Fatalf("At(%v) = %v, Between has %v in [%v, %v)", i, got, sh.OnCall, sh.From, sh.To)
			}
		}
		at, last = sh.To, sh
	}
	if at != to && from < to {
		t.Fatalf("Between ends at %v, not at %v", at, to)
	}
}

func TestAgreesWithDumbResolver(t *testing.T) {
	rounds := uint64(2 * len(traps))
	if testing.Short() {
		rounds /= 4
	}
	for seed := range rounds {
		g := newGenerator(seed, traps[seed%uint64(len(traps))])
		compareWithDumb(t, g, g.schedule(), 13*time.Minute)
	}
}

// TestEveryZone asks a schedule with every kind of part in every zone of the
// machine: around each change of its clock for the tiles, and at the ends of
// time for an answer at all.
func TestEveryZone(t *testing.T) {
	var compiler oncall.Compiler
	for n, zone := range zones(t) {
		g := newGenerator(uint64(n), zone)
		s, err := compiler.Schedule(zoneSchedule(g))
		if err != nil {
			t.Errorf("%s: %v", zone, err)
			continue
		}
		for k := range 4 {
			center := newGenerator(uint64(n+1000*k), zone).center
			checkTiles(t, s, policy.InstantOf(center.Add(-2*24*time.Hour)), policy.InstantOf(center.Add(2*24*time.Hour)))
		}
		for _, from := range []policy.Instant{math.MinInt64, policy.Never - 86400e6, at("9999-12-31T00:00:00Z"), at("0001-01-01T00:00:00Z")} {
			checkTiles(t, s, from, from+86400e6)
		}
	}
}

// zoneSchedule has hand-offs, windows and days at the times at which clocks
// are changed.
func zoneSchedule(g *generator) *policy.Schedule {
	start := civilOf(g.center)
	start.Hour, start.Min = 0, 0
	s := &policy.Schedule{Name: g.zone, Timezone: g.zone}
	for i, unit := range []policy.RotationUnit{policy.Hourly, policy.Daily, policy.Weekly, policy.Monthly} {
		start.Day = min(start.Day, 28) + i
		s.Rotations = append(s.Rotations, policy.Rotation{Name: fmt.Sprint("r", i), Every: 1, Unit: unit, Start: civilOf(date(start)), Members: [][]string{{"alice"}, {"bob"}, {"carol"}}})
	}
	s.Rotations[1].Days = g.dayset()
	night := policy.DayWindow{From: 23*60 + 30, To: 2*60 + 30, Days: g.dayset(), Who: rotations("r0", "r3")}
	s.Layers = []policy.Layer{{Always: rotations("r2")}, {Always: rotations("r1")}, {Windows: []policy.DayWindow{night}}}
	return s
}

// FuzzAgainstDumbResolver is the same over seeds and all zones that the fuzzer
// thinks of.
func FuzzAgainstDumbResolver(f *testing.F) {
	for seed, zone := range traps {
		f.Add(uint64(seed), zone)
	}
	f.Fuzz(func(t *testing.T, seed uint64, zone string) {
		if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
			zone = traps[seed%uint64(len(traps))]
		}
		g := newGenerator(seed, zone)
		compareWithDumb(t, g, g.schedule(), 97*time.Minute)
	})
}

// FuzzCompile: whatever a schedule says, it compiles or errs, and answers.
func FuzzCompile(f *testing.F) {
	f.Add("Europe/Berlin", 2026, 3, 29, 2, 30, 1, uint8(0), uint8(0), 120, 180, int64(1774746000000000))
	f.Add("America/Santiago", 2024, 9, 8, 0, 0, 1, uint8(1), uint8(32), 1380, 60, int64(1725768000000000))
	f.Add("Pacific/Apia", 2011, 12, 30, 0, 0, 1_000_000, uint8(3), uint8(1), 0, 1440, int64(math.MinInt64))
	f.Add("UTC", 9999, 12, 31, 23, 59, 3, uint8(2), uint8(127), 0, 0, int64(math.MaxInt64-1))
	f.Fuzz(func(t *testing.T, zone string, year, month, day, hour, minute, every int, unit, set uint8, from, to int, i int64) {
		c := policy.Civil{Year: year, Month: time.Month(month), Day: day, Hour: hour, Min: minute}
		var on [7]bool
		for k := range on {
			on[k] = set>>k&1 == 1
		}
		start, end := policy.When{Abs: policy.Never, Civil: c}, policy.When{Abs: policy.Instant(i)}
		s, err := oncall.Compile(&policy.Schedule{
			Name: "fuzz", Timezone: zone,
			Rotations: []policy.Rotation{{Name: "r", Every: every, Unit: policy.RotationUnit(unit), Start: c, Days: on, Members: [][]string{{"alice"}, {"bob"}}}},
			Layers:    []policy.Layer{{Always: rotations("r")}, {Windows: []policy.DayWindow{{Days: on, From: from, To: to, Who: people("carol")}}}},
			Overrides: []policy.Override{{From: start, To: end, Replaces: []string{"alice"}}},
		})
		if err != nil {
			return
		}
		reach := policy.Instant(i).Add(36 * time.Hour)
		checkTiles(t, s, policy.Instant(i), reach)
		s.Next("carol", policy.Instant(i))
		h, err := oncall.CompileHours(&policy.Hours{Timezone: zone, Windows: []policy.DayWindow{{Days: on, From: from, To: to}}})
		if err != nil {
			t.Fatal(err)
		}
		if next := h.NextOpen(policy.Instant(i)); next < policy.Instant(i) || next.Known() && !h.Open(next) {
			t.Fatalf("NextOpen(%d) = %v", i, next)
		}
	})
}
