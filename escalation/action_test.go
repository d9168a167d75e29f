package escalation

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/policy"
)

// What a simulation shows of a dry run is that it was planned, and nothing waits
// for it to have been done.
func TestSimulateDryRun(t *testing.T) {
	for mode, want := range map[string]string{"auto": "run first started, action first done, run second started, action second done", "dry_run": "run first planned, action first planned"} {
		doc := rebaseDoc(t, oneTier+`, "actions": [{"run": "first", "mode": "`+mode+`", "at": "open"}, {"run": "second", "mode": "auto", "at": "action:first"}]}`)
		var got []string
		for r, err := range Simulate(context.Background(), Simulation{Document: doc, Alert: rebaseAlert, Start: rebaseStart, Until: rebaseStart.Add(time.Minute)}) {
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range r.Effects {
				if e.Kind == EffectRun || e.Kind == LineAction {
					got = append(got, fmt.Sprintf("%s %s %s", e.Kind, e.Text, e.Result))
				}
			}
		}
		if text := strings.Join(got, ", "); text != want {
			t.Errorf("%s: %s; want %s", mode, text, want)
		}
	}
}

// The stages of a review are filled by people of their own, however they overlap.
func TestFillable(t *testing.T) {
	u := func(names string) (out []policy.Target) {
		for _, n := range strings.Fields(names) {
			out = append(out, policy.User(n))
		}
		return out
	}
	for _, tt := range []struct {
		name   string
		stages []int
		may    []string
		want   bool
	}{
		{"nobody", []int{1}, []string{""}, false},
		{"one for one", []int{1}, []string{"a"}, true},
		{"one named twice is one", []int{2}, []string{"a a"}, false},
		{"one for two stages", []int{1, 1}, []string{"a", "a"}, false},
		{"the first gives way", []int{1, 1}, []string{"a b", "a"}, true},
		{"a chain gives way", []int{1, 1, 1}, []string{"a b", "b c", "a"}, true},
		{"two of three, and the third", []int{2, 1}, []string{"a b c", "b"}, true},
		{"three of three, and nobody is left", []int{3, 1}, []string{"a b c", "b"}, false},
		{"no number means one", []int{0, 1}, []string{"a", "b"}, true},
	} {
		var stages []policy.Stage
		var may [][]policy.Target
		for i, n := range tt.stages {
			stages = append(stages, policy.Stage{Approvals: n})
			may = append(may, u(tt.may[i]))
		}
		if got := fillable(stages, may); got != tt.want {
			t.Errorf("%s: %v; want %v", tt.name, got, tt.want)
		}
	}
}
