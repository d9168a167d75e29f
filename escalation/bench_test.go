package escalation_test

import (
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/internal/explore"
	"github.com/belfry-go/belfry/policy"
)

const benchDocument = `{"version":1,"default":"p",
 "directory":{"people":{"alice":{"contact":[{"via":"push"},{"via":"sms","after":"1m"}]},"bob":{},"carol":{}},
  "schedules":{"night":{"timezone":"UTC","rotations":{"r":{"every":"1w","start":"2026-03-02T00:00","members":["bob"]}},"layers":[{"always":["rotation:r"]}]}}},
 "policies":[{"name":"p","priority":"P2","tracks":{
  "main":{"tiers":[{"name":"owner","notify":["user:carol"],"wait":"5m"},{"name":"iam","notify":["schedule:night"],"wait":"10m"},{"name":"lead","notify":["user:alice"]}]},
  "side":{"tiers":[{"name":"first","notify":["user:alice"],"wait":"30m"},{"name":"second","notify":["user:bob"]}]}}}]}`

// benchStep is a state of a policy with two tracks and the tick, with its
// answer, that enters the next tier of one of them: one message.
type benchStep struct {
	doc   *policy.Document
	state escalation.State
	tick  escalation.Event
}

// newBenchStep lives to just before five minutes after the trigger, all messages
// taken.
func newBenchStep(b testing.TB) *benchStep {
	b.Helper()
	doc, err := policy.Parse("bench.json", []byte(benchDocument))
	if err != nil {
		b.Fatal(err)
	}
	a := exploredAlert()
	l := life{doc: doc, dir: escalation.NewDirectory(doc)}
	l.do(b, escalation.Event{Kind: escalation.EventTrigger, At: explore.Base, Alert: &a})
	l.until(b, l.at(4))
	for len(l.state.Open) > 0 {
		l.do(b, escalation.Event{Kind: escalation.EventReport, At: l.state.At, Report: escalation.Report{
			Effect: l.state.Open[0].ID, Attempt: 1, Result: escalation.ResultDelivered, RetryAt: policy.Never,
		}})
	}
	s := &benchStep{doc: doc, state: l.state.Clone()}
	if s.state.Due != l.at(5) {
		b.Fatalf("due at %s", s.state.Due)
	}
	l.tick(b)
	last := l.records[len(l.records)-1]
	if len(last.Effects) != 2 || last.Effects[1].Kind != escalation.EffectNotify {
		b.Fatalf("the tick gives %+v", last.Effects)
	}
	s.tick = last.Event
	return s
}

// A step that enters the next tier: into a state and a slice that are used
// again, by value, and by the long way round.
func BenchmarkStepInto(b *testing.B) {
	s := newBenchStep(b)
	buf := make([]escalation.Effect, 0, 8)
	var next escalation.State
	b.ReportAllocs()
	for b.Loop() {
		if _, v := escalation.StepInto(&next, s.doc, &s.state, &s.tick, buf[:0]); v.Kind != escalation.Applied {
			b.Fatal(v)
		}
	}
}

func BenchmarkStep(b *testing.B) {
	s := newBenchStep(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, v := escalation.Step(s.doc, s.state, s.tick); v.Kind != escalation.Applied {
			b.Fatal(v)
		}
	}
}

// An answer that nobody asked for keeps the machine off its short way.
func BenchmarkStepIntoLong(b *testing.B) {
	s := newBenchStep(b)
	s.tick.Answers = append(s.tick.Answers, escalation.Answer{})
	buf := make([]escalation.Effect, 0, 8)
	var next escalation.State
	b.ReportAllocs()
	for b.Loop() {
		if _, v := escalation.StepInto(&next, s.doc, &s.state, &s.tick, buf[:0]); v.Kind != escalation.Applied {
			b.Fatal(v)
		}
	}
}

func BenchmarkStepIntoIgnored(b *testing.B) {
	s := newBenchStep(b)
	var next escalation.State
	for _, bb := range []struct {
		name string
		ev   escalation.Event
	}{
		{"stale", escalation.Event{Kind: escalation.EventAcknowledge, At: s.state.At, By: by("alice"), Incarnation: 7}},
		{"early", escalation.Event{Kind: escalation.EventTick, At: s.state.At}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, v := escalation.StepInto(&next, s.doc, &s.state, &bb.ev, nil); v.Kind != escalation.Ignored {
					b.Fatal(v)
				}
			}
		})
	}
}

func BenchmarkStepIntoAcknowledge(b *testing.B) {
	s := newBenchStep(b)
	ack := escalation.Event{
		Kind: escalation.EventAcknowledge, At: s.state.At, By: by("carol"), Track: "main",
		Answers: []escalation.Answer{{Question: escalation.Question{Kind: escalation.QuestionAuthor, Target: policy.User("carol"), At: s.state.At}, Yes: true}},
	}
	buf := make([]escalation.Effect, 0, 8)
	var next escalation.State
	b.ReportAllocs()
	for b.Loop() {
		if _, v := escalation.StepInto(&next, s.doc, &s.state, &ack, buf[:0]); v.Kind != escalation.Applied {
			b.Fatal(v)
		}
	}
}

// A step through the driver, which asks the document's directory.
func BenchmarkDrive(b *testing.B) {
	s := newBenchStep(b)
	dir := escalation.NewDirectory(s.doc)
	buf := make([]escalation.Effect, 0, 8)
	var next escalation.State
	b.ReportAllocs()
	for b.Loop() {
		ev := escalation.Event{Kind: escalation.EventTick, At: s.tick.At, ClaimedAt: policy.Never}
		if _, v, err := escalation.Drive(b.Context(), s.doc, &next, &s.state, &ev, dir, buf[:0]); v.Kind != escalation.Applied {
			b.Fatal(v, err)
		}
	}
}

func BenchmarkReplay(b *testing.B) {
	s := newBenchStep(b)
	a := exploredAlert()
	l := life{doc: s.doc, dir: escalation.NewDirectory(s.doc)}
	l.do(b, escalation.Event{Kind: escalation.EventTrigger, At: explore.Base, Alert: &a})
	l.until(b, explore.Base.Add(48*time.Hour))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := escalation.Replay(s.doc, unopened(), func(yield func(escalation.Record) bool) {
			for i := range l.records {
				if !yield(l.records[i]) {
					return
				}
			}
		}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(l.records)), "ns/record")
}

// What is asked for most allocates nothing, when the caller brings the slice.
func TestStepAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	s := newBenchStep(t)
	stale := escalation.Event{Kind: escalation.EventAcknowledge, At: s.state.At, Incarnation: 7}
	buf := make([]escalation.Effect, 0, 8)
	var next escalation.State
	for name, ev := range map[string]*escalation.Event{"the next tier": &s.tick, "an ignored event": &stale} {
		if n := testing.AllocsPerRun(100, func() { escalation.StepInto(&next, s.doc, &s.state, ev, buf[:0]) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
