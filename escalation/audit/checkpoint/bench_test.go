package checkpoint_test

import (
	"bytes"
	"context"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/audit"
	"github.com/belfry-go/belfry/escalation/audit/checkpoint"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// named is a store in memory that bears another's name, as a copy that somebody
// made of it does.
type named struct {
	store.Store
	name string
}

func (n *named) Namespace(context.Context) (string, error) { return n.name, nil }

func newNamed() store.Store { return &named{store.NewMemory(), "ns"} }

// bench is a store, its log, and who signs.
type bench struct {
	store  store.Store
	log    *checkpoint.Log
	signer note.Signer
	vkey   string
}

func newBench(t testing.TB) *bench {
	t.Helper()
	skey, vkey, err := checkpoint.GenerateKey(origin)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{store: newNamed(), vkey: vkey}
	if b.signer, err = note.NewSigner(skey); err != nil {
		t.Fatal(err)
	}
	if b.log, err = checkpoint.Open(t.Context(), b.store, origin); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) checkpoint(t testing.TB) []byte {
	t.Helper()
	signed, err := b.log.Checkpoint(t.Context(), epoch, b.signer)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// write appends entries with the given bodies to a stream.
func write(t testing.TB, s store.Store, stream string, bodies ...string) {
	t.Helper()
	var snap store.Snapshot
	pos := store.Genesis(stream)
	if err := s.Load(t.Context(), stream, &snap); err == nil {
		pos = snap.Position
	}
	for _, body := range bodies {
		e := store.Entry{At: epoch, Kind: escalation.EventNote, Body: []byte(body)}
		c := store.Commit{Stream: stream, After: pos, Due: policy.Never, Open: true}
		pos.Link(&e, nil)
		c.Entries = []store.Entry{e}
		if err := s.Commit(t.Context(), &c); err != nil {
			t.Fatal(err)
		}
	}
}

// history is what a store holds, by stream.
type history map[string][]string

func historyOf(t testing.TB, s store.Store) history {
	t.Helper()
	h := history{}
	for stream, err := range s.Streams(t.Context(), store.StreamQuery{}) {
		if err != nil {
			t.Fatal(err)
		}
		for e, err := range s.History(t.Context(), stream, 0) {
			if err != nil {
				t.Fatal(err)
			}
			h[stream] = append(h[stream], string(e.Body))
		}
	}
	return h
}

// forged is a store that holds h, with every chain made anew: what somebody can
// make who writes to the store and knows the format. Only the key is not theirs.
func (h history) forged(t testing.TB) store.Store {
	t.Helper()
	s := newNamed()
	for stream, bodies := range h {
		write(t, s, stream, bodies...)
	}
	return s
}

func export(t testing.TB, s store.Store) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := audit.Export(t.Context(), s, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (b *bench) verify(t testing.TB, file []byte, notes ...[]byte) *audit.Verification {
	t.Helper()
	v, err := audit.Verify(bytes.NewReader(file), audit.Trust{Checkpoints: notes, Keys: []string{b.vkey}})
	if err != nil {
		t.Fatal(err)
	}
	return v
}
