package escalation

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/belfry-go/belfry/policy"
)

// A history that was written and read again gives the state again, byte for
// byte, and asks nobody: each record is stepped from what was decoded alone.
func TestReplayFromBytes(t *testing.T) {
	prev := State{Key: "db/main", Incarnation: 1}
	n := 0
	expiring(t, func(doc *policy.Document, s *State, r *Record) {
		n++
		rec, err := DecodeRecord(AppendRecord(nil, r))
		if err != nil {
			t.Fatalf("record %d: %v", r.Seq, err)
		}
		next, effects, v := Step(doc, prev, rec.Event)
		again := Record{Seq: next.Seq, Event: rec.Event, Verdict: v, Effects: effects, Policy: r.Policy}
		if !bytes.Equal(AppendRecord(nil, &again), AppendRecord(nil, r)) {
			t.Fatalf("record %d, stepped again from bytes, is\n%swas\n%s", r.Seq, Describe(doc, &next, &again), Describe(doc, s, r))
		}
		if !bytes.Equal(AppendState(nil, &next), AppendState(nil, s)) {
			t.Fatalf("the state after record %d differs (-was +is):\n%s", r.Seq, cmp.Diff(*s, next, cmpopts.EquateEmpty(), whole()))
		}
		if prev, err = throughBytes(&next); err != nil {
			t.Fatalf("state %d: %v", r.Seq, err)
		}
	})
	if n < 20 {
		t.Errorf("the story has only %d records", n)
	}
}

// throughBytes is s as a store gives it back.
func throughBytes(s *State) (out State, err error) {
	if err := DecodeState(AppendState(nil, s), &out); err != nil {
		return out, err
	}
	if s.Alert != nil {
		out.Alert, err = DecodeAlert(AppendAlert(nil, s.Alert))
	}
	return out, err
}

// Whatever stands in a state before, what is decoded into it is what was
// encoded: answers that differ in one field only are not taken for the same.
func TestOldAnswersAreNotTakenForNew(t *testing.T) {
	base := func() *Lists {
		return &Lists{
			Recipients: []policy.Recipient{{To: policy.User("alice"), Via: []string{"sms"}}, {To: policy.Target{Kind: "pager", ID: "x"}}},
			Rosters:    [][]Responder{{{To: policy.User("alice"), Rules: []Rule{{Via: "push"}, {Via: "s", After: secondDurations}}}}, nil},
		}
	}
	variants := []*Lists{base(), {}, nil, {Ring: []int{1}}, {Depends: []string{"sms"}}, {Cut: true}}
	for _, kind := range []policy.TargetKind{"", policy.TargetChannel, policy.TargetTeam, policy.TargetRole, policy.TargetOwner, policy.TargetService} {
		l := base()
		l.Recipients = []policy.Recipient{{To: policy.Target{Kind: kind, ID: "alice"}, Essential: true}}
		variants = append(variants, l)
	}
	long := base()
	long.Recipients, long.Rosters[0][0].Rules[0].Via = nil, string(bytes.Repeat([]byte("v"), 100))
	variants = append(variants, long)
	for range 2 {
		l := base()
		eachField(reflect.ValueOf(l).Elem(), "", func(string) {
			c := *l
			c.Rosters, c.Recipients = deepRosters(l.Rosters), deepRecipients(l.Recipients)
			variants = append(variants, &c)
		})
	}
	for i, old := range variants {
		for j, now := range variants {
			s := &State{Entries: []Entry{{Lists: old}}}
			want := &State{Entries: []Entry{{Lists: now}, {Lists: old}}}
			b := AppendState(nil, want)
			if err := DecodeState(b, s); err != nil {
				t.Fatalf("%d into %d: %v", j, i, err)
			}
			if diff := cmp.Diff(want, s, cmpopts.EquateEmpty(), whole()); diff != "" {
				t.Fatalf("%d decoded where %d was (-want +got):\n%s", j, i, diff)
			}
			for n := range b { // cut short, it is a fault and not the old answer
				if err := DecodeState(b[:n], &State{Entries: []Entry{{Lists: now}}}); err == nil {
					t.Fatalf("the first %d of %d bytes decode", n, len(b))
				}
			}
		}
	}
}

func deepRosters(in [][]Responder) [][]Responder {
	out := make([][]Responder, len(in))
	for i := range in {
		for _, r := range in[i] {
			out[i] = append(out[i], Responder{To: r.To, Rules: append([]Rule(nil), r.Rules...)})
		}
	}
	return out
}

func deepRecipients(in []policy.Recipient) []policy.Recipient {
	var out []policy.Recipient
	for _, r := range in {
		r.Via = append([]string(nil), r.Via...)
		out = append(out, r)
	}
	return out
}

func TestNilAlertIsAnEmptyOne(t *testing.T) {
	a, err := DecodeAlert(AppendAlert(nil, nil))
	if err != nil || !reflect.DeepEqual(a, &policy.Alert{}) {
		t.Errorf("a nil alert comes back as %+v, %v", a, err)
	}
}
