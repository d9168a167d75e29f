package escalationtest

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// One jump of the clock and a thousand small ones give the same records.
func TestSmallHopsChangeNothing(t *testing.T) {
	names, err := filepath.Glob("testdata/*/*.test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, name := range names {
		for _, c := range Load(name).Cases {
			if c.Err != nil || c.Until > 12*time.Hour || len(c.Given.Down) > 0 {
				continue
			}
			far, err := playCase(t.Context(), c)
			if err != nil {
				continue // TestRules says so
			}
			near, err := playGrained(t.Context(), c, 17*time.Second)
			if err != nil {
				t.Errorf("%s: %s: %v", name, c.Name, err)
				continue
			}
			played++
			if diff := cmp.Diff(strings.Split(far.out.String(), "\n"), strings.Split(near.out.String(), "\n")); diff != "" {
				t.Errorf("%s: %s (-far +near):\n%s", name, c.Name, diff)
			}
		}
	}
	if played < 200 {
		t.Errorf("only %d cases were played", played)
	}
}
