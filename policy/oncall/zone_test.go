package oncall

import (
	"math/rand/v2"
	"testing"
	"time"
	_ "time/tzdata"

	"github.com/belfry-go/belfry/policy"
)

// wallAt is what package time's clock shows, as a wall time.
func wallAt(loc *time.Location, sec int64) int64 { return sec + offsetAt(loc, sec) }

// clocks are zones with a rule that goes on, one that ended, one that never had
// any, a negative summer time, and a half-hour one.
var clocks = []string{
	"America/New_York", "America/Santiago", "Europe/Dublin", "Australia/Lord_Howe", "Antarctica/Troll", "Africa/Casablanca",
	"Europe/Istanbul", "Pacific/Apia", "Pacific/Kwajalein", "Asia/Kolkata", "Asia/Gaza", "America/Nuuk", "UTC",
}

func TestTableEdges(t *testing.T) {
	for year, want := range map[int64]int64{firstTwin: twinStart, lastTwin + 1: tableEnd} {
		if got := newYear(year); got != want {
			t.Errorf("newYear(%d) = %d, the constant is %d", year, got, want)
		}
	}
}

func TestCivilRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20_000 {
		sec := r.Int64N(1<<43) - 1<<42
		want := time.Unix(sec, 0).UTC()
		year, month, dom := dayDate(dayOf(sec))
		if year != int64(want.Year()) || month != want.Month() || dom != int64(want.Day()) {
			t.Fatalf("dayDate of %v = %d-%d-%d", want, year, month, dom)
		}
		if got := dateDay(year, month, dom); got != dayOf(sec) {
			t.Fatalf("dateDay(%d-%d-%d) = %d, want %d", year, month, dom, got, dayOf(sec))
		}
		if got := weekdayOf(dayOf(sec)); got != int64(want.Weekday()) {
			t.Fatalf("weekday of %v = %d", want, got)
		}
	}
}

// TestZoneAgreesWithPackageTime compares the table, and beyond it the twin
// years, with package time over twelve centuries.
func TestZoneAgreesWithPackageTime(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	from, to := newYear(1750), newYear(2950)
	for _, name := range clocks {
		loc, z := load(t, name)
		for range 20_000 {
			sec := from + r.Int64N(to-from)
			if got, want := z.at(sec).local, wallAt(loc, sec); got != want {
				t.Fatalf("%s: at %v the clock shows %v, want %v", name, time.Unix(sec, 0).UTC(), time.Unix(got, 0).UTC(), time.Unix(want, 0).UTC())
			}
		}
	}
}

func load(tb testing.TB, name string) (*time.Location, *zone) {
	tb.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	z, err := loadZone(name)
	if err != nil {
		tb.Fatal(err)
	}
	return loc, z
}

// TestHighAndLow holds both monotone readings to their definition: the highest
// and lowest reading of every minute around, near the transitions.
func TestHighAndLow(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, name := range clocks {
		loc, z := load(t, name)
		for range 60 {
			start := z.starts[r.IntN(len(z.starts))]
			if start < 0 { // before 1972 offsets had seconds
				continue
			}
			sec := start + (r.Int64N(2*27*60)-27*60)*60
			high, low := z.at(sec).local, z.at(sec).local
			for k := int64(0); k <= 30*60; k++ {
				// The clock reaches the second before a minute, too.
				high = max(high, wallAt(loc, sec-k*60), wallAt(loc, sec-k*60-1))
				if k > 0 {
					low = min(low, wallAt(loc, sec+k*60)-1)
				}
			}
			if m := z.at(sec); m.high != high || m.low != low {
				t.Fatalf("%s at %v: high %d low %d, want %d %d", name, time.Unix(sec, 0).UTC(), m.high, m.low, high, low)
			}
		}
	}
}

// TestFirstAndLast holds the way from wall to instant to the way back: first is
// the least instant whose high is w or more, last the least whose low is.
func TestFirstAndLast(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for _, name := range clocks {
		_, z := load(t, name)
		for n := range 20_000 {
			w := newYear(1850) + r.Int64N(newYear(2600)-newYear(1850))
			if n%2 == 0 { // near a transition
				i := r.IntN(len(z.starts))
				w = z.starts[i] + z.offs[i] + r.Int64N(2*day) - day
			}
			if n%2 == 0 && w < newYear(1700) {
				continue
			}
			first, last := z.first(w), z.last(w)
			if z.at(first).high < w || z.at(first-1).high >= w {
				t.Fatalf("%s: first(%v) = %v", name, time.Unix(w, 0).UTC(), time.Unix(first, 0).UTC())
			}
			if z.at(last).low < w || z.at(last-1).low >= w {
				t.Fatalf("%s: last(%v) = %v", name, time.Unix(w, 0).UTC(), time.Unix(last, 0).UTC())
			}
		}
	}
}

// TestLostBeyondTheTable walks the hand-offs of an hourly rotation over the
// years that the table does not hold, and counts those that collapse.
func TestLostBeyondTheTable(t *testing.T) {
	for _, name := range []string{"America/New_York", "Antarctica/Troll", "Europe/Istanbul"} {
		loc, z := load(t, name)
		for _, every := range []int{1, 2, 3} {
			r := policy.Rotation{Every: every, Unit: policy.Hourly, Start: policy.Civil{Year: 2120, Month: 1, Day: 1, Hour: 1}, Members: [][]string{{"a"}, {"b"}}}
			c, err := compileRotation(&r, z, new(groups))
			if err != nil {
				t.Fatal(err)
			}
			begin, end := newYear(2120), newYear(2141)
			walked, at := int64(0), int64(0)
			for k := int64(0); c.wall(k) < end; k++ {
				if f := z.first(c.wall(k)); f > at {
					at, walked = f, walked+1
				}
			}
			m := z.at(at)
			if got := c.index(m.high) - c.lostAt(&m) - c.base; got != walked-1 {
				t.Errorf("%s every %dh: turn %d at %v, walked to %d", name, every, got, time.Unix(at, 0).In(loc), walked-1)
			}
			if begin >= at {
				t.Fatalf("%s: the walk did not leave %v", name, time.Unix(begin, 0))
			}
		}
	}
}

// TestIndexInvertsWall: index(wall(k)) is k, and a second before it k−1, for
// every kind of rotation, with and without days.
func TestIndexInvertsWall(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	z, err := loadZone("UTC")
	if err != nil {
		t.Fatal(err)
	}
	for range 400 {
		var set [7]bool
		for i := range set {
			set[i] = r.IntN(3) == 0
		}
		rot := policy.Rotation{
			Every: 1 + r.IntN(40), Unit: policy.RotationUnit(r.IntN(4)), Days: set, Members: [][]string{{"a"}},
			Start: policy.Civil{Year: 1 + r.IntN(9999), Month: time.Month(1 + r.IntN(12)), Day: 1 + r.IntN(28), Hour: r.IntN(24), Min: r.IntN(60), Sec: r.IntN(60)},
		}
		c, err := compileRotation(&rot, z, new(groups))
		if err != nil {
			t.Fatal(err)
		}
		for range 100 {
			k := r.Int64N(200_000) - 100_000
			if w := c.wall(k); c.index(w) != k || c.index(w-1) != k-1 {
				t.Fatalf("%+v: wall(%d) = %d, whose index is %d, and of the second before %d", rot, k, w, c.index(w), c.index(w-1))
			}
		}
	}
}
