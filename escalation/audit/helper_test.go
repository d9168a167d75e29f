package audit_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/belfry-go/belfry/escalation"
	"github.com/belfry-go/belfry/escalation/audit"
	"github.com/belfry-go/belfry/escalation/store"
	"github.com/belfry-go/belfry/policy"
)

// epoch is when the histories of these tests begin.
const epoch policy.Instant = 1_773_151_200_000_000

// appendTo appends n entries to a stream, with bodies that look like nothing.
func appendTo(t testing.TB, s store.Store, rng *rand.Rand, stream string, n int) {
	t.Helper()
	var snap store.Snapshot
	pos := store.Genesis(stream)
	if err := s.Load(t.Context(), stream, &snap); err == nil {
		pos = snap.Position
	}
	for range n {
		e := store.Entry{At: max(epoch, pos.At) + 1, Kind: escalation.EventNote, Body: fmt.Appendf(nil, "%s says %d", stream, rng.Uint64())}
		binary.BigEndian.PutUint64(e.Salt[:], rng.Uint64())
		c := store.Commit{Stream: stream, After: pos, State: []byte("x"), Due: policy.Never, Open: true}
		pos.Link(&e, nil)
		c.Entries = []store.Entry{e}
		if err := s.Commit(t.Context(), &c); err != nil {
			t.Fatal(err)
		}
	}
}

// commitBody appends one entry with a body of the caller's.
func commitBody(t testing.TB, s store.Store, stream, body string) {
	t.Helper()
	var snap store.Snapshot
	pos := store.Genesis(stream)
	if err := s.Load(t.Context(), stream, &snap); err == nil {
		pos = snap.Position
	}
	e := store.Entry{At: epoch, Kind: escalation.EventNote, Body: []byte(body)}
	c := store.Commit{Stream: stream, After: pos, Due: policy.Never, Open: true}
	pos.Link(&e, nil)
	c.Entries = []store.Entry{e}
	if err := s.Commit(t.Context(), &c); err != nil {
		t.Fatal(err)
	}
}

func export(t testing.TB, s store.Store) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := audit.Export(t.Context(), s, &b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func verify(t testing.TB, file []byte, trust audit.Trust) *audit.Verification {
	t.Helper()
	v, err := audit.Verify(bytes.NewReader(file), trust)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// ended gives a file that was changed an end line that is right, as whoever
// changes it would.
func ended(file []byte) []byte {
	body := file[:bytes.LastIndexByte(file[:len(file)-1], '\n')+1]
	var documents, entries int
	streams := map[string]bool{}
	for text := range bytes.Lines(body) {
		var l struct {
			Type        string
			Stream      string
			StreamBytes []byte `json:"stream_bytes"`
		}
		if json.Unmarshal(text, &l) != nil {
			continue // nothing will make that right
		}
		switch l.Type {
		case "document":
			documents++
		case "entry":
			entries++
			streams[l.Stream+string(l.StreamBytes)] = true
		}
	}
	return fmt.Appendf(bytes.Clone(body), `{"type":"end","counts":{"documents":%d,"streams":%d,"entries":%d},"total":"%x"}`+"\n",
		documents, len(streams), entries, sha256.Sum256(body))
}
