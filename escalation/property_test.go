package escalation_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/internal/explore"
	"github.com/belfry-go/belfry/policy"
)

// historyBytes is records as they are written.
func historyBytes(records []escalation.Record) []byte {
	var b []byte
	for i := range records {
		b = escalation.AppendRecord(b, &records[i])
	}
	return b
}

// scripted is a random alert of a random policy, and what people do in its first
// hours.
type scripted struct {
	doc    *policy.Document
	events []escalation.Event
}

func randomScript(t testing.TB, seed uint64) scripted {
	c := explore.Seeded(seed)
	s := scripted{doc: randomDocument(t, c, 100)}
	at := explore.Base
	for i := range 6 {
		ev := escalation.Event{Kind: escalation.EventTrigger, At: at, Alert: explore.RandomAlert(c, at)}
		if i > 0 {
			open := escalation.State{Key: "k", Incarnation: 1, Seq: 1, At: at, Due: policy.Never, Tracks: []escalation.Track{{}}}
			ev = explore.RandomEvent(c, s.doc, &open)
			ev.At, ev.Down = at, nil
		}
		ev.ClaimedAt = policy.Never
		if ev.Kind != escalation.EventTick && ev.Kind != escalation.EventReport {
			s.events = append(s.events, ev)
		}
		at = at.Add(time.Duration(c(40)) * time.Minute / 2)
	}
	return s
}

// lookFunc makes the tick of what is due at one instant and was seen at another.
type lookFunc func(due, seen policy.Instant) escalation.Event

// atDue is how a driver must tick.
func atDue(due, _ policy.Instant) escalation.Event {
	return escalation.Event{Kind: escalation.EventTick, At: due}
}

// play lives a script through, looking at the clock every step, and returns the
// history.
func (s *scripted) play(t testing.TB, every time.Duration, tick lookFunc) []escalation.Record {
	l := life{doc: s.doc, dir: escalation.NewDirectory(s.doc)}
	now := explore.Base
	look := func(until policy.Instant) {
		for l.state.Seq > 0 && l.state.Due <= until && len(l.records) < 2000 {
			l.do(t, tick(l.state.Due, until))
		}
	}
	events, end := s.events, explore.Base.Add(5*time.Hour)
	for ; now <= end; now = now.Add(every) {
		for len(events) > 0 && events[0].At <= now {
			look(events[0].At - 1) // an event at T goes before what is due at T
			l.do(t, events[0])
			events = events[1:]
		}
		look(now)
	}
	look(end)
	return l.records
}

// One jump of the clock and a thousand small ones give the same records, byte
// for byte.
func TestGranularity(t *testing.T) {
	t.Parallel()
	caught := 0
	for seed := range uint64(heavy(150)) {
		s := randomScript(t, 7_000_000+seed)
		jump := historyBytes(s.play(t, 5*time.Hour, atDue))
		for _, every := range []time.Duration{18 * time.Second, 7 * time.Minute} {
			if small := historyBytes(s.play(t, every, atDue)); !bytes.Equal(jump, small) {
				t.Fatalf("seed %d: looking every %s gives another history than one jump", seed, every)
			}
		}
		// The property is not empty: a driver that stamps a tick with the instant
		// at which it looked gives itself away.
		seen := func(_, seen policy.Instant) escalation.Event {
			return escalation.Event{Kind: escalation.EventTick, At: seen}
		}
		if !bytes.Equal(jump, historyBytes(s.play(t, 7*time.Minute, seen))) {
			caught++
		}
	}
	if caught < heavy(150)/3 {
		t.Errorf("a driver that stamps ticks late was found out in %d scripts only", caught)
	}
}

// Two alerts whose steps are interleaved, through the same buffers, live as each
// lives alone.
func TestInterleaving(t *testing.T) {
	t.Parallel()
	for seed := range uint64(heavy(150)) {
		s := randomScript(t, 8_000_000+seed)
		other := randomScript(t, 9_000_000+seed)
		other.doc = s.doc
		alone := [2][]escalation.Record{s.play(t, time.Hour, atDue), other.play(t, time.Hour, atDue)}

		dir := escalation.NewDirectory(s.doc)
		var shared escalation.State // what both step into
		buf := make([]escalation.Effect, 0, 256)
		states := [2]escalation.State{unopened(), unopened()}
		var histories [2][]escalation.Record
		at := [2]int{}
		for at[0] < len(alone[0]) || at[1] < len(alone[1]) {
			for k := range states {
				if at[k] == len(alone[k]) {
					continue
				}
				ev := alone[k][at[k]].Event
				ev.Answers = nil
				at[k]++
				effects, v, err := explore.Shipped(s.doc, &shared, &states[k], &ev, dir, buf[:0])
				if err != nil {
					t.Fatal(err)
				}
				states[k] = shared.Clone()
				histories[k] = append(histories[k], escalation.Record{
					Seq: states[k].Seq, Event: ev, Verdict: v, Effects: slices.Clone(effects), Policy: alone[k][at[k]-1].Policy,
				})
			}
		}
		for k := range states {
			if a, b := historyBytes(alone[k]), historyBytes(histories[k]); !bytes.Equal(a, b) {
				t.Fatalf("seed %d: beside another, alert %d lives otherwise than alone", seed, k)
			}
		}
	}
}

// Drive asks nobody when the answers are there, and gives what it gave.
func TestDriveRecorded(t *testing.T) {
	t.Parallel()
	for seed := range uint64(heavy(100)) {
		s := randomScript(t, 10_000_000+seed)
		lived := s.play(t, time.Hour, atDue)
		l := life{doc: s.doc, dir: silent{}}
		for i := range lived {
			l.do(t, lived[i].Event)
		}
		if !bytes.Equal(historyBytes(lived), historyBytes(l.records)) {
			t.Fatalf("seed %d: the recorded events give another history", seed)
		}
	}
}

// What the explorer finds does not hang on how many goroutines step, nor on the
// run.
func TestExplorerIsDeterministic(t *testing.T) {
	t.Parallel()
	doc := exploredDocument(t, explored[0].policy)
	run := func(workers int) explore.Result {
		e := explore.Explorer{
			Doc: doc, Alphabet: explore.AlphabetOf(doc.Policies[doc.Default], exploredAlert()),
			Dir: escalation.NewDirectory(doc), States: 3000, Workers: workers,
		}
		return e.Run()
	}
	if diff := cmp.Diff(run(1), run(3)); diff != "" {
		t.Errorf("one goroutine (-) and three (+) differ:\n%s", diff)
	}
}

// heavy is how often a test that repeats itself does so.
func heavy(n int) int {
	if raceEnabled || testing.Short() {
		return max(n/8, 1)
	}
	return n
}
