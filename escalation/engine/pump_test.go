package engine

import (
	"testing"
	"time"
)

const (
	s = time.Second
	m = time.Minute
	h = time.Hour
)

func TestLadder(t *testing.T) {
	b := newBench(t, ladder)
	r := b.trigger(alertOf("db"))
	if want := ":db#1/1"; r.ID[len(r.ID)-len(want):] != want {
		t.Errorf("record id %q; want …%s", r.ID, want)
	}
	b.to(4 * m)
	b.told("+0s page user:alice via default db#1 initial")
	b.to(6 * m)
	b.told("+5m0s page user:bob via default db#1 no_ack_timeout")
	ack, err := b.e.Acknowledge(t.Context(), "db", bob)
	b.must("applied")(ack, err)
	b.to(2 * h)
	b.told()
	res, err := b.e.Resolve(t.Context(), "db", bob, "fixed")
	b.must("applied")(res, err)
	if res.State.Status.String() != "resolved" {
		t.Errorf("status %s; want resolved", res.State.Status)
	}
	b.to(3 * h)
	b.told("+2h0m0s over user:alice via default db#1 ")
	if next := b.e.Next(); next.Known() {
		t.Errorf("something is still due at %s", next)
	}
}
