package oncall_test

import (
	"encoding/json"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
)

// TestLoaderAndCompilerAgree: what the loader lets pass compiles, and what it
// refuses for its times does not, for spans around changes of the clock. They
// share no code.
func TestLoaderAndCompilerAgree(t *testing.T) {
	changes := []struct {
		zone string
		wall time.Time // around which
	}{
		{"America/New_York", time.Date(2026, 3, 8, 2, 0, 0, 0, time.UTC)},
		{"America/New_York", time.Date(2026, 11, 1, 1, 0, 0, 0, time.UTC)},
		{"Europe/Berlin", time.Date(2026, 3, 29, 2, 0, 0, 0, time.UTC)},
		{"Europe/Berlin", time.Date(2026, 10, 25, 2, 0, 0, 0, time.UTC)},
		{"America/Santiago", time.Date(2024, 9, 8, 0, 0, 0, 0, time.UTC)},
		{"Australia/Lord_Howe", time.Date(2026, 4, 5, 1, 30, 0, 0, time.UTC)},
		{"Pacific/Apia", time.Date(2011, 12, 30, 0, 0, 0, 0, time.UTC)},
		{"UTC", time.Date(2026, 3, 8, 2, 0, 0, 0, time.UTC)},
	}
	r := rand.New(rand.NewPCG(11, 4))
	refused := 0
	for n := range 3000 {
		c := changes[n%len(changes)]
		when := func() (string, policy.When) {
			at := c.wall.Add(time.Duration(r.IntN(25)-12) * 15 * time.Minute)
			if r.IntN(4) == 0 {
				at = at.Add(time.Duration(r.IntN(24)-12) * time.Hour)
				return at.Format(time.RFC3339), policy.When{Abs: policy.InstantOf(at)}
			}
			return at.Format("2006-01-02T15:04"), wall(at.Format("2006-01-02T15:04"))
		}
		fromText, from := when()
		toText, to := when()
		schedule := policy.Schedule{Name: "s", Timezone: c.zone, Layers: []policy.Layer{{Shifts: []policy.Shift{{From: from, To: to, Who: people("alice")}}}}}
		src, err := json.Marshal(map[string]any{"version": 1, "directory": map[string]any{"schedules": map[string]any{"s": map[string]any{
			"timezone": c.zone, "layers": []any{map[string]any{"shifts": []any{map[string]any{"from": fromText, "to": toText, "who": []string{"alice"}}}}},
		}}}})
		if err != nil {
			t.Fatal(err)
		}
		_, loaded := policy.Parse("d.json", src)
		_, compiled := oncall.Compile(&schedule)
		if (loaded == nil) != (compiled == nil) {
			t.Fatalf("%s from %s to %s: the loader says %v, the compiler %v", c.zone, fromText, toText, loaded, compiled)
		}
		if loaded != nil {
			refused++
		}
	}
	if refused < 300 || refused > 2700 {
		t.Errorf("%d of 3000 spans were refused; the test compares nothing", refused)
	}
}
