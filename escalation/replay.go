package escalation

import (
	"bytes"
	"fmt"
	"iter"

	"github.com/belfry-go/belfry/policy"
)

// Replay folds the records of one alert over the state from which they went on,
// under the document that the alert is pinned to, and returns the state after
// the last. It asks nobody: what a step needs to know stands in the record's
// event. start is the state before the first record: one with only Key and
// Incarnation set for a whole history, a snapshot for the rest of one. others
// are the documents to which the alert was rebased.
//
// The error names the first record that does not fit: whose number is not the
// next one, whose event lacks an answer or comes before something that was due,
// whose document is not at hand,
// or whose verdict, policy or effects are not those that the machine gives. Then
// the state is the one before that record.
func Replay(doc *policy.Document, start State, records iter.Seq[Record], others ...*policy.Document) (State, error) {
	r := replay{doc: doc, state: start, others: others}
	for rec := range records {
		if err := r.step(&rec); err != nil {
			return r.state, err
		}
	}
	return r.state, nil
}

// replay is one replay at work.
type replay struct {
	doc         *policy.Document
	others      []*policy.Document
	state       State
	next        State
	effects     []Effect
	left, right []byte
}

func (r *replay) step(rec *Record) error {
	if rec.Seq != r.state.Seq+1 {
		return r.fault(rec, "follows record %d", r.state.Seq)
	}
	onto, err := r.bind(rec)
	if err != nil {
		return err
	}
	effects, v := StepInto(&r.next, r.doc, &r.state, &rec.Event, r.effects[:0])
	r.effects = effects
	switch {
	case v.Kind == Need && len(v.Questions) > 0:
		return r.fault(rec, "has no answer to %+v", v.Questions[0])
	case v.Kind == Need:
		return r.fault(rec, "is at %s, after what was due at %s", rec.Event.At, r.state.Due)
	case r.state.Seq == 0 && v.Kind != Applied:
		return r.fault(rec, "opens no alert")
	case v.Kind != rec.Verdict.Kind || v.Reason != rec.Verdict.Reason:
		return r.fault(rec, "says %s, the machine %s", rec.Verdict, v)
	}
	if err := r.same(rec); err != nil {
		return err
	}
	if v.Kind == Applied {
		if r.next.Document != r.doc.Digest {
			r.doc = onto
		}
		if d := r.policyOf(&r.next); rec.Policy != (policy.Digest{}) && rec.Policy != d {
			return r.fault(rec, "is of policy %s, the alert of %s", rec.Policy, d)
		}
		r.state, r.next = r.next, r.state
		return nil
	}
	r.state.pass(&rec.Event)
	return nil
}

// bind gives a rebase its document, and returns the one to go on under.
func (r *replay) bind(rec *Record) (*policy.Document, error) {
	x := rec.Event.Mapping
	if rec.Event.Kind != EventRebase {
		return r.doc, nil
	}
	if d := x.document(r.doc); d != nil {
		return d, nil
	}
	for _, d := range r.others {
		if d.Digest == x.Document {
			rec.Event.Mapping = x.Bound(d)
			return d, nil
		}
	}
	if rec.Verdict.Kind == Ignored && rec.Verdict.Reason == UnknownThing {
		return r.doc, nil // it was not at hand then either
	}
	return nil, r.fault(rec, "moves the alert to document %x, which is not at hand", x.Document[:8])
}

// same compares the effects as they are written, byte for byte.
func (r *replay) same(rec *Record) error {
	if len(rec.Effects) != len(r.effects) {
		return r.fault(rec, "has %d effects, the machine gives %d", len(rec.Effects), len(r.effects))
	}
	for i := range rec.Effects {
		r.left = AppendRecord(r.left[:0], &Record{Seq: rec.Seq, Effects: rec.Effects[i : i+1]})
		r.right = AppendRecord(r.right[:0], &Record{Seq: rec.Seq, Effects: r.effects[i : i+1]})
		if !bytes.Equal(r.left, r.right) {
			return r.fault(rec, "has as effect %d a %s to %q, the machine gives a %s to %q, or they differ in a detail",
				i, rec.Effects[i].Kind, rec.Effects[i].To, r.effects[i].Kind, r.effects[i].To)
		}
	}
	return nil
}

// policyOf is the digest of the policy that governs s.
func (r *replay) policyOf(s *State) policy.Digest {
	if s.Policy < 0 || s.Policy >= len(r.doc.Policies) {
		return policy.Digest{}
	}
	return r.doc.Policies[s.Policy].Digest
}

// fault is an error about one record.
func (r *replay) fault(rec *Record, format string, args ...any) error {
	return fmt.Errorf("escalation: replay %q: record %d, %s: %s", r.state.Key, rec.Seq, rec.Event.Kind, fmt.Sprintf("it "+format, args...))
}
