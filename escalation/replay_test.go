package escalation_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/internal/explore"
	"github.com/belfry-go/belfry/policy"
)

// silent is a directory that nobody may ask.
type silent struct{}

func (silent) Resolve(context.Context, []escalation.Question) ([]escalation.Answer, error) {
	return nil, errors.New("a replay asked the directory")
}

func unopened() escalation.State { return escalation.State{Key: "k", Incarnation: 1} }

// stateBytes is everything of a state.
func stateBytes(s *escalation.State) []byte {
	b := escalation.AppendState(nil, s)
	if s.Alert != nil {
		b = escalation.AppendAlert(b, s.Alert)
	}
	return b
}

// throughBytes writes records and reads them again.
func recordsThroughBytes(t testing.TB, records []escalation.Record) []escalation.Record {
	t.Helper()
	out := make([]escalation.Record, len(records))
	for i := range records {
		r, err := escalation.DecodeRecord(escalation.AppendRecord(nil, &records[i]))
		if err != nil {
			t.Fatalf("record %d: %v", records[i].Seq, err)
		}
		out[i] = r
	}
	return out
}

// A history, written and read again, gives the state again byte for byte, from
// its beginning and from any snapshot on, and asks nobody.
func TestReplayRandomHistories(t *testing.T) {
	t.Parallel()
	for seed := range heavy(400) {
		c := explore.Seeded(uint64(1_000_000 + seed))
		doc := randomDocument(t, c, 100)
		w, _, err := walk(c, doc, 50)
		if err != nil {
			continue // TestStepRandomWalk says so
		}
		records := recordsThroughBytes(t, w.Records)
		got, err := escalation.Replay(doc, unopened(), slices.Values(records))
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if !bytes.Equal(stateBytes(&got), stateBytes(&w.State)) {
			t.Fatalf("seed %d: replayed to\n%+v\nlived to\n%+v", seed, got, w.State)
		}
		cut := c(len(records) + 1)
		snapshot, err := escalation.Replay(doc, unopened(), slices.Values(records[:cut]))
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got, err = escalation.Replay(doc, snapshot, slices.Values(records[cut:]))
		if err != nil || !bytes.Equal(stateBytes(&got), stateBytes(&w.State)) {
			t.Fatalf("seed %d: from a snapshot after %d records: %v, %+v", seed, cut, err, got)
		}
	}
}

// history is a short one of the explored policy "ladder": the trigger, two ticks,
// an acknowledgement.
func history(t testing.TB) (*policy.Document, []escalation.Record) {
	t.Helper()
	doc := exploredDocument(t, explored[0].policy)
	a := exploredAlert()
	l := life{doc: doc, dir: escalation.NewDirectory(doc)}
	l.do(t, escalation.Event{Kind: escalation.EventTrigger, At: explore.Base, Alert: &a})
	l.tick(t)
	l.tick(t)
	l.do(t, escalation.Event{Kind: escalation.EventAcknowledge, At: l.state.At, By: escalation.Author{Principal: policy.User("alice")}})
	return doc, l.records
}

