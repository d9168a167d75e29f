package oncall_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/belfry-go/belfry/policy"
	"github.com/belfry-go/belfry/policy/oncall"
)

// TestVectorFile holds the resolver to the answers of two others, which were
// written from the rules alone, by different hands, in another language and over
// another reading of the zone database: schedules at random in more than thirty
// zones, asked mostly around changes of the clock.
func TestVectorFile(t *testing.T) {
	src, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Schedule json.RawMessage   `json:"schedule"`
		At       map[string]string `json:"at"` // instant: people, sorted
	}
	if err := json.Unmarshal(src, &vectors); err != nil {
		t.Fatal(err)
	}
	asked := 0
	for _, v := range vectors {
		doc, err := policy.Parse("vectors.json", []byte(`{"version": 1, "directory": {"schedules": {"s": `+string(v.Schedule)+`}}}`))
		if err != nil {
			t.Fatalf("%v\n%s", err, v.Schedule)
		}
		s, err := oncall.Compile(doc.Directory.Schedules["s"])
		if err != nil {
			t.Fatalf("%v\n%s", err, v.Schedule)
		}
		for instant, want := range v.At {
			asked++
			if got := strings.Join(slices.Sorted(slices.Values(s.At(at(instant)))), " "); got != want {
				t.Errorf("At(%s) = %q, want %q, of %s", instant, got, want, v.Schedule)
			}
		}
	}
	if asked < 600 {
		t.Errorf("%d questions; want 600 and more", asked)
	}
}
