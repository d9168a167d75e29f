package timekeeper

import (
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
)

func TestTimekeeper(t *testing.T) {
	t0 := policy.InstantOf(time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC))
	// look is one reading: the wall clock and the steady one, both after t0.
	type look struct {
		wall, run time.Duration
		want      time.Duration // engine time after t0
		ok        bool
	}
	const s, m, h = time.Second, time.Minute, time.Hour
	tests := []struct {
		name   string
		steady bool
		looks  []look
	}{
		{"runs along", true, []look{{0, 0, 0, true}, {s, s, s, true}, {h, h, h, true}}},
		{"wall goes back, elapsed time goes on", true, []look{{0, 0, 0, true}, {-h, m, m, true}, {-h + m, 2 * m, 2 * m, true}}},
		{"wall goes back, nothing else to go by", false, []look{{0, 0, 0, true}, {-h, 0, 0, true}, {m, 0, m, true}}},
		{"sleep of half an hour", true, []look{{0, 0, 0, true}, {30 * m, s, 30 * m, true}}},
		{"an hour to the microsecond", true, []look{{0, 0, 0, true}, {h, 0, h, true}}},
		{
			"a jump is believed at the second look", true,
			[]look{{0, 0, 0, true}, {24 * h, s, s, false}, {24*h + 2*s, 3 * s, 3 * s, false}, {24*h + 5*s, 6 * s, 24*h + 5*s, true}},
		},
		{
			"a jump that is taken back is never believed", true,
			[]look{{0, 0, 0, true}, {24 * h, s, s, false}, {2 * s, 2 * s, 2 * s, true}, {24 * h, 10 * s, 10 * s, false}},
		},
		{
			"two jumps that do not agree", true,
			[]look{{0, 0, 0, true}, {24 * h, s, s, false}, {48 * h, 10 * s, 10 * s, false}, {48*h + 5*s, 15 * s, 48*h + 5*s, true}},
		},
		{"a mock hops a year and says so twice", false, []look{{0, 0, 0, true}, {8760 * h, 0, 0, false}, {8760 * h, 0, 8760 * h, true}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var k rules
			for i, l := range tt.looks {
				at, ok := k.look(reading{wall: t0.Add(l.wall), run: l.run, steady: tt.steady})
				if at.Sub(t0) != l.want || ok != l.ok {
					t.Errorf("look %d: +%v, %v; want +%v, %v", i, at.Sub(t0), ok, l.want, l.ok)
				}
			}
		})
	}
}

// Whatever the readings, engine time never goes back.
func FuzzTimekeeper(f *testing.F) {
	f.Add(int64(0), int64(1), int64(-5), true)
	f.Add(int64(1<<62), int64(-1<<62), int64(1), false)
	f.Fuzz(func(t *testing.T, a, b, c int64, steady bool) {
		var k rules
		var last policy.Instant
		for i, w := range []int64{a, b, b, c, a, c} {
			at, _ := k.look(reading{wall: policy.Instant(w), run: time.Duration(i) * time.Minute, steady: steady})
			if i > 0 && at < last {
				t.Fatalf("look %d: %d is before %d", i, at, last)
			}
			last = at
		}
	})
}

func TestReadingOf(t *testing.T) {
	now := time.Now()
	if r := readingOf(now.Add(time.Minute), now); !r.steady || r.run != time.Minute || r.wall != policy.InstantOf(now.Add(time.Minute)) {
		t.Errorf("of a real clock: %+v; want steady, 1m", r)
	}
	mock := now.Round(0)
	if r := readingOf(mock, now); r.steady || r.wall != policy.InstantOf(now) {
		t.Errorf("of a clock without a monotonic part: %+v; want unsteady", r)
	}
}
