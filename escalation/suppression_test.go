package escalation_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/policy"
)

// I-48 suppression is visible: of every open alert that does not climb, its view
// says what keeps it still, and until when.
func TestSuppressionIsVisible(t *testing.T) {
	t.Parallel()
	seen := map[escalation.Status]int{}
	caught := 0
	for seed := range uint64(heavy(300)) {
		s := randomScript(t, 48_000_000+seed)
		state := unopened()
		for _, r := range s.play(t, time.Hour, atDue) {
			next, err := escalation.Replay(s.doc, state, slices.Values([]escalation.Record{r}))
			if err != nil {
				t.Fatalf("seed %d: %v", seed, err)
			}
			state = next
			v := escalation.View(s.doc, &state)
			if how := unexplained(&state, &v); how != "" {
				t.Fatalf("seed %d, record %d: %s", seed, r.Seq, how)
			}
			seen[state.Status]++
			// A view that forgets the rare parts of a state gives itself away.
			bare := state.Clone()
			bare.More = nil
			v = escalation.View(s.doc, &bare)
			if unexplained(&state, &v) != "" {
				caught++
			}
		}
	}
	for _, status := range []escalation.Status{escalation.StatusAcknowledged, escalation.StatusSnoozed} {
		if seen[status] == 0 {
			t.Errorf("no state was %s; %v", status, seen)
		}
	}
	if caught == 0 {
		t.Error("a view that forgets who has acknowledged is never found out")
	}
}

// unexplained says what of an alert's stillness its view does not account for.
func unexplained(s *escalation.State, v *escalation.StateView) string {
	later := func(text string) bool {
		at, err := time.Parse(time.RFC3339Nano, text)
		return err == nil && policy.InstantOf(at) >= s.At
	}
	acked := slices.ContainsFunc(v.Tracks, func(t escalation.TrackView) bool { return len(t.Acknowledged) > 0 && later(t.AckUntil) })
	snoozed := slices.ContainsFunc(v.Tracks, func(t escalation.TrackView) bool { return later(t.SnoozedUntil) })
	ok := true
	switch s.Status {
	case escalation.StatusPending:
		ok = later(v.Grace)
	case escalation.StatusSilenced:
		ok = len(v.Silences) > 0 && !slices.ContainsFunc(v.Silences, func(q escalation.SilenceView) bool { return !later(q.Until) })
	case escalation.StatusSnoozed:
		ok = snoozed
	case escalation.StatusAcknowledged:
		ok = acked
	}
	if ok {
		return ""
	}
	return fmt.Sprintf("it is %s, and nothing says why, or until when: %+v", s.Status, v)
}
