package gate

import (
	"strings"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// An opening waits until its record is kept where it has to be; a closing does
// not.
func TestUpdateWaitsForTheRecord(t *testing.T) {
	doc := docOf(t, gated)
	kept := uint64(0)
	b := newBoard(t, gated, func(c *Config) {
		c.Recorded = func(stream string, seq uint64, _ policy.Instant) bool { return stream == "alert/k#1" && seq <= kept }
	})
	says := func(what string, want escalation.Decision) {
		t.Helper()
		if d := b.Check("svc", "deploy"); d.Decision != want {
			t.Errorf("%s: %s, %q; want %s", what, d.Decision, d.Reason(), want)
		}
	}
	b.Update(doc, stateOf("k", "svc", open, open), 1)
	says("never shut", escalation.Allow)
	b.Update(doc, stateOf("k", "svc", shut, open), 2)
	says("shut, and not kept yet", escalation.Deny)
	b.Update(doc, stateOf("k", "svc", open, open), 3)
	says("opened, and not kept yet", escalation.Deny)
	if d := b.Check("svc", "deploy"); !strings.Contains(d.Reason(), "waits for the evidence") || d.Alert() != "k#1" {
		t.Errorf("%q of %s; want one that says why", d.Reason(), d.Alert())
	}
	b.Update(doc, stateOf("k", "svc", granted, open), 4)
	b.Update(doc, stateOf("k", "svc", open, open), 5)
	says("opened again, and not kept yet", escalation.Deny)
	if s := b.latest.find("svc"); len(s.gates) > 3 {
		t.Errorf("%d gates stand on the board of two", len(s.gates))
	}
	kept = 5
	b.Update(doc, stateOf("k", "svc", open, open), 5)
	says("opened, and kept", escalation.Allow)
	if len(b.waiting) > 0 {
		t.Errorf("waiting: %v", b.waiting)
	}
	b.Update(doc, stateOf("k", "svc", shut, open), 6)
	says("shut once more", escalation.Deny)
	b.Update(doc, stateOf("k", "other", open, open), 7)
	if d := b.Check("svc", "deploy"); d.Decision != escalation.Allow {
		t.Errorf("the alert is about another: %s", d.Decision)
	}
	if d := b.Check("other", "deploy"); d.Decision != escalation.Deny {
		t.Errorf("and not open there: %s", d.Decision)
	}
}

// What is made known late does not take a newer closing off the board, whose
// record waits to be kept.
func TestUpdateOutOfOrder(t *testing.T) {
	doc := docOf(t, gated)
	kept := uint64(2)
	b := newBoard(t, gated, func(c *Config) {
		c.Recorded = func(_ string, seq uint64, _ policy.Instant) bool { return seq <= kept }
	})
	says := func(what string, want escalation.Decision) {
		t.Helper()
		if d := b.Check("svc", "deploy"); d.Decision != want {
			t.Errorf("%s: %s, %q; want %s", what, d.Decision, d.Reason(), want)
		}
	}
	b.Update(doc, stateOf("k", "svc", open, open), 1)
	b.Update(doc, stateOf("k", "svc", shut, open), 3)
	b.Update(doc, stateOf("k", "svc", open, open), 2)
	says("shut by the third, and the second comes late", escalation.Deny)
	if !b.waiting["alert/k#1"] {
		t.Error("the third is not waited for any more")
	}
	b.Update(doc, stateOf("k", "svc", open, open), 5)
	b.Update(doc, stateOf("k", "svc", shut, open), 4)
	says("opened by the fifth, which waits", escalation.Deny)
	kept = 5
	b.Update(doc, stateOf("k", "svc", open, open), 5)
	says("and is kept", escalation.Allow)
}

// A board that has seen nothing before takes what is open, and may have been shut,
// for shut until it is kept.
func TestUpdateOfWhatMayHaveBeenShut(t *testing.T) {
	doc := docOf(t, gated)
	for _, tt := range []struct {
		name  string
		gates []escalation.GateState
		over  bool
		want  escalation.Decision
	}{
		{"never shut", []escalation.GateState{open, open}, false, escalation.Allow},
		{"shut", []escalation.GateState{shut, open}, false, escalation.Deny},
		{"opened for a while", []escalation.GateState{granted, open}, false, escalation.Deny},
		{"opened for good", []escalation.GateState{{Opened: true, Close: policy.Never, Until: policy.Never}, open}, false, escalation.Deny},
		{"gone", []escalation.GateState{{Gone: true, Close: policy.Never, Until: policy.Never}, open}, false, escalation.Deny},
		{"over", []escalation.GateState{open, open}, true, escalation.Deny},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBoard(t, gated, func(c *Config) {
				c.Recorded = func(string, uint64, policy.Instant) bool { return false }
			})
			s := stateOf("k", "svc", tt.gates...)
			if tt.over {
				s.Resolved, s.Verified = 0, true
			}
			b.Update(doc, s, 9)
			if d := b.Check("svc", "deploy"); d.Decision != tt.want {
				t.Errorf("%s; want %s", d.Decision, tt.want)
			}
		})
	}
}

// What waits is looked at again.
func TestRecheck(t *testing.T) {
	kept := false
	st := store.NewMemory()
	doc := docOf(t, gated)
	b := newBoard(t, gated, func(c *Config) {
		c.Store, c.Recorded = st, func(string, uint64, policy.Instant) bool { return kept }
	})
	s := stateOf("k", "svc", granted, open)
	s.Status, s.Document = escalation.StatusTriggered, doc.Digest
	pos := store.Genesis("alert/k#1")
	e := store.Entry{At: 0, Kind: escalation.EventNote}
	c := store.Commit{
		Stream: "alert/k#1", After: pos, State: escalation.AppendState(nil, s), Subject: escalation.AppendAlert(nil, s.Alert),
		Document: doc.Digest, Open: true, Due: policy.Never, Key: "k", Posted: true,
	}
	pos.Link(&e, nil)
	c.Entries = []store.Entry{e}
	if err := st.PutDocument(t.Context(), doc.Digest, doc.Canonical()); err != nil {
		t.Fatal(err)
	}
	if err := st.Commit(t.Context(), &c); err != nil {
		t.Fatal(err)
	}
	if err := b.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := b.Check("svc", "deploy"); d.Allowed() {
		t.Errorf("%s before it is kept", d.Decision)
	}
	kept = true
	if err := b.Recheck(t.Context()); err != nil {
		t.Fatal(err)
	}
	if d := b.Check("svc", "deploy"); !d.Allowed() {
		t.Errorf("%s, %q; want allow", d.Decision, d.Reason())
	}
}