func TestReplayFaults(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		spoil func(rs []escalation.Record) []escalation.Record
		want  string
	}{
		{"a record is missing", func(rs []escalation.Record) []escalation.Record { return slices.Delete(rs, 1, 2) }, "record 3, tick: it follows record 1"},
		{"an answer is missing", func(rs []escalation.Record) []escalation.Record {
			rs[0].Event.Answers = rs[0].Event.Answers[:0]
			return rs
		}, "record 1, trigger: it has no answer to"},
		{"a tick is missing", func(rs []escalation.Record) []escalation.Record {
			rs = slices.Delete(rs, 1, 3)
			rs[1].Seq = 2
			return rs
		}, "record 2, acknowledge: it is at 2026-03-10T14:04:00Z, after what was due at 2026-03-10T14:02:00Z"},
		{"another verdict", func(rs []escalation.Record) []escalation.Record {
			rs[3].Verdict = escalation.Verdict{Kind: escalation.Rejected, Reason: escalation.NotAPerson}
			return rs
		}, "record 4, acknowledge: it says rejected(not_a_person), the machine applied"},
		{"an effect too many", func(rs []escalation.Record) []escalation.Record {
			rs[2].Effects = append(rs[2].Effects, rs[2].Effects[0])
			return rs
		}, "record 3, tick: it has 2 effects, the machine gives 1"},
		{"another person was told", func(rs []escalation.Record) []escalation.Record {
			e := slices.Clone(rs[1].Effects)
			e[0].To = policy.User("bob")
			rs[1].Effects = e
			return rs
		}, `record 2, tick: it has as effect 0 a notify to "user:bob", the machine gives a notify to "user:alice"`},
		{"another policy", func(rs []escalation.Record) []escalation.Record {
			rs[0].Policy[0] ^= 1
			return rs
		}, "record 1, trigger: it is of policy"},
		{"no trigger", func(rs []escalation.Record) []escalation.Record {
			rs = rs[3:]
			rs[0].Seq = 1
			return rs
		}, "record 1, acknowledge: it opens no alert"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			doc, records := history(t)
			last := len(records)
			records = tt.spoil(records)
			s, err := escalation.Replay(doc, unopened(), slices.Values(records))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("the error is %v, wanted one with %q", err, tt.want)
			}
			if s.Seq >= uint64(last) {
				t.Errorf("the state is after record %d, though one does not fit", s.Seq)
			}
		})
	}
}

// life is an alert that lives by what a test makes happen.
type life struct {
	doc         *policy.Document
	dir         escalation.Directory
	step        explore.StepFunc // nil: the shipped one
	state, next escalation.State
	records     []escalation.Record
}

// do steps one event, which must be no Need.
func (l *life) do(t testing.TB, ev escalation.Event) escalation.Verdict {
	t.Helper()
	if ev.ClaimedAt == 0 {
		ev.ClaimedAt = policy.Never
	}
	if l.state.Key == "" {
		l.state = unopened()
	}
	step := l.step
	if step == nil {
		step = explore.Shipped
	}
	effects, v, err := step(l.doc, &l.next, &l.state, &ev, l.dir, nil)
	if err != nil || v.Kind == escalation.Need {
		t.Fatalf("%s at %s: %s, %v; due %s", ev.Kind, ev.At, v, err, l.state.Due)
	}
	l.state, l.next = l.next, l.state
	l.records = append(l.records, escalation.Record{
		Seq: l.state.Seq, Event: ev, Verdict: v, Effects: effects, Policy: l.doc.Policies[l.state.Policy].Digest,
	})
	return v
}

// tick applies what is due next.
func (l *life) tick(t testing.TB) {
	t.Helper()
	if !l.state.Due.Known() {
		t.Fatalf("nothing is due in %+v", l.state)
	}
	l.do(t, escalation.Event{Kind: escalation.EventTick, At: l.state.Due})
}

// until ticks everything that is due by an instant.
func (l *life) until(t testing.TB, at policy.Instant) {
	t.Helper()
	for l.state.Due <= at {
		l.tick(t)
	}
}

func ExampleReplay() {
	doc, err := policy.Parse("policies.json", []byte(`{"version": 1, "default": "p",
		"policies": [{"name": "p", "tiers": [{"name": "first", "notify": ["user:alice"], "wait": "5m"}, {"name": "second", "notify": ["user:bob"]}]}]}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	start := policy.InstantOf(time.Date(2026, 3, 10, 14, 0, 0, 0, time.UTC))
	var records []escalation.Record
	for r, err := range escalation.Simulate(context.Background(), escalation.Simulation{
		Document: doc, Alert: policy.Alert{Key: "db/main", Kind: policy.RotationFailed}, Start: start, Until: start.Add(5 * time.Minute),
	}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		records = append(records, r)
	}
	s, err := escalation.Replay(doc, escalation.State{}, slices.Values(records))
	fmt.Println(s.Status, "on tier", s.Tracks[0].Tier+1, "after", s.Seq, "records,", err)
	// Output: triggered on tier 2 after 4 records, <nil>
}
